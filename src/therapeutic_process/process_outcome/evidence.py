"""Which of the criteria for a mechanism of change a set of results meets (Kazdin 2007)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from therapeutic_process.process_outcome.gradient import ProcessGradient
    from therapeutic_process.process_outcome.theory_mechanisms import MechanismTest
    from therapeutic_process.process_outcome.theory_verdicts import TheoryTest

__all__ = ["Criterion", "CriterionVerdict", "MechanismEvidence", "mechanism_evidence"]

CriterionVerdict = Literal["met", "not met", "not assessable here"]
_LEVEL = 0.05


@attrs.frozen
class Criterion:
    """One criterion.

    Attributes:
        name: The criterion.
        verdict: `met`, `not met`, or `not assessable here`.
        because: Why.
        source: The result that it was read from.
    """

    name: str
    verdict: CriterionVerdict
    because: str
    source: str


@attrs.frozen(eq=False, repr=False)
class MechanismEvidence:
    """The criteria for one mechanism.

    Attributes:
        mechanism: Its id.
        criteria: Association, specificity, consistency, manipulation, timeline, gradient, plausibility.
    """

    mechanism: str
    criteria: tuple[Criterion, ...]
    method: str = "criteria of Kazdin (2007), Annual Review of Clinical Psychology 3, 1-27"

    def criterion(self, name: str) -> Criterion:
        """Return one criterion.

        Args:
            name: Its name.
        """
        return next(c for c in self.criteria if c.name == name)

    def __repr__(self) -> str:
        verdicts = [c.verdict for c in self.criteria]
        said = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
        return f"<MechanismEvidence {said}>"

    def __str__(self) -> str:
        lines = [f"{c.name}: {c.verdict}: {c.because} ({c.source})" for c in self.criteria]
        return "\n".join(
            [repr(self), *lines, "all criteria together make a mechanism plausible, none proves it"]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return one row per criterion with the columns of `Criterion`."""
        return frame_of(self.criteria, Criterion)


def mechanism_evidence(
    theory_test: TheoryTest,
    *,
    mechanism: str,
    gradient: ProcessGradient | None = None,
    others: Sequence[TheoryTest] = (),
) -> MechanismEvidence:
    """Hold a mechanism against Kazdin's criteria, each with the result that it was read from.

    >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
    >>> from therapeutic_process.process_outcome import test_theory
    >>> talk = Mechanism(id="m", cause=CodePattern(system="automisc", codes=("C",)),
    ...     effect=ScorePattern(instrument="phq9"))
    >>> tested = test_theory(TheoryOfChange(id="mi", name="Talk", mechanisms=(talk,)), {}, timing="before")
    >>> mechanism_evidence(tested, mechanism="m")
    <MechanismEvidence 7 not assessable here>

    Args:
        theory_test: The test of its theory; rivals in it tell specificity.
        mechanism: Its id.
        gradient: The gradient over amounts of the same process, where there is one.
        others: Tests of the same mechanism in other cohorts, for consistency.
    """
    one = theory_test.mechanism(mechanism)
    further = [t for other in others for t in other.mechanisms if t.mechanism.id == mechanism]
    return MechanismEvidence(
        mechanism,
        (
            _association(one),
            _specificity(one, theory_test.rivals_of(mechanism)),
            _consistency(one, further),
            Criterion(
                "manipulation", "not assessable here", "nothing was assigned to sessions at random", "design"
            ),
            _timeline(one),
            _gradient(one, gradient),
            _plausibility(one),
        ),
    )


def _association(one: MechanismTest) -> Criterion:
    if one.verdict == "not testable":
        return Criterion(
            "association", "not assessable here", "the mechanism was not testable", "test_theory"
        )
    verdict: CriterionVerdict = "met" if one.verdict == "supported" else "not met"
    return Criterion("association", verdict, f"the test says {one.verdict}", "test_theory")


def _specificity(one: MechanismTest, rivals: Sequence[MechanismTest]) -> Criterion:
    tested = [r for r in rivals if r.verdict != "not testable"]
    if one.verdict == "not testable" or not tested:
        because = "no rival mechanism was tested beside it"
        return Criterion("specificity", "not assessable here", because, "rivals in test_theory")
    standing = sum(r.verdict == "supported" for r in tested)
    verdict: CriterionVerdict = "met" if one.verdict == "supported" and not standing else "not met"
    because = f"the test says {one.verdict}; {standing} of {len(tested)} rivals are supported as well"
    return Criterion("specificity", verdict, because, "rivals in test_theory")


def _consistency(one: MechanismTest, further: Sequence[MechanismTest]) -> Criterion:
    tested = [t for t in (one, *further) if t.verdict != "not testable"]
    if len(tested) < 2:
        because = "it was tested in fewer than two cohorts"
        return Criterion("consistency", "not assessable here", because, "test_theory in other cohorts")
    n = sum(t.verdict == "supported" for t in tested)
    verdict: CriterionVerdict = "met" if n == len(tested) else "not met"
    because = f"supported in {n} of {len(tested)} cohorts"
    return Criterion("consistency", verdict, because, "test_theory in other cohorts")


def _timeline(one: MechanismTest) -> Criterion:
    source = "timing and placebo lead"
    if one.effect is None or np.isnan(one.effect.placebo.p_value):
        return Criterion("timeline", "not assessable here", "no placebo lead was estimated", source)
    if not one.effect.layout.sessions_later:
        because = "the score of the same day says nothing about what lasted"
        return Criterion("timeline", "not assessable here", because, source)
    if one.effect.placebo.rejects:
        because = "the process follows the change before it: the placebo lead rejects"
        return Criterion("timeline", "not met", because, source)
    if one.verdict != "supported":
        return Criterion("timeline", "not met", f"no later change was shown: {one.verdict}", source)
    return Criterion("timeline", "met", "the score follows the session and no change comes before it", source)


def _gradient(one: MechanismTest, gradient: ProcessGradient | None) -> Criterion:
    if gradient is None or one.expected_sign is None:
        because = "no gradient over amounts, or no expected direction, was given"
        return Criterion("gradient", "not assessable here", because, "process_gradient")
    trend = gradient.trend * one.expected_sign > 0 and gradient.trend_p_value < _LEVEL
    straight = gradient.departure_p_value >= _LEVEL
    verdict: CriterionVerdict = "met" if trend and straight else "not met"
    shape = "no departure from a straight one shown" if straight else "departs from a straight one"
    because = (
        f"trend p = {gradient.trend_p_value:.2g} in {'the' if trend else 'no'} declared direction; {shape}"
    )
    return Criterion("gradient", verdict, because, "process_gradient")


def _plausibility(one: MechanismTest) -> Criterion:
    declared = one.mechanism.rationale is not None or bool(one.mechanism.references)
    because = f"a rationale was {'' if declared else 'not '}declared; whether it is sound, readers judge"
    return Criterion("plausibility", "not assessable here", because, "the theory")
