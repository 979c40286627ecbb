"""Agreement on streams of events that two observers cut up for themselves: event by event, aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.session_process.event_agreement import (
    EventAgreement,
    EventStream,
    read_streams,
    tally,
)
from therapeutic_process.session_process.extra import np
from therapeutic_process.session_process.kappa import Agreement
from therapeutic_process.session_process.quasi_independence import fit_quasi_independence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["alignment_kappa"]


def _align(one: EventStream, other: EventStream, tolerance_s: float) -> Iterator[tuple[int, int]]:
    """Align two sequences of events at least cost; -1 stands for no counterpart.

    Needleman & Wunsch (1970) as in Quera, Bakeman & Gnisci (2007): agreement costs nothing, an event without
    a counterpart 1, counterparts with different codes 1.5; only events within the tolerance are counterparts.
    """
    n, m = len(one.code), len(other.code)
    near = np.abs(one.onset[:, None] - other.onset[None, :]) <= tolerance_s + 1e-9
    pair = np.where(near, np.where(one.code[:, None] == other.code[None, :], 0.0, 1.5), np.inf).tolist()
    cost = [[float(i + j) for j in range(m + 1)] for i in range(n + 1)]
    for i in range(1, n + 1):
        above, here, own = cost[i - 1], cost[i], pair[i - 1]
        for j in range(1, m + 1):
            here[j] = min(above[j - 1] + own[j - 1], above[j] + 1, here[j - 1] + 1)
    i, j = n, m
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + pair[i - 1][j - 1]:
            i, j = i - 1, j - 1
            yield int(one.code[i]), int(other.code[j])
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            yield int(one.code[i]), -1
        else:
            j -= 1
            yield -1, int(other.code[j])


def alignment_kappa(
    events: IntoFrame,
    *,
    tolerance_s: float,
    session: str = "session_id",
    observer: str = "rater_id",
    code: str = "code",
    onset_s: str = "onset_s",
    codes: Sequence[Any] | None = None,
) -> EventAgreement:
    """Give the kappa of events that are matched one to one in order, those without a counterpart included.

    What neither saw cannot be counted: that cell is a structural zero, and chance agreement comes from the
    model of quasi-independence (Quera, Bakeman & Gnisci 2007; Bakeman & Quera 2011).

    >>> import polars as pl
    >>> events = pl.DataFrame({
    ...     "session_id": [1] * 5, "rater_id": list("xxxyy"), "code": list("abaab"),
    ...     "onset_s": [0, 5, 9, 1, 5],
    ... })
    >>> round(alignment_kappa(events, tolerance_s=2).agreement.observed, 3)
    0.667

    Args:
        events: A row per event and observer.
        tolerance_s: How far apart two onsets may lie and still be of one event.
        session: Column of the session.
        observer: Column of the observer, two of them.
        code: Column of the code.
        onset_s: Column of the onset, seconds in session.
        codes: The codes and their order; default: those that occur, sorted.

    Raises:
        TableError: If a cell is missing.
        NotEnoughData: If there are not exactly 2 observers.
    """
    streams, labels = read_streams(
        events, session=session, observer=observer, code=code, onset=onset_s, offset=None, codes=codes
    )
    k = len(labels) + 1
    pairs = np.array([p for a, b in streams for p in _align(a, b, tolerance_s)], dtype=np.int64).reshape(
        -1, 2
    )
    pairs = np.where(pairs < 0, k - 1, pairs)
    table = tally(pairs[:, 0], pairs[:, 1], k)
    possible = np.ones((k, k), dtype=np.bool_)
    possible[-1, -1] = False
    expected = fit_quasi_independence(table, possible).expected
    n, observed = int(table.sum()), float(np.trace(table)) / max(int(table.sum()), 1)
    chance = float(np.nansum(np.diag(expected)[:-1])) / max(n, 1)
    fitted = not bool(np.isnan(expected[possible]).any())
    reason = "no_units" if n == 0 else ("not_converged" if not fitted else "no_variation")
    varied = n > 0 and fitted and chance < 1 - 1e-12
    found = Agreement(
        method=f"alignment kappa (tolerance {tolerance_s:g} s)",
        value=(observed - chance) / (1 - chance) if varied else float("nan"),
        reason=None if varied else reason,
        observed=observed,
        expected=chance,
        n_units=n,
        n_raters=2,
    )
    return EventAgreement(found, table.astype(np.float64), (*labels, None), tolerance_s, None, len(streams))
