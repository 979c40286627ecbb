"""What every record can do: be copied, pickled, hashed, compared, shared, changed with validation; never written to."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given

from therapeutic_process.errors import RecordError
from therapeutic_process.instruments import CodingSystem, Instrument, builtin_catalogue
from therapeutic_process.records import Case, Goal, Participant
from therapeutic_process.testing import cases, coding_systems, instruments


@given(cases())
def test_a_case_is_copied_pickled_hashed_and_compared_by_its_contents(case: Case) -> None:
    for other in (copy.copy(case), copy.deepcopy(case), pickle.loads(pickle.dumps(case)), case.model_copy()):
        assert other == case
        assert hash(other) == hash(case)
        assert type(other) is Case
    renamed = case.with_changes(id="another")
    assert renamed != case
    assert renamed.participants == case.participants


@given(instruments(), coding_systems())
def test_facts_are_copied_pickled_and_hashed(instrument: Instrument, system: CodingSystem) -> None:
    for record in (instrument, system):
        assert pickle.loads(pickle.dumps(record)) == copy.deepcopy(record) == record
        assert hash(pickle.loads(pickle.dumps(record))) == hash(record)


def test_records_are_made_and_read_on_many_threads_at_once() -> None:
    document = {"id": "k1", "participants": [{"id": "c1", "role": "client"}]}

    def work(n: int) -> tuple[str, int]:
        case = Case.model_validate({**document, "sessions": [{"id": f"s{n}", "number": n, "status": "held"}]})
        with pytest.raises(RecordError) as caught:
            case.with_changes(participants=[])
        return Case.model_validate_json(case.model_dump_json()).sessions[0].id, caught.value.total

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == [(f"s{n}", 1) for n in range(64)]


@pytest.mark.parametrize("change", [lambda p: setattr(p, "role", "other"), lambda p: delattr(p, "role")])
def test_a_record_is_never_written_to(change: Any) -> None:
    person = Participant(id="c1", role="client")
    with pytest.raises(RecordError) as caught:
        change(person)
    assert [v.code for v in caught.value.violations] == ["frozen"]
    assert person == Participant(id="c1", role="client")


def test_a_changed_copy_is_validated_and_leaves_the_original() -> None:
    goal = Goal.model_validate({"id": "g1", "history": [{"status": "active"}]})
    done = goal.with_changes(history=[*goal.history, {"status": "completed"}], achievement="not_achieved")
    assert (done.status, goal.status) == ("completed", "active")
    with pytest.raises(RecordError) as caught:
        goal.with_changes(achievement="not_achieved")
    assert [v.code for v in caught.value.violations] == ["achievement_status"]


def test_a_case_looks_up_what_the_given_catalogue_knows() -> None:
    case = Case.model_validate({"id": "k1", "participants": [{"id": "c1", "role": "client"}]})
    mine = builtin_catalogue().with_(Instrument(id="mood", name="Mood", minimum=0, maximum=10))
    mood = {"id": "m1", "instrument": "mood", "subject": "c1", "respondent": {"kind": "client"}, "score": 11}
    with pytest.raises(RecordError) as unknown:
        case.with_changes(measurements=[mood])
    assert [v.code for v in unknown.value.violations] == ["instrument_unknown"]
    with pytest.raises(RecordError) as outside:
        case.with_changes(measurements=[mood], catalogue=mine)
    assert [v.code for v in outside.value.violations] == ["score_range"]
    assert case.with_changes(measurements=[{**mood, "score": 10}], catalogue=mine).measurements[0].score == 10
    gaps: list[Any] = []
    Case.model_validate({**case.model_dump(), "measurements": [mood]}, context={"gaps": gaps})
    assert [gap.code for gap in gaps] == ["instrument_unknown"]
