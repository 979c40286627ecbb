"""Changes outside sessions, and what was recorded in the window before them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.process_outcome import Link, LinkRow, Links, link_events
from therapeutic_process.records import Case
from therapeutic_process.testing import cases

PEOPLE = [{"id": p, "role": "client"} for p in "cd"] + [
    {"id": "t", "role": "therapist"},
    {"id": "mum", "role": "other"},
]
MARCH = datetime(2024, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NO_ORDER = "its order is not known: it has neither a time nor a last session before it"
CONTRADICTION = "its time and the order of the sessions contradict each other"


def at(days: float) -> datetime:
    return MARCH + timedelta(days=days)


def on(day: int) -> date:
    return date(2024, 3, 1) + timedelta(days=day)


def session(n: int, started_at: date | None = None, status: str = "held", **fields: Any) -> dict[str, Any]:
    return {"id": f"s{n}", "number": n, "status": status, "started_at": started_at, **fields}


def outside(name: str = "e", **fields: Any) -> dict[str, Any]:
    return {"id": name, "participant": "c", "locus": "out_of_session", **fields}


def a_case(sessions: list[dict[str, Any]], *events: dict[str, Any], **fields: Any) -> Case:
    return Case(
        **{"id": "k", "participants": PEOPLE, "sessions": sessions, "change_events": events, **fields}
    )


def the_link(case: Case, window: Any) -> Link:
    (link,) = link_events(case, window=window).links
    return link


def why_not(case: Case, window: Any = 1) -> str:
    found = link_events(case, window=window)
    assert found.links == ()
    (unplaced,) = found.unplaced
    return unplaced.reason


def linked(case: Case, window: Any) -> list[tuple[str, int, int, bool]]:
    return [(s.session, s.lag, s.lag_max, s.certain) for s in the_link(case, window).sessions]


WEEKLY = [session(n, at(7 * (n - 1))) for n in (1, 2, 3)]


def test_weekly_sessions_by_hand() -> None:
    case = a_case(WEEKLY, outside(occurred=at(15)))
    assert linked(case, 1) == [("s3", 1, 1, True)]
    assert linked(case, 2) == [("s3", 1, 1, True), ("s2", 2, 2, True)]
    assert linked(case, 99) == [("s3", 1, 1, True), ("s2", 2, 2, True), ("s1", 3, 3, True)]
    assert linked(case, DAY) == [("s3", 1, 1, True)]
    assert linked(case, DAY / 2) == []
    assert linked(case, 8 * DAY) == [("s3", 1, 1, True), ("s2", 2, 2, True)]
    assert [s.days for s in the_link(case, 2).sessions] == [(1.0, 1.0), (8.0, 8.0)]
    found = link_events(case, window=2)
    assert (found.n_events, found.n_linked, found.n_ambiguous, found.window) == (1, 1, 1, 2)
    assert repr(found) == (
        "Links(1 of 1 changes outside sessions have a session in the window before them, 1 more than one, "
        "0 cannot be placed)"
    )
    assert repr(found.links[0]) == "Link(2 sessions, 0 tasks, 0 journal entries in the window)"
    assert repr(found.links[0].sessions[0]) == "LinkedSession(lag 1, 0 interactions, 0 changes in session)"


def test_only_held_sessions_count() -> None:
    sessions = [
        session(1, at(0)), session(2, at(7), "cancelled"), session(3, at(14)), session(4, at(21), "no_show"),
        session(5, at(28), "planned"),
    ]  # fmt: skip
    assert linked(a_case(sessions, outside(occurred=at(29))), 2) == [("s3", 1, 1, True), ("s1", 2, 2, True)]
    assert linked(a_case(sessions, outside(after_session="s2")), 2) == [("s1", 1, 1, True)]
    assert linked(a_case(sessions, outside(after_session="s5")), 1) == [("s3", 1, 1, True)]


def test_when_it_occurred_decides_and_not_when_it_was_reported() -> None:
    event = outside(occurred=at(8), reported=at(15), reporter={"kind": "client"})
    assert linked(a_case(WEEKLY, event), 1) == [("s2", 1, 1, True)]
    assert why_not(a_case(WEEKLY, outside(reported=at(15)))) == NO_ORDER


def test_a_change_before_the_first_session_has_none_in_its_window() -> None:
    for window in (1, 5, DAY, 365 * DAY):
        link = the_link(a_case(WEEKLY, outside(occurred=at(-3))), window)
        assert (link.sessions, link.ambiguity) == ((), 0)
    none_held = a_case(
        [session(1, at(0), "no_show")], outside(after_session="s1"), outside("f", occurred=at(3))
    )
    for window in (1, DAY):
        assert [x.sessions for x in link_events(none_held, window=window).links] == [(), ()]
    assert link_events(none_held, window=1).n_linked == 0


def test_without_any_time_the_last_session_before_it_gives_the_order() -> None:
    sessions = [session(n) for n in (1, 2, 3)]
    case = a_case(sessions, outside(after_session="s2"))
    assert linked(case, 1) == [("s2", 1, 1, True)]
    assert the_link(case, 1).sessions[0].days is None
    assert why_not(case, DAY) == (
        "a window in time needs times of the change and the sessions before it, found both for 0 of 2"
    )
    assert why_not(a_case(sessions, outside())) == NO_ORDER
    assert why_not(a_case(sessions, outside(occurred=at(3)))) == (
        "its order to the sessions is not known: needs started_at on held sessions, found 0 of 3"
    )
    timed = a_case(sessions, outside(occurred=at(3), after_session="s2"))
    assert linked(timed, 1) == [("s2", 1, 1, True)]
    assert why_not(timed, DAY).endswith("found both for 0 of 2")


def test_a_session_at_the_very_instant_of_the_change_did_not_come_before_it() -> None:
    assert linked(a_case(WEEKLY, outside(occurred=at(7))), 1) == [("s1", 1, 1, True)]


def test_on_one_day_nobody_knows_which_came_first() -> None:
    sessions = [session(1, on(0)), session(2, on(7))]
    case = a_case(sessions, outside(occurred=on(7)))
    assert linked(case, 1) == [("s2", 1, 1, False), ("s1", 1, 2, True)]
    assert the_link(case, 1).ambiguity == 2
    assert linked(case, DAY) == [("s2", 1, 1, False)]
    # and the last session before it may be known nevertheless
    assert linked(a_case(sessions, outside(occurred=on(7), after_session="s2")), 1) == [("s2", 1, 1, True)]
    assert linked(a_case(sessions, outside(occurred=on(7), after_session="s1")), 1) == [("s1", 1, 1, True)]


def test_days_that_follow_each_other_are_in_order() -> None:
    sessions = [session(1, on(0)), session(2, on(2))]
    case = a_case(sessions, outside(occurred=on(1)))
    assert linked(case, 2) == [("s1", 1, 1, True)]
    assert the_link(case, 2).sessions[0].days == pytest.approx((0, 2), abs=1e-9)


def test_fourteen_days_are_fourteen_days_of_the_calendar() -> None:
    for apart, expected in ((13, 1), (14, 1), (15, 0), (16, 0)):
        case = a_case([session(1, on(0))], outside(occurred=on(apart)))
        assert len(the_link(case, 14 * DAY).sessions) == expected


def test_a_day_beside_an_instant_may_be_anywhere_on_earth() -> None:
    evening = datetime(2024, 3, 1, 22, tzinfo=UTC)  # in Auckland it is the second of March already
    for day, certain in ((2, False), (3, True)):
        case = a_case([session(1, evening)], outside(occurred=date(2024, 3, day)))
        assert linked(case, 1) == [("s1", 1, 1, certain)]
    assert linked(a_case([session(1, evening)], outside(occurred=date(2024, 2, 28))), 1) == []


def test_an_interval_stays_an_interval() -> None:
    case = a_case(WEEKLY, outside(occurred={"start": at(3), "end": at(10)}))
    assert linked(case, 1) == [("s2", 1, 1, False), ("s1", 1, 2, True)]
    assert [s.days for s in the_link(case, 1).sessions] == [(0, 3), (3, 10)]
    assert linked(case, 2 * DAY) == [("s2", 1, 1, False)]
    assert linked(a_case(WEEKLY, outside(occurred={"start": on(-9), "end": at(40)})), 1) == [
        ("s3", 1, 1, False), ("s2", 1, 2, False), ("s1", 1, 3, False),
    ]  # fmt: skip


def test_a_session_without_a_time_lies_between_those_around_it() -> None:
    sessions = [session(1, at(0)), session(2), session(3, at(14)), session(4)]
    assert linked(a_case(sessions, outside(occurred=at(10))), 1) == [("s2", 1, 1, False), ("s1", 1, 2, True)]
    assert linked(a_case(sessions, outside(occurred=at(15))), 2) == [
        ("s4", 1, 1, False), ("s3", 1, 2, True), ("s2", 2, 3, True),
    ]  # fmt: skip
    assert linked(a_case(sessions, outside(occurred=at(-1))), 3) == []
    # s2 may have been held on the tenth day; by the time of s3 it had been held
    assert [s for s, *_ in linked(a_case(sessions, outside(occurred=at(12))), 3 * DAY)] == ["s2"]
    assert [s for s, *_ in linked(a_case(sessions, outside(occurred=at(20))), 6 * DAY)] == ["s4", "s3", "s2"]
    assert [s for s, *_ in linked(a_case(sessions, outside(occurred=at(21))), 6 * DAY)] == ["s4"]


def test_a_time_and_a_last_session_that_contradict_each_other_place_nothing() -> None:
    for occurred, last in (
        (at(3), "s2"),
        (at(8), "s1"),
        (at(-1), "s1"),
        ({"start": at(8), "end": at(9)}, "s3"),
    ):
        assert why_not(a_case(WEEKLY, outside(occurred=occurred, after_session=last))) == CONTRADICTION


def test_the_last_session_before_it_narrows_down_when_it_occurred() -> None:
    occurred = {"start": at(1), "end": at(30)}
    link = the_link(a_case(WEEKLY, outside(occurred=occurred, after_session="s2")), 2)
    assert [s.days for s in link.sessions] == [(0, 7), (7, 14)]
    assert linked(a_case(WEEKLY, outside(occurred=occurred, after_session="s2")), 6 * DAY) == [
        ("s2", 1, 1, True)
    ]
    days = a_case([session(n, on(7 * n)) for n in (0, 1, 2)], outside(occurred=on(7), after_session="s0"))
    assert linked(days, 9) == [("s0", 1, 1, True)]
    mixed = a_case(WEEKLY, outside(occurred={"start": on(1), "end": on(30)}, after_session="s2"))
    assert linked(mixed, 2) == [("s2", 1, 1, True), ("s1", 2, 2, True)]


def test_the_chain_from_inside_to_outside() -> None:
    inside = {"id": "i", "participant": "c", "locus": "in_session", "session": "s3"}
    others = {"id": "o", "participant": "d", "locus": "in_session", "session": "s3"}
    early = {"id": "early", "participant": "c", "locus": "in_session", "session": "s1"}
    sessions = [*WEEKLY[:2], {**WEEKLY[2], "interactions": [{"index": i, "kind": "speech"} for i in (4, 9)]}]
    link = the_link(a_case(sessions, inside, others, early, outside(occurred=at(15))), 2)
    assert [s.in_session_changes for s in link.sessions] == [("i",), ()]
    assert [s.interactions for s in link.sessions] == [(4, 9), ()]


def test_whether_the_client_was_there() -> None:
    sessions = [session(1, at(0), attended=["d", "t"]), session(2, at(7), attended=["c"]), session(3, at(14))]
    link = the_link(a_case(sessions, outside(occurred=at(15))), 3)
    assert [s.attended for s in link.sessions] == [None, True, False]


def test_sessions_that_the_change_cites() -> None:
    sessions = [{**s, "interactions": [{"index": 0, "kind": "speech"}]} for s in WEEKLY]
    inside = {"id": "i", "participant": "c", "locus": "in_session", "session": "s2"}
    segment = {"id": "g", "kind": "episode", "spans": [{"session": "s1", "unit": "session"}]}
    for evidence, expected in (
        ([{"kind": "session", "id": "s3"}], ("s3",)),
        ([{"kind": "interaction", "id": "s2", "index": 0}], ("s2",)),
        ([{"kind": "segment", "id": "g"}, {"kind": "session", "id": "s3"}], ("s3", "s1")),
        ([{"kind": "change_event", "id": "i"}], ("s2",)),
        ([], ()),
    ):
        case = a_case(sessions, inside, outside(occurred=at(15), evidence=evidence), segments=[segment])
        assert the_link(case, 3).cited == expected
    assert (
        the_link(
            a_case(sessions, outside(occurred=at(15), evidence=[{"kind": "session", "id": "s1"}])), 1
        ).cited
        == ()
    )


def entry(name: str, written_at: date | None = None, author: str = "c", **fields: Any) -> dict[str, Any]:
    return {"id": name, "author": author, "written_at": written_at, **fields}


def test_journal_entries_in_the_window() -> None:
    journal = [
        entry("before all", at(-2)), entry("after one", at(2)), entry("after two", at(9)),
        entry("after three", at(14.5)),
        entry("later", at(16)), entry("no time", after_session="s3"), entry("no time, early", after_session="s1"),
        entry("nothing known"), entry("of another", at(14.5), "d"), entry("of the mother", at(14.5), "mum"),
    ]  # fmt: skip
    case = a_case(WEEKLY, outside(occurred=at(15)), journal=journal)
    near = ("after three", "no time", "of the mother")
    assert the_link(case, 1).journal == near
    assert the_link(case, 2).journal == ("after two", *near)
    assert the_link(case, DAY).journal == near
    assert the_link(case, 6 * DAY).journal == ("after two", *near)
    # "no time, early" was written before the second session, eight days before the change, or earlier
    assert the_link(case, 7.9 * DAY).journal == ("after two", *near)
    assert the_link(case, 8 * DAY).journal == (
        "after two",
        "after three",
        "no time",
        "no time, early",
        "of the mother",
    )
    assert {the_link(case, w).n_unplaced for w in (1, 2, DAY)} == {1}


def test_a_journal_entry_after_a_session_that_was_not_held() -> None:
    sessions = [session(1, at(0)), session(2, at(7), "cancelled"), session(3, at(14))]
    case = a_case(sessions, outside(occurred=at(10)), journal=[entry("j", after_session="s2")])
    assert the_link(case, 1).journal == ("j",)


def task(name: str, *history: tuple[str, date | None], **fields: Any) -> dict[str, Any]:
    steps = [{"status": status, "at": when} for status, when in history or (("requested", None),)]
    return {"id": name, "participant": "c", "kind": "practice", "history": steps, **fields}


def test_tasks_in_the_window() -> None:
    tasks = [
        task("assigned", assigned_in="s3"),
        task("assigned early", assigned_in="s1"),
        task("due", assigned_in="s1", due=at(14.5)),
        task("due later", assigned_in="s1", due=at(18)),
        task("done", ("requested", at(1)), ("completed", at(14.5)), assigned_in="s1"),
        task("done early", ("requested", at(1)), ("completed", at(3)), assigned_in="s1"),
        task("nothing known"),
        task("an error", ("requested", None), ("entered_in_error", None), assigned_in="s3"),
        {**task("of another", assigned_in="s3"), "participant": "d"},
    ]
    case = a_case(WEEKLY, outside(occurred=at(15)), tasks=tasks)
    for window in (1, DAY):
        assert the_link(case, window).tasks == ("assigned", "due", "done")
        assert the_link(case, window).n_unplaced == 1


def test_every_change_is_in_the_table() -> None:
    case = a_case(WEEKLY, outside("e", occurred=at(15)), outside("f"), outside("g", occurred=at(-1)))
    frame = link_events(case, window=2).to_frame()
    assert frame.select("event", "session", "lag", "ambiguity").rows() == [
        ("e", "s3", 1, 2), ("e", "s2", 2, 2), ("g", None, None, 0), ("f", None, None, None),
    ]  # fmt: skip
    assert frame["reason"].to_list() == [None, None, None, NO_ORDER]
    assert frame["days_min"].to_list() == [1.0, 8.0, None, None]


@pytest.mark.parametrize("window", [0, -1, timedelta(0), -DAY])
def test_an_empty_window_is_refused(window: Any) -> None:
    with pytest.raises(NotEnoughData, match="a window of at least one session or above zero"):
        link_events(a_case([]), window=window)


def test_a_window_may_be_as_wide_as_time() -> None:
    case = a_case(WEEKLY, outside(occurred=at(15)), journal=[entry("j", at(-900))])
    assert len(the_link(case, timedelta.max).sessions) == 3
    assert the_link(case, timedelta.max).journal == ("j",)


windows = st.integers(1, 4) | st.integers(1, 40).map(lambda n: timedelta(days=n))


@given(cases(), windows)
def test_every_change_outside_is_linked_or_unplaced_exactly_once(case: Case, window: Any) -> None:
    found = link_events(case, window=window)
    expected = [e.id for e in case.change_events if e.locus == "out_of_session"]
    assert sorted([x.event for x in found.links] + [x.event for x in found.unplaced]) == sorted(expected)
    assert found.n_events == len(expected)
    assert set(found.to_frame()["event"]) == set(expected)
    for link in found.links:
        numbers = [s.number for s in link.sessions]
        assert numbers == sorted(numbers, reverse=True)
        assert {s.session for s in link.sessions} <= {s.id for s in case.held_sessions}
        assert set(link.cited) <= {s.session for s in link.sessions}
        for s in link.sessions:
            assert 1 <= s.lag <= s.lag_max
            assert s.days is None or 0 <= s.days[0] <= s.days[1]
            if isinstance(window, timedelta) and s.days is not None:
                assert s.days[0] <= window / DAY
        assert [s.certain for s in link.sessions] == sorted(s.certain for s in link.sessions)


@given(cases(), st.integers(1, 30))
def test_a_wider_window_holds_what_a_narrower_one_does(case: Case, days: int) -> None:
    for narrow, wide in ((1, 2), (timedelta(days=days), timedelta(days=days + 5))):
        small = {x.event: x for x in link_events(case, window=narrow).links}
        large = {x.event: x for x in link_events(case, window=wide).links}
        assert small.keys() == large.keys()
        for event, link in small.items():
            for name in ("sessions", "tasks", "journal", "cited"):
                assert set(getattr(link, name)) <= set(getattr(large[event], name))


def held_before(starts: list[int], held: list[bool], occurred: int) -> list[int]:
    return [
        n
        for n, (start, was) in enumerate(zip(starts, held, strict=True), start=1)
        if was and start < occurred
    ]


@given(
    starts=st.lists(st.integers(0, 60), unique=True, max_size=6).map(sorted),
    held=st.lists(st.booleans(), min_size=6, max_size=6),
    occurred=st.lists(st.integers(0, 70), max_size=3),
    window=st.integers(1, 3),
    hours=st.integers(1, 40),
    written=st.lists(st.integers(0, 70), max_size=4),
)
def test_known_instants_give_what_counting_by_hand_gives(
    starts: list[int], held: list[bool], occurred: list[int], window: int, hours: int, written: list[int]
) -> None:
    hour = timedelta(hours=1)
    sessions = [
        session(n, MARCH + x * hour, "held" if was else "cancelled")
        for n, (x, was) in enumerate(zip(starts, held, strict=False), start=1)
    ]
    events = [outside(f"e{i}", occurred=MARCH + x * hour) for i, x in enumerate(occurred)]
    journal = [entry(f"j{i}", MARCH + x * hour) for i, x in enumerate(written)]
    case = a_case(sessions, *events, journal=journal)
    by_count, by_time = link_events(case, window=window), link_events(case, window=hours * hour)
    if not any(s["status"] == "held" for s in sessions):
        assert not any(x.sessions for x in (*by_count.links, *by_time.links))
        return
    for i, x in enumerate(occurred):
        before = held_before(starts, held[: len(starts)], x)[::-1]
        last = before[:window]
        link = by_count.links[i]
        assert [(s.number, s.lag, s.lag_max) for s in link.sessions] == [
            (n, k, k) for k, n in enumerate(last, start=1)
        ]
        assert link.journal == tuple(
            f"j{j}" for j, w in enumerate(written) if last and starts[last[-1] - 1] < w < x
        )
        near = [n for n in before if x - starts[n - 1] <= hours]
        assert [s.number for s in by_time.links[i].sessions] == near
        assert by_time.links[i].journal == tuple(f"j{j}" for j, w in enumerate(written) if 0 < x - w <= hours)


TICKS = 4
DAYS = 4
COURSES = {n: list(combinations(range(TICKS * DAYS), n)) for n in (1, 2, 3)}


@st.composite
def what_is_known(draw: st.DrawFn) -> tuple[list[int | None], tuple[int, int] | None, int | None]:
    """Draw the days of sessions as far as known, the days in which a change lies, and the last session before it."""
    days = sorted(draw(st.lists(st.integers(0, DAYS - 1), min_size=1, max_size=3)))
    sessions = [draw(st.sampled_from([day, day, None])) for day in days]
    first = draw(st.sampled_from([None, *range(DAYS)]))
    interval = None if first is None else (first, draw(st.integers(first, DAYS - 1)))
    return sessions, interval, draw(st.sampled_from([None, None, *range(len(days))]))


@given(what_is_known(), st.integers(1, 3))
def test_whatever_could_have_happened_is_linked_and_nothing_else(
    known: tuple[list[int | None], tuple[int, int] | None, int | None], window: int
) -> None:
    """Every course that fits what is known is played through: a quarter of a day is a tick."""
    days, interval, last = known
    occurred = None if interval is None else {"start": on(interval[0]), "end": on(interval[1])}
    sessions = [session(n, None if day is None else on(day)) for n, day in enumerate(days)]
    case = a_case(sessions, outside(occurred=occurred, after_session=None if last is None else f"s{last}"))
    worlds = [
        (course, change)
        for course in COURSES[len(days)]
        if all(day is None or tick // TICKS == day for tick, day in zip(course, days, strict=True))
        for change in range(TICKS * DAYS + 1)
        if interval is None or interval[0] <= change // TICKS <= interval[1]
        if last is None or sum(tick < change for tick in course) == last + 1
    ]
    by_count, by_time = link_events(case, window=window), link_events(case, window=window * DAY)
    if last is None and (interval is None or not any(day is not None for day in days)):
        assert by_count.links == by_time.links == ()
        return
    if not worlds:
        assert [u.reason for u in (*by_count.unplaced, *by_time.unplaced)] == [CONTRADICTION] * 2
        return
    lags: dict[int, set[int]] = {}
    for course, change in worlds:
        n = sum(tick < change for tick in course)
        for i in range(n):
            lags.setdefault(i, set()).add(n - i)
    always = {i for i in lags if all(course[i] < change for course, change in worlds)}
    (link,) = by_count.links
    assert [(s.number, s.lag, s.lag_max, s.certain) for s in link.sessions] == [
        (i, min(lags[i]), max(lags[i]), i in always)
        for i in sorted(lags, reverse=True)
        if min(lags[i]) <= window
    ]
    near = {
        i for course, change in worlds for i, tick in enumerate(course) if 0 < change - tick <= window * TICKS
    }
    if by_time.links:
        assert {s.number for s in by_time.links[0].sessions} == near
    else:
        assert interval is None or all(day is None for day in days[: max(lags) + 1])


def test_nothing_to_link() -> None:
    found = link_events(a_case(WEEKLY), window=1)
    assert (found.links, found.unplaced, found.n_events, found.n_linked) == ((), (), 0, 0)
    assert isinstance(found, Links)


def test_the_first_and_the_last_day_of_the_calendar() -> None:
    case = a_case([session(1, date.min)], outside(occurred=date.max), outside("f", occurred=date.min))
    first, second = link_events(case, window=1).links
    assert [s.certain for s in (*first.sessions, *second.sessions)] == [True, False]
    assert link_events(case, window=DAY).links[0].sessions == ()


def test_what_lies_before_the_first_held_session_is_in_no_window_in_sessions() -> None:
    sessions = [session(1, at(0), "cancelled"), session(2, at(7))]
    journal = [entry("j", after_session="s1"), entry("later", after_session="s2")]
    case = a_case(sessions, outside(after_session="s1"), journal=journal)
    by_count, by_time = the_link(case, 1), the_link(case, DAY)
    assert (by_count.sessions, by_count.journal, by_count.n_unplaced) == ((), (), 0)
    # without its time nobody can say whether the entry lies in a day before the change
    assert (by_time.sessions, by_time.journal, by_time.n_unplaced) == ((), (), 1)


def test_a_row_of_the_table_prints_no_id() -> None:
    assert repr(LinkRow("secret", "secret", ambiguity=2)) == "LinkRow(ambiguity 2)"
    assert repr(LinkRow("secret", reason="no time")) == "LinkRow(no time)"
