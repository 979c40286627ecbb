"""The same question for structural equation software: syntax of the model, and the table that it reads."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import attrs
import numpy as np

from therapeutic_process.errors import CannotEstimate, TherapeuticProcessWarning
from therapeutic_process.process_outcome.panel import Panel, Timing, require_timing
from therapeutic_process.process_outcome.panel_reading import read_panel

if TYPE_CHECKING:
    import polars as pl  # noqa: TC004  attrs does not evaluate annotations
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["ModelSyntax", "UnequalSpacingWarning", "to_dpm", "to_lavaan_riclpm"]

_UNEQUAL = 1.5
_FEWEST = 3


class UnequalSpacingWarning(TherapeuticProcessWarning):
    """Gaps between scores differ, but the model takes one carry-over for all of them; `spacing_ok=True` accepts it."""


@attrs.frozen(eq=False, repr=False)
class ModelSyntax:
    """A model for another program, and its data.

    Attributes:
        program: The R package that reads it.
        syntax: The model.
        script: An R script that fits the model to the data as `data`.
        data: The table; columns `y1`, `x1`, … by session, or one row per client and session.
        n_clients: Clients in the table.
        n_occasions: Occasions from the first score to the last.
        reference: The model's source.
    """

    program: str
    syntax: str
    script: str
    data: pl.DataFrame
    n_clients: int
    n_occasions: int
    reference: str

    def __repr__(self) -> str:
        return f"<ModelSyntax for {self.program}: {self.n_clients} clients × {self.n_occasions} occasions>"

    def __str__(self) -> str:
        return self.script


def to_lavaan_riclpm(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    days: str | None = None,
    spacing_ok: bool = False,
) -> ModelSyntax:
    """Write a random-intercept cross-lagged panel model for lavaan, with its wide table.

    Hamaker, Kuiper & Grasman (2015), with paths that are equal over time and in the order of things: score 1,
    session 1, score 2. Instead of a covariance within a wave, a session's process follows the score before it, and the
    one before that: with variances that are equal over time this is Hamaker's model, written otherwise.
    It has no trends of clients and no noise of measurement, and takes an event for a normal variable: it is for
    comparison, not the default of this library.

    >>> from therapeutic_process.simulate import simulate_cohort
    >>> import numpy as np
    >>> table = simulate_cohort("pure", n_clients=9, n_sessions=3, rng=np.random.default_rng(1)).table
    >>> found = to_lavaan_riclpm(table, timing="before")
    >>> print(found.syntax.splitlines()[1])
    RIy =~ 1*y1 + 1*y2 + 1*y3 + 1*y4
    >>> found.data.columns
    ['y1', 'y2', 'y3', 'y4', 'x1', 'x2', 'x3']

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session; must be declared.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        days: Column of the day of the score, to see whether gaps are alike.
        spacing_ok: Whether gaps that differ are accepted without a warning.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `no_variance`.
        TableError: If the table does not keep its contract.

    Warns:
        UnequalSpacingWarning: If the gaps between scores differ.
    """
    panel = _read("to_lavaan_riclpm", table, timing, (client, session, outcome, process), days)
    _warn_of_gaps(panel, days, spacing_ok=spacing_ok)
    syntax = _riclpm(panel.outcome.shape[1], panel.process.shape[1])
    script = f"library(lavaan)\nmodel <- '\n{syntax}\n'\nfit <- lavaan(model, data = data, missing = 'ML',\n"
    script += "              meanstructure = TRUE, int.ov.free = TRUE, estimator = 'MLR')\nsummary(fit)"
    reference = "Hamaker, Kuiper & Grasman (2015), Psychological Methods 20, 102-116"
    return _made("lavaan (Rosseel 2012)", syntax, script, _wide(panel), reference, panel)


def to_dpm(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    days: str | None = None,
    spacing_ok: bool = False,
) -> ModelSyntax:
    """Write a dynamic panel model for the R package dpm, with its long table.

    Allison, Williams & Moral-Benito (2017): client effects, the last score, and a process that earlier scores may
    have moved (predetermined), the one right before its session too: that is ``partial.pre``, which needs dpm 1.2.
    Without it, regression to the mean shows as an effect. It has no trends of clients and no noise of measurement.

    >>> from therapeutic_process.simulate import simulate_cohort
    >>> import numpy as np
    >>> table = simulate_cohort("pure", n_clients=9, n_sessions=3, rng=np.random.default_rng(1)).table
    >>> to_dpm(table, timing="before").syntax
    'y ~ pre(lag(x))'

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session; must be declared.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        days: Column of the day of the score, to see whether gaps are alike.
        spacing_ok: Whether gaps that differ are accepted without a warning.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `no_variance`.
        TableError: If the table does not keep its contract.

    Warns:
        UnequalSpacingWarning: If the gaps between scores differ.
    """
    panel = _read("to_dpm", table, timing, (client, session, outcome, process), days)
    _warn_of_gaps(panel, days, spacing_ok=spacing_ok)
    syntax = "y ~ pre(lag(x))"
    script = "library(dpm)\ndata <- panelr::panel_data(data, id = id, wave = wave)\n"
    script += f"fit <- dpm({syntax}, data = data, partial.pre = TRUE, missing = 'fiml')\nsummary(fit)"
    reference = "Allison, Williams & Moral-Benito (2017), Socius 3, 1-17"
    return _made("dpm (Long 2020)", syntax, script, _long(panel), reference, panel)


def _made(
    program: str, syntax: str, script: str, data: pl.DataFrame, reference: str, panel: Panel
) -> ModelSyntax:
    clients, occasions = panel.outcome.shape
    return ModelSyntax(program, syntax, script, data, clients, occasions, reference)


def _read(
    function: str, table: IntoFrame, timing: Timing | None, names: tuple[str, ...], days: str | None
) -> Panel:
    when = require_timing(function, timing)
    if when == "both":
        needed = "one score per session, taken before or after it"
        raise CannotEstimate(function, "timing_undeclared", needed=needed, found="two per session")
    client, session, outcome, process = names
    extra = [days] if days else []
    panel = read_panel(
        table, timing=when, client=client, session=session, outcome=outcome, process=process, extra=extra
    )
    return _observed(function, panel)


def _observed(function: str, panel: Panel) -> Panel:
    """Cut off what lies before the first and after the last score: no program fits a column without values."""
    scored = np.flatnonzero(~np.isnan(panel.outcome).all(axis=0))
    first, last = int(scored[0]), int(scored[-1])
    cut = attrs.evolve(
        panel,
        outcome=panel.outcome[:, first : last + 1],
        process=panel.process[:, first:last],
        extra={name: grid[:, first : last + 1] for name, grid in panel.extra.items()},
    )
    columns = [*cut.outcome.T, *cut.process.T]
    still = sum(len(np.unique(c[~np.isnan(c)])) < 2 for c in columns)
    if still or last - first + 1 < _FEWEST:
        needed = f"{_FEWEST} occasions or more, and scores and processes that vary between clients at each"
        found = f"{last - first + 1} occasions, and {still} of {len(columns)} columns that do not vary"
        raise CannotEstimate(function, "no_variance", needed=needed, found=found)
    return cut


def _warn_of_gaps(panel: Panel, days: str | None, *, spacing_ok: bool) -> None:
    if days is None or spacing_ok:
        return
    gaps = np.diff(panel.extra[days], axis=1)
    gaps = gaps[~np.isnan(gaps)]
    if not len(gaps):
        return
    usual = float(np.median(gaps))
    uneven = int(((gaps > _UNEQUAL * usual) | (_UNEQUAL * gaps < usual)).sum())
    if uneven:
        said = f"{uneven} of {len(gaps)} gaps are over {_UNEQUAL} times longer or shorter than the median gap"
        remedy = "the model takes one carry-over for all gaps; pass spacing_ok=True to accept that"
        warnings.warn(f"{said}: {remedy}", UnequalSpacingWarning, stacklevel=3)


def _riclpm(scores: int, sessions: int) -> str:
    y, x = [f"y{t}" for t in range(1, scores + 1)], [f"x{t}" for t in range(1, sessions + 1)]
    lines = ["# between clients"]
    lines += [f"RI{v[0][0]} =~ " + " + ".join(f"1*{name}" for name in v) for v in (y, x)]
    lines += ["RIy ~~ RIy", "RIx ~~ RIx", "RIy ~~ RIx", "# within clients"]
    lines += [f"w{name} =~ 1*{name}" for name in (*y, *x)]
    lines += [f"{name} ~~ 0*{name}" for name in (*y, *x)]
    lines += ["# the session before, equal over time: b is the link of the process with the next score"]
    lines += [f"wy{t} ~ a*wy{t - 1} + b*wx{t - 1}" for t in range(2, sessions + 2) if t <= scores]
    lines += [f"wx{t} ~ c*wx{t - 1} + d*wy{t} + e*wy{t - 1}" for t in range(2, sessions + 1)]
    lines += ["wx1 ~ d0*wy1"]
    lines += [f"w{name} ~~ w{name}" for name in (*y, *x)]
    lines += [f"RI{v} ~~ 0*w{w}1" for v in "yx" for w in "yx"]
    return "\n".join(lines)


def _wide(panel: Panel) -> pl.DataFrame:
    import polars as pl

    columns = {f"y{t + 1}": v for t, v in enumerate(panel.outcome.T)}
    columns |= {f"x{t + 1}": v for t, v in enumerate(panel.process.T)}
    return pl.DataFrame(columns, nan_to_null=True)


def _long(panel: Panel) -> pl.DataFrame:
    import polars as pl

    n, occasions = panel.outcome.shape
    process = np.concatenate([panel.process, np.full((n, 1), np.nan)], axis=1)
    who, wave = np.indices((n, occasions)) + 1
    columns = {"id": who.ravel(), "wave": wave.ravel(), "y": panel.outcome.ravel(), "x": process.ravel()}
    return pl.DataFrame(columns, nan_to_null=True)
