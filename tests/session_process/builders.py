"""Tables and strategies for tests of coded sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from hypothesis import strategies as st

Sessions = Sequence[Sequence[str | None]]


def table_of(sessions: Sessions, **columns: Sequence[Any]) -> pl.DataFrame:
    """A turn per code; positions 10, 20, ... so that the position is no row number."""
    rows = [(s, 10 * (t + 1), code) for s, one in enumerate(sessions) for t, code in enumerate(one)]
    schema = {"session_id": pl.Int64, "index": pl.Int64, "code": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        **{name: pl.Series(name, values, strict=False) for name, values in columns.items()}
    )


def flat(sessions: Sessions) -> list[str | None]:
    return [code for one in sessions for code in one]


codes = st.sampled_from(["ask", "listen", "plan"])
maybe_codes = st.one_of(codes, st.none())


def sessions_of(
    elements: st.SearchStrategy[Any] = maybe_codes, *, most: int = 12
) -> st.SearchStrategy[list[list[Any]]]:
    """Up to four sessions of a few turns, at least one turn coded."""
    one = st.lists(elements, min_size=1, max_size=most)
    return st.lists(one, min_size=1, max_size=4).filter(
        lambda all_: any(c is not None for s in all_ for c in s)
    )
