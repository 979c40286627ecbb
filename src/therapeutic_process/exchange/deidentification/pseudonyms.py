"""Pseudonyms for identifiers: the same for the same identifier and key, and of no use without the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import attrs

from therapeutic_process.errors import NotEnoughData

__all__ = ["KeyedPseudonyms", "RandomPseudonyms"]

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
