"""Pseudonyms for identifiers: the same for the same identifier and key, and of no use without the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import attrs

from therapeutic_process.errors import DocumentError, NotEnoughData
from therapeutic_process.exchange.whole_files import whole_file

if TYPE_CHECKING:
    import os

__all__ = ["KeyedPseudonyms", "RandomPseudonyms"]

_TABLE: Final = "pseudonym_table"
_LEAST_KEY_BYTES = 16
_CHARACTERS = 20  # of base 32: 100 bits, so that a million identifiers collide with a chance below 1e-18


@attrs.frozen(repr=False, eq=False)
class KeyedPseudonyms:
    """Pseudonyms made with a secret key (HMAC-SHA256), a domain of its own for every kind of identifier.

    >>> names = KeyedPseudonyms(b"a secret of 16 or more bytes")
    >>> names.of("participant", "anna") == names.of("participant", "anna")
    True
    >>> names.of("participant", "anna") == names.of("session", "anna")
    False
    """

    _key: bytes = attrs.field()

    @_key.validator
    def _long_enough(self, _: object, key: object) -> None:
        if not isinstance(key, bytes):  # the message of a usual type check would show the key
            raise NotEnoughData("KeyedPseudonyms", needed="a key of bytes", found="another type")
        if len(key) < _LEAST_KEY_BYTES:
            raise NotEnoughData(
                "KeyedPseudonyms", needed=f"a key of at least {_LEAST_KEY_BYTES} bytes", found="a shorter one"
            )

    def __repr__(self) -> str:
        return "KeyedPseudonyms()"

    def __getstate__(self) -> None:
        raise TypeError("a key is not pickled: keep it apart from the data")

    def of(self, domain: str, identifier: str) -> str:
        """Return the pseudonym of an identifier of some kind."""
        return base64.b32encode(self._digest(domain, identifier)).decode()[:_CHARACTERS].lower()

    def days(self, identifier: str, *, bound: int) -> int:
        """Return a number of days for somebody: not zero, at most `bound` either way, always the same."""
        drawn = int.from_bytes(self._digest("days", identifier)[:8], "big") % (2 * bound)
        return drawn - bound if drawn < bound else drawn - bound + 1

    def _digest(self, domain: str, identifier: str) -> bytes:
        message = f"therapeutic-process\0{domain}\0{identifier}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).digest()


@attrs.frozen(repr=False, eq=False)
class RandomPseudonyms:
    """Pseudonyms drawn at random and kept in a table, which is the only way back; keep it apart, or throw it away.

    Attributes:
        draw: Returns random bytes of a length; ``secrets.token_bytes`` unless a test needs another one.
        table: Pseudonym by kind and identifier, so far.
    """

    draw: Callable[[int], bytes]
    table: dict[tuple[str, str], str] = attrs.field(factory=dict)

    def __repr__(self) -> str:
        return f"RandomPseudonyms({len(self.table)} in the table)"

    def of(self, domain: str, identifier: str) -> str:
        """Return the pseudonym of an identifier of some kind; draw one where there is none yet."""
        if (domain, identifier) not in self.table:
            drawn = base64.b32encode(self.draw(13)).decode().lower()[:_CHARACTERS]
            self.table[domain, identifier] = drawn
        return self.table[domain, identifier]

    def days(self, identifier: str, *, bound: int) -> int:
        """Return a number of days for somebody: not zero, at most `bound` either way, the same every time."""
        if ("days", identifier) not in self.table:
            drawn = int.from_bytes(self.draw(8), "big") % (2 * bound)
            self.table["days", identifier] = str(drawn - bound if drawn < bound else drawn - bound + 1)
        return int(self.table["days", identifier])

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> int:
        """Write the table to a file that nobody but its owner may read; whoever has it can go back.

        >>> import pathlib, secrets, tempfile
        >>> names = RandomPseudonyms(secrets.token_bytes)
        >>> drawn = names.of("participant", "anna")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     n = names.save(pathlib.Path(folder, "table.json"))
        ...     again = RandomPseudonyms.load(pathlib.Path(folder, "table.json"), secrets.token_bytes)
        >>> n, again.of("participant", "anna") == drawn
        (1, True)

        Args:
            path: The file; it appears when it is complete.
            force: Whether an existing file may be replaced.

        Returns:
            How many entries were written.

        Raises:
            FileExistsError: If the file exists and `force` is off.
        """
        target = Path(path)
        if not force and (target.is_symlink() or target.exists()):
            raise FileExistsError(f"{target} exists")
        entries = [[*key, drawn] for key, drawn in self.table.items()]
        text = json.dumps(
            {"kind": _TABLE, "entries": entries}
        )  # in ASCII, so that half a surrogate pair is written too
        with whole_file(target, private=True) as stream:
            stream.write(f"{text}\n".encode())
        return len(entries)

    @classmethod
    def load(cls, path: str | os.PathLike[str], draw: Callable[[int], bytes]) -> Self:
        """Return the table that was saved in a file, to go on with it.

        Args:
            path: The file.
            draw: Returns random bytes of a length, for identifiers that the table does not have.

        Raises:
            DocumentError: ``no_such_file``, or ``not_this_format`` if it is no such table.
        """
        file = Path(path)
        try:
            table = _table_in(file.read_bytes())
        except OSError:
            code, needed = "no_such_file", "a file that can be read"
        else:
            if table is not None:
                return cls(draw, table)
            code, needed = "not_this_format", "a table of pseudonyms, as it was saved"
        raise DocumentError(code, needed=needed, found="something else", file=str(file))


def _table_in(raw: bytes) -> dict[tuple[str, str], str] | None:
    try:
        tree = json.loads(raw)
        table = {(domain, given): drawn for domain, given, drawn in tree["entries"]}
        known = tree["kind"] == _TABLE
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    texts = all(isinstance(x, str) for key, drawn in table.items() for x in (*key, drawn))
    days = (drawn for (domain, _), drawn in table.items() if domain == "days")
    return table if known and texts and all(map(_is_number, days)) else None


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 9
