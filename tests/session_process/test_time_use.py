from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import talk_profile, time_budget

turns = st.lists(
    st.tuples(
        st.integers(1, 2), st.sampled_from(["client", "therapist"]), st.integers(0, 30), st.integers(0, 9)
    ),
    min_size=1,
    max_size=12,
)


def table_of(rows: list[tuple[int, str, int, int]]) -> pl.DataFrame:
    schema = ["session_id", "speaker", "start_s", "words"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(end_s=pl.col("start_s") + pl.col("words"))


@given(turns)
def test_every_second_is_spent_once(rows: list[tuple[int, str, int, int]]) -> None:
    budget = time_budget(table_of(rows))
    spent = budget.alone_s.sum(1) + budget.together_s + budget.silence_s
    assert np.allclose(spent, budget.duration_s)


@given(turns)
def test_seconds_are_spent_as_a_clock_would_see_them(rows: list[tuple[int, str, int, int]]) -> None:
    budget = time_budget(table_of(rows))
    for i, session in enumerate(budget.sessions):
        mine = [(who, a, a + n) for s, who, a, n in rows if s == session]
        lo, hi = min(a for _, a, _ in mine), max(b for *_, b in mine)
        talking = [{who for who, a, b in mine if a <= t < b} for t in range(lo, hi)]
        assert budget.silence_s[i] == sum(not who for who in talking)
        assert budget.together_s[i] == sum(len(who) > 1 for who in talking)
        for k, speaker in enumerate(budget.speakers):
            assert budget.alone_s[i, k] == sum(who == {speaker} for who in talking)
        runs = "".join("-" if who else "s" for who in talking).split("-")
        assert budget.longest_silence_s[i] == max(map(len, runs))


def test_a_known_duration_shows_the_silence_around_the_talk() -> None:
    table = pl.DataFrame(
        {"session_id": [1], "speaker": ["a"], "start_s": [10], "end_s": [20], "length": [60]}
    )
    assert time_budget(table).silence_s.tolist() == [0]
    budget = time_budget(table, duration_s="length")
    assert budget.silence_s.tolist() == [50]
    assert budget.longest_silence_s.tolist() == [40]
    assert budget.to_frame()["share"].to_list() == pytest.approx([10 / 60, 0, 50 / 60])


def test_what_cannot_be_is_refused() -> None:
    row = {"session_id": [1], "speaker": ["a"], "start_s": [10], "end_s": [5], "words": [-1], "length": [3]}
    table = pl.DataFrame(row)
    with pytest.raises(TableError, match="end_before_start"):
        time_budget(table)
    with pytest.raises(TableError, match="outside_session"):
        time_budget(table.with_columns(end_s=11), duration_s="length")
    with pytest.raises(TableError, match="negative_amount"):
        talk_profile(table, amount="words")
    with pytest.raises(NotEnoughData):
        time_budget(table.with_columns(start_s=pl.lit(None, dtype=pl.Int64)))
    with pytest.raises(NotEnoughData):
        talk_profile(table.with_columns(speaker=pl.lit(None, dtype=pl.String)))


def test_a_turn_without_times_is_counted_as_unknown() -> None:
    table = pl.DataFrame(
        {"session_id": [1, 1], "speaker": list("ab"), "start_s": [0, None], "end_s": [4, None]}
    )
    assert time_budget(table).n_unknown.tolist() == [1]
