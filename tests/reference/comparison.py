"""What a comparison with a peer says about one case, and how numbers are held against each other."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Case",
    "Cells",
    "Outcome",
    "Status",
    "close",
    "deviates",
    "file_ending",
    "number",
    "read_csv",
    "read_json",
    "undefined",
]

Case = dict[str, Any]

Status = Literal["same", "differ", "known deviation", "not offered"]


class Outcome(NamedTuple):
    """The outcome of one case.

    Attributes:
        case: The id of the case.
        status: Whether the numbers are the same.
        detail: The first mismatches, or why there is nothing to compare.
    """

    case: str
    status: Status
    detail: str


def number(text: Any) -> float | None:
    """Read a cell as a number; empty, NA and NaN are None."""
    if text is None or (isinstance(text, str) and text.strip() in {"", "NA", "NaN"}):
        return None
    value = float(text)
    return None if math.isnan(value) else value


def undefined(value: Any) -> bool:
    """Tell whether a value stands for nothing."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def close(got: Any, expected: Any, *, rel: float = 1e-9, abs_: float = 1e-12) -> bool:
    """Hold two values against each other: numbers within a relative tolerance, the rest exactly."""
    if undefined(got) or undefined(expected):
        return undefined(got) and undefined(expected)
    if isinstance(got, str) or isinstance(expected, str):
        return str(got) == str(expected)
    return math.isclose(float(got), float(expected), rel_tol=rel, abs_tol=abs_)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as rows of text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


class Cells:
    """The cells of one case, collected while they are compared."""

    def __init__(self, case: str, *, perturb: bool = False) -> None:
        self.case = case
        self.compared = 0
        self.wrong: list[str] = []
        self.explained: list[str] = []
        self.missing: list[str] = []
        self._perturb = perturb

    def check(
        self,
        name: str,
        got: Any,
        expected: Any,
        *,
        rel: float = 1e-9,
        abs_: float = 1e-12,
        explained: bool = False,
        because: str = "",
    ) -> None:
        """Compare one cell; a mismatch is explained only where the caller has shown the peer's deviation."""
        if self._perturb and not undefined(expected):
            expected = str(expected) + "?" if isinstance(expected, str) else float(expected) * 1.01 + 1
            self._perturb, explained = False, False
        self.compared += 1
        if close(got, expected, rel=rel, abs_=abs_):
            return
        line = f"{name}: expected {expected}, got {got}"
        if explained:
            self.explained.append(f"{line} ({because})" if because else line)
        else:
            self.wrong.append(line)

    def not_offered(self, what: str) -> None:
        """Note something that the library does not offer."""
        self.missing.append(what)

    def outcome(self) -> Outcome:
        """Sum up the case."""
        if self.wrong:
            more = f" … and {len(self.wrong) - 3} more" if len(self.wrong) > 3 else ""
            return Outcome(self.case, "differ", "; ".join(self.wrong[:3]) + more)
        if not self.compared:
            return Outcome(self.case, "not offered", "; ".join(self.missing) or "nothing to compare")
        if self.explained:
            return Outcome(self.case, "known deviation", f"{len(self.explained)} cells; {self.explained[0]}")
        return Outcome(self.case, "same", f"{self.compared} cells")


def deviates(case: Case, *words: str) -> bool:
    """Tell whether the manifest names a known deviation with these words."""
    return any(all(w in str(d) for w in words) for d in case["known_deviations"])


def file_ending(folder: Path, case: Case, ending: str) -> Path | None:
    """Find the file of a case by how its name ends."""
    for entry in case["files"]:
        if entry["file"].endswith(ending):
            return folder / str(entry["file"])
    return None
