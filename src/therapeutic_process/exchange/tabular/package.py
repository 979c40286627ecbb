"""Tables out: CSV or Parquet files with a Frictionless data package that says what every column means."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.exchange.tabular.losses import Losses
from therapeutic_process.exchange.whole_files import write_whole_files
from therapeutic_process.tables import CONTRACTS, Contract, from_cases

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from therapeutic_process.instruments import Instrument
    from therapeutic_process.records import Case

__all__ = ["TablesWritten", "write_tables"]

# Columns that the tables have beyond their contracts.
_FURTHER = {
    "case_id": "the case; joins the tables",
    "scale": "the subscale or scale; empty for the total",
    "position": "place of the measurement in its case, from 0",
    "session_id": "id of the session",
    "held_number": "place among the sessions that were held, from 1",
    "therapist_id": "the therapist, where one only was there",
    "instrument": "id of the instrument or coding system",
    "status": "where it stands in its life",
    "achievement": "how far the goal is achieved",
}
_TYPES = {"String": "string", "Int64": "integer", "Float64": "number"}
_FORMATS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@attrs.frozen
class TablesWritten:
    """What was written, and what the tables cannot hold.

    Attributes:
        files: The files, the data package last.
        rows: Rows by table.
        n_cases: The cases.
        losses: What stayed in the cases: kinds of fields and how often, never their content.
    """

    files: tuple[Path, ...]
    rows: dict[str, int]
    n_cases: int
    losses: tuple[ImportNote, ...]

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} {n}" for name, n in self.rows.items())
        return "\n".join([f"{self.n_cases} cases as tables: {sizes}", *map(str, self.losses)])


def write_tables(
    cases: Iterable[Case],
    folder: str | os.PathLike[str],
    *,
    format: str = "csv",  # noqa: A002  the word that people look for
    text: bool = False,
    force: bool = False,
) -> TablesWritten:
    """Write cases as flat tables: a file per kind of part, and ``datapackage.json`` with the contract of each column.

    The tables hold what `tables.from_cases` makes; whatever else the cases hold is counted in the answer. Times are in
    UTC. The data package carries the instruments of the cases' own that scores name. `read_tables` reads sessions, talk
    and scores back.

    >>> import tempfile
    >>> from therapeutic_process.exchange import example_cases
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_tables(example_cases(), folder)
    >>> written.rows["scores"], written.files[-1].name
    (32, 'datapackage.json')

    Args:
        cases: The cases.
        folder: Where to; made if it is not there.
        format: ``csv`` or ``parquet``.
        text: Whether what was said, and goals in words, are written.
        force: Whether files of these names may be replaced.

    Returns:
        What was written, and what stayed in the cases.

    Raises:
        DocumentError: ``unknown_format``.
        FileExistsError: If one of the files exists and `force` is off; then none is written.
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    if format not in _FORMATS:
        raise DocumentError("unknown_format", needed="csv or parquet", found="another format")
    losses = Losses(text=text, csv=format == "csv")
    tables = from_cases(losses.watching(cases), text=text)
    frames = {contract.name: (contract, getattr(tables, contract.name)) for contract in CONTRACTS}
    files = {f"{name}.{format}": _bytes(frame, format) for name, (_, frame) in frames.items()}
    resources = [
        _resource(c, frame, format, files[f"{name}.{format}"]) for name, (c, frame) in frames.items()
    ]
    files["datapackage.json"] = _package(resources, losses.instruments)
    written = _write(files, Path(folder), force=force)
    rows = {name: frame.height for name, (_, frame) in frames.items()}
    return TablesWritten(written, rows, losses.n_cases, losses.notes())


def _bytes(frame: Any, kind: str) -> bytes:
    out = BytesIO()
    if kind == "csv":
        frame.write_csv(out, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
    else:
        frame.write_parquet(out)
    return out.getvalue()


def _write(files: dict[str, bytes], folder: Path, *, force: bool) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise FileExistsError(f"{folder} holds {', '.join(there)}")
    places = {folder / name: data for name, data in files.items()}
    write_whole_files(places)
    return tuple(places)


def _package(resources: list[dict[str, Any]], instruments: dict[str, Instrument]) -> bytes:
    package: dict[str, Any] = {
        "profile": "tabular-data-package" if all("dialect" in r for r in resources) else "data-package",
        "name": "therapeutic-process-tables",
        "description": "Flat tables of courses of psychotherapy.",
        "schema_version": SCHEMA_VERSION,
        "resources": resources,
    }
    if instruments:
        own = [instruments[name] for name in sorted(instruments)]
        package["instruments"] = [one.model_dump(mode="json", exclude_defaults=True) for one in own]
    return (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode()


def _resource(contract: Contract, frame: Any, kind: str, data: bytes) -> dict[str, Any]:
    described = {
        "name": contract.name,
        "path": f"{contract.name}.{kind}",
        "profile": "tabular-data-resource" if kind == "csv" else "data-resource",
        "format": kind,
        "mediatype": _FORMATS[kind],
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {"fields": list(_fields(contract, frame)), "missingValues": [""]},
    }
    if kind == "csv":
        described |= {"encoding": "utf-8", "dialect": {"delimiter": ",", "header": True}}
    return described


def _fields(contract: Contract, frame: Any) -> Iterator[dict[str, Any]]:
    columns = {c.name: c for c in contract.columns}
    for name, dtype in frame.schema.items():
        kind = _TYPES.get(str(dtype), "datetime")
        field: dict[str, Any] = {"name": name, "type": kind}
        if kind == "datetime":
            field["format"] = "any"
        column = columns.get(name)
        field["description"] = column.meaning if column else _FURTHER[name]
        if column and column.unit:
            field["unit"] = column.unit
        if column:
            field["sensitivity"] = column.sensitivity
        yield field
