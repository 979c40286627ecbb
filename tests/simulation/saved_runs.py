"""Replications of the gate on disk, so that an interrupted run goes on where it ended.

A file of JSON lines: cell, code, number of the first replication, and what both estimators said in each. Replications
of other code are not used: the code is a digest of the modules that the estimators and the simulation consist of.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import therapeutic_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOTS = ("process_outcome.joint_model", "process_outcome.screen", "simulate.cohort")
_HERE = "therapeutic_process."


def modules_of(roots: Sequence[str] = ROOTS) -> dict[str, Path]:
    """Return the files of these modules and of all they import from their own rooms."""
    source = Path(therapeutic_process.__file__).parent
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        file = source / (name.replace(".", "/") + ".py")
        if name not in found and file.is_file():
            found[name] = file
            waiting += _imported(file)
    return found


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_HERE):
            name = str(node.module).removeprefix(_HERE)
            if name.startswith(("process_outcome.", "simulate.")):
                yield name


def code_digest() -> str:
    """Return a digest of the code whose behaviour the gate counts."""
    digest = hashlib.sha256()
    for name, file in sorted(modules_of().items()):
        digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


class SavedRuns:
    """The replications in a file; without a file nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.code = code_digest()
        self.of_other_code = 0
        self._known: dict[tuple[str, int], list[Any]] = {}
        if file is not None and file.is_file():
            self._read(file)

    def _read(self, file: Path) -> None:
        text = file.read_text(encoding="utf-8")
        for line in text.split("\n")[:-1]:  # a last line without its end was cut off
            run = json.loads(line)
            if run["code"] == self.code:
                self._known[run["cell"], run["first"]] = run["fits"]
            else:
                self.of_other_code += 1
        file.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")

    def of(self, cell: str) -> list[Any]:
        """Return the replications of a cell, from the first without a gap."""
        fits: list[Any] = []
        while (cell, len(fits)) in self._known:
            fits += self._known[cell, len(fits)]
        return fits

    def add(self, cell: str, first: int, fits: list[Any]) -> None:
        """Keep replications of a cell."""
        self._known[cell, first] = fits
        if self.file is not None:
            run = {"cell": cell, "code": self.code, "first": first, "fits": fits}
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(run) + "\n")
