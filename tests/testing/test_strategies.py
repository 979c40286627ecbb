"""Strategies: one for every record, always valid, readable when shrunk, found by Hypothesis."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from therapeutic_process import instruments, records, testing
from therapeutic_process.base import Record
from therapeutic_process.errors import MissingExtra
from therapeutic_process.records import Case, Session
from therapeutic_process.testing import cases, register, round_trip, sessions
from therapeutic_process.testing.registration import strategy_of

SOURCE = Path(__file__).parents[2] / "src"
NAMED = {getattr(room, name) for room in (instruments, records) for name in room.__all__}
RECORDS = sorted(
    (x for x in NAMED if isinstance(x, type) and issubclass(x, Record) and x is not Record),
    key=lambda c: c.__name__,
)


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data())
@settings(max_examples=15)
def test_every_record_is_drawn_and_survives_json(record: type[Record], data: st.DataObject) -> None:
    drawn = data.draw(strategy_of(record))
    assert type(drawn) is record
    round_trip(drawn)


@given(cases())
def test_every_case_is_valid_and_survives_json(case: Case) -> None:
    round_trip(case)
    assert Case.model_validate(case.model_dump()) == case
    assert Case.model_validate(case.model_dump(mode="json")) == case


@settings(max_examples=10)
@given(cases(min_clients=2, max_clients=2, min_sessions=1, max_sessions=2, with_text=False, times="none"))
def test_what_is_asked_for_is_kept(case: Case) -> None:
    assert len(case.clients) == 2
    assert case.treatment_format != "individual"
    assert 1 <= len(case.sessions) <= 2
    assert not [x.text for s in case.sessions for x in s.interactions if x.text is not None]
    assert not [s.started_at for s in case.sessions if s.started_at is not None]


@settings(max_examples=10)
@given(cases(software_therapist=True))
def test_a_therapist_may_be_software(case: Case) -> None:
    assert "software" in {p.nature for p in case.participants if p.role == "therapist"}


_SEEN: dict[str, Any] = {
    "a couple": lambda c: c.treatment_format == "couple",
    "a family": lambda c: c.treatment_format == "family",
    "a group": lambda c: c.treatment_format == "group",
    "software": lambda c: any(p.nature == "software" for p in c.participants),
    "no therapist": lambda c: not any(p.role == "therapist" for p in c.participants),
    "two passes": lambda c: len(c.coding_passes) > 1,
    "a code": lambda c: any(x.codes for s in c.sessions for x in s.interactions),
    "covered but not coded": lambda c: any(
        not x.codes for p in c.coding_passes for s in c.sessions if s.id in p.sessions for x in s.interactions
    ),
    "a missing score": lambda c: any(m.missing for m in c.measurements),
    "items": lambda c: any(m.items for m in c.measurements),
    "a plan in force": lambda c: any(p.in_force for p in c.plans),
    "a revision": lambda c: any(p.replaces for p in c.plans),
    "a goal completed": lambda c: any(g.status == "completed" for g in c.goals),
    "a goal after a goal": lambda c: any(g.follows for g in c.goals),
    "a task": lambda c: c.tasks,
    "a journal": lambda c: c.journal,
    "evidence in session": lambda c: any(e.locus == "in_session" and e.evidence for e in c.change_events),
    "change outside": lambda c: any(e.locus == "out_of_session" for e in c.change_events),
    "context": lambda c: c.context_events,
    "an ending": lambda c: c.ending,
    "an own instrument": lambda c: c.instruments,
    "own codes": lambda c: c.coding_systems,
    "an episode with stages": lambda c: any(s.kind == "stage" for s in c.segments),
    "an episode over sessions": lambda c: any(len(s.spans) > 1 for s in c.segments),
    "a rating": lambda c: c.ratings,
    "a session that was missed": lambda c: any(s.status == "no_show" for s in c.sessions),
}


def test_everything_that_a_case_can_hold_turns_up() -> None:
    seen: set[str] = set()

    @given(cases(min_sessions=2))
    @settings(max_examples=200, phases=[Phase.generate], derandomize=True, database=None)
    def look(case: Case) -> None:
        seen.update(name for name, holds in _SEEN.items() if holds(case))

    look()
    assert set(_SEEN) - seen == set()


def test_a_failing_example_shrinks_to_a_session_that_a_clinician_would_write() -> None:
    quiet = settings(max_examples=300, database=None, derandomize=True)
    spoken = find(sessions(max_interactions=2), lambda s: any(x.text for x in s.interactions), settings=quiet)
    assert spoken.model_dump(exclude_defaults=True) == {
        "id": "s1",
        "number": 0,
        "status": "held",
        "interactions": ({"index": 0, "kind": "speech", "text": "I slept better."},),
    }
    small = cases(min_sessions=1, max_sessions=1, max_interactions=1)
    held = find(small, lambda c: bool(c.held_sessions), settings=quiet)
    assert held.model_dump(exclude_defaults=True) == {
        "id": "case1",
        "participants": ({"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}),
        "sessions": ({"id": "s1", "number": 1, "status": "held"},),
    }


def test_from_type_knows_every_record_once_registered() -> None:
    register()

    @given(st.from_type(Session), st.from_type(instruments.Instrument))
    @settings(max_examples=3, database=None)
    def look(session: Session, instrument: instruments.Instrument) -> None:
        assert session.id
        assert instrument.source_of("minimum") in {None, "made up for a test"}

    look()


def test_the_entry_point_registers_the_records_for_a_user(tmp_path: Path) -> None:
    info = tmp_path / "therapeutic_process-0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: therapeutic-process\nVersion: 0.0\n")
    (info / "entry_points.txt").write_text(
        "[hypothesis]\ntherapeutic_process = therapeutic_process.testing:register\n"
    )
    program = (
        "import sys; from hypothesis import given, settings, strategies as st\n"
        "assert 'therapeutic_process.testing.whole_cases' not in sys.modules\n"
        "from therapeutic_process.records import Case\n"
        "given(st.from_type(Case))(settings(max_examples=1, database=None)(lambda c: print(len(c.clients))))()"
    )
    path = os.pathsep.join([str(tmp_path), str(SOURCE)])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("1", 0), done.stderr


def test_the_room_loads_neither_hypothesis_nor_the_records_until_it_is_used() -> None:
    program = "import sys, therapeutic_process.testing; print({'hypothesis', 'pydantic'} & {*sys.modules})"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_missing_hypothesis_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("therapeutic_process.testing.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingExtra, match=r"therapeutic-process\[testing\]"):
        _ = testing.cases


def test_all_public_names_are_there_and_described() -> None:
    for name in testing.__all__:
        assert getattr(testing, name).__doc__
    assert dir(testing) == sorted(testing.__all__)
    with pytest.raises(AttributeError):
        testing.nothing_of_that_name  # noqa: B018
    assert sessions.__doc__


def test_a_round_trip_that_fails_names_fields_and_no_values() -> None:
    class Lossy(Record, frozen=True):
        kept: str
        lost: str = "secret"

        def model_dump_json(self, **_: Any) -> str:
            return '{"kept": "secret"}'

    with pytest.raises(AssertionError, match=r"^Lossy does not survive JSON: differs in lost$"):
        round_trip(Lossy(kept="secret", lost="hidden"))
