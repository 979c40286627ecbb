"""No reader of tables shows a cell: not in a report, an error, a warning or the text form of what it gives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange.tabular import (
    read_long,
    read_nhs_long,
    read_redcap,
    read_wide,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CANARY = "Zaphod"


def _wide(table: pl.DataFrame, **choices: Any) -> object:
    return read_wide(table, client="id", scores=["score"], instrument="phq9", group="group", **choices)


def _long(table: pl.DataFrame, **choices: Any) -> object:
    return read_long(
        table, client="id", score="score", session="session", measured_at="at", instrument_column="code",
        scale_column="scale", timing_column="timing", respondent_column="who", reason_column="reason",
        group="group", **choices,
    )  # fmt: skip


def _nhs(table: pl.DataFrame, **choices: Any) -> object:
    return read_nhs_long(
        table,
        instruments={"phq9": "phq9"},
        client="id",
        code="code",
        score="score",
        measured_at="at",
        **choices,
    )


def _redcap(table: pl.DataFrame, **choices: Any) -> object:
    return read_redcap(
        table, scores={"score": "phq9"}, record="id", session="session", measured_at="at", **choices
    )


GOOD = {
    "id": "a", "score": "3", "session": "1", "at": "2024-03-01", "code": "phq9", "scale": None, "timing": "before",
    "who": "client", "reason": None, "group": "x",
}  # fmt: skip
READERS: list[Callable[..., object]] = [_wide, _long, _nhs, _redcap]


def _texts(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("column", list(GOOD))
@pytest.mark.parametrize("strict", [True, False])
def test_a_canary_in_any_cell_is_never_shown(
    reader: Callable[..., object], column: str, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    table = pl.DataFrame([GOOD, {**GOOD, "id": "b", column: CANARY}, {**GOOD, "id": "c"}])
    with caplog.at_level(logging.DEBUG):
        try:
            imported: Any = reader(table, strict=strict)
        except TherapeuticProcessError as error:
            shown = list(_texts(error))
        else:
            shown = [str(imported), repr(imported), str(imported.report), repr(imported.report)]
            shown += map(str, imported.cases)
    assert not [text for text in [*shown, caplog.text] if CANARY in text]


def test_a_canary_in_a_file_is_never_shown(tmp_path: Path) -> None:
    for text in [
        f"id,s1\n{CANARY},1,2\n",
        f'id,s1\na,"{CANARY}\n',
        f"id,s1\n{CANARY},x\n",
        f"{CANARY},{CANARY}\n1,2\n",
    ]:
        file = tmp_path / "table.csv"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(TherapeuticProcessError) as caught:
            read_wide(file, client="id", scores=["s1"], instrument="phq9")
        assert not [shown for shown in _texts(caught.value) if CANARY in shown]


def test_what_was_written_is_told_without_ids(tmp_path: Path) -> None:
    table = pl.DataFrame({"id": [CANARY], "s1": [3]})
    written = write_tables(read_wide(table, client="id", scores=["s1"], instrument="phq9").cases, tmp_path)
    assert CANARY not in f"{written} {written!r}"
    assert CANARY in (tmp_path / "scores.csv").read_text(encoding="utf-8")
