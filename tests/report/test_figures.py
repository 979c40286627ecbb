from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

import altair as alt
import pytest

from therapeutic_process.change_process import changes
from therapeutic_process.errors import MissingExtra, NotEnoughData
from therapeutic_process.exchange import example_cases
from therapeutic_process.records import Case
from therapeutic_process.report import (
    change_figure,
    code_profile_figure,
    figure_svg,
    timeline_figure,
    transition_heatmap,
)
from therapeutic_process.report.figures.heatmap import transition_spec
from therapeutic_process.report.figures.places import places
from therapeutic_process.report.figures.timeline import timeline
from therapeutic_process.report.names import Names
from therapeutic_process.session_process import Transition, Transitions, code_profile, transitions

if TYPE_CHECKING:
    from types import ModuleType

CLIENT = {"id": "c1", "role": "client"}


def made(**fields: Any) -> Case:
    return Case.model_validate(fields)


def all_figures(case: Case) -> list[Any]:
    return [
        timeline_figure(case),
        transition_heatmap(transitions(case, coding_pass=case.coding_passes[0].id)),
        code_profile_figure(code_profile(case)),
        change_figure(changes(case).rows),
    ]


def test_every_figure_keeps_the_schema_of_its_grammar() -> None:
    for figure in all_figures(example_cases()[0]):
        assert figure.to_dict(validate=True)["$schema"].startswith("https://vega.github.io/schema/vega-lite/")


def test_a_figure_is_svg_without_anything_to_load() -> None:
    for figure in all_figures(example_cases()[0]):
        svg = figure_svg(figure)
        assert svg.startswith("<svg")
        assert re.findall(r"https?://[^\"]+", svg) == [
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        ]
        assert "<image" not in svg
        assert "<script" not in svg


def test_text_in_a_figure_is_text(hostile_case: Case) -> None:
    for figure in all_figures(hostile_case):
        assert "<script" not in figure_svg(figure)
    assert "&lt;script&gt;" in figure_svg(all_figures(hostile_case)[1])


def test_the_same_chart_gives_the_same_bytes_and_ids_of_its_own() -> None:
    clipped = alt.Chart.from_dict(
        {
            "data": {"values": [{"a": 1}]},
            "mark": {"type": "bar", "clip": True},
            "encoding": {"x": {"field": "a", "type": "quantitative"}},
        }
    )
    first, second, other = figure_svg(clipped), figure_svg(clipped), figure_svg(clipped, prefix="other")
    assert first == second
    assert set(re.findall(r'id="([^"]+)"', other)) == {"other-1"}
    assert "url(#other-1)" in other


def test_the_axis_is_time_only_where_every_held_session_has_one() -> None:
    held = [{"id": f"s{i}", "number": i, "status": "held", "started_at": f"2024-03-0{i}"} for i in (1, 2)]
    assert places(made(id="k", participants=[CLIENT], sessions=held)).axis == "time"
    del held[1]["started_at"]
    without = places(made(id="k", participants=[CLIENT], sessions=held))
    assert without.axis == "session"
    assert "1 of 2 held sessions" in without.why


def test_on_an_axis_of_sessions_before_and_after_stand_on_their_sides() -> None:
    measured = [
        {"id": t, "instrument": "phq9", "subject": "c1", "respondent": {"kind": "client"}, "score": 5,
         "session": "s1", "timing": t}
        for t in ("before", "after", "between")
    ]  # fmt: skip
    case = made(
        id="k",
        participants=[CLIENT],
        sessions=[{"id": "s1", "number": 4, "status": "held"}],
        measurements=measured,
    )
    axis = places(case)
    before, after, between = (spot[0] for m in case.measurements if (spot := axis.measurement(m)))
    assert before < 4 < after < between < 5


def test_what_has_neither_time_nor_session_is_counted_not_drawn() -> None:
    events = [{"id": f"e{i}", "participant": "c1", "locus": "out_of_session"} for i in range(3)]
    case = made(
        id="k",
        participants=[CLIENT],
        sessions=[{"id": "s1", "number": 1, "status": "held"}],
        change_events=events,
    )
    drawn = timeline(case, Names.of(case))
    assert (drawn.n_marks, drawn.n_unplaced) == (1, 3)


def test_a_missing_score_is_a_mark_of_its_own_never_a_point_at_zero() -> None:
    missing = {"id": "m1", "instrument": "phq9", "subject": "c1", "respondent": {"kind": "client"},
               "missing": "declined", "session": "s1"}  # fmt: skip
    case = made(
        id="k",
        participants=[CLIENT],
        sessions=[{"id": "s1", "number": 1, "status": "held"}],
        measurements=[missing],
    )
    drawn = timeline(case, Names.of(case))
    assert (drawn.n_scores, drawn.n_marks) == (0, 2)
    assert "no score" in str(drawn.spec)


def test_a_figure_of_nothing_is_refused_with_what_it_needs() -> None:
    empty = made(id="k", participants=[CLIENT])
    for attempt in (
        lambda: timeline_figure(empty),
        lambda: change_figure(changes(empty).rows),
        lambda: code_profile_figure(code_profile(empty)),
    ):
        with pytest.raises(NotEnoughData, match="needs"):
            attempt()


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without_altair(name: str, package: str | None = None) -> ModuleType:
        if name == "altair":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr("therapeutic_process.report.figures.engine.import_module", without_altair)
    with pytest.raises(MissingExtra) as caught:
        timeline_figure(example_cases()[0])
    assert (caught.value.extra, caught.value.package) == ("figures", "altair")


def test_the_histogram_counts_every_difference_once() -> None:
    rows = [row for case in example_cases() for row in changes(case).rows]
    spec = change_figure(rows).to_dict(validate=False)
    drawn = sum(v["n"] for panel in spec["vconcat"] for v in panel["layer"][0]["data"]["values"])
    assert drawn == sum(row.difference is not None for row in rows)


def test_the_heat_map_shows_the_shares_that_were_counted() -> None:
    case = example_cases()[0]
    found = transitions(case, coding_pass=case.coding_passes[0].id)
    cells = transition_spec(found, found.codes)["data"]["values"]
    assert len(cells) == len(found.codes) ** 2
    assert {(c["given"].rsplit(" (", 1)[0], c["target"]): c["share"] for c in cells} == {
        (r.given, r.target): r.probability or 0.0 for r in found.rows
    }


def test_of_many_codes_the_most_frequent_are_drawn_in_the_order_given() -> None:
    codes = tuple(f"c{i:02}" for i in range(30))
    rows = tuple(Transition(a, a, int(a[1:]) + 1, 1.0) for a in codes)
    found = Transitions(codes, rows, 1, 1, sum(r.count for r in rows), 0, 0)
    cells = transition_spec(found, codes)["data"]["values"]
    assert [c["target"] for c in cells] == list(codes[6:])


def test_a_heat_map_of_no_transition_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="needs at least 1 transition"):
        transition_heatmap(Transitions((), (), 1, 0, 0, 0, 0))


def test_a_code_that_nothing_followed_is_not_shown_as_never() -> None:
    rows = (Transition("a", "b", 2, 1.0), Transition("a", "a", 0, 0.0), Transition("b", "a", 0, None))
    cells = transition_spec(Transitions(("a", "b"), rows, 1, 1, 2, 0, 0), ("a", "b"))["data"]["values"]
    assert [c["label"] for c in cells] == ["100", "", "–"]


def test_scales_beyond_the_eighth_are_said_to_be_in_the_table() -> None:
    by_client = {"kind": "client", "participant": "c1"}
    known = ["phq9", "gad7", "wsas", "oq45", "ors", "srs", "bdi2", "bai", "k10", "who5"]
    measured = [
        {"id": i, "instrument": i, "subject": "c1", "respondent": by_client, "score": 20, "session": "s1"}
        for i in known
    ]
    held = [{"id": "s1", "number": 1, "status": "held"}]
    case = made(id="k", participants=[CLIENT], sessions=held, measurements=measured)
    drawn = timeline(case, Names.of(case))
    assert (drawn.n_scores, drawn.n_panels_left_out) == (8, 2)
