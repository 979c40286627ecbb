"""Context events as covariates: in which stretch between sessions they lie, as far as anybody can know."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from therapeutic_process.change_process import CodePattern, ScorePattern
from therapeutic_process.process_outcome import process_table
from therapeutic_process.process_outcome.context_values import UNPLACED, context_before_sessions
from therapeutic_process.records import Case

START = datetime(2024, 3, 4, 10, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def a_case(*events: dict[str, Any], times: bool = True) -> Case:
    """Four weekly sessions, the third of which was missed; two clients, so that events have an owner."""
    sessions: list[dict[str, Any]] = [
        {"id": f"s{n}", "number": n, "status": "no_show" if n == 3 else "held"}
        | ({"started_at": at(7 * (n - 1))} if times else {})
        for n in (1, 2, 3, 4, 5)
    ]
    people = [{"id": who, "role": "client"} for who in ("c", "d")]
    context = [{"id": f"e{k}", "participant": "c", "kind": "life_event"} | e for k, e in enumerate(events)]
    fields: dict[str, Any] = {"participants": people, "sessions": sessions, "context_events": context}
    return Case(id="k", **fields)


def values(case: Case, *, complete: bool = True, client: int = 0) -> tuple[list[float | None], int]:
    dropped: Counter[str] = Counter()
    found = context_before_sessions(
        case, case.clients[client], "life_event", complete=complete, dropped=dropped
    )
    return [found[n] for n in sorted(found)], dropped[UNPLACED]


def test_an_event_lies_before_the_next_held_session() -> None:
    assert values(a_case({"occurred": at(3)})) == ([0.0, 1.0, 0.0, 0.0], 0)
    assert values(a_case({"occurred": at(12)})) == ([0.0, 0.0, 1.0, 0.0], 0)
    assert values(a_case({"after_session": "s3"}, times=False)) == ([0.0, 0.0, 1.0, 0.0], 0)


def test_without_a_statement_that_all_were_recorded_a_stretch_without_one_is_unknown() -> None:
    assert values(a_case({"occurred": at(3)}), complete=False) == ([None, 1.0, None, None], 0)
    assert values(a_case(), complete=False) == ([None] * 4, 0)
    assert values(a_case()) == ([0.0] * 4, 0)


def test_an_event_before_the_first_session_or_after_the_last_lies_in_no_stretch() -> None:
    assert values(a_case({"occurred": at(-30)}, {"occurred": at(90)})) == ([0.0] * 4, 0)


def test_what_went_on_over_an_interval_counts_in_every_stretch_that_it_reaches_into() -> None:
    lasting = {"occurred": {"start": at(-10), "end": at(12)}}
    assert values(a_case(lasting)) == ([1.0, 1.0, 1.0, 0.0], 0)


def test_where_the_order_is_not_known_no_stretch_is_zero() -> None:
    day_of_session = {"occurred": (START + timedelta(days=7)).date()}
    assert values(a_case(day_of_session)) == ([0.0, None, None, 0.0], 1)
    assert values(a_case({})) == ([None] * 4, 1)
    assert values(a_case({"occurred": at(3)}, {})) == ([None, 1.0, None, None], 1)


def test_events_of_another_client_or_kind_are_not_counted() -> None:
    case = a_case({"occurred": at(3)}, {"occurred": at(12), "kind": "medication"})
    assert values(case, client=1) == ([0.0] * 4, 0)
    assert values(case) == ([0.0, 1.0, 0.0, 0.0], 0)


@pytest.mark.parametrize("complete", [True, False])
def test_a_process_table_holds_a_column_per_kind(complete: bool) -> None:
    nobody: dict[str, Any] = {"participants": [{"id": "c", "role": "client"}]}
    made = process_table(
        [a_case({"occurred": at(3)}), Case(id="x", **nobody)],
        cause=CodePattern(system="automisc", codes=("C",)),
        effect=ScorePattern(instrument="phq9"),
        timing="before",
        complete=complete,
        context=("life_event", "medication"),
    )
    mine = made.table.filter(made.table["client_id"] == "k/c").sort("session")
    otherwise = 0.0 if complete else None
    assert mine["context_life_event"].to_list() == [otherwise, 1.0, otherwise, otherwise]
    assert mine["context_medication"].to_list() == [otherwise] * 4
