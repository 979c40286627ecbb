"""Damaged tables: cases or one of our errors, and nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange.tabular import read_long, read_wide

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'id,n,s1,s2\na,1,3,4\nb,2,,5\n"c,\nd",3,NA,6\n'


def survives(file: Path) -> bool:
    """Whether a file gives cases, by both readers that could be meant; another exception fails the test."""
    read: list[Any] = []
    for strict in (True, False):
        try:
            read.append(read_wide(file, client="id", scores=r"s(\d)", instrument="phq9", strict=strict))
            read.append(
                read_long(file, client="id", session="n", score="s1", instrument="phq9", strict=strict)
            )
        except TherapeuticProcessError:
            continue
    return bool(read)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damage")


@pytest.mark.parametrize("end", range(GOOD.index("a,1"), GOOD.index('"')))
def test_a_csv_that_stops_inside_a_row_is_refused(end: int, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(GOOD[:end], encoding="utf-8")
    last = GOOD[:end].rsplit("\n", 1)[-1]
    assert survives(file) == (not last or last.count(",") == 3)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet='id,ns12"\n\r\t é-9.', max_size=80).map(str.encode))
def test_any_bytes_after_the_header_give_cases_or_our_error(folder: Path, tail: bytes) -> None:
    file = folder / "table.csv"
    file.write_bytes(b"id,n,s1,s2\n" + tail)
    survives(file)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 40),
)
def test_a_damaged_parquet_file_gives_cases_or_our_error(
    folder: Path, damage: list[tuple[int, int]], cut: int
) -> None:
    out = BytesIO()
    pl.DataFrame({"id": ["a", "b"], "n": [1, 2], "s1": [3, None], "s2": [4, 5]}).write_parquet(out)
    data = bytearray(out.getvalue())
    for place, byte in damage:
        data[place % len(data)] = byte
    file = folder / "table.parquet"
    file.write_bytes(bytes(data[: len(data) - cut]))
    survives(file)
