"""What can go wrong: one base class and its few children, none of which ever carries a value of a record."""

from __future__ import annotations

from typing import Any, Self

import attrs

__all__ = [
    "CannotEstimate",
    "DocumentError",
    "MissingExtra",
    "NotEnoughData",
    "RecordError",
    "TableError",
    "TherapeuticProcessError",
    "TherapeuticProcessWarning",
    "VersionTooNew",
    "VersionTooOld",
    "Violation",
]

MAX_LISTED = 100


def _rebuild(
    cls: type[TherapeuticProcessError], message: str, state: dict[str, Any]
) -> TherapeuticProcessError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


def _on_one_line(name: str) -> str:
    """Return a file's name with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


class TherapeuticProcessError(ValueError):
    """Base of every error of this library. Pickles and copies; holds facts as attributes, never a client's data."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), str(self.args[0]) if self.args else "", dict(self.__dict__)))


class TherapeuticProcessWarning(UserWarning):
    """Base of every warning of this library: a debatable step, its cause and its remedy."""


@attrs.frozen
class Violation:
    """One broken rule of a record.

    Attributes:
        path: Where, as a JSON path of declared field names and positions (``$.sessions[3].number``).
        code: The rule's stable code; every code is explained in the reference of the documentation.
        needed: What the rule asks for.
        found: What kind of thing was there instead; never the thing itself.
    """

    path: str
    code: str
    needed: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}: {self.code}: needed {self.needed}, found {self.found}"

    def under(self, prefix: str) -> Self:
        """Return the same violation seen from an enclosing record.

        >>> Violation("$.number", "x", "a", "b").under("$.sessions[1]").path
        '$.sessions[1].number'
        """
        return attrs.evolve(self, path=prefix + self.path.removeprefix("$"))


class RecordError(TherapeuticProcessError):
    """A document or record breaks rules.

    Attributes:
        record: The kind of record (``Case``).
        violations: At most 100 violations, in document order.
        total: How many violations there are in all.
    """

    record: str
    violations: tuple[Violation, ...]
    total: int

    def __init__(self, record: str, violations: tuple[Violation, ...], *, total: int | None = None) -> None:
        self.record = record
        self.violations = violations[:MAX_LISTED]
        self.total = len(violations) if total is None else total
        noun = "violation" if self.total == 1 else "violations"
        lines = [f"{record}: {self.total} {noun}", *(f"  {v}" for v in self.violations)]
        if self.total > len(self.violations):
            lines.append(f"  … and {self.total - len(self.violations)} more")
        super().__init__("\n".join(lines))

    def errors(self) -> list[dict[str, str]]:
        """Return the violations as dictionaries, ready for JSON.

        >>> RecordError("Case", (Violation("$.id", "field_missing", "this field", "nothing"),)).errors()
        [{'path': '$.id', 'code': 'field_missing', 'needed': 'this field', 'found': 'nothing'}]
        """
        return [attrs.asdict(v) for v in self.violations]


class DocumentError(TherapeuticProcessError):
    """A file or one document of it cannot be read.

    Attributes:
        code: The stable code of what is wrong (``not_json``, ``too_large``, ``too_deep``, ``truncated``, …).
        needed: What was needed.
        found: What was found; never a value.
        file: The file's path as the caller gave it, if there is one.
        line: The line in that file, counted from 1, if known.
        violations: The violations, where the document is JSON but no valid record.
        total: How many violations there are in all.
    """

    code: str
    needed: str
    found: str
    file: str | None
    line: int | None
    violations: tuple[Violation, ...]
    total: int

    def __init__(
        self,
        code: str,
        *,
        needed: str,
        found: str,
        file: str | None = None,
        line: int | None = None,
        cause: RecordError | None = None,
    ) -> None:
        self.code = code
        self.needed = needed
        self.found = found
        self.file = file
        self.line = line
        self.violations = cause.violations if cause else ()
        self.total = cause.total if cause else 0
        place = ":".join(_on_one_line(str(p)) for p in (file, line) if p is not None)
        head = f"{place}: " if place else ""
        detail = f"\n{cause}" if cause else ""
        super().__init__(f"{head}{code}: needed {needed}, found {found}{detail}")


class VersionTooNew(DocumentError):
    """A document was written for a schema version that this library does not know yet."""


class VersionTooOld(DocumentError):
    """A document was written for a schema version that this library no longer reads."""


class NotEnoughData(TherapeuticProcessError):
    """A function was given too little to answer.

    Attributes:
        function: The function that was asked.
        needed: What it needs, in words.
        found: What it found, in words or as a count.
    """

    function: str
    needed: str
    found: str

    def __init__(self, function: str, *, needed: str, found: str | int) -> None:
        self.function = function
        self.needed = needed
        self.found = str(found)
        super().__init__(f"{function} needs {needed}, found {found}")


class TableError(TherapeuticProcessError):
    """A table does not keep its contract: a column is missing, a key is not unique, a cell is no number.

    Attributes:
        code: The stable code of the broken contract (``column_missing``, ``duplicate_key``, …).
        needed: What the contract asks for.
        found: What was found: names of columns and counts of rows, never cells.
        rows: The first row numbers concerned (from 0), where the engine has a row order.
    """

    code: str
    needed: str
    found: str
    rows: tuple[int, ...]

    def __init__(self, code: str, *, needed: str, found: str, rows: tuple[int, ...] = ()) -> None:
        self.code = code
        self.needed = needed
        self.found = found
        self.rows = rows
        where = f" (first rows {', '.join(map(str, rows))})" if rows else ""
        super().__init__(f"{code}: needed {needed}, found {found}{where}")


class CannotEstimate(TherapeuticProcessError):
    """A statistical model is refused: the data cannot carry it, or the fit did not converge.

    Attributes:
        function: The estimator.
        code: The stable code of the refusal (``too_few_clients``, ``no_within_variance``, ``not_converged``, …).
        needed: What the estimator needs.
        found: What it found.
    """

    function: str
    code: str
    needed: str
    found: str

    def __init__(self, function: str, code: str, *, needed: str, found: str) -> None:
        self.function = function
        self.code = code
        self.needed = needed
        self.found = found
        super().__init__(f"{function}: {code}: needed {needed}, found {found}")


class MissingExtra(TherapeuticProcessError, ImportError):
    """An optional dependency is not installed.

    Attributes:
        extra: The extra to install.
        package: The package that is missing.
    """

    extra: str
    package: str

    def __init__(self, extra: str, package: str) -> None:
        self.extra = extra
        self.package = package
        super().__init__(
            f"this needs the package {package!r}, which is not installed; "
            f"install the extra: pip install 'therapeutic-process[{extra}]'"
        )
