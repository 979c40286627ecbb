"""What de-identification takes out, what it keeps together, and that it fails closed."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel, Field

from therapeutic_process.base import FreeText, Record, Sensitive, leaves
from therapeutic_process.errors import DocumentError, NotEnoughData
from therapeutic_process.exchange import dump_case, example_cases, load_case
from therapeutic_process.exchange.deidentification import (
    KeyedPseudonyms,
    Profile,
    RandomPseudonyms,
    deidentify,
    pseudonymise,
    shift_dates,
)
from therapeutic_process.records import (
    Case,
    CodingPass,
    Interaction,
    Interval,
    Participant,
    Problem,
    Reporter,
    Segment,
    Session,
    Span,
)
from therapeutic_process.session_process import covers
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "Kanarienvogel-4711"
KEY = b"a secret of 16 or more bytes"
PROFILES: tuple[Profile, ...] = ("limited", "safe_harbor")


def at_random(seed: int = 1) -> RandomPseudonyms:
    return RandomPseudonyms(random.Random(seed).randbytes)


def texts_and_times(record: Record) -> Iterator[tuple[str, str, str, Any]]:
    """Yield kind of record, field, sensitivity and value of every text and time."""
    marks = {
        leaf.name: [m.kind for m in leaf.marks if isinstance(m, Sensitive)] for leaf in leaves(type(record))
    }
    for name in type(record).model_fields:
        value = getattr(record, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Record):
                yield from texts_and_times(one)
            elif isinstance(one, (str, date)) and marks.get(name):
                yield type(record).__name__, name, marks[name][0], one


def planted(case: Case) -> Case:
    """Return the case with the canary in every identifier, text about people, and nothing else changed."""

    def change(tree: Any, record: Record) -> Any:
        marks = {x.name: [m.kind for m in x.marks if isinstance(m, Sensitive)] for x in leaves(type(record))}
        for name in type(record).model_fields:
            value = getattr(record, name)
            several = value if isinstance(value, tuple) else (value,)
            hurt = (marks.get(name) or ["none"])[0] != "none"
            made = [
                change({}, v)
                if isinstance(v, Record)
                else f"{CANARY}{v}"[:200]
                if hurt and isinstance(v, str)
                else v
                for v in several
            ]
            tree[name] = tuple(made) if isinstance(value, tuple) else made[0]
        return {k: v for k, v in tree.items() if v is not None}

    return Case.model_validate(change({}, case))


quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


class TestNothingIsLeft:
    @pytest.mark.parametrize("profile", PROFILES)
    @given(case=cases().map(planted))
    @quick
    def test_no_identifier_or_free_text_is_left_anywhere(self, profile: Profile, case: Case) -> None:
        before = dump_case(case)
        done = deidentify(case, profile=profile, pseudonyms=at_random())
        assert CANARY in before
        left = {
            (record, field)
            for record, field, kind, value in texts_and_times(done.case)
            if isinstance(value, str) and CANARY in value and (kind != "quasi" or profile == "safe_harbor")
        }
        assert not left
        assert CANARY not in str(done.report) + repr(done) + repr(done.report)
        if profile == "safe_harbor":
            assert CANARY not in dump_case(done.case)

    @given(case=cases())
    @quick
    def test_safe_harbor_leaves_years_only(self, case: Case) -> None:
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random())
        for record, field, _, value in texts_and_times(done.case):
            if isinstance(value, date):
                assert (record, type(value)) == ("Interval", date)
                assert (value.month, value.day) == ((1, 1) if field == "start" else (12, 31))

    @pytest.mark.parametrize("profile", PROFILES)
    @given(case=cases())
    @quick
    def test_the_result_keeps_every_rule_and_counts_agree(self, profile: Profile, case: Case) -> None:
        done = deidentify(case, profile=profile, pseudonyms=at_random())
        assert load_case(dump_case(done.case)) == done.case
        parts = (
            "participants",
            "problems",
            "plans",
            "goals",
            "sessions",
            "segments",
            "measurements",
            "tasks",
            "ratings",
        )
        assert [len(getattr(done.case, p)) for p in parts] == [len(getattr(case, p)) for p in parts]
        codes = [[x.codes for s in c.sessions for x in s.interactions] for c in (case, done.case)]
        assert [[c.code for c in several] for several in codes[0]] == [
            [c.code for c in several] for several in codes[1]
        ]
        assert [m.score for m in done.case.measurements] == [m.score for m in case.measurements]
        texts = sum(kind == "free_text" for _, _, kind, _ in texts_and_times(case))
        kept = sum(kind == "free_text" for _, _, kind, _ in texts_and_times(done.case))
        assert kept <= texts
        assert {v for *_, k, v in texts_and_times(done.case) if k == "free_text"} <= {"[removed]"}


class TestTimes:
    @given(case=cases(times="any"))
    @quick
    def test_order_and_distances_stay(self, case: Case) -> None:
        moved = deidentify(case, profile="limited", pseudonyms=KeyedPseudonyms(KEY), bound_days=30).case
        before, after = ([v for *_, v in texts_and_times(c) if isinstance(v, date)] for c in (case, moved))
        distances = {b - a for a, b in zip(before, after, strict=True)}
        assert len(distances) <= 1
        for distance in distances:
            assert distance != timedelta(0)
            assert distance.days * timedelta(days=1) == distance
            assert abs(distance) <= timedelta(days=30)

    @pytest.mark.parametrize("bound", [1, 2, 365])
    def test_the_days_are_never_zero_reach_both_bounds_and_stay_within(self, bound: int) -> None:
        names = KeyedPseudonyms(KEY)
        drawn = {names.days(f"case {i}", bound=bound) for i in range(40 * bound)}
        assert drawn <= {*range(-bound, 0), *range(1, bound + 1)}
        assert min(drawn) < 0 < max(drawn)
        if bound < 3:
            assert drawn == {*range(-bound, 0), *range(1, bound + 1)}
        table = at_random()
        assert all(table.days("x", bound=bound) == table.days("x", bound=bound) != 0 for _ in range(9))

    def test_each_client_moves_by_an_own_distance(self) -> None:
        names = KeyedPseudonyms(KEY)
        assert len({names.days(f"case {i}", bound=365) for i in range(20)}) > 15

    @pytest.mark.parametrize("year", [1, 9999])
    def test_a_time_at_the_edge_of_the_calendar_is_refused_in_silence(self, year: int) -> None:
        person = Participant(id="c1", role="client")
        case = Case(id="k1", participants=(person,), started_at=date(year, 1 if year == 1 else 12, 1))
        with pytest.raises(NotEnoughData, match="one at its edge") as caught:
            shift_dates(case, -400 if year == 1 else 400)
        assert str(year) not in str(caught.value)
        with pytest.raises(NotEnoughData, match="not zero"):
            shift_dates(case, 0)

    @pytest.mark.parametrize(("born", "expected"), [(1933, 1934), (1934, 1934), (1935, 1935), (1900, 1934)])
    def test_nobody_is_older_than_90(self, born: int, expected: int) -> None:
        person = Participant(id="c1", role="client", birth_year=born)
        case = Case(id="k1", participants=(person,), started_at=date(2024, 5, 1))
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case
        assert done.participants[0].birth_year == expected
        undated = deidentify(
            case.with_changes(started_at=None), profile="safe_harbor", pseudonyms=at_random()
        )
        assert undated.case.participants[0].birth_year is None
        assert ("Participant.birth_year", 1) in undated.report.removed


class TestReferences:
    def test_the_same_identifier_stays_the_same_across_cases(self) -> None:
        people = (Participant(id="c1", role="client"), Participant(id="t1", role="therapist"))
        several = [Case(id=f"k{i}", participants=people) for i in range(2)]
        names = KeyedPseudonyms(KEY)
        [one, other] = pseudonymise(several, names)
        assert one.id != other.id
        assert one.participants == other.participants
        assert one.participants[1].id == names.of("participant", "t1") != names.of("session", "t1")
        again = deidentify(several[0], profile="limited", pseudonyms=KeyedPseudonyms(KEY)).case
        assert again.participants[1].id == one.participants[1].id
        stranger = deidentify(several[0], profile="limited", pseudonyms=KeyedPseudonyms(KEY + b"!")).case
        assert stranger.participants[1].id != one.participants[1].id

    def test_pseudonyms_alone_change_nothing_else(self) -> None:
        case = example_cases()[0]
        [named] = pseudonymise([case], KeyedPseudonyms(KEY))
        kept = [[v for *_, k, v in texts_and_times(c) if k != "direct"] for c in (case, named)]
        assert kept[0] == kept[1]
        ids = [{v for *_, k, v in texts_and_times(c) if k == "direct"} for c in (case, named)]
        assert not ids[0] & ids[1]

    def test_a_subclass_of_a_part_keeps_its_kind(self) -> None:
        class OwnParticipant(Participant, frozen=True):
            pass

        person = OwnParticipant(id="c1", role="client")
        said = Interaction(index=0, kind="speech", speaker="c1")
        session = Session(id="s1", number=1, status="held", interactions=(said,))
        case = Case(id="k1", participants=(person,), sessions=(session,))
        done = deidentify(case, profile="limited", pseudonyms=at_random()).case
        assert done.sessions[0].interactions[0].speaker == done.participants[0].id != "c1"

    def test_keyed_pseudonyms_are_refused_by_safe_harbor(self) -> None:
        with pytest.raises(NotEnoughData, match="random pseudonyms"):
            deidentify(example_cases()[0], profile="safe_harbor", pseudonyms=KeyedPseudonyms(KEY))
        with pytest.raises(NotEnoughData, match="at least 1 day"):
            deidentify(example_cases()[0], profile="limited", pseudonyms=at_random(), bound_days=0)


class _Unmarked(Participant, frozen=True):
    nickname: str = CANARY


class _Doubly(Participant, frozen=True):
    nickname: Annotated[FreeText, Sensitive("none")] = CANARY


class _Anything(Participant, frozen=True):
    nickname: Any = CANARY


class _Bytes(Participant, frozen=True):
    nickname: bytes = CANARY.encode()


class _Mapping(Participant, frozen=True):
    nickname: dict[str, str] = Field(default={CANARY: CANARY})


class _Nested(Participant, frozen=True):
    nickname: tuple[tuple[FreeText, ...], ...] = ((CANARY,),)


class _Foreign(BaseModel):
    name: str = CANARY


class _Model(Participant, frozen=True):
    nickname: _Foreign = _Foreign()


class _Vocabulary(Participant, frozen=True):
    colour: Literal["red", "blue"] = "red"


class TestFailsClosed:
    UNSAFE: ClassVar = (_Unmarked, _Doubly, _Anything, _Bytes, _Mapping, _Nested, _Model)

    @pytest.mark.parametrize("kind", UNSAFE)
    def test_a_field_without_its_mark_lets_nothing_through(self, kind: type[Participant]) -> None:
        case = Case(id="k1", participants=(kind(id="c1", role="client"),))
        acts: tuple[Callable[[], object], ...] = (
            lambda: deidentify(case, profile="limited", pseudonyms=at_random()),
            lambda: shift_dates(case, 3),
            lambda: list(pseudonymise([case], at_random())),
        )
        for act in acts:
            with pytest.raises(DocumentError, match=f"untagged_field: .* {kind.__name__}.nickname") as caught:
                act()
            assert CANARY not in str(caught.value)

    def test_a_vocabulary_needs_no_mark_but_its_field_must_exist_in_the_record(self) -> None:
        case = Case(id="k1", participants=(_Vocabulary(id="c1", role="client"),))
        with pytest.raises(ValueError, match="field_unknown"):
            deidentify(case, profile="limited", pseudonyms=at_random())


class TestTexts:
    SAID = Interaction(index=0, kind="speech", speaker="c1", text=f"I am {CANARY}")
    PART = Span(session="s1", unit="character", interaction=0, start=2, end=9)

    def case(self) -> Case:
        watched = CodingPass(
            id="p", system="annomi", coder=Reporter(kind="observer"), extent="sample", spans=(self.PART,)
        )
        return Case(
            id="k1",
            participants=(Participant(id="c1", role="client"),),
            problems=(Problem(id="b1", label=CANARY),),
            sessions=(Session(id="s1", number=1, status="held", interactions=(self.SAID,), notes=CANARY),),
            segments=(Segment(id="g1", kind="unit", spans=(self.PART,)),),
            coding_passes=(watched,),
        )

    def test_texts_go_unless_a_function_answers_for_them(self) -> None:
        asked: list[str] = []

        def rewrite(text: str) -> str | None:
            asked.append(text)
            return "we are somebody" if text.startswith("I am") else None

        done = deidentify(self.case(), profile="limited", pseudonyms=at_random(), text=rewrite)
        assert sorted(asked) == sorted([f"I am {CANARY}", CANARY, CANARY])
        assert done.case.sessions[0].interactions[0].text == "we are somebody"
        assert done.case.sessions[0].notes is None
        assert done.case.problems[0].label == "[removed]"
        assert done.report.replaced == 1
        assert done.report.removed == (("Problem.label", 1), ("Session.notes", 1))
        assert "free text as the caller's function rewrote it" in done.report.remains

    @pytest.mark.parametrize("text", [None, lambda _: "ab", lambda _: "a", lambda _: "", lambda t: t * 2])
    def test_characters_of_a_text_that_went_are_not_counted_on(self, text: Any) -> None:
        done = deidentify(self.case(), profile="limited", pseudonyms=at_random(), text=text).case
        [span] = done.segments[0].spans
        assert (span.unit, span.start, span.end, span.session) == ("interaction", 0, 0, done.sessions[0].id)
        [looked_at] = done.coding_passes[0].spans
        assert (looked_at.start, looked_at.end) != (2, 9)
        session = done.sessions[0]
        if text is None or len(text("ab")) > 1:
            assert covers(done.coding_passes[0], session, session.interactions[0]) is None


def test_an_interval_keeps_its_year_at_both_ends() -> None:
    event = {
        "id": "e1", "participant": "c1", "locus": "out_of_session", "direction": "improvement",
        "occurred": {"start": "2022-12-30", "end": "2023-01-02"}, "reported": "2023-01-05T10:00:00+01:00",
    }  # fmt: skip
    case = Case.model_validate(
        {"id": "k1", "participants": [{"id": "c1", "role": "client"}], "change_events": [event]}
    )
    [changed] = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case.change_events
    assert changed.occurred == Interval(start=date(2022, 1, 1), end=date(2023, 12, 31))
    assert changed.reported == Interval(start=date(2023, 1, 1), end=date(2023, 12, 31))
    moved = shift_dates(case, 1).change_events[0]
    assert isinstance(moved.reported, datetime)
    assert moved.reported.isoformat() == "2023-01-06T10:00:00+01:00"


def test_the_id_of_an_own_coding_system_stays_nowhere() -> None:
    own = "clinic-of-dr-canary"
    case = Case.model_validate({
        "id": "k",
        "participants": [{"id": "c1", "role": "client"}],
        "coding_systems": [{"id": own, "name": "Ours", "levels": ["interaction"], "codes": [{"id": "A", "name": "a"}]}],
        "coding_passes": [{"id": "p", "system": own, "coder": {"kind": "observer"}, "extent": "all",
                           "sessions": ["s"]}],
        "sessions": [{
            "id": "s", "number": 1, "status": "held",
            "interactions": [{"index": 0, "kind": "speech", "speaker": "c1",
                              "codes": [{"coding_pass": "p", "system": own, "code": "A"}]}],
        }],
    })  # fmt: skip
    done = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case
    assert own not in dump_case(done)
    assert done.sessions[0].interactions[0].codes[0].system == done.coding_passes[0].system
