"""Clients by kind of ending."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.change_process import ScorePattern
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import EndingsTable, endings_table
from therapeutic_process.records import Case
from therapeutic_process.testing import cases as any_case

PHQ = ScorePattern(instrument="phq9")


def a_case(name: str, ending: str | None, *scores: float | None, missed: int = 0) -> Case:
    numbers = range(1, len(scores) + 1)
    sessions = [
        {"id": f"s{n}", "number": n, "status": "held", "attended": [] if n <= missed else ["c"]}
        for n in numbers
    ]
    respondent = {"kind": "client", "participant": "c"}
    measured = [
        {"id": f"m{n}", "instrument": "phq9", "subject": "c", "respondent": respondent, "session": f"s{n}",
         "timing": "before"} | ({"missing": "declined"} if score is None else {"score": score})
        for n, score in zip(numbers, scores, strict=True)
    ]  # fmt: skip
    parts: dict[str, Any] = {"participants": [{"id": "c", "role": "client"}], "sessions": sessions,
                             "measurements": measured}  # fmt: skip
    return Case(id=name, ending={"kind": ending} if ending else None, **parts)  # type: ignore[arg-type]  # plain data is read like a document


def laid_out(*several: Case) -> EndingsTable:
    return endings_table(several, effect=PHQ, timing="before")


def test_by_hand() -> None:
    found = laid_out(
        a_case("k1", "completed", 20.0, 12.0, 6.0),
        a_case("k2", "completed", 14.0, None, 8.0, 9.0),
        a_case("k3", "client_dropout", 18.0, missed=1),
        a_case("k4", None, 10.0, 12.0),
    )
    rows = {r.ending: r for r in found.rows}
    done = rows["completed"]
    assert (done.n_clients, done.median_sessions, done.n_with_scores) == (2, 3.5, 2)
    assert (done.first_score, done.last_score, done.change) == (17.0, 7.5, -9.5)
    left = rows["client_dropout"]
    assert (left.median_sessions, left.n_with_scores, left.change) == (0.0, 0, None)
    assert rows["not recorded"].change == 2.0
    assert found.dropped == (("score that is missing", 1),)
    assert repr(found) == "EndingsTable(4 clients: 2 completed, 1 client_dropout, 1 not recorded)"
    assert found.to_frame()["n_clients"].to_list() == [2, 1, 1]


@settings(max_examples=15)
@given(st.lists(any_case(), max_size=4))
def test_every_client_ends_once_whatever_the_order(several: list[Case]) -> None:
    found = laid_out(*several)
    assert found.n_clients == sum(len(c.clients) for c in several)
    assert sum(r.n_clients for r in laid_out(*several[::-1]).rows) == found.n_clients
    assert {r.ending for r in found.rows} == {c.ending.kind if c.ending else "not recorded" for c in several}


def test_no_case_and_no_timing() -> None:
    assert laid_out().rows == ()
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        endings_table([], effect=PHQ, timing=None)  # type: ignore[arg-type]  # what is tested
