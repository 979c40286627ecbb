"""Which format a source has: what it declares of itself decides, and where that is not enough the caller does."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.conversion.formats import FORMATS, Format
from therapeutic_process.exchange.conversion.sources import json_of
from therapeutic_process.exchange.files import documents_of
from therapeutic_process.exchange.transcripts.turns import read_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["format_of_source", "format_of_target"]

_CASES = (".json", ".jsonl", ".jsonl.gz")
_ANNOMI = frozenset(
    {"transcript_id", "utterance_id", "interlocutor", "main_therapist_behaviour", "client_talk_type"}
)
_REDCAP = frozenset(
    {"record_id", "session_number", "session_status", "measurement_instrument", "measurement_score"}
)


def format_of_source(path: Path) -> Format:
    """Return the format that a source declares.

    Raises:
        DocumentError: ``no_such_file``; ``format_unclear`` where it declares none, or more than one.
    """
    if path.is_dir():
        return _one(_of_folder(path), path)
    if not path.exists():
        raise DocumentError(
            "no_such_file", needed="a file or a folder", found="nothing there", file=str(path)
        )
    name = path.name.lower()
    if name.endswith(".json"):
        return _one(_of_tree(json_of(path)), path)
    if name.endswith((".jsonl", ".jsonl.gz", ".ndjson")):
        return _one(_of_lines(path), path)
    if name.endswith(".csv"):
        return _one(_of_columns(path), path)
    return _one(
        [f.name for f in FORMATS.values() if f.reads and f.endings and name.endswith(f.endings)], path
    )


def format_of_target(path: Path) -> Format:
    """Return the format that a target's name asks for.

    Raises:
        DocumentError: ``format_unclear`` where the name leaves it open.
    """
    name = path.name.lower()
    if path.is_dir() or not path.suffix:
        return FORMATS["tables"]
    if name.endswith(".fhir.json"):
        return FORMATS["fhir"]
    if name.endswith(".json"):
        return FORMATS["case"]
    found = [f.name for f in FORMATS.values() if f.writes and f.endings and name.endswith(f.endings)]
    return _one(found, path, option="--to")


def _one(names: list[str], path: Path, *, option: str = "--from") -> Format:
    if len(names) == 1:
        return FORMATS[names[0]]
    found = f"what may be {' or '.join(names)}" if names else "nothing that tells"
    needed = f"a format that is clear; state it ({option})"
    raise DocumentError("format_unclear", needed=needed, found=found, file=str(path))


def _of_folder(path: Path) -> list[str]:
    found = []
    if (path / "datapackage.json").is_file():
        found.append("tables")
    if (path / "data.csv").is_file() and (path / "transcripts").is_dir():
        found.append("mibot")
    if not found and any(name.endswith(_CASES) for _, _, names in os.walk(path) for name in names):
        found.append("jsonl")
    return found


def _of_tree(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        if tree.get("kind") == "case":
            return ["case"]
        if "resourceType" in tree:
            return ["fhir"] if tree["resourceType"] == "Bundle" else []
        return ["diarised"] * ("segments" in tree) + ["chat"] * ("messages" in tree)
    if not isinstance(tree, list) or not tree or not all(isinstance(one, dict) for one in tree):
        return []
    pieces = all({"speaker", "text"} <= one.keys() for one in tree)
    messages = all({"role", "content"} <= one.keys() for one in tree)
    return ["diarised"] * pieces + ["chat"] * messages


def _of_lines(path: Path) -> list[str]:
    """Look at the first line only; it declares what it is."""
    ending = "fhir-ndjson" if path.name.lower().endswith(".ndjson") else "jsonl"
    for _, document in documents_of(path, whole=False):
        if isinstance(document, DocumentError):
            return [ending]  # the reader says what is wrong with it
        try:
            tree = json.loads(document)
        except (ValueError, RecursionError):
            return [ending]
        declared = tree if isinstance(tree, dict) else {}
        if "resourceType" in declared:
            return ["fhir-ndjson"]
        return ["jsonl"] if declared.get("kind") == "case" else []
    return [ending]


def _of_columns(path: Path) -> list[str]:
    """Look at the head of a table; only a head that no other format has declares one."""
    head = read_text(path, encoding=None).split("\n", maxsplit=1)[0]
    columns = set(next(csv.reader(io.StringIO(head)), []))
    return ["annomi"] * (columns >= _ANNOMI) + ["redcap"] * (columns >= _REDCAP)
