"""How process and outcome are laid out in time: one declaration that every estimator takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

import attrs

from therapeutic_process.errors import CannotEstimate

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Aggregator", "Layout", "TimeAxis", "Timing"]

Timing = Literal["before", "after", "both"]
Aggregator = Literal["any", "sum", "mean"]
TimeAxis = Literal["session", "days"]

NEXT: dict[Timing, str] = {
    "before": "next score",
    "after": "score of the same day (immediate)",
    "both": "score right after the session, given the score right before it (immediate)",
}
_NAME = "Layout"


def require_timing(function: str, timing: object) -> Timing:
    """Refuse an undeclared timing of the outcome to the session.

    Raises:
        CannotEstimate: If `timing` is none of those the library can analyse.
    """
    if timing not in get_args(Timing):
        raise CannotEstimate(
            function,
            "timing_undeclared",
            needed="timing 'before', 'after' or 'both': when the score of a row was taken, relative to its session",
            found="no timing" if timing is None else "another timing",
        )
    return cast("Timing", timing)


def require_level(function: str, level: object) -> float:
    """Refuse a level of intervals that is no share.

    Raises:
        CannotEstimate: If `level` is not a number between 0 and 1.
    """
    if type(level) not in {int, float} or not 0 < cast("float", level) < 1:
        raise CannotEstimate(
            function, "level_undefined", needed="a level between 0 and 1, as in 0.95", found="another"
        )
    return cast("float", level)


def _timing(value: object) -> Timing:
    return require_timing(_NAME, value)


def _texts(names: Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@attrs.frozen(kw_only=True)
class Layout:
    """How process and outcome are laid out in time.

    >>> Layout(timing="before", lag=2).outcome_in_words
    '2nd next score'
    >>> Layout(timing="both").outcome_in_words
    'score right after the session, given the score right before it (immediate)'

    Attributes:
        timing: When scores were taken, relative to the session of their row. `before`: baselines are the last two
            scores before the session, the outcome is the first after it, that of the next row. `after`: baselines
            are the scores after the last two sessions, the outcome is the score after this one (*immediate*).
            `both`: a row holds a score before the session, which is the baseline, and one after it, the outcome.
        lag: Which score after the session is the outcome, counted from 1, the first.
        lag_days: Instead of `lag`: the outcome is the first score that many days after the session (lowest and
            highest number, both included). Needs `days`.
        aggregator: What of several sessions between two scores counts: whether `any` held the process, their `sum`
            or their `mean`; None where every session has its score.
        covariates: Columns that vary over time, known in the session of their row.
        elapsed_days: Whether the days from the score before to the outcome are a covariate. Needs `days`.
        lagged_process: Whether the process of the session before is a covariate.
        time_axis: In what clients' own lines are straight: number of the `session`, or `days`. Needs `days`.
        days: Column of the day of the session and its scores: a number, a date, or a time with a time zone.
        outcome_after: Column of the score right after the session; read where `timing` is `both`.
    """

    timing: Timing = attrs.field(default=None, converter=_timing)
    lag: int = 1
    lag_days: tuple[float, float] | None = None
    aggregator: Aggregator | None = None
    covariates: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    elapsed_days: bool = False
    lagged_process: bool = False
    time_axis: TimeAxis = "session"
    days: str | None = None
    outcome_after: str = "outcome_after"

    def __attrs_post_init__(self) -> None:
        self._check_lag()
        if self.aggregator is not None and self.aggregator not in get_args(Aggregator):
            _refuse("aggregator_unknown", "aggregator 'any', 'sum' or 'mean'", "another")
        if self.aggregator is not None and self.timing == "both":
            _refuse("aggregator_unknown", "no aggregator where each session has its two scores", "one")
        if self.time_axis not in get_args(TimeAxis):
            _refuse("days_undeclared", "time axis 'session' or 'days'", "another")
        wanting = self.lag_days is not None or self.elapsed_days or self.time_axis == "days"
        if wanting and self.days is None:
            _refuse("days_undeclared", "the column of days", "none declared")

    def _check_lag(self) -> None:
        if type(self.lag) is not int or self.lag < 1:
            _refuse("lag_undefined", "a lag of 1 score or more, a whole number", "another")
        if self.lag_days is None:
            return
        if [type(end) in {int, float} for end in self.lag_days] != [True, True]:
            _refuse("lag_undefined", "a lag window of two numbers of days", "others")
        low, high = self.lag_days
        if not 0 <= low <= high < float("inf"):
            _refuse("windows_overlap", "a lag window in days with ends from 0 on, in order", "other ends")
        if self.lag != 1:
            _refuse("lag_undefined", "a lag in scores or in days", "both")

    @property
    def steps(self) -> int:
        """Scores per session."""
        return 2 if self.timing == "both" else 1

    @property
    def sessions_later(self) -> int:
        """The lag in sessions from the cause to the outcome: 0 for an outcome of the same session."""
        return self.lag - (self.timing != "before")

    @property
    def outcome_in_words(self) -> str:
        """What the outcome is."""
        if self.lag_days is not None:
            return f"first score {self.lag_days[0]:g} to {self.lag_days[1]:g} days later"
        if self.lag == 1:
            return NEXT[self.timing]
        if self.timing == "before":
            return f"{_ordinal(self.lag)} next score"
        return f"score after the {_ordinal(self.lag - 1)} next session"

    @property
    def plain(self) -> bool:
        """Whether this is one score per session, the first after it, and nothing else."""
        return self == Layout(timing=self.timing, days=self.days, outcome_after=self.outcome_after)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in {11, 12, 13} else 0, "th")
    return f"{number}{ending}"


def _refuse(code: str, needed: str, found: str) -> None:
    raise CannotEstimate(_NAME, code, needed=needed, found=found)


def refuse_covariates(function: str, plan: Layout) -> None:
    """Refuse covariates where the estimator has no place for them, rather than leave them out in silence.

    Args:
        function: The estimator.
        plan: The layout.

    Raises:
        CannotEstimate: If the layout names any.
    """
    named = len(plan.covariates) + plan.elapsed_days + plan.lagged_process
    if named:
        raise CannotEstimate(
            function, "covariates_unused", needed="a layout without covariates", found=f"{named} of them"
        )


def declared(function: str, timing: object, layout: Layout | None, *, days: str | None = None) -> Layout:
    """Return the declared layout: the one given, or a plain one for a timing.

    Args:
        function: The estimator.
        timing: The timing alone, where no layout is given.
        layout: The layout.
        days: Column of days, for a layout without one.

    Raises:
        CannotEstimate: If neither is given, or two timings.
    """
    if layout is None:
        return Layout(timing=require_timing(function, timing), days=days)
    if timing is not None and timing != layout.timing:
        raise CannotEstimate(
            function, "timing_undeclared", needed="one timing, in the layout or beside it", found="two"
        )
    return attrs.evolve(layout, days=layout.days or days)
