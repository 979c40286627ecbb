from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import flat, sessions_of, table_of
from therapeutic_process.errors import TableError
from therapeutic_process.session_process import code_turns, sequential_statistics
from therapeutic_process.session_process.counting import count_at_lag, pairs_at_lag, table_of_pairs

ALPHABET = ["ask", "listen", "plan"]


def count_by_hand(sessions: list[list[str | None]], lag: int) -> list[list[int]]:
    """Walk through each session, and give up a pair if anything between its ends is missing."""
    table = [[0] * 3 for _ in range(3)]
    for one in sessions:
        for t in range(len(one) - lag):
            stretch = one[t : t + lag + 1]
            if None not in stretch:
                table[ALPHABET.index(str(stretch[0]))][ALPHABET.index(str(stretch[-1]))] += 1
    return table


@given(sessions_of(), st.integers(1, 4))
def test_every_transition_is_counted_once(sessions: list[list[str | None]], lag: int) -> None:
    result = sequential_statistics(table_of(sessions), codes=ALPHABET, lags=[lag])
    chains = result.turns.chain_length
    assert int(result.n_transitions[0]) == int(np.maximum(chains - lag, 0).sum())


@given(sessions_of(), st.integers(1, 4))
def test_each_cell_holds_its_own_pairs(sessions: list[list[str | None]], lag: int) -> None:
    result = sequential_statistics(table_of(sessions), codes=ALPHABET, lags=[lag])
    assert result.frequency[0].tolist() == count_by_hand(sessions, lag)


@given(sessions_of())
def test_a_missing_code_counts_like_the_end_of_a_session(sessions: list[list[str | None]]) -> None:
    cut: list[list[str | None]] = [[]]
    for one in sessions:
        for code in [*one, None]:
            cut[-1:] = [[*cut[-1], code]] if code is not None else [cut[-1], []]
    whole = sequential_statistics(table_of(sessions), codes=ALPHABET, lags=3)
    apart = sequential_statistics(table_of([c for c in cut if c]), codes=ALPHABET, lags=3)
    assert np.array_equal(whole.frequency, apart.frequency)


@given(sessions_of(), st.data())
def test_other_and_same_speakers_make_up_all(sessions: list[list[str | None]], data: st.DataObject) -> None:
    n = len(flat(sessions))
    who = data.draw(st.lists(st.sampled_from(["client", "therapist"]), min_size=n, max_size=n))
    table = table_of(sessions, who=who)
    count = {}
    for target in ("any", "other_speaker", *((a, b) for a in set(who) for b in set(who))):
        result = sequential_statistics(table, codes=ALPHABET, speaker="who", target=target)  # type: ignore[arg-type]
        count[target] = result.frequency[0]
    pairs = [count[key] for key in count if isinstance(key, tuple)]
    other = [count[key] for key in count if isinstance(key, tuple) and key[0] != key[1]]
    assert np.array_equal(sum(pairs), count["any"])
    assert np.array_equal(sum(other, np.zeros((3, 3), dtype=int)), count["other_speaker"])


def test_a_target_by_speaker_counts_only_that_direction() -> None:
    table = table_of([["ask", "plan", "ask", "listen"]], who=["t", "c", "t", "t"])
    found = sequential_statistics(table, codes=ALPHABET, speaker="who", target=("t", "c"))
    assert found.frequency[0].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert np.isnan(found.unidirectional.kappa).all()


def test_an_unknown_speaker_is_neither_the_same_nor_another() -> None:
    table = table_of([["ask", "plan", "ask"]], who=["t", None, "t"])
    found = sequential_statistics(table, codes=ALPHABET, speaker="who", target="other_speaker")
    assert found.frequency.sum() == 0


def test_a_target_by_speaker_needs_a_speaker_column_and_a_known_speaker() -> None:
    with pytest.raises(TableError, match="speaker"):
        sequential_statistics(table_of([["ask", "plan"]]), target="other_speaker")
    table = table_of([["ask", "plan"]], who=["t", "c"])
    with pytest.raises(TableError, match="label_unknown"):
        sequential_statistics(table, speaker="who", target=("t", "nobody"))


def windows_by_hand(sessions: list[list[str | None]], onset: list[float], window: float) -> list[list[int]]:
    table, at = [[0] * 3 for _ in range(3)], 0
    for one in sessions:
        for i, given_code in enumerate(one):
            for j in range(i + 1, len(one)):
                stretch = one[i : j + 1]
                gap = onset[at + j] - onset[at + i]
                if None not in stretch and 0 <= gap <= window:
                    table[ALPHABET.index(str(given_code))][ALPHABET.index(str(one[j]))] += 1
        at += len(one)
    return table


@given(sessions_of(), st.data(), st.sampled_from([0.0, 2.0, 5.0]))
def test_a_time_window_counts_every_later_turn_that_starts_within(
    sessions: list[list[str | None]], data: st.DataObject, window: float
) -> None:
    n = len(flat(sessions))
    # Real stamps tie, and sometimes decrease.
    onset = data.draw(st.lists(st.integers(0, 12).map(float), min_size=n, max_size=n))
    table = table_of(sessions, onset_s=onset)
    found = sequential_statistics(table, codes=ALPHABET, onset_s="onset_s", window_s=window)
    assert found.frequency[0].tolist() == windows_by_hand(sessions, onset, window)
    assert found.lags == (0,)


def test_an_unknown_onset_starts_and_ends_no_window() -> None:
    table = table_of([["ask", "plan", "listen"]], onset_s=[0.0, None, 2.0])
    found = sequential_statistics(table, codes=ALPHABET, onset_s="onset_s", window_s=9)
    assert found.frequency[0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


@given(sessions_of())
def test_collapsed_repeats_leave_the_diagonal_empty_and_the_rest_as_it_was(
    sessions: list[list[str | None]],
) -> None:
    whole = sequential_statistics(table_of(sessions), codes=ALPHABET)
    joined = sequential_statistics(table_of(sessions), codes=ALPHABET, collapse=True)
    off = ~np.eye(3, dtype=bool)
    assert np.trace(joined.frequency[0]) == 0
    assert np.array_equal(joined.frequency[0][off], whole.frequency[0][off])
    assert joined.n_turns == whole.n_turns


def test_at_lag_two_a_collapsed_code_can_come_back() -> None:
    found = sequential_statistics(
        table_of([["ask", "ask", "plan", "ask"]]), codes=ALPHABET, lags=2, collapse=True
    )
    assert found.frequency[1, 0, 0] == 1
    assert bool(found.possible[1].all())
    assert not bool(found.possible[0, 0, 0])


@pytest.mark.parametrize("target", ["any", "other_speaker", ("c", "t")])
def test_counting_by_blocks_and_listing_agree(target: Any) -> None:
    rng = np.random.default_rng(4)
    n = 2**16 * 2 + 7
    table = pl.DataFrame({
        "session_id": np.arange(n) // 1000,
        "index": np.arange(n),
        "code": rng.integers(0, 20, n),
        "who": np.array(["c", "t"])[rng.integers(0, 2, n)],
    }).with_columns(code=pl.when(pl.col("index") % 997 != 0).then("code"))  # fmt: skip
    turns = code_turns(table, speaker="who")
    for lag in (1, 3):
        listed = table_of_pairs(turns.code, pairs_at_lag(turns, lag, target=target), len(turns.codes))
        assert np.array_equal(count_at_lag(turns, lag, target=target), listed)
