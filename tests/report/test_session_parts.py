"""What reports say of sessions beyond codes: residuals, agreement, courses, ratings, collaboration."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import polars as pl
import pytest

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.agreement_parts import DoubleCoded, agreement_parts
from therapeutic_process.report.cohort_sessions import SessionTally, session_parts
from therapeutic_process.report.collaboration_parts import collaboration_parts
from therapeutic_process.report.figures import figure_svg, rating_figure, residual_heatmap, therapy_figure
from therapeutic_process.report.figures.courses import course_spec, rating_spec
from therapeutic_process.report.figures.residuals import residual_spec
from therapeutic_process.report.html import join
from therapeutic_process.report.names import Names
from therapeutic_process.report.rating_parts import number, rating_parts
from therapeutic_process.report.residual_parts import residual_parts, tables_of
from therapeutic_process.report.therapy_parts import therapy_parts
from therapeutic_process.report.view import View
from therapeutic_process.session_process import (
    Transition,
    Transitions,
    code_share_table,
    kappa_of_table,
    rating_congruence,
    session_ratings,
    therapy_course,
    therapy_courses,
    transition_tables,
    transitions,
)

CLIENT = {"kind": "client", "participant": "c1"}
THERAPIST = {"kind": "therapist", "participant": "t1"}
NAMES = Names(builtin_catalogue(), {})


def coded_case(name: str = "k", *, seed: int = 1, sessions: int = 4, ratings: bool = True) -> Case:
    """A case with two coders, ratings by both sides, a plan and a task; session 3 has no talk and no rating."""
    rng = random.Random(seed)
    held, rated = [], []
    for n in range(1, sessions + 1):
        talk = []
        for i in range(12 if n != 3 else 0):
            side = ("question", "reflection") if i % 2 else ("change", "neutral")
            codes = [rng.choice(side)]
            codes += [codes[0] if rng.random() < 0.8 else rng.choice(side)]
            given = [
                {"coding_pass": f"p{p}", "system": "annomi", "code": c} for p, c in enumerate(codes, start=1)
            ]
            talk.append({"index": i, "kind": "speech", "speaker": "t1" if i % 2 else "c1", "codes": given})
        held.append({"id": f"s{n}", "number": n, "status": "held", "interactions": talk})
        if n == 3 or not ratings:
            continue
        for who, by in (("c", CLIENT), ("t", THERAPIST)):
            one = {
                "id": f"{who}{n}",
                "instrument": "wai_sr",
                "scale": "bond",
                "of": {"kind": "session", "id": f"s{n}"},
            }
            rated.append({**one, "rater": by, "value": rng.randint(8, 20)})
    passes = [
        {"id": f"p{p}", "system": "annomi", "coder": {"kind": "observer", "name": who}, "extent": "all",
         "sessions": [s["id"] for s in held]}
        for p, who in ((1, "Ann"), (2, "Ben"))
    ]  # fmt: skip
    agreed = [
        {"capacity": "client", "participant": "c1", "extent": 0.5},
        {"capacity": "therapist", "participant": "t1"},
    ]
    plan = {
        "id": "l",
        "revision": 1,
        "planned_sessions": 8,
        "history": [{"status": "draft"}, {"status": "active"}],
    }
    return Case.model_validate({
        "id": name,
        "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
        "sessions": held, "ratings": rated, "coding_passes": passes, "plans": [plan | {"agreements": agreed}],
    })  # fmt: skip


def view_of(case: Case) -> View:
    return View(case, Names.of(case), 2, False, "case", 2)


def text_of(parts: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", join(list(parts))))


def test_the_map_shows_the_residuals_and_marks_cells_without_one() -> None:
    tables = transition_tables([[6, 2, 0], [1, 7, 0], [0, 0, 0]], codes=["a", "b", "c"])
    cells = {(c["given"], c["target"]): c for c in residual_spec(tables)["data"]["values"]}
    assert len(cells) == 9
    z = float(tables.residual[0, 0, 0])
    assert cells["a", "a"]["label"] == f"{z:.1f}"
    assert cells["a", "a"]["kind"] == "more"
    assert cells["a", "b"]["kind"] == "less"
    assert cells["a", "b"]["strength"] == pytest.approx(abs(float(tables.residual[0, 0, 1])) / 10)
    assert {c["kind"] for place, c in cells.items() if "c" in place} == {"none"}
    zeros = transition_tables([[0, 2], [3, 0]], codes=["a", "b"], structural_zeros="diagonal")
    marks = {(c["given"], c["target"]): c["label"] for c in residual_spec(zeros)["data"]["values"]}
    assert marks["a", "a"] == "×"


def test_the_reasons_for_missing_residuals_are_told_and_the_strongest_come_first() -> None:
    case = coded_case()
    found = transitions(case, coding_pass="p1")
    told = text_of([residual_parts(found, found.codes, name="x", what="Talk")])
    size = [
        abs(float(z.replace("−", "-")))
        for z in re.findall(r" ([+−]\d+\.\d) ", told.partition("strongest of")[2])
    ]
    assert len(size) == 10
    assert size == sorted(size, reverse=True)
    assert tables_of(found).frequency[0].sum() == found.n_transitions
    alone = Transitions(("a",), (Transition("a", "a", 3, 1.0),), 1, 1, 3, 0, 0)
    told = text_of([residual_parts(alone, ("a",), name="x", what="Talk")])
    assert "one code is all that comes first or all that follows (1 cell)" in told
    assert "no cell has a residual" in told


def test_agreement_is_that_of_the_two_coders() -> None:
    case = coded_case()
    found = DoubleCoded(by_session=True)
    found.add(case, list(case.coding_passes))
    codes = ["change", "neutral", "question", "reflection"]
    table = [[0] * 4 for _ in codes]
    for _, given in found.units:
        table[codes.index(str(given["Ann"]))][codes.index(str(given["Ben"]))] += 1
    assert len(found.units) == 36
    told = text_of(agreement_parts(found, "annomi", NAMES))
    assert f" {kappa_of_table(table).value:.2f} " in told
    assert "bootstrap of whole sessions" in told
    assert "What coders take for what" in told


def test_coders_who_never_saw_the_same_talk_have_no_agreement() -> None:
    case = coded_case()
    one, two = case.coding_passes
    found = DoubleCoded()
    found.add(case, [one])
    found.add(case, [one, two.with_changes(procedure="consensus")])
    assert (found.units, found.n_cases) == ([], 0)
    assert list(agreement_parts(found, "annomi", NAMES)) == []


def test_lines_are_broken_where_a_session_has_no_value() -> None:
    case = coded_case(sessions=5)
    spec = rating_spec(session_ratings(case), NAMES)
    client = [(v["x"], v["stretch"]) for v in spec["vconcat"][0]["data"]["values"] if v["role"] == "client"]
    assert [x for x, _ in client] == [1, 2, 4, 5]
    assert len({stretch for _, stretch in client}) == 2
    shares = course_spec(therapy_course(case))
    assert shares is not None
    assert [p["title"]["text"] for p in shares["vconcat"]] == [
        "share of codes, pass 1",
        "share of codes, pass 2",
        "share of talk",
    ]
    change = [v for v in shares["vconcat"][0]["data"]["values"] if v["who"] == "change"]
    assert len({v["stretch"] for v in change}) == 2


def test_sessions_with_names_stand_in_order() -> None:
    turns = pl.DataFrame({"s": ["first", "second"], "index": [1, 1], "code": ["a", "b"]})
    spec = course_spec(therapy_courses(code_share_table(turns, session="s")))
    assert spec is not None
    assert {v["x"] for v in spec["vconcat"][0]["data"]["values"]} == {1, 2}


def test_each_role_keeps_its_colour_in_every_panel() -> None:
    case = coded_case()
    more = {
        "id": "d",
        "instrument": "seq",
        "scale": "depth",
        "of": {"kind": "session", "id": "s1"},
        "value": 4,
    }
    rated = case.with_changes(ratings=[*case.ratings, {**more, "rater": THERAPIST}])
    spec = rating_spec(session_ratings(rated), NAMES)
    scales = [p["layer"][0]["encoding"]["stroke"]["scale"] for p in spec["vconcat"]]
    assert len(scales) == 2
    assert scales[0] == scales[1]
    assert len(set(scales[0]["range"])) == 2


def test_ratings_and_congruence_stand_in_tables() -> None:
    case = coded_case()
    told = text_of(rating_parts(view_of(case)))
    (pair,) = rating_congruence(session_ratings(case)).rows
    assert pair.discrepancy is not None
    assert pair.correlation is not None
    assert f" {number(pair.discrepancy, signed=True)} " in told
    assert f" {number(pair.correlation)} " in told
    assert "3 of 4" in told
    assert list(rating_parts(view_of(coded_case(ratings=False)))) == []


def test_a_course_needs_two_sessions() -> None:
    assert "turns of the client" in text_of(therapy_parts(view_of(coded_case())))
    assert "needs 2 held sessions, found 1" in text_of(therapy_parts(view_of(coded_case(sessions=1))))


def test_collaboration_stands_beside_adherence_and_names_what_is_missing() -> None:
    told = text_of(collaboration_parts(view_of(coded_case())))
    assert "WAI-SR: Bond" in told
    assert "extent 50 %" in told
    assert "of 8 planned" in told
    assert "Missing: no rating or code declares the facet self-relatedness." in told
    bare = Case.model_validate({"id": "k", "participants": [{"id": "c1", "role": "client"}]})
    assert list(collaboration_parts(view_of(bare))) == []


def tallied(n: int, **choices: Any) -> str:
    tally = SessionTally()
    for i in range(n):
        tally.add(coded_case(f"secret-{i}", seed=i, **choices), builtin_catalogue())
    return text_of(session_parts(tally, NAMES))


def test_a_cohort_shows_courses_and_congruence_over_cases() -> None:
    told = tallied(6, sessions=6)
    assert "random-effects means" in told
    assert "turns of the client 6 " in told
    assert "bootstrap of whole cases" in told
    assert "a measure of collaboration 6 100 %" in told
    assert "secret" not in told


def test_cells_of_fewer_than_five_cases_are_not_shown() -> None:
    told = tallied(4, sessions=6)
    assert "it would describe 4 cases only" in told
    assert "random-effects means" not in told
    assert "turns of the client" not in told
    assert "a measure of collaboration few" in told
    assert "kappa" not in told.lower()
    assert "No case was read" in tallied(0)


def test_what_has_no_numbers_is_refused_by_the_figures() -> None:
    with pytest.raises(NotEnoughData):
        residual_heatmap(transition_tables([[0, 0], [0, 0]]))
    empty = coded_case(sessions=3, ratings=False)
    with pytest.raises(NotEnoughData):
        rating_figure(session_ratings(empty))
    with pytest.raises(NotEnoughData):
        therapy_figure(
            therapy_course(Case.model_validate({"id": "k", "participants": [{"id": "c1", "role": "client"}]}))
        )


def test_figures_are_drawn() -> None:
    case = coded_case()
    for chart in (
        residual_heatmap(tables_of(transitions(case, coding_pass="p1"))),
        rating_figure(session_ratings(case)),
        therapy_figure(therapy_course(case)),
    ):
        assert figure_svg(chart).startswith("<svg")


@pytest.mark.parametrize(
    ("value", "told"), [(None, "–"), (0.0, "0"), (-0.001, "0"), (10.0, "10"), (1.5, "1.5"), (-2.0, "−2")]
)
def test_numbers_are_printed_without_noise(value: float | None, told: str) -> None:
    assert number(value) == told
    assert number(value, signed=True) == (
        f"+{told}" if value and value > 0 and not math.isclose(value, 0) else told
    )
