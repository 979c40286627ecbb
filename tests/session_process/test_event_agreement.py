from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import alignment_kappa, cohen_kappa, time_unit_kappa

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


def contiguous(cuts: list[int], codes: list[str]) -> list[Event]:
    bounds = sorted({0, *cuts, 30})
    return [(codes[i % len(codes)], a, b) for i, (a, b) in enumerate(pairwise(bounds))]


cuts = st.lists(st.integers(1, 29), max_size=5)
names = st.lists(st.sampled_from("ab"), min_size=1, max_size=4)


@settings(max_examples=40)
@given(cuts, names, cuts, names)
def test_without_tolerance_it_is_kappa_of_the_seconds(
    one: list[int], one_names: list[str], two: list[int], two_names: list[str]
) -> None:
    streams = contiguous(one, one_names), contiguous(two, two_names)
    seconds = [["".join(c for c, a, b in s if a <= t < b) for s in streams] for t in range(30)]
    found = time_unit_kappa(events_of(*streams), unit_s=1)
    expected = cohen_kappa(seconds)
    assert found.agreement.value == pytest.approx(expected.value, nan_ok=True)
    assert found.agreement.reason == expected.reason
    assert found.table.sum() == 30


@settings(max_examples=40)
@given(cuts, names, cuts, names, st.integers(0, 5))
def test_more_tolerance_never_means_less_observed_agreement(
    one: list[int], one_names: list[str], two: list[int], two_names: list[str], tolerance: int
) -> None:
    table = events_of(contiguous(one, one_names), contiguous(two, two_names))
    less, more = (
        time_unit_kappa(table, unit_s=1, tolerance_s=t).agreement for t in (tolerance, tolerance + 1)
    )
    assert more.observed >= less.observed - 1e-12


def test_a_late_observer_agrees_within_the_tolerance_only() -> None:
    table = events_of([("a", 0, 10), ("b", 10, 20)], [("a", 0, 12), ("b", 12, 20)])
    assert time_unit_kappa(table, unit_s=1, tolerance_s=1).agreement.value < 1
    assert time_unit_kappa(table, unit_s=1, tolerance_s=2).agreement.value == 1


def test_seeing_nothing_is_a_category() -> None:
    found = time_unit_kappa(events_of([("a", 0, 5)], [("a", 0, 5), ("a", 8, 10)]), unit_s=1)
    assert found.labels == ("a", None)
    assert found.table.tolist() == [[5, 0], [2, 3]]


def test_sessions_are_tallied_apart_and_added() -> None:
    first = events_of([("a", 0, 4)], [("a", 0, 4)])
    second = events_of([("b", 0, 6)], [("b", 0, 6)], session=2)
    found = time_unit_kappa(pl.concat([first, second]), unit_s=2)
    assert found.table.sum() == 5
    assert found.n_sessions == 2
    assert found.agreement.value == 1


def test_exactly_two_observers_with_onsets_before_offsets_are_needed() -> None:
    with pytest.raises(NotEnoughData, match="exactly 2 observers"):
        time_unit_kappa(events_of([("a", 0, 1)]), unit_s=1)
    with pytest.raises(TableError, match="offset_before_onset"):
        time_unit_kappa(events_of([("a", 3, 1)], [("a", 0, 1)]), unit_s=1)
    with pytest.raises(TableError, match="key_missing"):
        alignment_kappa(events_of([("a", 0, 1)], [("a", 0, 1)]).with_columns(onset_s=None), tolerance_s=1)
