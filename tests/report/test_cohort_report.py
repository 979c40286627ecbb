from __future__ import annotations

import gc
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from therapeutic_process.change_process import changes
from therapeutic_process.errors import DocumentError, NotEnoughData, RecordError, Violation
from therapeutic_process.exchange import example_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report import cohort_report
from therapeutic_process.report.cohort_change import median_difference
from therapeutic_process.report.cohort_tally import CohortTally
from therapeutic_process.report.figures.change import ScaleTally
from therapeutic_process.session_process import transitions
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from report.conftest import Page


def made(**fields: Any) -> Case:
    return Case.model_validate(fields)


def client(number: int, **fields: object) -> Case:
    return made(id=f"k{number}", participants=[{"id": f"c{number}", "role": "client"}], **fields)


def test_the_cohort_is_one_page_with_unique_ids(read_page: Callable[[str], Page]) -> None:
    page = read_page(cohort_report(example_cases(), include_text=True))
    assert page.tags.count("h1") == 1
    assert page.tags.count("article") == 3
    assert "The first 3 of 4 cases" in page.text


def test_markup_of_a_case_is_text_in_the_cohort_too(
    hostile_case: Case, read_page: Callable[[str], Page]
) -> None:
    text = cohort_report([hostile_case] * 2)
    assert "<script" not in text
    assert "CANARY-OF-FREE-TEXT" not in text
    read_page(text)


def test_cases_are_let_go_once_they_are_counted() -> None:
    alive: list[weakref.ref[Case]] = []
    most = 0

    def stream() -> Iterator[Case]:
        nonlocal most
        for number in range(8):
            case = client(number)
            alive.append(weakref.ref(case))
            yield case
            del case
            gc.collect()
            most = max(most, sum(ref() is not None for ref in alive))

    cohort_report(stream(), max_case_views=0)
    assert most <= 2


def test_what_could_not_be_read_is_listed_with_place_and_rule(read_page: Callable[[str], Page]) -> None:
    broken = RecordError(
        "Case", (Violation("$.sessions[3].number", "session_number_order", "growing numbers", "one"),)
    )
    errors: list[DocumentError] = []

    def stream() -> Iterator[Case]:
        yield client(1)
        errors.append(
            DocumentError(
                "rules", needed="a valid case", found="1 violation", file="a/b.jsonl", line=7, cause=broken
            )
        )
        errors.append(DocumentError("not_json", needed="JSON", found="something else", file="c.json"))

    words = read_page(cohort_report(stream(), unreadable=errors)).text
    assert "2 documents could not be read" in words
    assert "b.jsonl, line 7" in words
    assert "$.sessions[3].number: session_number_order: needed growing numbers, found one" in words
    assert "not_json" in words


def test_no_group_of_fewer_than_five_clients_is_shown_by_setting(read_page: Callable[[str], Page]) -> None:
    several = [client(i, setting="school") for i in range(9)] + [
        client(i + 9, setting="prison") for i in range(2)
    ]
    words = read_page(cohort_report(several, max_case_views=0)).text
    assert "prison" not in words
    assert "Clients by setting are not shown" in words
    assert (
        "school 9"
        in read_page(
            cohort_report(
                [*several[:9], *(client(i + 9, setting="clinic") for i in range(6))], max_case_views=0
            )
        ).text
    )


def test_small_groups_are_put_together_with_the_next_larger_one(read_page: Callable[[str], Page]) -> None:
    sizes = {"school": 12, "clinic": 6, "prison": 1}
    names = [name for name, n in sizes.items() for _ in range(n)]
    words = read_page(
        cohort_report([client(i, setting=s) for i, s in enumerate(names)], max_case_views=0)
    ).text
    assert "school 12 63 %" in words
    assert "2 values put together (fewer than 5 clients in at least one) 7 37 %" in words
    assert "clinic" not in words
    assert "prison" not in words


def test_a_cohort_of_nobody_says_so(read_page: Callable[[str], Page]) -> None:
    page = read_page(cohort_report([]))
    assert "0 cases" in page.text
    assert "article" not in page.tags


def test_case_views_are_as_many_as_asked_for(read_page: Callable[[str], Page]) -> None:
    several = [client(i) for i in range(5)]
    assert read_page(cohort_report(several, max_case_views=2)).tags.count("article") == 2
    assert "Every case, as it was read." in read_page(cohort_report(several[:1])).text
    with pytest.raises(NotEnoughData):
        cohort_report(several, max_case_views=-1)


def test_pooled_transitions_are_the_sum_over_cases() -> None:
    tally = CohortTally(window=1, catalogue=builtin_catalogue())
    expected: Counter[tuple[str, str]] = Counter()
    for case in (*example_cases(), example_cases()[0]):
        tally.add(case)
        for one in case.coding_passes:
            expected.update(
                {(r.given, r.target): r.count for r in transitions(case, coding_pass=one.id).rows}
            )
    pooled = [row for flow in tally.flows.values() for row in flow.pooled().rows]
    assert {(r.given, r.target): r.count for r in pooled if r.count} == {
        k: n for k, n in expected.items() if n
    }
    for given_code in {r.given for r in pooled}:
        shares = [r.probability for r in pooled if r.given == given_code and r.probability is not None]
        assert not shares or sum(shares) == pytest.approx(1.0)


def test_a_second_pass_with_the_same_system_is_not_pooled_but_told(read_page: Callable[[str], Page]) -> None:
    passes = [
        {
            "id": f"p{i}",
            "system": "automisc",
            "extent": "all",
            "sessions": ["s1"],
            "coder": {"kind": "observer"},
        }
        for i in (1, 2)
    ]
    codes = [{"coding_pass": f"p{i}", "system": "automisc", "code": "C"} for i in (1, 2)]
    talk = [{"index": i, "kind": "speech", "speaker": "c1", "codes": codes} for i in range(4)]
    case = client(
        1, sessions=[{"id": "s1", "number": 1, "status": "held", "interactions": talk}], coding_passes=passes
    )
    words = read_page(cohort_report([case], max_case_views=0)).text
    assert "3 transitions in 1 session of 1 case" in words
    assert "1 further pass left out" in words


@given(st.lists(st.integers(-20, 20), min_size=1))
def test_the_median_is_the_middle_of_what_was_counted(differences: list[int]) -> None:
    tally = ScaleTally(differences=Counter((float(d), "cannot_say") for d in differences))
    ordered = sorted(differences)
    n = len(ordered)
    assert median_difference(tally) == (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def test_every_series_gets_one_verdict_in_the_cohort() -> None:
    tally = CohortTally(window=1, catalogue=builtin_catalogue())
    for case in example_cases():
        tally.add(case)
    assert sum(t.verdicts.total() for t in tally.scales.values()) == sum(
        len(changes(c).rows) for c in example_cases()
    )


@settings(
    max_examples=3,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(cases(max_sessions=2), max_size=3))
def test_every_cohort_has_a_report(read_page: Callable[[str], Page], several: list[Case]) -> None:
    page = read_page(cohort_report(several, max_case_views=1))
    assert f"{len(several)} case" in page.text
