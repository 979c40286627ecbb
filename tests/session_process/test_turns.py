from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import flat, sessions_of, table_of
from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import code_turns, sequential_statistics


def test_a_missing_code_cuts_the_chain_in_two() -> None:
    turns = code_turns(table_of([["a", "b", None, "a"], ["b"]]))
    assert turns.start.tolist() == [0, 2, 3]
    assert turns.chain_session.tolist() == [0, 0, 1]
    assert turns.chain_length.tolist() == [2, 1, 1]
    assert turns.n_missing == 1


@given(sessions_of(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_when_positions_are_given(
    sessions: list[list[str]], random: object
) -> None:
    table = table_of(sessions)
    rows = list(range(len(table)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    one, other = code_turns(table), code_turns(table[rows])
    assert [one.codes[c] for c in one.code] == [other.codes[c] for c in other.code]
    assert one.start.tolist() == other.start.tolist()
    assert one.sessions == other.sessions


def test_positions_decide_the_order_and_rows_do_not() -> None:
    table = pl.DataFrame({"session_id": [1, 1, 1], "index": [3, 1, 2], "code": ["c", "a", "b"]})
    turns = code_turns(table)
    assert [turns.codes[c] for c in turns.code] == ["a", "b", "c"]
    by_row = code_turns(table, order=None)
    assert [by_row.codes[c] for c in by_row.code] == ["c", "a", "b"]


@given(sessions_of())
def test_every_coded_turn_is_kept_once(sessions: list[list[str | None]]) -> None:
    turns = code_turns(table_of(sessions))
    assert len(turns.code) == sum(code is not None for code in flat(sessions))
    assert [turns.codes[c] for c in turns.code] == [code for code in flat(sessions) if code is not None]


def test_a_position_twice_in_a_session_is_refused_without_its_value() -> None:
    table = pl.DataFrame({"session_id": [7, 7, 8], "index": [41, 41, 41], "code": ["a", "b", "a"]})
    with pytest.raises(TableError) as refusal:
        code_turns(table)
    assert refusal.value.code == "duplicate_key"
    assert refusal.value.rows == (1,)
    assert "41" not in str(refusal.value)


def test_session_numbers_may_repeat_between_clients() -> None:
    table = pl.DataFrame(
        {
            "client_id": ["x", "x", "y", "y"],
            "session_id": [1, 1, 1, 1],
            "index": [1, 2, 1, 2],
            "code": list("abba"),
        }
    )
    turns = code_turns(table, client="client_id")
    assert turns.sessions == (("x", 1), ("y", 1))
    assert turns.clients == ("x", "y")
    assert turns.start.tolist() == [0, 2]
    with pytest.raises(TableError, match="duplicate_key"):
        code_turns(table)


def test_the_same_session_in_two_blocks_of_rows_is_one_session() -> None:
    table = pl.DataFrame({"session_id": [1, 2, 1], "index": [1, 1, 2], "code": list("aab")})
    assert code_turns(table).start.tolist() == [0, 2]
    assert code_turns(table, order=None).start.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (pl.lit(None, dtype=pl.Int64).alias("index"), "key_missing"),
        (pl.lit(None, dtype=pl.Int64).alias("session_id"), "key_missing"),
        (pl.col("code").alias("other"), None),
    ],
)
def test_a_missing_key_is_refused(change: pl.Expr, code: str | None) -> None:
    table = table_of([["a", "b"]]).with_columns(change)
    if code is None:
        assert len(code_turns(table).code) == 2
        return
    with pytest.raises(TableError) as refusal:
        code_turns(table)
    assert refusal.value.code == code


def test_a_position_that_is_nan_is_missing() -> None:
    table = table_of([["a", "b"]]).with_columns(index=pl.Series([1.0, float("nan")]))
    with pytest.raises(TableError) as refusal:
        code_turns(table)
    assert refusal.value.code == "key_missing"
    assert refusal.value.rows == (1,)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableError, match="'code'"):
        code_turns(pl.DataFrame({"session_id": [1], "index": [1]}))


def test_an_unknown_code_is_counted_and_not_shown() -> None:
    with pytest.raises(TableError) as refusal:
        code_turns(table_of([["a", "secret"]]), codes=["a"])
    assert "secret" not in str(refusal.value)
    assert "1 other" in str(refusal.value)


def test_nothing_coded_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        code_turns(table_of([[None, None]]))
    with pytest.raises(NotEnoughData):
        code_turns(table_of([]))


def test_every_engine_gives_the_same() -> None:
    table = table_of([["a", None, "b", "a"], ["b", "b", "a"]])
    pandas = pd.DataFrame(table.to_dict(as_series=False))
    relation = duckdb.from_arrow(table.to_arrow())
    want = sequential_statistics(table).frequency
    for frame in (table.lazy(), pandas, table.to_arrow(), relation):
        assert np.array_equal(sequential_statistics(frame).frequency, want)


def test_integer_codes_with_gaps_are_the_same_in_pandas_and_polars() -> None:
    codes = [3, None, 1, 3]
    polars = pl.DataFrame({"session_id": [1] * 4, "index": range(4), "code": codes})
    pandas = pd.DataFrame({"session_id": [1] * 4, "index": range(4), "code": codes})
    assert code_turns(polars).codes == code_turns(pandas).codes == (1, 3)


def test_an_engine_without_row_order_needs_a_column_of_order() -> None:
    relation = duckdb.from_arrow(table_of([["a", "b"]]).to_arrow())
    with pytest.raises(TableError, match="order_unknown"):
        code_turns(relation, order=None)


def test_the_representation_shows_counts_only() -> None:
    shown = repr(code_turns(table_of([["secret", None]])))
    assert shown == "<CodedTurns: 1 turns in 1 sessions, 1 codes, 1 of 2 rows without a code>"
