"""Where cases come from: every format opened as cases, one after the other, with an account of what was left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
from pydantic_core import from_json

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.fhir import from_bundle
from therapeutic_process.exchange.files import documents_of, placed, read_cases
from therapeutic_process.exchange.imports import Imported, ImportNote
from therapeutic_process.exchange.mibot import read_mibot
from therapeutic_process.exchange.tabular import read_long, read_nhs_long, read_redcap, read_tables, read_wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping  # noqa: TC004  attrs does not evaluate annotations
    from pathlib import Path

    from therapeutic_process.exchange.fhir import FhirReport
    from therapeutic_process.records import Case  # noqa: TC004  attrs does not evaluate annotations

__all__ = [
    "Opened",
    "cases",
    "fhir",
    "fhir_lines",
    "imported",
    "json_of",
    "long",
    "mibot",
    "nhs",
    "redcap",
    "tables",
    "wide",
]


@attrs.define(eq=False, repr=False)
class Opened:
    """A source that was opened.

    Attributes:
        cases: Its cases, read as they are asked for.
        notes: What was done on the way, by action, thing and reason; complete once all cases were read.
        account: What the reader itself says, for people; empty where there is nothing beyond the notes.
    """

    cases: Iterator[Case]
    notes: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    account: str = ""

    def note(self, several: Iterable[ImportNote]) -> None:
        """Add up what was done."""
        for one in several:
            self.notes[one.action, one.what, one.why] += one.count


def cases(path: Path, _options: Mapping[str, Any]) -> Opened:
    """Open documents of cases."""
    return Opened(read_cases(path))


def imported(read: Callable[..., Imported]) -> Callable[[Path, Mapping[str, Any]], Opened]:
    """Return how a format is opened whose reader makes all cases at once."""

    def opened(path: Path, options: Mapping[str, Any]) -> Opened:
        made = read(path, **options)
        found = Opened(iter(made.cases), account=str(made.report))
        found.note(made.report.notes)
        return found

    return opened


def mibot(path: Path, options: Mapping[str, Any]) -> Opened:
    """Open the MIBot folder."""
    return imported(read_mibot)(path, options)


wide, long = imported(read_wide), imported(read_long)
redcap, nhs = imported(read_redcap), imported(read_nhs_long)
tables = imported(read_tables)


def json_of(path: Path) -> Any:
    """Return what a JSON file holds, within the bounds of a document.

    Raises:
        DocumentError: If it cannot be read, is too large, or is no JSON.
    """
    [(_, document)] = documents_of(path, whole=True)
    return _parsed(document, path, None)


def _parsed(document: bytes | DocumentError, path: Path, line: int | None) -> Any:
    if isinstance(document, DocumentError):
        raise placed(document, path, line)
    try:
        return from_json(document, allow_inf_nan=False)
    except ValueError as error:
        deep = "recursion" in str(error)
    code, found = ("too_deep", "a deeper one") if deep else ("not_json", "something else")
    raise DocumentError(code, needed="a JSON document", found=found, file=str(path), line=line)


def fhir(path: Path, _options: Mapping[str, Any]) -> Opened:
    """Open a bundle."""
    found = Opened(iter(()))
    found.cases = _of_bundle(json_of(path), found, path, None)
    return found


def fhir_lines(path: Path, _options: Mapping[str, Any]) -> Opened:
    """Open bundles, one on each line; single resources on lines are read together, for they refer to each other."""
    found = Opened(iter(()))
    found.cases = _of_lines(path, found)
    return found


def _of_lines(path: Path, found: Opened) -> Iterator[Case]:
    single: list[Any] = []
    for line, document in documents_of(path, whole=False):
        tree = _parsed(document, path, line)
        if isinstance(tree, dict) and isinstance(tree.get("resourceType"), str) and "entry" not in tree:
            if tree["resourceType"] != "Bundle":
                name = tree.get("id")
                address = {"fullUrl": f"urn:uuid:{name}"} if isinstance(name, str) else {}
                single.append({**address, "resource": tree})
                continue
        yield from _of_bundle(tree, found, path, line)
    if single:
        yield from _of_bundle({"resourceType": "Bundle", "entry": single}, found, path, None)


def _of_bundle(bundle: Any, found: Opened, path: Path, line: int | None) -> Iterator[Case]:
    try:
        read = from_bundle(bundle)
    except DocumentError as error:
        failure = placed(error, path, line)
    else:
        found.note((*read.report.left, *read.report.notes))
        found.note(_gaps(read.report))
        yield from read.cases
        return
    raise failure


def _gaps(report: FhirReport) -> Iterator[ImportNote]:
    if report.gaps:
        why = "the catalogue lacks them: a lenient reading takes the cases"
        yield ImportNote("not_taken", "instruments and coding systems", len(report.gaps), why)
