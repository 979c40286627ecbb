"""A tested theory in figures and reports: what is drawn is what was found, and nothing claims a cause."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest

from therapeutic_process import process_outcome
from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    InertBounds,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
)
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.exchange import example_cases
from therapeutic_process.process_outcome import (
    EventCourse,
    MechanismTest,
    SpecificationSensitivity,
    TheoryTest,
    event_course,
    link_events,
    specification_sensitivity,
)
from therapeutic_process.records import Case
from therapeutic_process.report import (
    TheoryFindings,
    case_report,
    cohort_report,
    event_course_figure,
    figure_svg,
    linked_timeline_figure,
    mechanism_forest,
    specification_figure,
)
from therapeutic_process.report.figures.linked import linked_timeline
from therapeutic_process.report.names import Names
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKUP = "<script>alert('m')</script>&\"'"
TALK = CodePattern(system="automisc", codes=("C",), role="client")


@cache
def table() -> Any:
    rng = np.random.default_rng(2)
    return simulate_cohort("rtm", n_clients=120, n_sessions=8, effect=3.0, rng=rng).table


def a_mechanism(name: str, longest: int = 1, **fields: Any) -> Mechanism:
    defaults: dict[str, Any] = {
        "id": name, "cause": TALK, "effect": ScorePattern(instrument="phq9"), "direction": "improvement",
        "lag": LagWindow(unit="sessions", shortest=1, longest=longest), "smallest_effect": 0.5,
    }  # fmt: skip
    return Mechanism(**(defaults | fields))


@cache
def judged() -> TheoryTest:
    several = (
        a_mechanism("talk", 2, rivals=("last",), inert_bounds=InertBounds(lower=-0.3, upper=0.4)),
        a_mechanism("between"),
        a_mechanism("last", direction="deterioration"),
        a_mechanism(MARKUP, effect=ChangePattern()),
    )
    named = table().rename({"outcome_before": "score", "event": "process"})
    data = dict.fromkeys(("talk", "between", "last"), named)
    return process_outcome.test_theory(
        TheoryOfChange(id="t", name="T", mechanisms=several), data, timing="before"
    )


@cache
def models() -> SpecificationSensitivity:
    return specification_sensitivity(table(), timing="before", gain=4)


@cache
def a_course() -> EventCourse:
    return event_course(table(), timing="before")


FIGURES: list[Callable[[], Any]] = [
    lambda: mechanism_forest(judged()),
    lambda: specification_figure(models()),
    lambda: event_course_figure(a_course()),
    lambda: linked_timeline_figure(example_cases()[0]),
]


def values(spec: Any) -> Iterator[Any]:
    """Yield every value that a chart draws."""
    if isinstance(spec, dict):
        for key, inner in spec.items():
            yield from inner if key == "values" and isinstance(inner, list) else values(inner)
    elif isinstance(spec, list):
        for inner in spec:
            yield from values(inner)


def drawn(chart: Any) -> list[dict[str, Any]]:
    return [v for v in values(chart.to_dict(validate=False)) if isinstance(v, dict)]


@pytest.mark.parametrize("number", range(4))
def test_every_figure_keeps_its_grammar_loads_nothing_and_has_words(number: int) -> None:
    figure = FIGURES[number]()
    description = figure.to_dict(validate=True)["description"]
    assert len(description) > 40
    svg = figure_svg(figure)
    found = set(re.findall(r"https?://[^\"]+", svg))
    assert found == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<script" not in svg
    assert "cause" not in f"{svg}{description}"


def test_the_forest_draws_what_was_found_and_declared() -> None:
    cells = drawn(mechanism_forest(judged()))
    for one in judged().mechanisms:
        for lag in one.lags:
            if lag.interval is None or lag.effect is None:
                continue
            assert any((c.get("x"), c.get("x2")) == lag.interval for c in cells)
            for reading in lag.effect.readings:
                ends = {(c.get("x"), c.get("x2")) for c in cells}
                assert reading.interval in ends
                assert (reading.effect, reading.effect) in ends
    assert any((c.get("x"), c.get("x2")) == (-0.3, 0.4) for c in cells)
    assert {c["x"] for c in cells if "y2" in c and "x2" not in c} == {-0.5, 0.5}
    told = [c["text"] for c in cells if "text" in c]
    assert sum(t.startswith("not testable: no verdict") for t in told) == 1


def test_rivals_stand_next_to_each_other() -> None:
    names = [c["name"] for c in drawn(mechanism_forest(judged())) if "name" in c]
    assert names[:4] == ["talk, lag 1 session", "talk, lag 2 sessions", "last", "between"]


def test_the_specification_plot_holds_every_model_and_every_refusal() -> None:
    thin = specification_sensitivity(table().filter(table()["client_id"] <= 20), timing="before", gain=4)
    for found in (models(), thin):
        cells = drawn(specification_figure(found))
        names = [c["name"] for c in cells if "name" in c]
        assert sorted(names) == sorted({e.name for e in found.estimates})
        refused = {e.refused.replace("_", " ") for e in found.estimates if e.refused}
        assert refused <= {c.get("text") for c in cells}
        kinds = {c["kind"] for c in cells if "kind" in c}
        assert {"screen", "used in the field, for comparison"} <= kinds
    assert "the default: refused: too few clients" in specification_figure(thin).to_dict()["description"]


def test_the_course_draws_every_point_with_its_interval_and_number() -> None:
    course = a_course()
    cells = drawn(event_course_figure(course))
    for point in course.points:
        assert any(
            (c.get("y"), c.get("low"), c.get("high")) == (point.mean, point.low, point.high) for c in cells
        )
        assert any(c.get("text") == f"{point.n_sessions:,}" and c.get("x") == point.lag for c in cells)


def test_lines_lead_from_every_linked_change_to_every_session_in_its_window() -> None:
    for case in example_cases():
        found = link_events(case, window=2)
        line = linked_timeline(case, Names.of(case, None), found)
        assert line.n_drawn + line.n_undrawn == sum(len(x.sessions) for x in found.links)
        if line.spec is not None:
            lines = [v for v in values(line.spec) if isinstance(v, dict) and "lane2" in v]
            assert len(lines) == line.n_drawn
            assert sum(not v["certain"] for v in lines) == line.n_uncertain


def test_a_session_that_may_have_come_later_is_dashed() -> None:
    case = Case.model_validate({
        "id": "k", "participants": [{"id": "c", "role": "client"}],
        "sessions": [{"id": f"s{n}", "number": n, "status": "held", "started_at": f"2024-03-{n:02}"} for n in (1, 5)],
        "change_events": [{"id": "e", "participant": "c", "locus": "out_of_session",
                           "occurred": {"start": "2024-03-03", "end": "2024-03-09"}}],
    })  # fmt: skip
    line = linked_timeline(case, Names.of(case, None), link_events(case, window=2))
    assert (line.n_drawn, line.n_uncertain) == (2, 1)
    svg = figure_svg(linked_timeline_figure(case))
    assert svg.count('stroke-dasharray="4,3"') == 1


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="at least 1 mechanism"):
        mechanism_forest(attrs.evolve(judged(), mechanisms=()))
    with pytest.raises(NotEnoughData, match="at least 1 model"):
        specification_figure(SpecificationSensitivity((), 0.95))
    with pytest.raises(NotEnoughData, match="change outside sessions"):
        linked_timeline_figure(
            Case.model_validate({"id": "k", "participants": [{"id": "c", "role": "client"}]})
        )


def test_the_cohort_report_shows_the_theory(read_page: Callable[[str], Any]) -> None:
    findings = TheoryFindings(judged(), {MARKUP: models()}, {MARKUP: a_course()})
    page = read_page(cohort_report(example_cases()[1:2], theory=findings, max_case_views=0))
    for one in judged().mechanisms:
        assert f"{sum(m.verdict == one.verdict for m in judged().mechanisms)} {one.verdict}" in page.text
    assert "nothing shows that the theory came before the data" in page.text
    assert judged().fingerprint in page.text
    assert "Under the theory" in page.text
    assert "conditional on what the event follows" in page.text
    assert "regression to the mean" in page.text
    assert page.text.count("an unmeasured cause that varies over time defeats every method") == 1
    assert "that no session event claims" in page.text
    assert MARKUP in page.text
    labels = [v for _, name, v in page.attributes if name == "aria-label"]
    assert sum("mechanisms:" in (v or "") for v in labels) == 1
    assert "theory" not in read_page(cohort_report(example_cases()[1:2], max_case_views=0)).ids


def test_the_case_report_shows_what_stands_under_the_theory(read_page: Callable[[str], Any]) -> None:
    case = example_cases()[1]
    page = read_page(case_report(case, theory=judged()))
    assert "case-theory" in page.ids
    assert "The test is of a cohort, not of this case" in page.text
    assert "case-theory" not in read_page(case_report(case)).ids


def test_shares_on_the_page_are_those_counted_by_hand(read_page: Callable[[str], Any]) -> None:
    """Five turns a case: two with C (active), one with S (undecided), one with N (unclaimed), one without a code."""
    codes = ("C", "C", "S", "N", None)
    turns = [
        {"index": i, "kind": "speech", "speaker": "c",
         "codes": [{"coding_pass": "p", "system": "automisc", "code": code}] if code else []}
        for i, code in enumerate(codes)
    ]  # fmt: skip
    outside = {"participant": "c", "locus": "out_of_session"}
    cases = [
        Case.model_validate({
            "id": f"k{i}", "participants": [{"id": "c", "role": "client"}],
            "sessions": [{"id": "s1", "number": 1, "status": "held", "interactions": turns},
                         {"id": "s2", "number": 2, "status": "held"}],
            "coding_passes": [{"id": "p", "system": "automisc", "coder": {"kind": "observer"}, "extent": "all",
                               "sessions": ["s1", "s2"]}],
            "change_events": [outside | {"id": f"e{n}", "after_session": f"s{n}"} for n in (1, 2)],
        })
        for i in range(2)
    ]  # fmt: skip
    active = MechanismTest(a_mechanism("talk"), "supported", ("as it was found",))
    other = CodePattern(system="automisc", codes=("S",))
    undecided = MechanismTest(a_mechanism("sustain", cause=other), "inconclusive", ("as it was found",))
    theory = TheoryTest((active, undecided), "0" * 64, None, 0.95, 2)
    text = read_page(cohort_report(cases, theory=TheoryFindings(theory), max_case_views=0)).text
    assert "10 interactions of held sessions under the theory" in text
    for told in (
        "a mechanism that claims them is supported 4 40 %",
        "claimed, and neither active nor shown to be inert 2 20 %",
        "every mechanism that claims them was tested and lies within its bounds 0 0 %",
        "no mechanism speaks of them 2 20 %",
        "hold no code 2 20 %",
        "Of 4 changes outside sessions, 2 that no session event claims; 2 whose last session before holds an active",
    ):
        assert told in text


def test_a_domain_that_only_the_records_name_stays_in_them(read_page: Callable[[str], Any]) -> None:
    case = Case.model_validate({
        "id": "k", "participants": [{"id": "c", "role": "client"}],
        "sessions": [{"id": "s1", "number": 1, "status": "held"}],
        "change_events": [{"id": "e", "participant": "c", "locus": "in_session", "session": "s1",
                           "domain": "CANARY-DOMAIN"}],
    })  # fmt: skip
    page = read_page(cohort_report([case], theory=TheoryFindings(judged()), max_case_views=0))
    assert "CANARY-DOMAIN" not in page.text
    assert "Every process and its standing" in page.text


def test_hostile_records_stay_text_under_a_theory(
    hostile_case: Case, read_page: Callable[[str], Any]
) -> None:
    page = read_page(cohort_report([hostile_case], theory=TheoryFindings(judged()), max_case_views=0))
    assert "script" not in page.tags
    assert "CANARY-OF-FREE-TEXT" not in page.text
    assert "<script" not in figure_svg(linked_timeline_figure(hostile_case))
