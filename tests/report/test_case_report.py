from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.exchange import example_cases
from therapeutic_process.records import Case
from therapeutic_process.report import case_report
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.conftest import Page

LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href", "ping"}
FREE = "CANARY-OF-FREE-TEXT"
# A report takes half a second: shrinking a failure would take many minutes.
DRAW_ONLY = (Phase.explicit, Phase.reuse, Phase.generate)


def made(**fields: Any) -> Case:
    return Case.model_validate(fields)


def loads_nothing(page: Page, text: str) -> None:
    assert not {"script", "link", "iframe", "img", "object", "embed", "base", "form", "image", "use"} & set(
        page.tags
    )
    for tag, name, value in page.attributes:
        assert name not in LOADING, (tag, name)
        assert not name.startswith("on"), (tag, name)
        assert name != "href" or (value or "").startswith("#")
        assert "url(" not in (value or "") or (value or "").startswith("url(#")
    sheet = text.split("<style>", 1)[1].split("</style>", 1)[0]
    assert not any(word in sheet for word in ("url(", "@import", "//", "http"))


@pytest.mark.parametrize("number", range(4))
def test_an_example_is_one_page_that_loads_nothing(number: int, read_page: Callable[[str], Page]) -> None:
    text = case_report(example_cases()[number], include_text=True)
    page = read_page(text)
    loads_nothing(page, text)
    assert page.tags.count("html") == page.tags.count("h1") == page.tags.count("main") == 1


def test_markup_in_any_id_or_text_is_shown_as_text(
    hostile_case: Case, read_page: Callable[[str], Page]
) -> None:
    for include_text in (False, True):
        text = case_report(hostile_case, include_text=include_text)
        page = read_page(text)
        loads_nothing(page, text)
        assert "<script" not in text
        assert "case <script>alert('m')</script>" in page.text


def test_what_people_said_and_wrote_is_left_out_unless_asked_for(hostile_case: Case) -> None:
    assert FREE not in case_report(hostile_case)
    shown = case_report(hostile_case, include_text=True)
    # label, statement, two utterances, notes of the held session, task, journal, two events, context, three reasons
    assert shown.count(FREE) == 13


def test_a_case_with_nothing_but_a_client_says_so(read_page: Callable[[str], Page]) -> None:
    page = read_page(case_report(made(id="k", participants=[{"id": "c1", "role": "client"}])))
    assert "Cannot say: nothing that is recorded has a time or a session." in page.text
    assert "No measurement is recorded." in page.text
    assert "No change event is recorded." in page.text
    assert "svg" not in page.tags


def test_couples_and_groups_are_told_apart_by_person(read_page: Callable[[str], Page]) -> None:
    for case in example_cases()[2:]:
        page = read_page(case_report(case))
        assert all(
            f"client {p.id}" in page.text
            for p in case.clients
            if p.id in {m.subject for m in case.measurements}
        )
        assert f"{case.treatment_format.capitalize()} therapy with {len(case.clients)} clients" in page.text


def test_the_axis_of_the_timeline_is_named(read_page: Callable[[str], Page]) -> None:
    data: dict[str, Any] = {"id": "k", "participants": [{"id": "c1", "role": "client"}]}
    held = [{"id": f"s{i}", "number": i, "status": "held"} for i in (1, 2)]
    page = read_page(case_report(made(**data, sessions=held)))
    assert (
        "Drawn in order of the sessions, not by time: 0 of 2 held sessions have a known start." in page.text
    )
    dated = [s | {"started_at": f"2024-03-0{s['number']}"} for s in held]
    assert "Drawn by time." in read_page(case_report(made(**data, sessions=dated))).text


def test_missing_scores_are_counted_with_their_reasons(read_page: Callable[[str], Page]) -> None:
    by_client = {"kind": "client", "participant": "c1"}
    scores: list[dict[str, Any]] = [
        {"score": 4},
        {"missing": "declined"},
        {"missing": "not_asked"},
        {"missing": "declined"},
    ]
    common = {"instrument": "phq9", "subject": "c1", "respondent": by_client}
    rows = [{"id": f"m{i}", **common, **one} for i, one in enumerate(scores)]
    page = read_page(
        case_report(made(id="k", participants=[{"id": "c1", "role": "client"}], measurements=rows))
    )
    assert "Without a score: 3 measurements (2 declined and 1 not asked)." in page.text
    assert "Cannot say: needs 2 scores, found 1 in 4 measurements" in page.text


def test_links_state_window_ambiguity_and_what_cannot_be_placed(read_page: Callable[[str], Page]) -> None:
    case = made(
        id="k",
        participants=[{"id": "c1", "role": "client"}],
        sessions=[{"id": f"s{i}", "number": i, "status": "held"} for i in (1, 2, 3)],
        change_events=[
            {"id": "e1", "participant": "c1", "locus": "out_of_session", "after_session": "s3"},
            {"id": "e2", "participant": "c1", "locus": "out_of_session"},
        ],
    )
    words = read_page(case_report(case, window=2)).text
    assert (
        "Window: the last 2 held sessions before the change. Of 2 changes outside sessions, 1 with a session"
        in words
    )
    assert "session 3: lag 1, 0 interactions session 2: lag 2, 0 interactions" in words
    assert "ambiguous" in words
    assert "change 2 cannot say: its order is not known" in words
    assert "ambiguous" not in read_page(case_report(case, window=1)).text
    assert "Window: the last 14 days before" in read_page(case_report(case, window=timedelta(days=14))).text


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        case_report(example_cases()[0], window=0)


def test_the_report_has_no_clock_of_its_own() -> None:
    case = example_cases()[3]
    assert case_report(case) == case_report(case)
    assert "Made at" not in case_report(case)
    at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    assert "Made at 2024-06-01 12:00+00:00." in case_report(case, at=at)


def test_the_report_advises_nothing_and_claims_no_cause() -> None:
    words = case_report(example_cases()[0]).lower()
    assert "no medical device" in words
    assert not any(
        word in words
        for word in ("caused", "led to improvement", "effective", "should be treated", "responder")
    )


@settings(max_examples=4, phases=DRAW_ONLY, suppress_health_check=list(HealthCheck))
@given(cases(max_sessions=3, max_interactions=4))
def test_every_case_has_a_report(read_page: Callable[[str], Page], case: Case) -> None:
    text = case_report(case, include_text=True)
    loads_nothing(read_page(text), text)


@settings(max_examples=4, phases=DRAW_ONLY, suppress_health_check=list(HealthCheck))
@given(cases(max_sessions=2))
def test_texts_of_every_case_stay_out(case: Case) -> None:
    planted = case.with_changes(
        journal=[j.with_changes(text=FREE) for j in case.journal],
        sessions=[
            s.with_changes(
                notes=FREE, interactions=[x.with_changes(text=FREE + (x.text or "")) for x in s.interactions]
            )
            for s in case.sessions
        ],
        goals=[g.with_changes(statement=FREE) for g in case.goals],
        tasks=[k.with_changes(description=FREE) for k in case.tasks],
        change_events=[e.with_changes(description=FREE) for e in case.change_events],
    )
    assert FREE not in case_report(planted)


def talk_of(speakers: list[str]) -> Case:
    people = [{"id": s, "role": "client"} for s in speakers]
    given = [{"coding_pass": "p", "system": "automisc", "code": "C"}]
    talk = [
        {"index": i, "kind": "speech", "speaker": s, "codes": given}
        for i, s in enumerate([*speakers, speakers[0]])
    ]
    coded = {
        "id": "p",
        "system": "automisc",
        "extent": "all",
        "sessions": ["s1"],
        "coder": {"kind": "observer"},
    }
    held = {"id": "s1", "number": 1, "status": "held", "interactions": talk}
    return made(id="k", treatment_format="group", participants=people, sessions=[held], coding_passes=[coded])


def test_codes_of_many_speakers_stand_side_by_side(read_page: Callable[[str], Page]) -> None:
    few = read_page(case_report(talk_of(["a", "b", "c"]))).text
    assert "C – change talk client a 2 100 %" in few
    many = read_page(case_report(talk_of(["a", "b", "c", "d"]))).text
    assert "code client a client b client c client d all C – change talk 2 1 1 1 5" in many


def test_columns_in_which_nothing_is_known_are_left_out(read_page: Callable[[str], Page]) -> None:
    bare = made(id="k", participants=[{"id": "c1", "role": "client"}])
    assert "site, arm, group" not in read_page(case_report(bare)).text
    placed = made(id="k", participants=[{"id": "c1", "role": "client", "arm": "waiting list"}])
    assert "site, arm, group" in read_page(case_report(placed)).text


def test_a_figure_says_in_words_what_it_shows(read_page: Callable[[str], Page]) -> None:
    page = read_page(case_report(example_cases()[0]))
    labels = [value or "" for tag, name, value in page.attributes if tag == "div" and name == "aria-label"]
    assert any(label.startswith("Timeline, by time: 11 scores and ") for label in labels)
    assert sum(value == "img" for _, name, value in page.attributes if name == "role") == page.tags.count(
        "svg"
    )


def test_the_change_table_says_whose_score_and_by_whom(read_page: Callable[[str], Page]) -> None:
    by = {"kind": "therapist", "participant": "t1"}
    rows = [
        {"id": f"m{i}", "instrument": "phq9", "subject": "c1", "respondent": by, "score": score}
        for i, score in enumerate((18, 7))
    ]
    people = [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}]
    words = read_page(case_report(made(id="k", participants=people, measurements=rows))).text
    assert (
        "PHQ-9 lower is better client, by therapist 2 18 7 −11 reliable improvement Reliable improvement"
        in words
    )
