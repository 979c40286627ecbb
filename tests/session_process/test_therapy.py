from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import Case
from therapeutic_process.session_process import (
    TherapyCourse,
    code_share_table,
    talk_profile,
    therapy_course,
    therapy_courses,
)
from therapeutic_process.tables import from_cases
from therapeutic_process.testing import cases

SYSTEM = {
    "id": "stance", "name": "Stance", "codes": [{"id": "for"}, {"id": "against"}],
    "ratios": [{"id": "F:A", "name": "for:against", "numerator": ["for"], "denominator": ["against"], "source": "us"}],
}  # fmt: skip


def case_with(*sessions: list[tuple[str, str | None, str | None]]) -> Case:
    """A case from (speaker, code, text) per interaction."""

    def told(one: list[tuple[str, str | None, str | None]]) -> list[dict[str, Any]]:
        return [
            {"index": i, "kind": "speech", "speaker": who, "text": text,
             "codes": [{"coding_pass": "p", "system": "stance", "code": code}] if code else []}
            for i, (who, code, text) in enumerate(one)
        ]  # fmt: skip

    names = [f"s{n}" for n in range(1, len(sessions) + 1)]
    coded = {"id": "p", "system": "stance", "coder": {"kind": "observer"}, "extent": "all", "sessions": names}
    return Case.model_validate({
        "id": "k",
        "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
        "coding_systems": [SYSTEM],
        "coding_passes": [coded],
        "sessions": [
            {"id": name, "number": n, "status": "held", "interactions": told(one)}
            for n, (name, one) in enumerate(zip(names, sessions, strict=True), start=1)
        ],
    })  # fmt: skip


COURSE = case_with(
    [("c1", "for", "a b c"), ("t1", None, "d"), ("c1", "against", "e")],
    [("c1", "against", None), ("t1", None, "x y")],
    [],
    [("c1", "for", "z"), ("c1", "for", "z")],
)


def values(course: TherapyCourse, measure: str, of: str | None, name: str) -> list[float | None]:
    return [s.value for s in course.sessions if (s.measure, s.of, s.name) == (measure, of, name)]


def test_codes_ratios_and_talk_run_over_the_sessions_held() -> None:
    course = therapy_course(COURSE)
    assert values(course, "code_share", "p", "for") == [0.5, 0.0, None, 1.0]
    assert values(course, "ratio", "p", "F:A") == [1.0, 0.0, None, None]
    assert values(course, "talk_share", "turns", "client") == [2 / 3, 0.5, None, 1.0]
    assert values(course, "talk_share", "words", "client") == [0.8, None, None, 1.0]
    missing = {
        (s.name, s.session): s.missing for s in course.sessions if s.missing and s.of in {"p", "words"}
    }
    assert missing["F:A", "3"] == missing["for", "3"] == "not_coded"
    assert missing["F:A", "4"] == "denominator_is_0"
    assert (missing["client", "2"], missing["client", "3"]) == ("not_known", "no_talk")
    (share,) = (r for r in course.rows if (r.measure, r.name) == ("code_share", "for"))
    assert (share.n, share.n_sessions, share.gaps, share.first, share.last) == (3, 4, "3", 0.5, 1.0)
    # places 1, 2, 4: least squares by hand
    assert share.slope == pytest.approx(3 / 14)


def test_one_case_and_its_table_say_the_same() -> None:
    tables = from_cases([COURSE])
    coded = tables.codes.filter(pl.col("code").is_not_null())
    of_table = therapy_courses(
        code_share_table(
            coded, client="client_id", session="session", order="interaction",
            ratios={"F:A": (["for"], ["against"])},
        )
    )  # fmt: skip
    case = therapy_course(COURSE)
    for name, measure in (("for", "code_share"), ("against", "code_share"), ("F:A", "ratio")):
        own = {
            s.session: s.value
            for s in case.sessions
            if (s.measure, s.name) == (measure, name) and s.session != "3"
        }
        assert own == {s.session: s.value for s in of_table.sessions if s.name == name}
    talk = therapy_courses(
        talk_profile(tables.interactions, client="client_id", session="session", speaker="role")
    )
    own = {
        s.session: s.value
        for s in case.sessions
        if (s.of, s.name) == ("turns", "client") and s.session != "3"
    }
    assert own == {s.session: s.value for s in talk.sessions if s.name == "client"}
    assert {r.gaps for r in talk.rows} == {""}


@settings(max_examples=25)
@given(cases())
def test_shares_of_a_session_add_up_to_one(case: Case) -> None:
    sums: dict[tuple[str, str | None, str], float] = {}
    for one in therapy_course(case).sessions:
        if one.value is not None and one.measure == "code_share":
            place = one.measure, one.of, one.session
            sums[place] = sums.get(place, 0.0) + one.value
    assert all(total == pytest.approx(1) for total in sums.values())


turns_of_clients = st.lists(
    st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


def shares_of(clients: list[list[list[str]]]) -> TherapyCourse:
    rows = [
        (f"k{k}", s, i, code)
        for k, own in enumerate(clients)
        for s, one in enumerate(own)
        for i, code in enumerate(one)
    ]
    frame = pl.DataFrame(rows, schema=["client", "session_id", "index", "code"], orient="row")
    return therapy_courses(code_share_table(frame, client="client", codes=["a", "b"]))


@given(turns_of_clients)
def test_the_shares_of_two_codes_run_against_each_other(clients: list[list[list[str]]]) -> None:
    course = shares_of(clients)
    a, b = ([r for r in course.rows if r.name == name] for name in "ab")
    for one, other in zip(a, b, strict=True):
        assert one.mean is not None
        assert other.mean == pytest.approx(1 - one.mean)
        assert (one.slope is None) == (len(clients[int(one.client[1:])]) < 3)
        if one.slope is not None:
            assert other.slope == pytest.approx(-one.slope, abs=1e-12)


@given(turns_of_clients)
def test_each_client_counts_once(clients: list[list[list[str]]]) -> None:
    course, doubled = (
        shares_of(clients),
        shares_of([[[c for c in one for _ in (0, 1)] for one in own] for own in clients]),
    )
    for one, other in zip(course.over_clients(), doubled.over_clients(), strict=True):
        assert one == other
        assert one.n_clients == len(clients)
        assert one.n_thirds == sum(len(own) >= 3 for own in clients)
        own = [r.slope for r in course.rows if r.name == one.name and r.slope is not None]
        assert one.slope == (pytest.approx(sum(own) / len(own)) if own else None)


def test_sessions_repeat_between_clients_and_stay_apart() -> None:
    turns = pl.DataFrame(
        {"client": ["x", "y", "y"], "session_id": [1, 1, 2], "speaker": ["c", "c", "t"], "words": [4, 6, 2]}
    )
    profile = talk_profile(turns, client="client", amount="words")
    assert profile.sessions == (("x", 1), ("y", 1), ("y", 2))
    assert profile.share.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    assert profile.to_frame().columns[:2] == ["client", "session"]
    assert [(r.client, r.of, r.n_sessions) for r in therapy_courses(profile).rows if r.name == "c"] == [
        ("x", "words", 1),
        ("y", "words", 2),
    ]


def test_a_pass_is_asked_for_by_its_id() -> None:
    assert {s.of for s in therapy_course(COURSE, coding_pass="p").sessions} == {
        "p",
        "turns",
        "words",
        "seconds",
    }
    with pytest.raises(NotEnoughData, match="no such pass"):
        therapy_course(COURSE, coding_pass="q")


def test_a_case_without_sessions_has_no_course() -> None:
    course = therapy_course(case_with())
    assert len(course.rows) == len(course.sessions) == len(course.over_clients()) == 0
    assert course.to_frame().height == course.sessions_to_frame().height == 0


def test_nothing_shows_a_value_or_an_id() -> None:
    shown = (
        repr(therapy_course(COURSE))
        + repr(therapy_course(COURSE).rows)
        + repr(therapy_course(COURSE).sessions)
    )
    assert "0.5" not in shown
    assert "'k'" not in shown
