"""The engines a table may come from, and how to read any of them back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Data = dict[str, list[Any]]


# tables can be laid together only when one connection holds them
_CONNECTION = duckdb.connect()


def _duckdb(data: Data) -> Any:
    return _CONNECTION.from_arrow(pl.DataFrame(data, strict=False).to_arrow())


# PySpark is told the types and given rows: by way of pandas a missing number would become NaN
_SPARK_TYPES = {
    pl.Int64: "bigint", pl.Int32: "int", pl.Float64: "double", pl.String: "string", pl.Boolean: "boolean",
    pl.Date: "date", pl.Datetime: "timestamp", pl.Null: "double",
}  # fmt: skip


def _spark(data: Data) -> Any:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in {"spark.sql.shuffle.partitions": "2", "spark.ui.enabled": "false"}.items():
        builder = builder.config(name, value)
    table = pl.DataFrame(data, strict=False)
    schema = ", ".join(f"`{k}` {_SPARK_TYPES[t.base_type()]}" for k, t in table.schema.items())
    return builder.getOrCreate().createDataFrame(table.rows(), schema)


BUILDERS: dict[str, Callable[[Data], Any]] = {
    "polars": lambda data: pl.DataFrame(data, strict=False),
    "polars-lazy": lambda data: pl.LazyFrame(data, strict=False),
    "pandas": pd.DataFrame,
    "pyarrow": lambda data: pl.DataFrame(data, strict=False).to_arrow(),
    "duckdb": _duckdb,
    "pyspark": _spark,
}
LAZY = {"polars-lazy", "duckdb", "pyspark"}

every_engine = pytest.mark.parametrize(
    "engine", [pytest.param(n, marks=pytest.mark.spark) if n == "pyspark" else n for n in BUILDERS]
)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def rows_of(frame: Any, *by: str) -> list[dict[str, Any]]:
    """Read any frame as plain rows, sorted, with one kind of missing."""
    table = nw.from_native(frame)
    if isinstance(table, nw.LazyFrame):
        table = table.collect()
    rows = [{k: _plain(v) for k, v in row.items()} for row in table.rows(named=True)]
    return sorted(rows, key=lambda r: tuple((r[k] is None, r[k]) for k in by))


def shuffled(data: Data, seed: int = 7) -> Data:
    """Lay the rows in another order."""
    n = len(next(iter(data.values())))
    order = pl.Series(range(n)).shuffle(seed=seed).to_list()
    return {k: [v[i] for i in order] for k, v in data.items()}
