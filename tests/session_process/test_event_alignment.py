from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.session_process import alignment_kappa

Event = tuple[str, int, int]


def events_of(*observers: list[Event], session: int = 1) -> pl.DataFrame:
    rows = [(session, f"r{o}", code, a, b) for o, seen in enumerate(observers) for code, a, b in seen]
    schema: dict[str, Any] = {
        "session_id": pl.Int64,
        "rater_id": pl.String,
        "code": pl.String,
        "onset_s": pl.Int64,
        "offset_s": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_events_that_match_one_to_one_agree_wholly() -> None:
    seen = [("a", 0, 0), ("b", 5, 5), ("a", 9, 9)]
    late = [(code, a + 1, b + 1) for code, a, b in seen]
    found = alignment_kappa(events_of(seen, late), tolerance_s=1)
    assert found.agreement.value == pytest.approx(1)
    assert found.table.tolist() == [[2, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert alignment_kappa(events_of(seen, late), tolerance_s=0.5).agreement.observed == 0


def test_an_event_that_only_one_saw_has_no_counterpart() -> None:
    found = alignment_kappa(
        events_of([("a", 0, 0), ("b", 5, 5), ("b", 9, 9)], [("a", 0, 0), ("b", 9, 9)]), tolerance_s=2
    )
    assert found.table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert found.agreement.observed == pytest.approx(2 / 3)


def best_alignment(one: list[tuple[str, int]], two: list[tuple[str, int]], tolerance: float) -> float:
    """The least cost over all alignments, tried one by one."""
    if not one or not two:
        return float(len(one) + len(two))
    (a, s), (b, t) = one[0], two[0]
    ways = [1 + best_alignment(one[1:], two, tolerance), 1 + best_alignment(one, two[1:], tolerance)]
    if abs(s - t) <= tolerance:
        ways.append((0 if a == b else 1.5) + best_alignment(one[1:], two[1:], tolerance))
    return min(ways)


stream = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 8)), min_size=1, max_size=5).map(
    lambda events: sorted(events, key=lambda e: e[1])
)


@settings(max_examples=40)
@given(stream, stream, st.integers(0, 3))
def test_the_alignment_costs_as_little_as_any(
    one: list[tuple[str, int]], two: list[tuple[str, int]], tolerance: int
) -> None:
    observers = [[(code, at, at) for code, at in s] for s in (one, two)]
    found = alignment_kappa(events_of(*observers), tolerance_s=tolerance)
    table = found.table
    inside = table[:-1, :-1]
    cost = table[-1].sum() + table[:, -1].sum() + 1.5 * (inside.sum() - np.trace(inside))
    assert cost == pytest.approx(best_alignment(one, two, tolerance))
    # Every event of both observers is in the table once.
    assert table[:-1].sum() == len(one)
    assert table[:, :-1].sum() == len(two)
