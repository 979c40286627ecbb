"""The self-controlled case series: change events after sessions against the client's other days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.crossover import conditional_fit
from therapeutic_process.process_outcome.layout import require_level
from therapeutic_process.process_outcome.observed_days import observed_spans, pieces_of_time, strata_of_pieces
from therapeutic_process.process_outcome.panel_reading import read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["SelfControlledEffect", "self_controlled_event_effect"]

_NAME = "self_controlled_event_effect"
_PRE = "before the session"
_WASHOUT = "washout"

ASSUMPTIONS = (
    "change events do not alter later exposure, and do not end observation",
    "events recur independently or are rare",
    "rates are constant within bands, apart from the risk windows",
    "sessions do not follow bad weeks (else regression to the mean: up to 100 % false positives)",
)


@attrs.frozen(eq=False, repr=False)
class SelfControlledEffect:
    """Rates of change events in risk windows, relative to the same client's other days.

    Attributes:
        terms: Windows, washout and bands.
        log_rate_ratio: One per term.
        standard_error: Theirs.
        rate_ratio: One per term.
        interval: Of the rate ratios, at the declared level.
        p_value: Two-sided, Wald.
        log_likelihood: Conditional.
        n_clients: Clients with an event.
        n_events: Events of clients who have more than one state.
        n_events_after_exposure: Events in a risk window.
    """

    terms: tuple[str, ...]
    log_rate_ratio: tuple[float, ...]
    standard_error: tuple[float, ...]
    rate_ratio: tuple[float, ...]
    interval: tuple[tuple[float, float], ...]
    p_value: tuple[float, ...]
    log_likelihood: float
    n_clients: int
    n_events: int
    n_events_after_exposure: int
    dropped: tuple[tuple[str, int], ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    method: str = "self-controlled case series, conditional Poisson"

    def __repr__(self) -> str:
        return f"<SelfControlledEffect {self.n_events} events in {self.n_clients} clients>"

    def __str__(self) -> str:
        lines = [repr(self)]
        for name, ratio, (low, high), p in zip(
            self.terms, self.rate_ratio, self.interval, self.p_value, strict=True
        ):
            lines.append(f"{name}: rate × {ratio:.3g} ({low:.3g} to {high:.3g}), p = {p:.2g}")
        return "\n".join([*lines, *(f"assumes: {text}" for text in self.assumptions)])

    def to_frame(self) -> pl.DataFrame:
        """Return one row per term."""
        import polars as pl

        return pl.DataFrame(
            {
                "term": self.terms,
                "log_rate_ratio": self.log_rate_ratio,
                "standard_error": self.standard_error,
                "rate_ratio": self.rate_ratio,
                "low": [low for low, _ in self.interval],
                "high": [high for _, high in self.interval],
                "p_value": self.p_value,
            }
        )


def self_controlled_event_effect(
    observation: IntoFrame,
    sessions: IntoFrame,
    changes: IntoFrame,
    *,
    windows: Sequence[tuple[int, int]],
    pre_window: int | None,
    washout: int | None = None,
    bands: Sequence[int] = (),
    event_precision: int = 0,
    client: str = "client_id",
    start: str = "start",
    end: str = "end",
    day: str = "day",
    level: float = 0.95,
) -> SelfControlledEffect:
    """Compare the rate of change events in windows after sessions with the client's other days.

    Conditional Poisson regression within clients (Farrington 1995; Whitaker et al. 2006). Days are whole; a
    window (0, 6) is the day of the session and the six days after; a later session's window takes precedence.

    >>> import polars as pl
    >>> observed = pl.DataFrame({"client_id": [1, 2, 3], "start": [1, 1, 1], "end": [100, 100, 100]})
    >>> sessions = pl.DataFrame({"client_id": [1, 2, 3], "day": [10, 30, 50]})
    >>> changes = pl.DataFrame({"client_id": [1, 2, 3], "day": [12, 33, 80]})
    >>> found = self_controlled_event_effect(observed, sessions, changes, windows=[(0, 6)], pre_window=None)
    >>> round(found.rate_ratio[0], 1)
    26.6

    Args:
        observation: One row per client: first and last day observed, both included.
        sessions: One row per session with the event under study.
        changes: One row per change event.
        windows: Risk windows in days from the session, both ends included, in order.
        pre_window: Days before a session that serve as its placebo; None where sessions cannot follow change.
        washout: Days after the last window with a rate of their own.
        bands: Days on which a new band of time (or age) begins.
        event_precision: Days within which the time of a change event is known.
        client: Column of the client in all three tables.
        start: Column of the first day.
        end: Column of the last day.
        day: Column of the day in `sessions` and `changes`.
        level: Level of the intervals.

    Raises:
        CannotEstimate: With codes `windows_overlap`, `event_time_too_wide`, `no_informative_client`,
            `separation`, `not_converged`, `placebo_lead`.
        TableError: If a table does not keep its contract.
    """
    require_level(_NAME, level)
    _refuse_windows(windows, event_precision)
    observed = read_columns(observation, client, (start, end))
    exposed = read_columns(sessions, client, (day,))
    changed = read_columns(changes, client, (day,))
    spans = observed_spans(observed)
    names = _names(windows, pre_window, washout, bands)
    states = _states(windows, pre_window, washout)
    pieces, lost = pieces_of_time(spans, exposed, changed, states, bands)
    fit = conditional_fit(_NAME, strata_of_pieces(pieces, len(states), len(bands)))
    z = float(stats.norm.ppf(0.5 + level / 2))
    b, se = fit.coefficients, fit.standard_errors
    p = 2 * stats.norm.sf(np.abs(b / se))
    if pre_window is not None and p[names.index(_PRE)] < 0.05:
        needed = "a rate before sessions that does not differ (p of at least .05)"
        raise CannotEstimate(_NAME, "placebo_lead", needed=needed, found=f"p = {p[names.index(_PRE)]:.2g}")
    after = sum(piece.events for piece in pieces if 0 < piece.state <= len(windows))
    return SelfControlledEffect(
        names,
        tuple(map(float, b)),
        tuple(map(float, se)),
        tuple(map(float, np.exp(b))),
        tuple((float(low), float(high)) for low, high in np.exp(np.column_stack([b - z * se, b + z * se]))),
        tuple(map(float, p)),
        fit.log_likelihood,
        len({piece.who for piece in pieces}),
        fit.n_cases,
        after,
        (("change event outside the observed days", lost),) if lost else (),
    )


def _refuse_windows(windows: Sequence[tuple[int, int]], precision: int) -> None:
    edges = [edge for window in windows for edge in window]
    if not windows or any(low > high for low, high in windows):
        raise CannotEstimate(
            _NAME, "windows_overlap", needed="at least one window with ends in order", found="none"
        )
    if any(later <= earlier for earlier, later in zip(edges[1::2], edges[2::2], strict=False)):
        raise CannotEstimate(
            _NAME, "windows_overlap", needed="windows one after the other", found="an overlap"
        )
    width = min(high - low + 1 for low, high in windows)
    if precision > width:
        needed = f"event times known to within {width} days; else use sessions as intervals"
        raise CannotEstimate(_NAME, "event_time_too_wide", needed=needed, found=f"{precision} days")


def _names(
    windows: Sequence[tuple[int, int]], pre: int | None, washout: int | None, bands: Sequence[int]
) -> tuple[str, ...]:
    return (
        *(f"days {low} to {high}" for low, high in windows),
        *([_WASHOUT] if washout else []),
        *([_PRE] if pre is not None else []),
        *(f"band {k}" for k in range(2, len(bands) + 2)),
    )


def _states(
    windows: Sequence[tuple[int, int]], pre: int | None, washout: int | None
) -> list[tuple[int, int, int]]:
    states = [(k, low, high) for k, (low, high) in enumerate(windows, start=1)]
    last = windows[-1][1]
    if washout:
        states.append((len(states) + 1, last + 1, last + washout))
    if pre is not None:
        states.append((len(states) + 1, -pre, min(windows[0][0], 0) - 1))
    return states
