"""Reports under a small-cell rule: every table is read back and counted anew from the cases."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from report.shared_cohorts import Printed, codes_in, cohort, pairs_in, tables_of, whole
from therapeutic_process.change_process import changes
from therapeutic_process.exchange import example_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.process_outcome import link_events
from therapeutic_process.report import cohort_report
from therapeutic_process.report.shared_counts import SharedCounts
from therapeutic_process.report.small_cells import SmallCells
from therapeutic_process.tables import SUPPRESSION_RULES, SuppressionRule

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from report.conftest import Page
    from therapeutic_process.records import Case

SIZES = (3, 8, 30, 120)
TOGETHER = "put together: "


def rules() -> list[Any]:
    return [pytest.param(rule, id=name) for name, rule in SUPPRESSION_RULES.items()]


def people(case: Case, what: str) -> str:
    if what == "format":
        return case.treatment_format
    if what == "setting":
        return case.setting or "not recorded"
    found = {getattr(c, what) or "not recorded" for c in case.clients}
    return found.pop() if len(found) == 1 else "several that differ"


def behind(
    cases: Sequence[Case], of: Callable[[Case], Iterable[Hashable]]
) -> dict[Hashable, tuple[int, int]]:
    """Return how often something occurs, and in how many cases."""
    times, contributors = Counter[object](), Counter[object]()
    for case in cases:
        found = list(of(case))
        times.update(found)
        contributors.update(set(found))
    return {key: (n, contributors[key]) for key, n in times.items()}


def linked_as(case: Case) -> list[str]:
    found = link_events(case, window=2)
    several = ["ambiguous: more than one session in the window" if x.ambiguity > 1 else
               "with one session in the window" if x.sessions else "no session in the window"
               for x in found.links]  # fmt: skip
    return [*several, *(["cannot be placed"] * len(found.unplaced))]


def in_all(case: Case) -> list[str]:
    talk = ["interactions in held sessions"] * sum(len(s.interactions) for s in case.held_sessions)
    return [*talk, *(["measurements"] * len(case.measurements))]


def counted_anew(table: Printed, cases: Sequence[Case]) -> Mapping[Hashable, tuple[int, int]] | None:
    """Return times and contributors of what a table counts; None for a table of means."""
    short = {"phq9": "PHQ-9", "gad7": "GAD-7"}
    counted: dict[str, Callable[[Case], Iterable[Hashable]]] = {
        "Sessions by status": lambda c: [s.status.replace("_", " ") for s in c.sessions],
        "Recorded in all": in_all,
        "Measurements without": lambda c: [(short[m.instrument], m.missing) for m in c.measurements if m.missing],
        "Codes given": codes_in,
        "What follows what": pairs_in,
        "How often the code": pairs_in,
        "Changes outside": linked_as,
        "Interactions in": lambda c: ["cited by no recorded change"] * len(
            [i for s in c.held_sessions for i in s.interactions]),
    }  # fmt: skip
    for start, of in counted.items():
        if table.title.startswith(start):
            return behind(cases, of)
    assert (
        "means over cases" in table.title
        or "over cases with both" in table.title
        or ("with a residual" in table.title)
    ), table.title
    return None


def assert_parts_hide(table: Printed, n: int, rule: SuppressionRule) -> None:
    """Try every number that the parts put together could hold: each leaves two answers, one of them large."""
    merged = next((row for row in table.rows if row[0].startswith(TOGETHER)), None)
    shown = sum(whole(row[1]) for row in table.rows if row is not merged)
    if merged is None:
        assert shown == n
        return
    rest, told = n - shown, merged[0].removeprefix(TOGETHER)
    assert whole(merged[1]) == rest >= rule.smallest
    hidden = (
        int(told.split()[0]) if told.endswith(" values") else len(told.replace(", not", " not").split(", "))
    )
    assert hidden > 1
    least = 1 if rule.zeros_shown else 0
    possible = {first for first in range(least, rest + 1) if rest - first >= least * (hidden - 1)}
    assert len(possible) > 1
    assert max(possible) >= rule.smallest


@pytest.mark.parametrize("rule", rules())
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("seed", [7, 11])
def test_no_number_of_a_page_rests_on_too_few(n: int, rule: SuppressionRule, seed: int) -> None:
    cases = cohort(n, seed)
    tables = tables_of(cohort_report(cases, small_cells=rule))
    if n < rule.smallest:
        assert not tables
        return
    assert len(tables) > 5
    for table in tables:
        if table.title.startswith("Cases by"):
            assert_parts_hide(table, n, rule)
            for row in table.rows:
                assert whole(row[1]) >= rule.smallest
            what = table.heads[0]
            if what in {"format", "setting", "site", "arm"}:
                found = Counter(people(c, what) for c in cases)
                alone = {row[0]: whole(row[1]) for row in table.rows if not row[0].startswith(TOGETHER)}
                assert alone == {value: found[value] for value in alone}
            continue
        expected = counted_anew(table, cases)
        if expected is not None:
            assert_counts(table, expected, rule)


def assert_counts(
    table: Printed, expected: Mapping[Hashable, tuple[int, int]], rule: SuppressionRule
) -> None:
    if table.title.startswith("How often the code"):  # the table behind a heat map: all pairs, with totals
        assert all(contributors >= rule.smallest for _, contributors in expected.values())
        for row in table.rows:
            for head, cell in zip(table.heads[1:-1], row[1:-1], strict=True):
                assert whole(cell) == expected.get((row[0], head), (0, 0))[0]
        return
    two = table.title.startswith(("Codes", "What follows", "Measurements"))
    for row in table.rows:
        times, contributors = expected[(row[0], row[1]) if two else row[0]]
        assert whole(row[1 + two]) == times
        assert contributors >= rule.smallest
    few = [key for key, (_, contributors) in expected.items() if contributors < rule.smallest]
    complementary = table.title.startswith(("Codes", "What follows")) and bool(few or not rule.zeros_shown)
    assert len(table.rows) == len(expected) - len(few) - complementary
    if few:
        # shares would give the totals, and the totals what is not there
        assert not any("of " in head for head in table.heads)


@pytest.mark.parametrize("rule", rules())
@pytest.mark.parametrize(("start", "of"), [("Codes given", codes_in), ("What follows what", pairs_in)])
def test_a_hidden_count_cannot_be_worked_out_from_what_is_printed(
    start: str, of: Callable[[Case], list[tuple[str, str]]], rule: SuppressionRule
) -> None:
    """Interactions, with one code each, and sessions held give the total: no margin of a hidden cell but this one."""
    cases = cohort(30)
    expected = behind(cases, of)
    tables = tables_of(cohort_report(cases, small_cells=rule))
    (table,) = [t for t in tables if t.title.startswith(start)]
    assert len(table.heads) == 3
    assert not any(t.title.startswith("How often the code") for t in tables)
    shown = {(row[0], row[1]) for row in table.rows}
    hidden = set(expected) - shown
    assert any(expected[key][1] < rule.smallest for key in hidden)
    rest = sum(expected[key][0] for key in hidden)
    assert sum(bool(hidden & set(of(c))) for c in cases) >= rule.smallest
    least = 1 if rule.zeros_shown else 0
    for key in hidden:
        possible = [n for n in range(least, rest + 1) if rest - n >= least * (len(hidden) - 1)]
        assert len(possible) > 1, key
        assert possible[-1] >= rule.smallest, key


def test_classes_are_those_of_the_cases() -> None:
    cases = cohort(120)
    page = tables_of(cohort_report(cases, small_cells=SUPPRESSION_RULES["five"]))
    (phq9,) = [t for t in page if t.title.startswith("Cases by class of change: PHQ-9")]
    shown = {row[0]: whole(row[1]) for row in phq9.rows}
    ends = [[m.score for m in c.measurements if m.instrument == "phq9"] for c in cases]
    assert shown["no such series"] == sum(not scores for scores in ends)
    # from 18, a fall of 6 or more (Gyani et al. 2013) is reliable, and below 10 the functional range begins
    assert shown["recovered"] == sum(scores in ([18, 4], [18, 8]) for scores in ends)
    assert shown["improved"] == sum(scores == [18, 12] for scores in ends)


def test_medians_are_over_cases() -> None:
    cases = cohort(30)
    page = tables_of(cohort_report(cases, small_cells=SUPPRESSION_RULES["cms"]))
    (table,) = [t for t in page if t.title.startswith("Last minus first")]
    found = [
        r.difference
        for c in cases
        for r in changes(c).rows
        if r.instrument == "phq9" and r.difference is not None
    ]
    assert len(found) >= 11
    assert float({row[0]: row[1] for row in table.rows}["PHQ-9"].replace("−", "-")) == median(found)


@pytest.mark.parametrize("rule", rules())
def test_nothing_of_a_single_case_is_left(rule: SuppressionRule, read_page: Callable[[str], Page]) -> None:
    page = read_page(cohort_report(cohort(30), small_cells=rule, include_text=True))
    assert "article" not in page.tags
    assert "Left out of what is made under a rule" in page.text
    assert f"fewer than {rule.smallest} cases" in page.text
    assert not {f"k{i}" for i in range(30)} & set(page.text.split())


def test_values_of_the_records_are_text_and_may_be_anything(hostile_case: Case) -> None:
    html = cohort_report([hostile_case] * 12, small_cells=SUPPRESSION_RULES["cms"])
    assert "<script" not in html
    assert "CANARY-OF-FREE-TEXT" not in html
    for rule in (None, SUPPRESSION_RULES["five"]):
        assert "&lt;total&gt;" in cohort_report(cohort(120), small_cells=rule, max_case_views=0)


def test_a_whole_transition_table_is_drawn() -> None:
    html = cohort_report(list(example_cases()) * 12, small_cells=SUPPRESSION_RULES["cms"])
    assert "<svg" in html
    assert "<svg" not in cohort_report(list(example_cases()) * 2, small_cells=SUPPRESSION_RULES["five"])


def test_events_of_one_case_are_few_however_many() -> None:
    gate = SmallCells(SUPPRESSION_RULES["five"])
    assert gate.events({"a": 100, "b": 9}, {"a": 4, "b": 5}) == {"b": 9}
    assert gate.events({"a": 100, "b": 9}, {"a": 4, "b": 5}, total_known=True) == {}
    assert gate.events({"a": 100, "b": 9}, {"a": 5, "b": 5}, total_known=True) == {"a": 100, "b": 9}
    assert not gate.whole({"a": 100, "b": 9}, {"a": 4, "b": 5})
    assert gate.whole({"a": 100, "b": 0}, {"a": 5, "b": 0})
    assert not SmallCells(SUPPRESSION_RULES["uk_llc"]).whole({"a": 100}, {"a": 50})


def test_a_part_that_tables_share_is_hidden_in_all_or_in_none() -> None:
    gate = SmallCells(SUPPRESSION_RULES["five"])
    tables = {"one": {"x": 20, "y": 2, "none": 8}, "two": {"x": 12, "y": 10, "none": 8}}
    assert gate.parts(tables["two"]) == tables["two"]
    found = gate.linked(tables, {"none": "none"})
    assert found["one"] == {"x": 20, "y": None, "none": None}
    assert found["two"] == {"x": 12, "y": None, "none": None}
    # couples have several series each: under another name, the same cases
    apart = {"one": tables["one"], "two": {"x": 12, "y": 10, "several": 8}}
    found = gate.linked(apart, {"none": "both", "several": "both"})
    assert found["two"] == {"x": 12, "y": None, "several": None}
    # of another number it is another part
    other = {**tables, "two": {"x": 12, "y": 11, "none": 7}}
    assert gate.linked(other, {"none": "none"})["two"] == other["two"]


def test_a_case_counts_once_however_many_events_it_holds() -> None:
    counts = SharedCounts(2, builtin_catalogue())
    cases = cohort(8)
    for case in cases:
        counts.add(case)
    expected = behind(cases, codes_in)
    times, contributors = counts.of("codes", "own")
    assert {key: (times[key], contributors[key]) for key in times} == expected
