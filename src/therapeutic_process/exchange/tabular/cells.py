"""What a cell says: a score, a reason why there is none, an id, a number, a time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from therapeutic_process.base import MAX_ID_LENGTH
from therapeutic_process.errors import TableError
from therapeutic_process.records import MissingReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "ScoreReader",
    "choice",
    "client_id",
    "each",
    "number",
    "own_number",
    "own_whole_number",
    "text",
    "when",
    "whole_number",
]

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z", re.ASCII)
_WHOLE = re.compile(r"\+?\d{1,9}(?:\.0*)?\Z", re.ASCII)
_WHEN = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?\Z", re.ASCII
)
_EXACT = 2.0**53
_MOST_DIGITS = 1000
_PLAIN = {type(None), int, float, str}
UNREADABLE = None


def each(cells: Sequence[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read all cells of a column; equal cells of plain types are read once."""
    if set(map(type, cells)) <= _PLAIN:
        memo = _Memo(read)
        return [memo[c] for c in cells]
    return [read(c) for c in cells]


class _Memo(dict[Any, Any]):
    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, cell: Any) -> Any:
        value = self[cell] = self.read(cell)
        return value


def _absent(cell: Any) -> bool:
    """Whether there is nothing: None, NaN, NaT, pandas.NA."""
    try:
        return cell is None or bool(cell != cell)  # noqa: PLR0124  what is not equal to itself is no value
    except TypeError:  # pandas.NA says neither
        return True
    except (ValueError, ArithmeticError):
        return False


class ScoreReader:
    """Reads score cells: a float, or the reason why there is none (a text), or None where the cell says neither.

    >>> read = ScoreReader({"-9": "declined", "NA": "unknown"})
    >>> [read(cell) for cell in ("12", 7, -9.0, "NA", None, "twelve", True, "1_0", 10**400)]
    [12.0, 7.0, 'declined', 'unknown', 'unknown', None, None, None, None]
    """

    def __init__(self, missing: Iterable[str] | Mapping[str, MissingReason]) -> None:
        stated = [missing] if isinstance(missing, str) else missing
        codes = dict(stated) if isinstance(stated, Mapping) else dict.fromkeys(stated, "unknown")
        wrong = set(codes.values()) - set(get_args(MissingReason))
        if wrong:
            needed = f"reasons out of {', '.join(get_args(MissingReason))}"
            raise TableError("not_in_vocabulary", needed=needed, found=f"{len(wrong)} others")
        self.codes: dict[str, str] = {str(code).strip(): reason for code, reason in codes.items()}
        self.numbers = {float(c): reason for c, reason in self.codes.items() if _NUMBER.match(c)}

    def __call__(self, cell: Any) -> float | str | None:
        """Read one cell."""
        if _absent(cell):
            return "unknown"
        if isinstance(cell, str):
            cell = cell.strip()
            if not cell:
                return self.codes.get("", "unknown")
            if cell in self.codes:
                return self.codes[cell]
        value = number(cell)
        return self.numbers.get(value, value) if value is not None else UNREADABLE


def number(cell: Any) -> float | None:
    """Return the number that a cell holds exactly enough to be a score; None where it holds none."""
    if isinstance(cell, str) and _NUMBER.match(cell.strip()):
        value = float(cell)
    elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        try:
            value = float(cell)
        except (OverflowError, ValueError):
            return None
    else:
        return None
    return value if abs(value) <= _EXACT else None


def client_id(cell: Any) -> str | None:
    """Return an id as text; a whole number that an engine made a fraction (12.0) gets its own form back.

    >>> client_id(12.0), client_id("007"), client_id("")
    ('12', '007', None)
    """
    if _absent(cell):
        return None
    name = text(cell) or ""
    if not name.strip():
        return None
    if len(name) > MAX_ID_LENGTH or not _is_unicode(name):
        needed = f"ids of at most {MAX_ID_LENGTH} characters in valid Unicode"
        raise TableError("id_length", needed=needed, found="another")
    return name


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_number(cell: Any) -> int | str | None:
    """Return a whole number from 0, None for nothing, or ``"unreadable"``."""
    if _absent(cell) or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, str):
        return int(float(cell)) if _WHOLE.match(cell.strip()) else "unreadable"
    if (
        isinstance(cell, (int, float))
        and not isinstance(cell, bool)
        and 0 <= cell < 1e9
        and cell == int(cell)
    ):
        return int(cell)
    return "unreadable"


def own_number(cell: Any) -> float | str | None:
    """Return a number of a table that this library wrote, however large; None for nothing, or ``"unreadable"``."""
    found = number(cell)
    if found is not None or _absent(cell) or (isinstance(cell, str) and not cell.strip()):
        return found
    try:
        made = float(cell)
    except (TypeError, ValueError, OverflowError):
        return "unreadable"
    return made if math.isfinite(made) else "unreadable"


def own_whole_number(cell: Any) -> int | str | None:
    """Return a whole number of a table that this library wrote, however large; otherwise as `whole_number`."""
    found = whole_number(cell)
    if found != "unreadable":
        return found
    if isinstance(cell, str):
        return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < _MOST_DIGITS else "unreadable"
    return cell if type(cell) is int and cell >= 0 else "unreadable"


def when(cell: Any) -> date | str | None:
    """Return an instant or a day, None for nothing, or ``"unreadable"``; no order of day and month is guessed.

    A naive time stays naive here: the caller decides, and reports, what it becomes.
    """
    if _absent(cell) or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str) and _WHEN.match(cell.strip()):
        return _iso(cell.strip())
    return "unreadable"


def _iso(cell: str) -> date | str:
    try:
        return date.fromisoformat(cell) if len(cell) == 10 else datetime.fromisoformat(cell)
    except ValueError:
        return "unreadable"


def text(cell: Any) -> str | None:
    """Return a text as it stands, None for nothing; a code that an engine made a fraction (12.0) gets its form back.

    >>> text(" CBT"), text(720433000.0), text("")
    (' CBT', '720433000', None)
    """
    if _absent(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell) or None


def choice(words: Sequence[str]) -> Callable[[Any], str | None]:
    """Return a reader of cells that hold one of some words; anything else is ``"unreadable"``."""

    def read(cell: Any) -> str | None:
        found = (text(cell) or "").strip() or None
        return found if found is None or found in words else "unreadable"

    return read
