"""Tables of results: the same columns whatever they hold; and what a result prints is nobody's data."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import attrs
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from therapeutic_process.base import Sensitive, leaves
from therapeutic_process.change_process import ChangeRow, changes
from therapeutic_process.errors import MissingExtra
from therapeutic_process.instruments import Instrument
from therapeutic_process.process_outcome import LinkRow, link_events, perspectives
from therapeutic_process.records import Case, Measurement, Participant, Reporter, Session
from therapeutic_process.session_process import (
    CodeCount,
    SpeakerTalk,
    Transition,
    code_profile,
    talk_share,
    transitions,
)
from therapeutic_process.tables import frame_of
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = {
    CodeCount: {
        "coding_pass": pl.String, "system": pl.String, "speaker": pl.String, "role": pl.String, "code": pl.String,
        "count": pl.Int64, "share": pl.Float64,
    },
    SpeakerTalk: {
        "speaker": pl.String, "role": pl.String, "turns": pl.Int64, "words": pl.Int64, "seconds": pl.Float64,
        "share_of_turns": pl.Float64, "share_of_words": pl.Float64, "share_of_seconds": pl.Float64,
    },
    Transition: {"given": pl.String, "target": pl.String, "count": pl.Int64, "probability": pl.Float64},
    ChangeRow: {
        "instrument": pl.String, "scale": pl.String, "subject": pl.String, "respondent": pl.String,
        "respondent_id": pl.String, "before": pl.Float64, "after": pl.Float64, "difference": pl.Float64,
        "improved": pl.Boolean, "verdict": pl.String, "why": pl.String, "threshold": pl.Float64, "source": pl.String,
        "n_scores": pl.Int64, "n_missing": pl.Int64,
    },
    LinkRow: {
        "event": pl.String, "session": pl.String, "number": pl.Int64, "lag": pl.Int64, "lag_max": pl.Int64,
        "days_min": pl.Float64, "days_max": pl.Float64, "certain": pl.Boolean, "attended": pl.Boolean,
        "interactions": pl.Int64, "in_session_changes": pl.Int64, "tasks": pl.Int64, "journal_entries": pl.Int64,
        "ambiguity": pl.Int64, "reason": pl.String,
    },
}  # fmt: skip


@attrs.frozen
class Row:
    name: str
    size: float | None
    number: int | None
    yes: bool | None
    choice: Literal["a", "b"]


FULL = Row("x", 1.5, 3, yes=True, choice="a")


def results(case: Case) -> Iterator[Any]:
    """Yield every result that a case gives."""
    yield code_profile(case)
    yield talk_share(case)
    for one in case.coding_passes:
        yield transitions(case, coding_pass=one.id)
        yield code_profile(case, coding_pass=one.id)
    yield changes(case)
    yield link_events(case, window=2)
    yield link_events(case, window=timedelta(days=10))
    yield perspectives(case)


def parts(result: Any) -> Iterator[Any]:
    """Yield a result and what it holds, results of their own."""
    yield result
    for name in ("rows", "links", "unplaced"):
        for one in getattr(result, name, ()):
            yield one
            yield from getattr(one, "sessions", ())


def test_columns_take_their_types_from_the_annotations() -> None:
    frame = frame_of([FULL, Row("y", 2, None, yes=None, choice="b")], Row)
    assert frame.schema == {
        "name": pl.String, "size": pl.Float64, "number": pl.Int64, "yes": pl.Boolean, "choice": pl.String,
    }  # fmt: skip
    assert frame.rows() == [("x", 1.5, 3, True, "a"), ("y", 2.0, None, None, "b")]


def test_no_rows_and_rows_of_nothing_have_the_same_columns_as_many() -> None:
    full = frame_of([FULL], Row).schema
    assert frame_of([], Row).schema == full
    assert frame_of([Row("x", None, None, yes=None, choice="a")], Row).schema == full


def test_numbers_of_different_kinds_share_a_column() -> None:
    rows = [Row("x", size, None, yes=None, choice="a") for size in (1, None, 0.25)]
    assert frame_of(rows, Row)["size"].to_list() == [1.0, None, 0.25]


@pytest.mark.parametrize(("name", "wrong"), [("number", "7"), ("size", True), ("number", False), ("name", 3)])
def test_a_value_of_another_type_is_refused_and_not_made_null(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"field '{name}'") as caught:
        frame_of([attrs.evolve(FULL, **{name: wrong})], Row)
    assert "7" not in str(caught.value)


def test_a_whole_number_that_no_column_holds_is_refused_without_showing_it() -> None:
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(OverflowError, match="64 bits in the field 'number'") as caught:
            frame_of([attrs.evolve(FULL, number=number)], Row)
        assert str(number) not in str(caught.value)
    ends = [2**63 - 1, -(2**63)]
    assert frame_of([attrs.evolve(FULL, number=n) for n in ends], Row)["number"].to_list() == ends


def test_without_polars_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match=r"therapeutic-process\[analysis\]"):
        frame_of([], Row)


def test_a_field_that_is_no_plain_value_is_refused() -> None:
    @attrs.frozen
    class Nested:
        parts: tuple[int, ...]

    @attrs.frozen
    class Either:
        value: int | str

    for kind in (Nested, Either):
        with pytest.raises(TypeError, match="plain type"):
            frame_of([], kind)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_an_empty_result_has_the_columns_that_are_promised(kind: type) -> None:
    assert frame_of([], kind).schema == SCHEMAS[kind]


def test_an_empty_case_gives_empty_tables() -> None:
    case = Case(id="k", participants=(Participant(id="c", role="client"),))
    for result, kind in (
        (code_profile(case), CodeCount),
        (talk_share(case), SpeakerTalk),
        (changes(case), ChangeRow),
        (link_events(case, window=1), LinkRow),
    ):
        assert result.to_frame().shape == (0, len(SCHEMAS[kind]))
        assert result.to_frame().schema == SCHEMAS[kind]


@given(cases())
def test_every_result_of_every_case_has_the_promised_columns(case: Case) -> None:
    kinds = {"CodeProfile": CodeCount, "TalkShare": SpeakerTalk, "Transitions": Transition, "Changes": ChangeRow,
             "Links": LinkRow}  # fmt: skip
    for result in results(case):
        if type(result).__name__ in kinds:
            assert result.to_frame().schema == SCHEMAS[kinds[type(result).__name__]]


# What no result may print: any text, id or label of the record, and any score.

CANARY = "canary-"


def with_canaries(record: BaseModel) -> dict[str, Any]:
    """Return the fields of a record with a canary in front of every text and id that bears on somebody."""
    fields, kind = {}, type(record)
    for name in record.model_fields_set:
        value = getattr(record, name)
        marks = [leaf.marks for leaf in leaves(kind) if leaf.name == name]
        secret = any(isinstance(m, Sensitive) and m.kind != "none" for several in marks for m in several)
        fields[name] = _changed(value, secret=secret)
    return fields


def _changed(value: Any, *, secret: bool) -> Any:
    if isinstance(value, tuple):
        return [_changed(one, secret=secret) for one in value]
    if isinstance(value, BaseModel):
        return with_canaries(value)
    return CANARY + value if secret and isinstance(value, str) else value


def test_the_canaries_sing() -> None:
    case = Case(
        id="k1",
        participants=(Participant(id="c1", role="client"),),
        sessions=(Session(id="s1", number=1, status="held"),),
    )
    fields = with_canaries(case)
    assert fields["id"] == "canary-k1"
    assert fields["participants"] == [{"id": "canary-c1", "role": "client"}]
    assert code_profile(Case(**fields)).n_interactions == 0


@given(cases(max_sessions=2))
def test_no_result_prints_an_id_or_a_text(plain: Case) -> None:
    case = Case(**with_canaries(plain))
    for result in results(case):
        for part in parts(result):
            assert CANARY not in repr(part), type(part).__name__
            assert CANARY not in str(part), type(part).__name__


@given(score=st.integers(1_000_000, 9_000_000), other=st.integers(1_000_000, 9_000_000))
def test_no_result_prints_a_score(score: int, other: int) -> None:
    case = Case(
        id="k1",
        participants=(Participant(id="c1", role="client"),),
        instruments=(Instrument(id="mood", name="Mood"),),
        measurements=tuple(
            Measurement(
                id=f"m{i}", instrument="mood", subject="c1", respondent=Reporter(kind="client"), score=x
            )
            for i, x in enumerate((score, other))
        ),
    )
    found = changes(case)
    row = ChangeRow(
        "mood", None, "c1", "client", None, score, other, other - score, improved=None, verdict="cannot_say",
        why=None, threshold=None, source=None, n_scores=2, n_missing=0,
    )  # fmt: skip
    for part in (found, *found.rows, row):
        printed = repr(part) + str(part)
        assert not any(str(x) in printed for x in (score, other))
    assert str(score) in found.rows[0].explain() or f"{score:g}" in found.rows[0].explain()
