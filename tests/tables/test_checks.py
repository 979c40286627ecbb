"""What a check says about a table, and what it never says."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from engines import BUILDERS, LAZY, Data, every_engine
from therapeutic_process.errors import TableError
from therapeutic_process.tables import (
    CONTRACTS,
    SCORES,
    check_change_events,
    check_codes,
    check_goals,
    check_interactions,
    check_ratings,
    check_scores,
    check_sessions,
    check_tasks,
)


def scores(**columns: list[Any]) -> pl.DataFrame:
    base: dict[str, list[Any]] = {
        "client_id": ["k1", "k1", "k2"],
        "session": [1, 2, 1],
        "score": [9.0, 8.0, 7.0],
    }
    return pl.DataFrame(base | columns, strict=False)


def test_a_good_table_has_nothing_to_report() -> None:
    report = check_scores(scores())
    assert report.issues == ()
    assert report.keeps_contract
    assert report.n_rows == 3


@every_engine
def test_text_in_a_score_column_is_counted_and_refused(engine: str) -> None:
    frame = BUILDERS[engine]({"client_id": [1, 1, 1], "session": [1, 2, 3], "score": ["12", "Y", "NA"]})
    assert check_scores(frame).count("not_a_number") == 2
    with pytest.raises(TableError, match="not_a_number"):
        check_scores(frame, strict=True)


def test_the_rows_of_text_are_those_that_do_not_read_as_numbers() -> None:
    (issue,) = check_scores(scores(score=["12", "Y", "NA"])).issues
    assert issue.rows == (1, 2)


def test_a_missing_score_is_counted_and_breaks_nothing() -> None:
    report = check_scores(scores(score=[None, float("nan"), 3.0]), strict=True)
    assert report.count("missing") == 2
    assert report.keeps_contract


@pytest.mark.parametrize(
    ("frame", "code", "rows"),
    [
        (scores(session=[1, 1, 1]), "duplicate_key", (0, 1)),
        (scores(session=[1, None, 1]), "order_unknown", (1,)),
        (scores(session=[1.0, float("nan"), 1.0]), "order_unknown", (1,)),
        (scores(client_id=["k1", None, "k2"]), "key_missing", (1,)),
        (scores(score=[9.0, 8.0, 28.0]), "out_of_range", (2,)),
    ],
)
def test_strict_raises_with_code_and_rows_but_no_cell(
    frame: pl.DataFrame, code: str, rows: tuple[int, ...]
) -> None:
    with pytest.raises(TableError) as caught:
        check_scores(frame, maximum=27, strict=True)
    assert (caught.value.code, caught.value.rows) == (code, rows)
    assert "k1" not in str(caught.value)
    assert "28" not in str(caught.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableError, match=r"column_missing.*'score'"):
        check_scores(scores().drop("score"), strict=True)


def test_columns_that_differ_by_case_only_are_refused() -> None:
    report = check_scores(scores(Score=[1.0, 2.0, 3.0]))
    assert [i.code for i in report.issues] == ["ambiguous_column"]


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(TableError, match="not_a_table"):
        check_scores([1, 2, 3])  # type: ignore[arg-type]


def test_an_empty_table_keeps_its_contract() -> None:
    assert check_scores(scores().head(0)).keeps_contract


def test_other_names_are_mapped() -> None:
    frame = scores().rename({"client_id": "id", "session": "week", "score": "phq"})
    assert check_scores(frame, client="id", order="week", score="phq", strict=True).keeps_contract


def test_the_other_tables_check_their_keys() -> None:
    base = {"client_id": [1, 1], "session": [1, 1]}
    talk = pl.DataFrame(base | {"interaction": [0, 0]})
    assert check_sessions(pl.DataFrame(base)).count("duplicate_key") == 2
    assert check_interactions(talk).count("duplicate_key") == 2
    codes = talk.with_columns(system=pl.lit("s"), code=pl.Series(["x", None]), pass_id=pl.lit("p"))
    assert check_codes(codes).keeps_contract
    ratings = pl.DataFrame(base | {"scale": ["w", "w"], "rater": ["c", "t"], "value": [3, 9]})
    assert check_ratings(ratings, maximum=7).count("out_of_range") == 1
    assert check_tasks(pl.DataFrame(base | {"task_id": [1, 2]})).keeps_contract
    goals = pl.DataFrame({"client_id": [1, 1], "goal_id": [1, 2], "level": [3, 0]})
    assert check_goals(goals).count("out_of_range") == 1
    events = pl.DataFrame({"client_id": [1], "event_id": [1], "locus": ["out_of_session"]})
    assert check_change_events(events).keeps_contract


def test_every_contract_names_its_key_and_its_sensitivities() -> None:
    for contract in CONTRACTS:
        names = [c.name for c in contract.columns]
        assert len(set(names)) == len(names)
        assert set(contract.key) <= set(names)
        assert contract.column("client_id").sensitivity == "direct"
    assert SCORES.required == ("client_id", "session", "score")


@every_engine
@pytest.mark.parametrize("gap", [None, float("nan")])
def test_an_infinite_score_is_no_number_and_not_missing(engine: str, gap: float | None) -> None:
    data: Data = {
        "client_id": [1, 1, 1, 2],
        "session": [1, 2, 3, 1],
        "score": [9.0, float("inf"), gap, float("-inf")],
    }
    report = check_scores(BUILDERS[engine](data), minimum=0, maximum=27)
    assert {i.code: i.count for i in report.issues} == {"not_a_number": 2, "missing": 1}
    assert report.issues[0].rows == (() if engine in LAZY else (1, 3))
    with pytest.raises(TableError, match=r"not_a_number.*found 2 rows"):
        check_scores(BUILDERS[engine](data), strict=True)


@every_engine
@pytest.mark.parametrize(
    ("sessions", "shared"),
    [
        ([3, 1, 2, 1], 0),
        ([3, 3, 2, 1], 2),
        ([-60, -60, 60, 1], 2),
        ([-61, 0, 60, -61], 0),
        ([1, 1, 10**12, 1], 2),
        ([1.5, 1.5, 2.5, 1.5], 2),
        ([1, 1, None, None], 2),
        (["a", "a", "b", "a"], 2),
        ([-(2**62), -(2**62), 2**62, 1], 2),
    ],
)
def test_shared_keys_are_counted_however_far_apart_they_lie(
    engine: str, sessions: list[Any], shared: int
) -> None:
    data: Data = {
        'the "client"': ["k", "k", "k", "other"],
        "se'ssion": sessions,
        "score": [9.0, 8.0, 7.0, 6.0],
    }
    report = check_scores(BUILDERS[engine](data), client='the "client"', order="se'ssion")
    assert report.count("duplicate_key") == shared
    assert report.n_rows == 4


@every_engine
def test_an_order_that_is_infinite_is_unknown(engine: str) -> None:
    data: Data = {"client_id": [1, 1], "session": [1.0, float("inf")], "score": [9.0, 8.0]}
    assert check_scores(BUILDERS[engine](data)).count("order_unknown") == 1


@every_engine
def test_a_table_without_rows_keeps_its_contract_on_every_engine(engine: str) -> None:
    empty = BUILDERS["polars"]({"client_id": [1], "session": [1], "score": [1.0]}).head(0)
    if engine == "pyspark":
        pytest.skip("PySpark takes rows, not tables")
    frames = {
        "polars": empty, "polars-lazy": empty.lazy(), "pandas": empty.to_pandas(), "pyarrow": empty.to_arrow(),
        "duckdb": BUILDERS["duckdb"]({"client_id": [1], "session": [1], "score": [1.0]}).filter("session > 9"),
    }  # fmt: skip
    report = check_scores(frames[engine])
    assert (report.n_rows, report.issues) == (0, ())
