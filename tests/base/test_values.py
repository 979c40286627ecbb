"""Texts, ids, lists and numbers: what is taken, what is refused, and what each bears on identity."""

from __future__ import annotations

import json
from datetime import date, datetime
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from therapeutic_process import instruments, records
from therapeutic_process.base import MAX_ID_LENGTH, Record, Sensitive, leaves
from therapeutic_process.errors import RecordError
from therapeutic_process.records import CodingPass, Interaction, JournalEntry, Participant, Referent

ROOMS = (instruments, records)
NAMED = {getattr(room, name) for room in ROOMS for name in room.__all__}
RECORDS = sorted(
    (x for x in NAMED if isinstance(x, type) and issubclass(x, Record) and x is not Record),
    key=lambda c: c.__name__,
)
_PASS: dict[str, Any] = {"id": "cp", "system": "annomi", "coder": {"kind": "observer"}, "extent": "all"}


def _subclasses(cls: type[Record]) -> set[type[Record]]:
    return {cls, *(c for sub in cls.__subclasses__() for c in _subclasses(sub))}


def test_every_record_class_of_the_two_rooms_is_public() -> None:
    mine = {c for c in _subclasses(Record) if c.__module__.split(".")[1] in {"records", "instruments"}}
    assert mine == set(RECORDS)
    assert len(RECORDS) > 50


@pytest.mark.parametrize("record", RECORDS)
def test_every_text_and_time_field_carries_exactly_one_sensitivity(record: type[Record]) -> None:
    for leaf in leaves(record):
        if isinstance(leaf.type, type) and issubclass(leaf.type, (str, date)):
            kinds = [m.kind for m in leaf.marks if isinstance(m, Sensitive)]
            assert len(kinds) == 1, f"{record.__name__}.{leaf.name} has {len(kinds)}"
        else:
            known = get_origin(leaf.type) is Literal or issubclass(leaf.type, (int, float, bool, Record))
            assert known, f"{record.__name__}.{leaf.name} holds a type that nobody has thought of"


def test_the_walk_sees_both_types_of_a_time() -> None:
    kinds = {leaf.type for leaf in leaves(records.TaskStep) if leaf.name == "at"}
    assert kinds == {date, datetime}


# A field that may be null and whose default is not null cannot be left out of JSON when it is null.
_NULL_HAS_A_MEANING = {("Instrument", "reversed_items"), ("MissingItemRule", "max_missing")}


def test_a_null_field_means_the_same_as_an_absent_one() -> None:
    differing = {
        (record.__name__, name)
        for record in RECORDS
        for name, field in record.model_fields.items()
        if not field.is_required() and field.default is not None and NoneType in get_args(field.annotation)
    }
    assert differing <= _NULL_HAS_A_MEANING


@pytest.mark.parametrize(
    "several", [{"s1"}, frozenset({"s1"}), (x for x in ["s1"]), {"s1": 1}, "s1", iter(["s1"])]
)
def test_what_has_no_order_or_can_be_read_once_is_no_list(several: Any) -> None:
    with pytest.raises(RecordError) as caught:
        CodingPass(**_PASS, sessions=several)
    assert [(v.code, v.path) for v in caught.value.violations] == [("wrong_type", "$.sessions")]


@pytest.mark.parametrize("several", [["s1", "s2"], ("s1", "s2")])
def test_a_list_may_stand_for_a_tuple(several: Any) -> None:
    assert CodingPass(**_PASS, sessions=several).sessions == ("s1", "s2")
    assert CodingPass.model_validate({**_PASS, "sessions": several}).sessions == ("s1", "s2")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), True, "1", 10**400, None.__class__, 1j]
)
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as caught:
        Interaction(index=0, kind="speech", start_s=value)
    assert [v.path for v in caught.value.violations] == ["$.start_s"]
    assert caught.value.violations[0].code in {"number_not_finite", "wrong_type"}


@pytest.mark.parametrize("value", [True, 1.0, 1.5, "1", float("nan"), -1])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(RecordError):
        Interaction(index=value, kind="speech")


def test_a_whole_number_may_stand_for_a_number_and_may_be_huge() -> None:
    one = Interaction(index=10**30, kind="speech", start_s=2)
    assert type(one.start_s) is float
    assert Interaction.model_validate_json(one.model_dump_json()) == one
    assert Interaction(index=0, kind="speech", start_s=np.float64(1.5)).start_s == 1.5


@pytest.mark.parametrize("number", ["1" + "0" * 5_000, "1e999", "NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_cannot_carry_are_refused(number: str) -> None:
    with pytest.raises(RecordError) as caught:
        Interaction.model_validate_json(f'{{"index": 0, "kind": "speech", "start_s": {number}}}')
    assert "0000" not in str(caught.value)


@pytest.mark.parametrize("field", ["id", "text"])
def test_half_a_surrogate_pair_is_no_text(field: str) -> None:
    with pytest.raises(RecordError) as caught:
        JournalEntry.model_validate({"id": "j1", "author": "c1", field: "a\ud800"})
    assert [(v.path, v.found) for v in caught.value.violations] == [(f"$.{field}", "broken Unicode")]
    whole = JournalEntry(id="j1", author="c1", text="a\U0001f469")
    assert JournalEntry.model_validate_json(whole.model_dump_json()) == whole


def test_free_text_may_be_empty_and_an_id_may_not() -> None:
    assert JournalEntry(id="j1", author="c1", text="").text == ""
    assert "minLength" not in json.dumps(JournalEntry.model_json_schema()["properties"]["text"])
    for id_ in ("", "x" * (MAX_ID_LENGTH + 1)):
        with pytest.raises(RecordError) as caught:
            Participant(id=id_, role="client")
        assert [v.code for v in caught.value.violations] == ["text_length"]


def test_a_subclass_of_text_is_stored_as_plain_text() -> None:
    class Loud(str):
        __slots__ = ()

    assert type(JournalEntry(id="j1", author="c1", text=Loud("hush")).text) is str
    assert Referent(source="c1").source == "c1"
