"""Seeded bootstrap intervals over clients: for class shares and for cutoff c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.change_process.arguments import (
    known_score,
    need_between,
    need_number,
    need_positive,
    need_whole,
)
from therapeutic_process.errors import MissingExtra, NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["CutoffInterval", "bootstrap_shares", "cutoff_c_interval", "numpy_module"]


def numpy_module() -> Any:
    """Import numpy, or say which extra is missing."""
    try:
        import numpy  # noqa: ICN001 - an optional package, imported where it is needed
    except ImportError:
        raise MissingExtra("analysis", "numpy") from None
    return numpy


def bootstrap_shares(
    counts: Sequence[int], *, confidence: float | None, n_boot: int, rng: np.random.Generator | None
) -> list[tuple[float | None, float | None]]:
    """Return a percentile interval for each share; resampling clients is resampling their classes."""
    total = sum(counts)
    if confidence is None or rng is None or not total:
        return [(None, None)] * len(counts)
    tail = (1 - need_between("confidence", confidence, 0, 1)) / 2
    need_whole("n_boot", n_boot)
    np = numpy_module()
    draws = rng.multinomial(total, [c / total for c in counts], size=n_boot) / total
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


@attrs.frozen
class CutoffInterval:
    """Cutoff c with its bootstrap interval.

    Attributes:
        value: The cutoff.
        low: Lower end.
        high: Upper end.
        confidence: Coverage.
        n_clinical: Clients in the clinical sample.
        n_functional: People in the functional sample, or None if only its mean and spread were given.
        n_boot: Resamples.
    """

    value: float
    low: float
    high: float
    confidence: float
    n_clinical: int
    n_functional: int | None
    n_boot: int


def cutoff_c_interval(
    clinical: Sequence[float | None],
    *,
    functional: Sequence[float | None] | None = None,
    mean_functional: float | None = None,
    sd_functional: float | None = None,
    confidence: float = 0.95,
    n_boot: int = 2000,
    rng: np.random.Generator,
) -> CutoffInterval:
    """Return cutoff c with a percentile bootstrap interval over people.

    The published mean and spread of a functional population are taken as known; give its scores to
    resample them too.

    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> c = cutoff_c_interval([30, 25, 35, 28, 33], mean_functional=8, sd_functional=4, rng=rng)
    >>> c.low < c.value < c.high
    True

    Args:
        clinical: Scores of the clinical sample; missing ones are left out.
        functional: Scores of the functional sample, or
        mean_functional: the mean of the functional population and
        sd_functional: its standard deviation.
        confidence: Coverage.
        n_boot: Resamples.
        rng: Source of randomness.

    Raises:
        NotEnoughData: If a sample has fewer than 3 scores or zero variance, or the functional population is not
            given.
        TherapeuticProcessError: If a score is no finite number, or another number is impossible.
    """
    np = numpy_module()
    need_whole("n_boot", n_boot)
    tail = (1 - need_between("confidence", confidence, 0, 1)) / 2
    x = _sample(np, "clinical", clinical)
    y = None if functional is None else _sample(np, "functional", functional)
    if y is None and (mean_functional is None or sd_functional is None):
        raise NotEnoughData(
            "cutoff_c_interval", needed="functional scores, or their mean and sd", found="neither"
        )
    known = None
    if y is None:
        mean = need_number("mean_functional", mean_functional or 0.0)
        known = mean, need_positive("sd_functional", sd_functional or 0.0)

    def cutoff(one: Any, two: Any) -> Any:
        m0, s0 = one.mean(axis=-1), one.std(axis=-1, ddof=1)
        m1, s1 = known or (two.mean(axis=-1), two.std(axis=-1, ddof=1))
        return (s0 * m1 + s1 * m0) / (s0 + s1)

    again = rng.choice(x, size=(n_boot, len(x)))
    other = None if y is None else rng.choice(y, size=(n_boot, len(y)))
    low, high = np.nanquantile(cutoff(again, other), [tail, 1 - tail])
    size = None if y is None else len(y)
    return CutoffInterval(float(cutoff(x, y)), float(low), float(high), confidence, len(x), size, n_boot)


def _sample(np: Any, name: str, values: Sequence[float | None]) -> Any:
    scores = (known_score(name, v) for v in values)
    known = np.array([v for v in scores if v is not None], dtype=float)
    if len(known) < 3:
        raise NotEnoughData("cutoff_c_interval", needed=f"at least 3 {name} scores", found=len(known))
    if known.min() == known.max():
        raise NotEnoughData("cutoff_c_interval", needed=f"{name} scores that vary", found="zero variance")
    return known
