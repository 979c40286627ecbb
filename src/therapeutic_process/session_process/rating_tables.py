"""Reads ratings of the sessions of many clients from a table."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, cast, get_args

from therapeutic_process.errors import TableError
from therapeutic_process.session_process.columns import as_floats, read_columns, require_complete
from therapeutic_process.session_process.extra import np
from therapeutic_process.session_process.rated_sessions import (
    MOST,
    RaterRole,
    SessionRating,
    SessionRatings,
    collected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals.stable.v2 as nw
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["read_session_ratings"]


def read_session_ratings(
    table: IntoFrame,
    *,
    sessions: IntoFrame | None = None,
    client: str = "client_id",
    session: str = "session",
    instrument: str | None = None,
    scale: str = "scale",
    target: str | None = None,
    role: str = "role",
    rater: str = "rater",
    value: str = "value",
) -> SessionRatings:
    """Read ratings of sessions from a long table: a row per client, session, scale and rater.

    >>> import polars as pl
    >>> long = pl.DataFrame({"client_id": ["a", "a"], "session": [1, 2], "scale": ["bond", "bond"],
    ...                      "role": ["client", "client"], "rater": ["c", "c"], "value": [5.0, None]})
    >>> read_session_ratings(long)
    SessionRatings(1 ratings of 2 sessions, 1 missing, 0 left out)

    Args:
        table: The ratings, in any frame that Narwhals knows.
        sessions: A table of the sessions, which tells gaps from sessions that never were; where it has a column
            ``status``, those held. None: the sessions that occur among the ratings.
        client: Column of the client.
        session: Column of the session's number, a whole number.
        instrument: Column of the instrument; None: the scale names it all.
        scale: Column of the scale.
        target: Column of what was rated: rows about anything but a session are left out. None: the session.
        role: Column of the rater's role: client, therapist, observer, software or other.
        rater: Column of the rater.
        value: Column of the rating, null where it is missing.

    Returns:
        A row per rater, scale and session, and what was left out.

    Raises:
        TableError: If a column or key is missing, a role is another word, a value is not finite, or a rater rated a
            session twice on a scale.
    """
    names = {"client": client, "scale": scale, "role": role, "rater": rater}
    names |= {"instrument": instrument} if instrument is not None else {}
    names |= {"target": target} if target is not None else {}
    columns = read_columns(table, [session, value, *names.values()])
    for name in (client, rater):
        require_complete(columns[name], name)
    numbers = _whole(columns[session], session)
    values = as_floats(columns[value], value).tolist()
    _within_bounds(values, value)
    told = {what: _texts(columns[name]) for what, name in names.items()}
    _known_roles(told["role"], role)
    held = None if sessions is None else _held(sessions, client, session)
    rows = [dict(zip(told, one, strict=True)) for one in zip(*told.values(), strict=True)]
    left_out: Counter[str] = Counter()
    given: list[SessionRating] = []
    for row, number, rating in zip(rows, numbers, values, strict=True):
        reason = _left_out(row, number, held)
        if reason is not None or number is None:
            left_out[reason or "session_unknown"] += 1
        else:
            given.append(_rated(row, number, rating))
    _each_once(given)
    return collected(given, _numbers(given) if held is None else held, left_out)


_Row = dict[str, "str | None"]


def _rated(row: _Row, number: int, rating: float) -> SessionRating:
    known = not math.isnan(rating)
    whole = "instrument" not in row
    return SessionRating(
        client=str(row["client"]),
        session=number,
        position=0,
        instrument=row["scale" if whole else "instrument"] or "",
        scale=None if whole else row["scale"],
        target="session",
        role=cast("RaterRole", row["role"]),
        rater=str(row["rater"]),
        value=rating if known else None,
        n=int(known),
        missing=None if known else "no_value",
    )


def _within_bounds(values: Sequence[float], name: str) -> None:
    beyond = tuple(i for i, v in enumerate(values) if abs(v) > MOST)
    if beyond:
        needed, found = f"finite ratings in column {name!r}", f"{len(beyond)} infinite or beyond 1e100"
        raise TableError("not_finite", needed=needed, found=found, rows=beyond[:5])


def _texts(series: nw.Series[Any]) -> list[str | None]:
    return [None if one is None else str(one) for one in series.to_list()]


def _whole(series: nw.Series[Any], name: str) -> list[int | None]:
    values = as_floats(series, name)
    known = ~np.isnan(values)
    parts = np.flatnonzero(known & (values != np.floor(values)))
    if len(parts):
        needed, found = f"whole numbers in column {name!r}", f"{len(parts)} cells with others"
        raise TableError("not_whole", needed=needed, found=found, rows=tuple(parts[:5].tolist()))
    return [int(v) if k else None for v, k in zip(values.tolist(), known.tolist(), strict=True)]


def _known_roles(told: Sequence[str | None], name: str) -> None:
    allowed = get_args(RaterRole)
    wrong = tuple(i for i, one in enumerate(told) if one not in allowed)
    if wrong:
        needed = f"one of {', '.join(allowed)} in column {name!r}"
        raise TableError("label_unknown", needed=needed, found=f"{len(wrong)} other cells", rows=wrong[:5])


def _left_out(row: _Row, number: int | None, held: Mapping[str, tuple[int, ...]] | None) -> str | None:
    target = row.get("target", "session")
    if target != "session":
        return f"of_{target}" if target in _TARGETS else "of_something_else"
    if number is None:
        return "session_unknown"
    return None if held is None or number in held.get(row["client"] or "", ()) else "session_not_held"


_TARGETS = frozenset({"segment", "goal", "interaction"})


def _held(sessions: IntoFrame, client: str, session: str) -> dict[str, tuple[int, ...]]:
    import narwhals.stable.v2 as nw

    has_status = "status" in nw.from_native(sessions).collect_schema().names()
    columns = read_columns(sessions, [client, session, *(["status"] if has_status else [])])
    require_complete(columns[client], client)
    status = columns["status"].to_list() if has_status else ["held"] * len(columns[client])
    found: dict[str, set[int]] = {}
    for who, number, state in zip(
        _texts(columns[client]), _whole(columns[session], session), status, strict=True
    ):
        own = found.setdefault(str(who), set())
        if number is not None and state == "held":
            own.add(number)
    return {who: tuple(sorted(own)) for who, own in found.items()}


def _numbers(given: Sequence[SessionRating]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for one in given:
        found.setdefault(one.client, set()).add(one.session)
    return {who: tuple(sorted(own)) for who, own in found.items()}


def _each_once(given: Sequence[SessionRating]) -> None:
    counts = Counter((one.series, one.session) for one in given)
    twice = sum(n - 1 for n in counts.values())
    if twice:
        needed = "each rater once per client, session and scale"
        raise TableError("duplicate_key", needed=needed, found=f"{twice} rows more")
