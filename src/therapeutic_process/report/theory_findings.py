"""What a report shows of a theory that was tested: the test, and models and courses beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import ChangePattern
from therapeutic_process.errors import CannotEstimate, NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping  # noqa: TC004  attrs does not evaluate annotations

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.process_outcome import (  # noqa: TC004  as above
        EventCourse,
        MechanismTest,
        PerspectivesTally,
        SpecificationSensitivity,
        TheoryTest,
    )
    from therapeutic_process.process_outcome.effect_values import Respondent
    from therapeutic_process.process_outcome.layout import Timing
    from therapeutic_process.records import Case

__all__ = ["TheoryFindings", "theory_findings"]


@attrs.frozen(eq=False, repr=False)
class TheoryFindings:
    """What a report is to show of a theory that was tested.

    Attributes:
        test: The test of the theory.
        specifications: By mechanism, every model of its question side by side.
        courses: By mechanism, the course of scores around sessions with its event.
    """

    test: TheoryTest
    specifications: Mapping[str, SpecificationSensitivity] = attrs.field(factory=dict)
    courses: Mapping[str, EventCourse] = attrs.field(factory=dict)

    def tally(self) -> PerspectivesTally:
        """Return what counts cases under the theory."""
        from therapeutic_process.process_outcome import PerspectivesTally

        return PerspectivesTally(self.test)

    def __repr__(self) -> str:
        return f"TheoryFindings({self.test!r})"


def theory_findings(
    test: TheoryTest,
    cases: Iterable[Case],
    *,
    timing: Timing,
    respondent: Respondent = "client",
    complete: bool = False,
    catalogue: Catalogue | None = None,
) -> TheoryFindings:
    """Put models and courses beside the test of a theory, for every mechanism with an estimate.

    They are of the next score, whatever lag a mechanism declares, and no part of its verdict. A course needs a process
    that is there or not.

    >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
    >>> from therapeutic_process.process_outcome import test_theory
    >>> talk = Mechanism(id="m", cause=CodePattern(system="automisc", codes=("C",)),
    ...     effect=ScorePattern(instrument="phq9"))
    >>> tested = test_theory(TheoryOfChange(id="mi", name="Talk", mechanisms=(talk,)), [], timing="before")
    >>> theory_findings(tested, [], timing="before").courses
    {}

    Args:
        test: The test.
        cases: The cases that it was made with.
        timing: When the scores were taken, as in the test.
        respondent: Who gave the scores, as in the test.
        complete: Whether all tasks and events were recorded, as in the test.
        catalogue: Where to look up instruments, besides the cases' own; by default the built-in catalogue.

    Raises:
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    from therapeutic_process.process_outcome import (
        Layout,
        event_course,
        process_table,
        specification_sensitivity,
    )

    several = tuple(cases)
    models: dict[str, SpecificationSensitivity] = {}
    courses: dict[str, EventCourse] = {}
    layout = Layout(timing=timing, outcome_after="score_after")
    for one in filter(_has_estimate, test.mechanisms):
        mechanism, name = one.mechanism, one.mechanism.id
        options = {"respondent": respondent, "complete": complete, "catalogue": catalogue}
        table = process_table(
            several, cause=mechanism.cause, effect=mechanism.effect, timing=timing, **options  # type: ignore[arg-type]  # options of three kinds
        ).table  # fmt: skip
        models[name] = specification_sensitivity(table, layout=layout, outcome="score", process="process")
        try:
            courses[name] = event_course(table, timing=timing, outcome="score", process="process")
        except (CannotEstimate, NotEnoughData):
            continue
    return TheoryFindings(test, models, courses)


def _has_estimate(one: MechanismTest) -> bool:
    return one.effect is not None and not isinstance(one.mechanism.effect, ChangePattern)
