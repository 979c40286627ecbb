"""A simulated cohort: a long table as researchers keep it, and the truth nobody sees in practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from therapeutic_process.simulate.scenarios import Leaving, Scenario, scenario_design
from therapeutic_process.simulate.series import Design, Series, simulate_series

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SimulatedCohort", "simulate_cohort"]


@attrs.frozen(eq=False, repr=False)
class SimulatedCohort:
    """A cohort whose truth is known.

    Attributes:
        scenario: The scenario it was drawn from.
        meaning: The scenario in words.
        parameters: Every number of the simulation.
        series: The series as arrays, clients in rows.
    """

    scenario: Scenario
    meaning: str
    parameters: Design
    series: Series

    def __repr__(self) -> str:
        p = self.parameters
        size = f"{p.n_clients} clients × {p.n_sessions} sessions"
        return f"<SimulatedCohort {self.scenario}: {size}, effect {p.effect:g}>"

    @property
    def true_effect(self) -> float:
        """The mean difference in the next score per event: minus the parameter `effect`."""
        return 0.0 - self.parameters.effect

    @property
    def table(self) -> pl.DataFrame:
        """The cohort as recorded: client_id, session, outcome_before, event.

        With `days` where spacing is irregular and `therapist_id` where therapists share clients. A client's
        last row holds only the outcome; an event that nobody coded is missing, not 0.
        """
        columns = self._keys() | {"outcome_before": self.series.outcome}
        columns |= {name: _with_last(values) for name, values in self._processes()}
        if self.parameters.irregular:
            columns |= {"days": self.series.days}
        if self.parameters.therapists:
            columns |= {"therapist_id": self._across(self.series.therapist)}
        return self._frame(columns)

    @property
    def truth(self) -> pl.DataFrame:
        """The hidden columns beside the keys: expected course, latent state, noise, log odds of the event."""
        s = self.series
        return self._frame(
            self._keys()
            | {"expected": s.expected, "state": s.state, "noise": s.noise, "log_odds": _with_last(s.log_odds)}
        )

    def _keys(self) -> dict[str, np.ndarray]:
        n, occasions = self.series.outcome.shape
        return {
            "client_id": self._across(np.arange(1, n + 1)),
            "session": np.broadcast_to(np.arange(occasions), (n, occasions)),
        }

    def _across(self, of_client: np.ndarray) -> np.ndarray:
        return np.broadcast_to(of_client[:, None], self.series.outcome.shape)

    def _processes(self) -> list[tuple[str, np.ndarray]]:
        stem = self.parameters.process_kind if self.parameters.process_kind == "event" else "process"
        names = [stem, *(f"{stem}_{k}" for k in range(2, self.parameters.n_processes + 1))]
        return list(zip(names, self.series.process, strict=True))

    def _frame(self, columns: dict[str, np.ndarray]) -> pl.DataFrame:
        import polars as pl

        reached = np.arange(self.series.outcome.shape[1]) <= self.series.last_session[:, None]
        return pl.DataFrame({k: v[reached] for k, v in columns.items()}, nan_to_null=True)


def _with_last(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)


def simulate_cohort(
    scenario: Scenario,
    *,
    n_clients: int,
    n_sessions: int,
    rng: np.random.Generator,
    effect: float = 0.0,
    phi: float = 0.4,
    state_sd: float = 3.0,
    noise_sd: float = 2.0,
    recovery_sd: float = 0.0,
    second_lag: float = 0.0,
    process_kind: Literal["event", "score"] = "event",
    n_processes: int = 1,
    therapists: int = 0,
    therapist_sd: float = 0.0,
    therapist_process_sd: float = 0.0,
    irregular: bool = False,
    missing: float = 0.0,
    dropout: Leaving | None = None,
) -> SimulatedCohort:
    """Simulate a cohort whose outcome and events are linked by a known effect, or by none.

    The outcome before session t is a_i + s_i t + g(t) + w + e: a level N(25, 6), a trend N(0, .45), a common
    recovery −8(1−exp(−t/3)), a latent AR(1) state and noise. An event has log odds −.9 plus what the scenario
    adds, and lowers the next state by `effect`.

    >>> import numpy as np
    >>> cohort = simulate_cohort("rtm", n_clients=3, n_sessions=6, rng=np.random.default_rng(1))
    >>> cohort
    <SimulatedCohort rtm: 3 clients × 6 sessions, effect 0>
    >>> cohort.table.columns
    ['client_id', 'session', 'outcome_before', 'event']

    Args:
        scenario: What the event follows; one of `SCENARIOS`.
        n_clients: How many clients begin.
        n_sessions: Sessions per client; there is one more outcome than sessions.
        rng: The source of randomness; the same generator state gives the same cohort.
        effect: Points by which one event lowers the next state.
        phi: Carry-over of the state, between −1 and 1.
        state_sd: Standard deviation of the state, in points.
        noise_sd: Standard deviation of the measurement noise, in points.
        recovery_sd: Spread between clients of the size of the curved recovery, in points.
        second_lag: Carry-over from the session before the last, beyond `phi`.
        process_kind: A yes/no event or a score.
        n_processes: How many process variables; only the first has the effect.
        therapists: How many therapists share the clients; 0 for no therapist column.
        therapist_sd: Shock to the state that one therapist's clients share in a session, in points.
        therapist_process_sd: Shock to the log odds that one therapist's clients share in a session.
        irregular: Sessions 7, 14 or 21 days apart, with a column `days`; the state carries over per 7 days.
        missing: Share of sessions after the first whose score and event are both missing.
        dropout: Whether clients leave, from session 3 on: the more often the worse their recorded `score`, or after
            an `unrecorded gain`. None: as the scenario says.

    Raises:
        ValueError: If there is no such scenario, or a number is out of its range.
    """
    found = scenario_design(scenario)
    design = Design(
        n_clients=n_clients,
        n_sessions=n_sessions,
        effect=effect,
        phi=phi,
        state_sd=state_sd,
        noise_sd=noise_sd,
        recovery_sd=recovery_sd,
        second_lag=second_lag,
        process_kind=process_kind,
        n_processes=n_processes,
        therapists=therapists,
        therapist_sd=therapist_sd,
        therapist_process_sd=therapist_process_sd,
        irregular=irregular,
        missing=missing,
        dropout=dropout or found.leaving,
    )
    _refuse_impossible(design)
    return SimulatedCohort(scenario, found.meaning, design, simulate_series(found, design, rng))


def _refuse_impossible(design: Design) -> None:
    """Refuse numbers that no cohort can have, and series that run away."""
    if min(design.n_clients, design.n_sessions, design.n_processes) < 1 or design.therapists < 0:
        raise ValueError("n_clients, n_sessions and n_processes must be at least 1, therapists at least 0")
    if not (-1 < design.phi < 1 and 0 <= design.missing < 1):
        raise ValueError("phi must lie between -1 and 1, missing in [0, 1)")
    if not -1 < design.second_lag < 1 - abs(design.phi):
        raise ValueError("second_lag must lie between -1 and 1 - |phi|, or the state runs away")
    if design.irregular and design.phi < 0:
        raise ValueError("irregular spacing needs phi of at least 0")
    spreads = (design.noise_sd, design.recovery_sd, design.therapist_sd, design.therapist_process_sd)
    if not all(0 <= sd < np.inf for sd in spreads) or not 0 < design.state_sd < np.inf:
        raise ValueError("standard deviations must be finite and at least 0, state_sd above 0")
    if design.dropout not in {None, "score", "unrecorded gain"}:
        raise ValueError("dropout must be 'score', 'unrecorded gain' or None")
    if not np.isfinite(design.effect) or design.process_kind not in {"event", "score"}:
        raise ValueError("effect must be a finite number, process_kind 'event' or 'score'")
