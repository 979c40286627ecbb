from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.examples import example_cases
from therapeutic_process.exchange.tabular import read_long, read_tables, write_tables
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case, Measurement
from therapeutic_process.tables import CONTRACTS, from_cases

if TYPE_CHECKING:
    from pathlib import Path

TYPES: dict[str, Any] = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64}


def read_back(folder: Path, name: str) -> pl.DataFrame:
    """Read a table by what the data package says of it."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    [resource] = [r for r in package["resources"] if r["name"] == name]
    file = folder / resource["path"]
    if resource["format"] == "parquet":
        return pl.read_parquet(file)
    texts = pl.read_csv(file, infer_schema=False)
    fields = {f["name"]: f["type"] for f in resource["schema"]["fields"]}
    return texts.select(
        pl.col(n).str.to_datetime(time_unit="us", time_zone="UTC")
        if t == "datetime"
        else pl.col(n).cast(TYPES[t])
        for n, t in fields.items()
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_read_back_by_their_package_are_the_tables(
    kind: str, generated: tuple[Case, ...], tmp_path: Path
) -> None:
    cases = [*example_cases(), *generated[:40]]
    written = write_tables(cases, tmp_path, format=kind, text=True)
    expected = from_cases(cases, text=True)
    for contract in CONTRACTS:
        made: pl.DataFrame = getattr(expected, contract.name)
        found = read_back(tmp_path, contract.name)
        if kind == "csv":  # where an empty text may read as none, and the answer says so
            made, found = (t.with_columns(pl.col(pl.String).replace("", None)) for t in (made, found))
        assert found.equals(made), contract.name
        assert written.rows[contract.name] == made.height
    assert written.n_cases == len(cases)


def test_the_package_says_what_every_column_means(tmp_path: Path) -> None:
    write_tables(example_cases(), tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["profile"] == "tabular-data-package"
    assert [r["name"] for r in package["resources"]] == [c.name for c in CONTRACTS]
    for contract, resource in zip(CONTRACTS, package["resources"], strict=True):
        data = (tmp_path / resource["path"]).read_bytes()
        assert resource["bytes"] == len(data)
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        fields = {f["name"]: f for f in resource["schema"]["fields"]}
        assert list(fields) == data.decode().splitlines()[0].split(",")
        assert all(f["description"] for f in fields.values())
        for column in contract.columns:
            if column.name in fields:
                assert fields[column.name]["description"] == column.meaning
                assert fields[column.name].get("unit", "") == column.unit


def test_scores_written_are_scores_read(tmp_path: Path) -> None:
    cases = [c for c in example_cases() if c.measurements and len(c.clients) == 1]
    write_tables(cases, tmp_path)
    imported = read_long(
        tmp_path / "scores.csv", client="client_id", score="score", instrument_column="instrument",
        scale_column="scale", session="session", order="position", timing_column="timing",
        reason_column="missing_reason", catalogue=builtin_catalogue().with_(*(i for c in cases for i in c.instruments)),
    )  # fmt: skip
    for before, after in zip(cases, imported.cases, strict=True):
        assert after.id == before.id
        assert [m.score for m in after.measurements] == [m.score for m in before.measurements]
        assert [m.timing for m in after.measurements] == [m.timing for m in before.measurements]


def test_what_tables_cannot_hold_is_named(tmp_path: Path) -> None:
    case = Case.model_validate(
        {
            "id": "k1", "setting": "school",
            "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
            "sessions": [{"id": "s1", "number": 1, "status": "held", "notes": "Zaphod", "started_at": "2024-03-01"}],
            "measurements": [{"id": "m1", "instrument": "phq9", "subject": "c1", "score": 3, "session": "s1",
                              "respondent": {"kind": "therapist", "participant": "t1"}}],
            "tasks": [{"id": "k", "participant": "c1", "kind": "journal",
                       "history": [{"status": "requested"}, {"status": "completed"}]}],
            "journal": [{"id": "j1", "author": "c1", "text": "Zaphod"}],
        }
    )  # fmt: skip
    written = write_tables([case], tmp_path)
    losses = {(n.action, n.what): n.count for n in written.losses}
    assert losses == {
        ("not_taken", "BetweenSessionTask.history"): 1,
        ("not_taken", "Case.journal"): 1,
        ("not_taken", "Case.setting"): 1,
        ("not_taken", "Measurement.id"): 1,
        ("not_taken", "Measurement.respondent.participant"): 1,
        ("not_taken", "Participant"): 1,
        ("not_taken", "Session.notes"): 1,
        ("converted", "Session.started_at"): 1,
    }
    assert "Zaphod" not in str(written)


def test_a_measurement_that_the_tables_hold_wholly_loses_its_name_only(tmp_path: Path) -> None:
    one = Measurement.model_validate(
        {"id": "m1", "instrument": "phq9", "subject": "c1", "score": 3,
         "respondent": {"kind": "client", "participant": "c1"}}
    )  # fmt: skip
    case = Case.model_validate(
        {"id": "k1", "participants": [{"id": "c1", "role": "client"}], "measurements": [one]}
    )
    written = write_tables([case], tmp_path)
    assert [n.what for n in written.losses] == ["Measurement.id"]


def test_no_case_gives_empty_tables_with_all_columns(tmp_path: Path) -> None:
    written = write_tables([], tmp_path / "new" / "folder")
    assert set(written.rows.values()) == {0}
    assert (
        (tmp_path / "new" / "folder" / "scores.csv")
        .read_text(encoding="utf-8")
        .startswith("case_id,client_id")
    )
    assert written.losses == ()


def test_nothing_is_replaced_unless_told(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_tables(example_cases(), tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["tasks.csv"]
    written = write_tables(example_cases(), tmp_path, force=True)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(f.name for f in written.files)
    with pytest.raises(DocumentError, match="unknown_format"):
        write_tables([], tmp_path, format="xlsx")


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_tables(example_cases(), tmp_path / folder)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize(
    "text", ["\r", "a\rb", "a\r\nb", "a\nb", "\u2028", "a\x85b", "\x0b", '"', ",", "'=1"]
)
def test_no_line_end_within_a_text_is_lost_in_csv(text: str, tmp_path: Path) -> None:
    said = {"index": 0, "kind": "speech", "speaker": "c1", "text": text}
    case = Case.model_validate(
        {
            "id": "k",
            "participants": [{"id": "c1", "role": "client"}],
            "sessions": [{"id": "s1", "number": 1, "status": "held", "interactions": [said]}],
        }
    )
    write_tables([case], tmp_path / "tables", format="csv", text=True)
    (back,) = read_tables(tmp_path / "tables").cases
    assert back.sessions[0].interactions[0].text == text


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("number", 10**9), ("number", 2**63 - 1), ("index", 10**12), ("start_s", 1e300), ("duration_s", 1e300)],
)
def test_a_number_that_is_written_is_read_however_large(
    kind: str, field: str, value: float, tmp_path: Path
) -> None:
    said = {"index": 0, "kind": "speech", "speaker": "c1"}
    held: dict[str, Any] = {"id": "s1", "number": 1, "status": "held", "interactions": [said]}
    (said if field in {"index", "start_s"} else held)[field] = value
    case = Case.model_validate(
        {"id": "k", "participants": [{"id": "c1", "role": "client"}], "sessions": [held]}
    )
    write_tables([case], tmp_path / "tables", format=kind)
    (back,) = read_tables(tmp_path / "tables").cases
    found = back.sessions[0].interactions[0] if field in {"index", "start_s"} else back.sessions[0]
    assert getattr(found, field) == value
