from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.session_process import talk_profile

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
def test_shares_of_a_session_sum_to_one_and_totals_to_all_words(
    rows: list[tuple[int, str, int, int]],
) -> None:
    profile = talk_profile(table_of(rows), amount="words")
    assert profile.total.sum() == sum(row[3] for row in rows)
    assert profile.n_turns.sum() == len(rows)
    spoken = profile.total.sum(1) > 0
    assert np.allclose(profile.share[spoken].sum(1), 1)
    assert np.isnan(profile.share[~spoken]).all()


@given(turns)
def test_each_speaker_has_their_own_turns(rows: list[tuple[int, str, int, int]]) -> None:
    found = {
        (r["session"], r["speaker"]): r
        for r in talk_profile(table_of(rows), amount="words").to_frame().to_dicts()
    }
    for session in {row[0] for row in rows}:
        for speaker in {row[1] for row in rows}:
            words = [row[3] for row in rows if row[:2] == (session, speaker)]
            row = found[session, speaker]
            assert row["n_turns"] == len(words)
            if words:
                assert row["mean_length"] == pytest.approx(np.mean(words))
                assert row["median_length"] == pytest.approx(np.median(words))
            else:
                assert row["mean_length"] is None


def test_an_unknown_length_makes_the_total_unknown_and_not_smaller() -> None:
    table = pl.DataFrame({"session_id": [1, 1, 1], "speaker": list("aab"), "words": [5, None, 5]})
    row = talk_profile(table, amount="words").to_frame().to_dicts()[0]
    assert (row["n_turns"], row["n_unknown"], row["total"], row["share"], row["mean_length"]) == (
        2,
        1,
        None,
        None,
        5,
    )


def test_without_an_amount_turns_count() -> None:
    table = pl.DataFrame({"session_id": [1, 1, 1, 1], "speaker": ["a", "b", "a", None]})
    profile = talk_profile(table)
    assert profile.share[0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert profile.n_without_speaker == 1
