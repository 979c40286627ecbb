"""Ways to damage a document: its bytes, its structure, its values. The same seed gives the same damage."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

__all__ = ["damaged", "deeper", "in_bytes", "in_structure", "in_values"]

_DEEP = '{"x":' * 250 + "1" + "}" * 250
PIECES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\n\n", b'"', b"\\", b"{", b"}", b"[", b"]",
    b",", b":", b"&", b"<", b"<!DOCTYPE x [<!ENTITY a 'aa'>]>", b"&a;", b"-->", b"<v ", b";", b"NaN", b"1e999",
    b"-0", b"\\ud800", b"\\u0000", b"null", b"9" * 400, b"\x1f\x8b", _DEEP.encode(), b"<think>", b"\xe2\x80\xa8",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, 5e-324, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, "", " ",
    "0", "1", "x", "\0", "\ud800", "\u202e", "\u0130", "x" * 201, "x" * 5_000, "e\u0301", "true", "NaN",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2024-02-30",
    "2024-03-01T10:00:00", "2024-03-01T10:00:00+00:00", "2024-03-01", "2024-03", "2024-W10-1", "held",
    "therapist", "completed", "active", "phq9", "0.9", "1.0", "1.7", "9.9", "case", [], {}, [[]], [None], [0],
    ["x"], {"x": 1}, {"start": "2024-03-02", "end": "2024-03-01"}, {"": ""}, {"\ud800": 1}, {"kind": "case"},
    [[[[[]]]]],
)  # fmt: skip


def in_bytes(raw: bytes, rng: random.Random, other: bytes) -> bytes:
    """Cut, double, overwrite, insert, or splice in a piece of another document."""
    if rng.random() < 0.5:  # one small spot, so that what is tried next lies behind the first check
        a = rng.randint(0, len(raw))
        return (
            raw[:a]
            + rng.choice((b"", bytes([rng.randrange(256)]), rng.choice(PIECES)))
            + raw[a + rng.randint(0, 2) :]
        )
    for _ in range(rng.randint(1, 4)):
        a, b = sorted(rng.choices(range(len(raw) + 1), k=2))
        near = min(a + rng.randint(0, 12), len(raw))
        c, d = sorted(rng.choices(range(len(other) + 1), k=2))
        raw = rng.choice((
            raw[:a], raw[a:], raw[:a] + raw[b:], raw[:a] + raw[near:], raw[:a] + raw[a:near] * 2 + raw[near:],
            raw[:a] + rng.choice(PIECES) + raw[a:], raw[:a] + rng.choice(PIECES) + raw[near:],
            raw[:a] + rng.randbytes(rng.randint(1, 3)) + raw[near:], raw[:a] + other[c : min(d, c + 400)] + raw[near:],
        ))  # fmt: skip
        if len(raw) > 400_000:
            raw = raw[:400_000]
    return raw


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return container and step of everything in a tree."""
    found: list[tuple[Any, Any]] = []
    todo = [tree]
    while todo:
        one = todo.pop()
        steps = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for step in steps:
            found.append((one, step))
            todo.append(one[step])
    return found


def in_values(tree: Any, rng: random.Random) -> Any:
    """Put other values in a few places: of another type, extreme, or taken from elsewhere in the document."""
    made = copy.deepcopy(tree)
    for _ in range(rng.randint(1, 3)):
        places = _places(made)
        if not places:
            return copy.deepcopy(rng.choice(VALUES))
        holder, step = rng.choice(places)
        there, from_step = rng.choice(places)
        value = copy.deepcopy(rng.choice(VALUES)) if rng.random() < 0.7 else copy.deepcopy(there[from_step])
        old = holder[step]
        if isinstance(old, (int, float)) and rng.random() < 0.3:
            value = rng.choice((old + 1, old - 1, -old, old * 1000, str(old), [old]))
        holder[step] = value
    return made


def deeper(value: Any, levels: int) -> Any:
    """Return a value inside as many lists."""
    for _ in range(levels):
        value = [value]
    return value


def in_structure(tree: Any, rng: random.Random) -> Any:
    """Take out, double, swap, rename, wrap and move parts."""
    made = copy.deepcopy(tree)
    for _ in range(rng.randint(1, 3)):
        places = _places(made)
        if not places:
            return made
        holder, step = rng.choice(places)
        there, other = rng.choice(places)
        old = holder[step]
        match rng.randrange(8):
            case 0:
                del holder[step]
            case 1 if isinstance(holder, list):
                holder.insert(step, copy.deepcopy(old))
            case 2:
                holder[step] = copy.deepcopy(there[other])
            case 3 if isinstance(holder, dict):
                holder[rng.choice(("x", "", "id", "kind", "\ud800", str(step).upper()))] = holder.pop(step)
            case 4 if isinstance(holder, dict):
                holder[rng.choice(("unknown", "x-note", "id", "number", "sessions"))] = copy.deepcopy(
                    there[other]
                )
            case 5:
                holder[step] = rng.choice(([old], {"value": old}, [old, old], deeper(old, 250)))
            case 6 if isinstance(old, list):
                rng.shuffle(old)
            case _:
                if isinstance(old, list):
                    holder[step] = old * rng.choice((0, 2, 40)) if len(old) < 50 else old[:1]
    return made


def damaged(raw: bytes, rng: random.Random, other: bytes, *, parsed: bool = False) -> bytes:
    """Damage a document in one of the three ways; what is no JSON only in its bytes, what stays JSON not in them."""
    way = rng.randint(int(parsed), 2)
    tree: Any = None
    if way:
        try:
            tree = json.loads(raw)
        except ValueError:
            way = 0
    if way == 0:
        return in_bytes(raw, rng, other)
    made = in_values(tree, rng) if way == 1 else in_structure(tree, rng)
    return json.dumps(made, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
