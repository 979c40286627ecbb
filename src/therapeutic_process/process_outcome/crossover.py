"""Case-crossover: sessions followed by a gain against the same client's other sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.conditional import (
    ConditionalFit,
    NotConverged,
    Separated,
    Strata,
    arrange,
    fit_conditional,
)
from therapeutic_process.process_outcome.diagnostics import PlaceboLead, placebo_lead
from therapeutic_process.process_outcome.lagged_rows import LaggedRows, lagged_rows
from therapeutic_process.process_outcome.layout import (
    Layout,
    Timing,
    declared,
    refuse_covariates,
    require_level,
)
from therapeutic_process.process_outcome.panel_reading import read_panel

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["CrossoverEffect", "Referents", "event_crossover_effect"]

Array = NDArray[np.float64]
Referents = Literal["all", "neighbours"]
_NAME = "event_crossover_effect"

ASSUMPTIONS = (
    "what a client is does not change between sessions that are compared",
    "events do not follow bad weeks unless the score before is adjusted for (else regression to the mean)",
    "no unmeasured cause that varies over time moves both the event and the gain",
)


@attrs.frozen(eq=False, repr=False)
class CrossoverEffect:
    """Odds of a gain after sessions with more of the process.

    Attributes:
        odds_ratio: Per unit of the process.
        interval: Of the odds ratio, at the declared level.
        p_value: Two-sided, Wald.
        coefficients: Log odds ratios by column.
        standard_errors: Theirs.
        log_likelihood: Exact conditional.
        n_clients: Clients with a gain and a referent.
        n_sessions: Sessions compared.
        n_gains: Gains among them.
        referents: Which sessions gains were compared with.
        placebo: The effect on the change before the session.
    """

    odds_ratio: float
    interval: tuple[float, float]
    p_value: float
    coefficients: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    n_clients: int
    n_sessions: int
    n_gains: int
    referents: Referents
    placebo: PlaceboLead
    assumptions: tuple[str, ...] = ASSUMPTIONS
    method: str = "exact conditional logistic regression within clients"

    def __repr__(self) -> str:
        return f"<CrossoverEffect {self.n_gains} gains in {self.n_clients} clients, p = {self.p_value:.2g}>"

    def __str__(self) -> str:
        low, high = self.interval
        lines = [
            f"odds of a gain × {self.odds_ratio:.3g} ({low:.3g} to {high:.3g}), p = {self.p_value:.2g}",
            f"{self.n_gains} gains, {self.n_sessions} sessions, {self.n_clients} clients",
            str(self.placebo),
            *(f"assumes: {text}" for text in self.assumptions),
        ]
        return "\n".join(lines)


def event_crossover_effect(
    table: IntoFrame,
    *,
    gain: float,
    referents: Referents,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    adjust_score: bool = True,
    session_effects: bool = False,
    level: float = 0.95,
    layout: Layout | None = None,
) -> CrossoverEffect:
    """Compare sessions followed by a gain with the same client's other sessions.

    Exact conditional logistic regression (Maclure 1991; Gail, Lubin & Rubinstein 1981).

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> cohort = simulate_cohort("pure", n_clients=60, n_sessions=8, rng=np.random.default_rng(1))
    >>> event_crossover_effect(cohort.table, timing="before", gain=5, referents="all").p_value > 0.05
    True

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        gain: Points by which the next score must be lower to count as a gain.
        referents: `all` other sessions of the client, or the `neighbours` one before and one after the gain.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        adjust_score: Whether the score before the session is adjusted for.
        session_effects: Whether session numbers have effects.
        level: Level of the interval.
        layout: Timing, lag, aggregator and time axis in one, instead of `timing` alone.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `covariates_unused`, `referents_undeclared`,
            `no_informative_client`, `separation`, `not_converged`.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout)
    refuse_covariates(_NAME, plan)
    if referents not in get_args(Referents):
        raise CannotEstimate(
            _NAME, "referents_undeclared", needed="referents 'all' or 'neighbours'", found="neither"
        )
    panel = read_panel(table, client=client, session=session, outcome=outcome, process=process, layout=plan)
    rows = lagged_rows(panel)
    gained = rows.before - rows.after >= gain
    columns = {"process": rows.process}
    if adjust_score:
        columns["score before"] = rows.before
    if session_effects:
        numbers = np.unique(rows.session)[1:]
        columns |= {f"session {t}": (rows.session == t).astype(np.float64) for t in numbers}
    strata = _strata(rows, gained, np.column_stack(list(columns.values())), referents)
    fit = conditional_fit(_NAME, strata)
    names = list(columns)
    estimate, se = float(fit.coefficients[0]), float(fit.standard_errors[0])
    half = se * float(stats.norm.ppf(0.5 + level / 2))
    n_clients = int(np.unique(rows.client[gained]).size) if referents == "neighbours" else fit.n_strata
    return CrossoverEffect(
        float(np.exp(estimate)),
        (float(np.exp(estimate - half)), float(np.exp(estimate + half))),
        2 * float(stats.norm.sf(abs(estimate) / se)),
        dict(zip(names, map(float, fit.coefficients), strict=True)),
        dict(zip(names, map(float, fit.standard_errors), strict=True)),
        fit.log_likelihood,
        n_clients,
        fit.n_rows,
        fit.n_cases,
        referents,
        placebo_lead(panel),
    )


def _strata(rows: LaggedRows, gained: NDArray[np.bool_], columns: Array, referents: Referents) -> Strata:
    if referents == "all":
        return arrange(gained, columns, rows.client, np.zeros(len(gained)))
    chosen, stratum, case = [], [], []
    where = {key: k for k, key in enumerate(zip(rows.client, rows.session, strict=True))}
    for number, k in enumerate(np.flatnonzero(gained)):
        beside = [where.get((rows.client[k], rows.session[k] + step)) for step in (-1, 1)]
        found = [j for j in beside if j is not None and not gained[j]]
        chosen += [k, *found]
        stratum += [number] * (1 + len(found))
        case += [True] + [False] * len(found)
    index = np.array(chosen, dtype=np.intp)
    numbers = np.array(stratum, dtype=np.intp)
    return arrange(np.array(case, dtype=bool), columns[index], numbers, np.zeros(len(index)))


def conditional_fit(function: str, strata: Strata) -> ConditionalFit:
    """Fit, and refuse in the name of a function.

    Args:
        function: Who asks.
        strata: Informative strata.

    Raises:
        CannotEstimate: With codes `no_informative_client`, `separation`, `not_converged`.
    """
    if not len(strata.cases):
        needed = "a client with a case and a referent"
        raise CannotEstimate(function, "no_informative_client", needed=needed, found="0")
    try:
        return fit_conditional(strata)
    except Separated:
        needed = "columns of which no combination sorts all cases from their referents"
        raise CannotEstimate(function, "separation", needed=needed, found="one that does") from None
    except (NotConverged, np.linalg.LinAlgError):
        raise CannotEstimate(function, "not_converged", needed="a converged fit", found="none") from None
