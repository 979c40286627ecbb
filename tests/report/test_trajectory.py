from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from report.change_cases import GAIN_AND_LOSS, case_with, series
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.report import case_report, figure_svg
from therapeutic_process.report.figures.engine import chart_of, spec_svg
from therapeutic_process.report.figures.places import places
from therapeutic_process.report.figures.trajectory import KINDS, drawable, positions, trajectory_spec
from therapeutic_process.report.graded_series import graded_series
from therapeutic_process.report.names import Names
from therapeutic_process.report.style import BAD, GOOD, INK, MUTED, PALETTE, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.conftest import Page
    from therapeutic_process.records import Case


def spec_of(case: Case) -> dict[str, Any]:
    several = [s for s in graded_series(case, builtin_catalogue()) if drawable(s)]
    return trajectory_spec(case, several, Names.of(case))


def layers(case: Case, mark: str) -> list[dict[str, Any]]:
    return [x for x in spec_of(case)["vconcat"][0]["layer"] if x["mark"]["type"] == mark]


def test_lines_are_the_intervals_with_their_verdicts_and_none_leads_to_a_gap() -> None:
    drawn = layers(case_with(*series("phq9", GAIN_AND_LOSS)), "rule")[1]["data"]["values"]
    by_kind = {kind: [(v["y"], v["y2"]) for v in drawn if v["kind"] == kind] for kind, *_ in KINDS.values()}
    assert by_kind["sudden gain"] == [(21.0, 12.0)]
    assert by_kind["sudden loss"] == [(10.0, 18.0)]
    assert by_kind["cannot be judged"] == [(21.0, 22.0), (18.0, 19.0)]
    assert len(drawn) == len(GAIN_AND_LOSS) - 1 - 2


def test_the_band_is_one_threshold_around_the_first_score_within_the_scale() -> None:
    (band,) = layers(case_with(*series("phq9", [24, 12])), "rect")
    assert band["data"]["values"] == [{"from": 18.0, "to": 27.0}]


def test_the_cutoff_is_the_published_one_and_named() -> None:
    line = layers(case_with(*series("phq9", [24, 12])), "rule")[0]["data"]["values"]
    assert line == [{"y": 10.0, "told": "cutoff 10"}]


def test_what_is_not_known_is_not_drawn() -> None:
    only_cutoff = case_with(*series("core10", [24, 12]))
    assert layers(only_cutoff, "rect") == []
    subtitle = spec_of(only_cutoff)["vconcat"][0]["title"]["subtitle"]
    assert subtitle == "no band: no threshold of reliable change; dashed line: cutoff 11"
    neither = case_with(*series("wsas", [24, 12]), *series("phq9", [20]), *series("gad7", [None, None]))
    assert [drawable(s) for s in graded_series(neither, builtin_catalogue())] == [False] * 3


def test_a_missing_score_is_a_mark_outside_the_scale() -> None:
    texts = layers(case_with(*series("phq9", [20, None, 12])), "text")
    (gap,) = [t for t in texts if t["data"]["values"][0].get("told") == "×"]
    assert gap["encoding"]["y"] == {"value": -9}
    dots = layers(case_with(*series("phq9", [20, None, 12])), "point")[0]["data"]["values"]
    assert [d["y"] for d in dots] == [20.0, 12.0]


def test_measurements_stand_on_the_axis_of_the_case_or_are_numbered() -> None:
    sessions = [{"id": f"s{i}", "number": i, "status": "held"} for i in (1, 2, 3)]
    rows = series("phq9", [20, 15, 12])
    placed = case_with(*({**m, "session": f"s{i + 1}"} for i, m in enumerate(rows)), sessions=sessions)
    assert positions(placed.measurements, places(placed)) == ([1.0, 2.0, 3.0], True)
    same = case_with(*({**m, "session": "s1"} for m in rows), sessions=sessions)
    assert positions(same.measurements, places(same)) == ([1.0, 2.0, 3.0], False)
    nowhere = case_with(*rows)
    assert positions(nowhere.measurements, places(nowhere)) == ([1.0, 2.0, 3.0], False)
    title = spec_of(nowhere)["vconcat"][0]["layer"][-1]["encoding"]["x"]["axis"]["title"]
    assert title == "measurement, in the order of the record"


def test_every_colour_has_one_for_the_dark() -> None:
    svg = figure_svg(chart_of(spec_of(case_with(*series("phq9", GAIN_AND_LOSS)))))
    known = {GOOD, BAD, INK, MUTED, PAPER, QUIET, *PALETTE, "none", "transparent"}
    used = {part.split('"', 1)[0] for key in ('fill="', 'stroke="') for part in svg.split(key)[1:]}
    assert used <= known


def test_the_chart_keeps_the_schema_of_its_grammar() -> None:
    chart = chart_of(spec_of(case_with(*series("phq9", GAIN_AND_LOSS), *series("ors", [12, 30]))))
    assert chart.to_dict(validate=True)["$schema"].startswith("https://vega.github.io/schema/vega-lite/")


def test_a_description_is_drawn_as_its_chart_is() -> None:
    spec = spec_of(case_with(*series("phq9", GAIN_AND_LOSS), *series("ors", [12, 30])))
    assert spec_svg(spec, prefix="p") == figure_svg(chart_of(spec), prefix="p")


@pytest.mark.parametrize("scores", [[20, 20], [0, 0, 0], [27, 0]])
def test_flat_and_extreme_courses_are_drawn(scores: list[float]) -> None:
    assert figure_svg(chart_of(spec_of(case_with(*series("phq9", scores))))).startswith("<svg")


def test_the_figure_says_in_words_what_it_shows(read_page: Callable[[str], Page]) -> None:
    page = read_page(case_report(case_with(*series("phq9", GAIN_AND_LOSS))))
    labels = [v or "" for tag, name, v in page.attributes if tag == "div" and name == "aria-label"]
    assert any(label.startswith("Trajectories of 1 series of scores") for label in labels)
    assert "The dashed line is the published cutoff of caseness." in page.text
