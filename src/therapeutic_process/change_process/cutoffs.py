"""Where the functional range begins: the cutoffs a, b and c between two populations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process.arguments import (
    Better,
    direction,
    need_number,
    need_positive,
    need_value,
)
from therapeutic_process.errors import TherapeuticProcessError

if TYPE_CHECKING:
    from therapeutic_process.change_process.reference_values import ReferenceValues

__all__ = ["ClinicalCutoff", "clinical_cutoff", "published_cutoff", "true_score_cutoff"]

CutoffKind = Literal["a", "b", "c", "published"]


@attrs.frozen(kw_only=True)
class ClinicalCutoff:
    """A cutoff and what it was computed from.

    Attributes:
        value: The cutoff, in scale points.
        kind: ``a``, ``b``, ``c`` or ``published``.
        better: Which direction is better.
        true_scores: Whether it separates estimated true scores (Hageman & Arrindell 1999).
        mean_clinical: Mean of the clinical population.
        sd_clinical: Its standard deviation.
        mean_functional: Mean of the functional population.
        sd_functional: Its standard deviation.
        source: Where the numbers come from.
    """

    value: float
    kind: CutoffKind
    better: Better
    true_scores: bool = False
    mean_clinical: float | None = None
    sd_clinical: float | None = None
    mean_functional: float | None = None
    sd_functional: float | None = None
    source: str = ""


def _value(
    kind: str, sign: int, clinical: tuple[float, float] | None, functional: tuple[float, float] | None
) -> float:
    if kind == "a" and clinical:
        return clinical[0] + sign * 2 * clinical[1]
    if kind == "b" and functional:
        return functional[0] - sign * 2 * functional[1]
    if kind == "c" and clinical and functional:
        (m0, s0), (m1, s1) = clinical, functional
        return (s0 * m1 + s1 * m0) / (s0 + s1)
    raise TherapeuticProcessError(f"kind: needed 'a', 'b' or 'c' and its populations, found {kind!r}")


def _population(name: str, mean: float | None, sd: float | None) -> tuple[float, float] | None:
    if mean is None and sd is None:
        return None
    m = need_value("clinical_cutoff", f"mean_{name}", mean)
    return m, need_positive(f"sd_{name}", need_value("clinical_cutoff", f"sd_{name}", sd))


def clinical_cutoff(
    kind: Literal["a", "b", "c"],
    *,
    mean_clinical: float | None = None,
    sd_clinical: float | None = None,
    mean_functional: float | None = None,
    sd_functional: float | None = None,
    better: Better = "lower",
    source: str = "",
) -> ClinicalCutoff:
    """Compute a cutoff between the clinical and the functional population (Jacobson & Truax 1991).

    ``a``: two clinical standard deviations away from the clinical mean; ``b``: two *functional* standard
    deviations from the functional mean; ``c``: where a score is as likely in either.

    >>> jt = dict(mean_clinical=40, sd_clinical=7.5, mean_functional=60, sd_functional=7.5, better="higher")
    >>> [clinical_cutoff(kind, **jt).value for kind in "abc"]
    [55.0, 45.0, 50.0]

    Args:
        kind: Which cutoff.
        mean_clinical: Mean of the clinical population (a, c).
        sd_clinical: Its standard deviation.
        mean_functional: Mean of the functional population (b, c).
        sd_functional: Its standard deviation.
        better: Whether lower or higher scores are better.
        source: Where the numbers come from.

    Raises:
        TherapeuticProcessError: If the populations that this cutoff needs are not given.
    """
    clinical = _population("clinical", mean_clinical, sd_clinical)
    functional = _population("functional", mean_functional, sd_functional)
    return ClinicalCutoff(
        value=_value(kind, direction(better), clinical, functional),
        kind=kind,
        better=better,
        mean_clinical=mean_clinical,
        sd_clinical=sd_clinical,
        mean_functional=mean_functional,
        sd_functional=sd_functional,
        source=source,
    )


def true_score_cutoff(
    kind: Literal["a", "b", "c"],
    *,
    reference: ReferenceValues,
    mean_functional: float | None = None,
    sd_functional: float | None = None,
    better: Better = "lower",
) -> ClinicalCutoff:
    """Compute a cutoff between estimated true scores (Hageman & Arrindell 1999).

    As `clinical_cutoff`, with sd·√r for each population; the functional population's reliability follows
    from its spread and the same error of measurement.

    >>> from therapeutic_process.change_process import ReferenceValues
    >>> clinical = ReferenceValues(sd=7.5, reliability=0.8, mean_before=40)
    >>> round(true_score_cutoff("a", reference=clinical, better="higher").value, 3)
    53.416

    Args:
        kind: Which cutoff.
        reference: The clinical population.
        mean_functional: Mean of the functional population.
        sd_functional: Its standard deviation.
        better: Whether lower or higher scores are better.

    Raises:
        NotEnoughData: If a mean, spread or reliability that the cutoff needs is not given.
        TherapeuticProcessError: If the functional population spreads less than the error of measurement.
    """
    mean = need_value("true_score_cutoff", "mean_before", reference.mean_before)
    clinical = (mean, reference.sd * math.sqrt(reference.reliability))
    functional = _population("functional", mean_functional, sd_functional)
    if functional:
        r = reference.reliability_from_se(functional[1])
        if r <= 0:
            raise TherapeuticProcessError(
                "sd_functional: needed more than the error of measurement, found less"
            )
        functional = (functional[0], functional[1] * math.sqrt(r))
    return ClinicalCutoff(
        value=_value(kind, direction(better), clinical, functional),
        kind=kind,
        better=better,
        true_scores=True,
        mean_clinical=mean,
        sd_clinical=reference.sd,
        mean_functional=mean_functional,
        sd_functional=sd_functional,
        source=reference.population,
    )


def published_cutoff(value: float, *, better: Better = "lower", source: str) -> ClinicalCutoff:
    """Take a published cutoff, with its citation.

    >>> published_cutoff(10, source="Kroenke et al. 2001").value
    10

    Args:
        value: The score.
        better: Whether lower or higher scores are better.
        source: The citation.

    Returns:
        The cutoff, which functions of clinical significance take.

    Raises:
        TherapeuticProcessError: If the value is no finite number.
    """
    direction(better)
    return ClinicalCutoff(value=need_number("value", value), kind="published", better=better, source=source)
