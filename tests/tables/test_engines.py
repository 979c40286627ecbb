"""Every table function gives the same on every engine, sorted or shuffled, whatever the key and the gap."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pytest

from engines import BUILDERS, LAZY, Data, every_engine, rows_of, shuffled
from therapeutic_process.tables import (
    check_scores,
    first_by_order,
    lag_within_client,
    last_by_order,
    match_as_of,
)

KEYS = {"text": ("a", "b", "c"), "whole": (1, 2, 3)}


def scores(key: str, gap: float | None) -> Data:
    a, b, c = KEYS[key]
    return {
        "client_id": [a, a, a, b, b, c],
        "session": [1, 2, 4, 1, 2, 1],
        "score": [20.0, gap, 12.0, 9.0, 8.0, gap],
    }


cases = [(key, gap, mix) for key in KEYS for gap in (None, float("nan")) for mix in (False, True)]
every_case = pytest.mark.parametrize(("key", "gap", "mix"), cases)


def build(engine: str, data: Data, *, mix: bool) -> Any:
    return BUILDERS[engine](shuffled(data) if mix else data)


@every_engine
@every_case
def test_lag_looks_back_within_client(engine: str, key: str, gap: float | None, mix: bool) -> None:
    out = rows_of(
        lag_within_client(build(engine, scores(key, gap), mix=mix), "score"), "client_id", "session"
    )
    assert [r["score_lag1"] for r in out] == [None, 20.0, None, None, 9.0, None]


@every_engine
@every_case
def test_lead_looks_ahead_within_client(engine: str, key: str, gap: float | None, mix: bool) -> None:
    frame = build(engine, scores(key, gap), mix=mix)
    out = rows_of(lag_within_client(frame, ["score"], lag=-2, suffix="_two_on"), "client_id", "session")
    assert [r["score_two_on"] for r in out] == [12.0, None, None, None, None, None]


@every_engine
@every_case
def test_first_and_last_skip_what_is_missing_only_when_told(
    engine: str, key: str, gap: float | None, mix: bool
) -> None:
    frame = build(engine, scores(key, gap), mix=mix)
    a, b, c = KEYS[key]
    assert [(r["client_id"], r["session"]) for r in rows_of(last_by_order(frame), "client_id")] == [
        (a, 4), (b, 2), (c, 1),
    ]  # fmt: skip
    first = rows_of(first_by_order(frame, value="score"), "client_id")
    assert [(r["client_id"], r["score"]) for r in first] == [(a, 20.0), (b, 9.0)]


@every_engine
@every_case
@pytest.mark.parametrize(
    ("strictly_before", "expected"), [(False, [None, 1, 2, 1]), (True, [None, None, 2, 1])]
)
def test_as_of_finds_the_most_recent_row_of_the_same_client(
    engine: str, key: str, gap: float | None, mix: bool, strictly_before: bool, expected: list[int | None]
) -> None:
    a, b, _ = KEYS[key]
    events: Data = {"client_id": [a, a, a, b], "day": [0, 3, 30, 99], "size": [1.0, gap, 2.0, 3.0]}
    held: Data = {"client_id": [a, a, b], "held_on": [3, 10, 50], "number": [1, 2, 1]}
    out = match_as_of(
        build(engine, events, mix=mix), build(engine, held, mix=mix), on="day", other_on="held_on",
        strictly_before=strictly_before,
    )  # fmt: skip
    assert [r["number"] for r in rows_of(out, "client_id", "day")] == expected


@every_engine
@every_case
def test_check_counts_the_same(engine: str, key: str, gap: float | None, mix: bool) -> None:
    data = scores(key, gap)
    for name, extra in zip(data, (data["client_id"][0], 4, 99.0), strict=True):
        data[name] = [*data[name], extra]
    report = check_scores(build(engine, data, mix=mix), minimum=0, maximum=27)
    assert {i.code: i.count for i in report.issues} == {"duplicate_key": 2, "missing": 2, "out_of_range": 1}
    assert all(bool(i.rows) != (engine in LAZY) for i in report.issues)
    if not mix and engine not in LAZY:
        assert [i.rows for i in report.issues] == [(2, 6), (1, 5), (6,)]


@every_engine
def test_a_frame_comes_back_as_the_kind_it_was(engine: str) -> None:
    frame = BUILDERS[engine](scores("text", None))
    for out in (lag_within_client(frame, "score"), first_by_order(frame), last_by_order(frame)):
        assert type(out) is type(frame)
        assert isinstance(nw.from_native(out), nw.LazyFrame) == (engine in LAZY)
