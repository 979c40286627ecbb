"""The course over therapies from tables: what was counted per session, laid along the sessions of each client."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from therapeutic_process.session_process.code_shares import CodeShareTable
from therapeutic_process.session_process.therapy import (
    CourseMeasure,
    SessionMeasured,
    TherapyCourse,
    therapy_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.session_process.talk_time import TalkProfile

__all__ = ["therapy_courses"]

_Cells = tuple[CourseMeasure, str | None, tuple[Any, ...], list[list[float]], tuple[str | None, ...]]


def therapy_courses(table: CodeShareTable | TalkProfile) -> TherapyCourse:
    """Lay what was counted per session along the sessions of each client.

    The sessions of a client are those in the table, in the order of their labels; a table that was read without a
    column of the client is one course.

    >>> import polars as pl
    >>> from therapeutic_process.session_process import code_share_table
    >>> turns = pl.DataFrame({"session_id": [1, 1, 2, 2, 3, 3], "index": [1, 2] * 3, "code": list("aaabbb")})
    >>> for row in therapy_courses(code_share_table(turns)).rows:
    ...     print(row.name, row.first, row.last, row.slope)
    a 1.0 0.0 -0.5
    b 0.0 1.0 0.5

    Args:
        table: Code shares with their declared ratios, or talk, per session.

    Returns:
        Courses, and the single sessions; `over_clients()` describes all clients.
    """
    held: dict[str, list[Any]] = {}
    places = []
    for label in table.sessions:
        client, session = label if isinstance(label, tuple) else ("", label)
        own = held.setdefault(str(client), [])
        own.append(session)
        places.append((str(client), str(session), len(own)))
    values = (
        SessionMeasured(*place, measure, of, str(name), *_known(value, why))
        for measure, of, names, cells, reasons in _cells(table)
        for place, row, why in zip(places, cells, reasons, strict=True)
        for name, value in zip(names, row, strict=True)
    )
    return therapy_of(values, held)


def _known(value: float, why: str | None) -> tuple[float | None, str | None]:
    return (None, why) if math.isnan(value) else (value, None)


def _cells(table: CodeShareTable | TalkProfile) -> Iterator[_Cells]:
    """Yield what is measured, names, values sessions x names, and per session why one may be missing."""
    n = len(table.sessions)
    if not isinstance(table, CodeShareTable):
        silent = tuple("not_known" if turns else "no_talk" for turns in table.n_turns.sum(1).tolist())
        yield "talk_share", table.amount, table.speakers, table.share.tolist(), silent
        return
    yield "code_share", None, table.codes, table.shares.tolist(), ("not_coded",) * n
    for name, ratio in table.ratios.items():
        yield "ratio", None, (name,), [[value] for value in ratio.ratio.tolist()], ratio.reason
