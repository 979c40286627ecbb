"""What of a grid the joint model can use, what it refuses, and what it warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.diagnostics import informative_clients, within_client_sd
from therapeutic_process.process_outcome.joint_covariance import Reading, Structure, structure
from therapeutic_process.process_outcome.panel import Panel, from_first_score

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.joint_result import ReadingEstimate

Array = NDArray[np.float64]

_NAME = "lagged_within_client_effect"
_MIN_OCCASIONS = 6
_MIN_CLIENTS = 30
_FEW_CLIENTS = 50
_MIN_VARYING = 15
_MIN_SCORES = 3
_PENALTY_LEADS = 0.5
_FEW_VALUES = 7


def sessions_of(panel: Panel) -> Array:
    """Return the process without the steps that no session lies in, (clients, sessions)."""
    return panel.process[:, :: panel.layout.steps]


def joint_structure(reading: Reading, panel: Panel) -> Structure:
    """Return the structure of a reading for a grid.

    Args:
        reading: `score` or `state`.
        panel: The grid; where lines are straight in days, an occasion lies at the mean of its days.
    """
    plan = panel.layout
    return structure(
        reading,
        panel.n_sessions,
        steps=plan.steps,
        lag=plan.lag,
        lagged_process=plan.lagged_process,
        time=None if panel.time is None else _mean_days(panel),
    )


def _mean_days(panel: Panel) -> Array:
    assert panel.time is not None
    known = ~np.isnan(panel.time) & ~np.isnan(panel.outcome)
    if not known.any(axis=0).all():
        needed = "days of scores at every occasion"
        _refuse_days(needed, f"none at {int((~known.any(axis=0)).sum())} occasions")
    start = np.where(known, panel.time, np.inf).min(axis=1, keepdims=True)
    days = np.where(known, panel.time - start, 0.0).sum(axis=0) / known.sum(axis=0)
    if not (np.diff(days) >= 0).all() or days[-1] <= days[0]:
        _refuse_days("mean days that increase from occasion to occasion", "others")
    return np.asarray(days)


def usable_clients(panel: Panel) -> tuple[Panel, tuple[tuple[str, int], ...]]:
    """Return the clients the joint model can use, and how many it cannot, by reason.

    Args:
        panel: The grid.
    """
    all_sessions = int((~np.isnan(panel.process)).sum())
    panel = from_first_score(panel)
    scores = (~np.isnan(panel.outcome)).sum(axis=1)
    coded = (~np.isnan(panel.process)).sum(axis=1)
    few, uncoded = scores < _MIN_SCORES, (scores >= _MIN_SCORES) & (coded == 0)
    reasons = (
        (f"client with fewer than {_MIN_SCORES} scores", int(few.sum())),
        ("client without a coded session", int(uncoded.sum())),
        ("session before the first score of the cohort", all_sessions - int(coded.sum())),
    )
    return panel.keep(~(few | uncoded)), tuple(r for r in reasons if r[1])


def refuse_thin(panel: Panel, function: str = _NAME) -> tuple[float, float]:
    """Refuse a grid that the joint model cannot carry; return the within-client SDs of outcome and process.

    Args:
        panel: The grid of usable clients.
        function: The estimator that asks.

    Raises:
        CannotEstimate: With the numbers.
    """
    steps, lag = panel.layout.steps, panel.layout.lag
    scored = np.asarray((~np.isnan(panel.outcome)).any(axis=0))[steps - 1 :: steps]
    beyond = f" beyond a lag of {lag}" if lag > 1 else ""
    checks = [
        (
            "too_few_occasions",
            max(int(scored.sum()) - (lag - 1), 0),
            _MIN_OCCASIONS,
            f"outcome occasions{beyond}",
        ),
        ("too_few_clients", len(panel.outcome), _MIN_CLIENTS, "usable clients"),
        (
            "too_few_varying_clients",
            int(informative_clients(panel.process).sum()),
            _MIN_VARYING,
            "clients in whom the process varies",
        ),
    ]
    if panel.cluster is not None:
        checks.append(("too_few_clusters", len(np.unique(panel.cluster)), 2, "clusters"))
    for code, found, least, what in checks:
        if found < least:
            raise CannotEstimate(function, code, needed=f"at least {least} {what}", found=str(found))
    _refuse_empty_numbers(panel, function)
    spread = within_client_sd(panel.outcome), within_client_sd(panel.process)
    if not min(spread) > 0:
        still = " and ".join(
            n for n, sd in zip(("the outcome", "the process"), spread, strict=True) if sd <= 0
        )
        raise CannotEstimate(
            function,
            "no_within_variance",
            needed="outcome and process that vary within clients",
            found=f"0 variance about clients' own lines in {still}",
        )
    return spread


def _refuse_empty_numbers(panel: Panel, function: str) -> None:
    """Refuse session numbers of which every other one is nobody's: the "next score" would be half a step away."""
    empty = _empty_numbers(panel)
    if 2 * empty >= panel.n_sessions:
        needed = "session numbers without gaps: number the sessions anew"
        raise CannotEstimate(
            function,
            "session_numbers_empty",
            needed=needed,
            found=f"{empty} of {panel.n_sessions} numbers that nobody has",
        )


def _empty_numbers(panel: Panel) -> int:
    """Count the session numbers from first to last at which nobody has a score or a coded session."""
    steps = panel.layout.steps
    held = np.array((~np.isnan(panel.outcome)).any(axis=0))
    held[: panel.process.shape[1]] |= (~np.isnan(panel.process)).any(axis=0)
    return sum(not held[at : at + steps].any() for at in range(0, len(held) - 1, steps))


def _refuse_days(needed: str, found: str) -> None:
    raise CannotEstimate(_NAME, "days_undeclared", needed=needed, found=found)


def few_clients(n: int) -> tuple[str, ...]:
    """Return a warning where there are few clients.

    Args:
        n: How many.
    """
    few = f"{n} clients: fewer than {_FEW_CLIENTS}, intervals may be too short"
    return (few,) if n < _FEW_CLIENTS else ()


def joint_warnings(panel: Panel, readings: tuple[ReadingEstimate, ...]) -> tuple[str, ...]:
    """Return what limits an estimate of the joint model.

    Args:
        panel: The grid.
        readings: What was estimated.
    """
    found = [*few_clients(len(panel.outcome))]
    for r in readings:
        led = [name for name, share in r.penalty_share.items() if share > _PENALTY_LEADS]
        if led:
            found.append(
                f"{r.reading} reading: a weak penalty supplies most of what is known of {', '.join(led)}"
            )
    empty = _empty_numbers(panel)
    if empty:
        found.append(f"{empty} session numbers that nobody has: a step over them counts as a session")
    lasting = _never_ends(panel.process)
    if lasting > informative_clients(panel.process).sum() / 2:
        found.append(
            f"in {lasting} clients the process, once begun, never ends: that cannot be told from their own course"
        )
    values = len(np.unique(panel.outcome[~np.isnan(panel.outcome)]))
    if values <= _FEW_VALUES:
        found.append(f"the outcome takes {values} values: a single ordinal item is no interval scale")
    return tuple(found)


def _never_ends(process: Array) -> int:
    """Count the clients in whom the process varies and only ever rises."""
    coded = ~np.isnan(process)
    highest = np.maximum.accumulate(np.where(coded, process, -np.inf), axis=1)
    rising = ((process >= highest) | ~coded).all(axis=1)
    return int((rising & informative_clients(process)).sum())
