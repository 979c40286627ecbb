"""The series of all clients at once: outcomes, events, and the truth behind both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.simulate.scenarios import Leaving

if TYPE_CHECKING:
    from therapeutic_process.simulate.scenarios import ScenarioDesign

Array = NDArray[np.float64]

BASE_LOG_ODDS = -0.9
SLOPE_SD = 0.45
TYPICAL_GAP_DAYS = 7.0
_SURE = 700.0


@attrs.frozen
class Design:
    """The numbers of a simulation, apart from its scenario.

    Attributes:
        n_clients: How many clients begin.
        n_sessions: Sessions per client; there is one more outcome than sessions.
        effect: True effect: one event lowers the next state by this many points.
        phi: Carry-over of the latent state from one session to the next.
        state_sd: Standard deviation of the latent state.
        noise_sd: Standard deviation of the measurement noise.
        recovery_sd: Spread between clients of the size of the common curved recovery.
        second_lag: Carry-over from the session before the last, beyond `phi`.
        process_kind: Whether the process is a yes/no event or a score.
        n_processes: How many process variables; only the first has the effect.
        therapists: How many therapists share the clients; 0 for one each.
        therapist_sd: Shock to the state that one therapist's clients share in a session.
        therapist_process_sd: Shock to the log odds that one therapist's clients share in a session.
        irregular: Whether sessions lie 7, 14 or 21 days apart rather than always 7.
        missing: Share of sessions scattered over the course whose scores and events are missing.
        dropout: What clients' leaving follows; None where nobody leaves.
    """

    n_clients: int
    n_sessions: int
    effect: float = 0.0
    phi: float = 0.4
    state_sd: float = 3.0
    noise_sd: float = 2.0
    recovery_sd: float = 0.0
    second_lag: float = 0.0
    process_kind: Literal["event", "score"] = "event"
    n_processes: int = 1
    therapists: int = 0
    therapist_sd: float = 0.0
    therapist_process_sd: float = 0.0
    irregular: bool = False
    missing: float = 0.0
    dropout: Leaving | None = None


@attrs.frozen(eq=False)
class Series:
    """What happened, clients in rows; a missing or unreached cell is nan in `outcome` and `process` only."""

    outcome: Array
    process: Array
    days: Array
    therapist: NDArray[np.int64]
    expected: Array
    state: Array
    noise: Array
    log_odds: Array
    last_session: NDArray[np.int64]


def simulate_series(scenario: ScenarioDesign, design: Design, rng: np.random.Generator) -> Series:
    """Draw outcome, process, leaving and missing cells of all clients.

    Args:
        scenario: What the event follows and what the outcome does by itself.
        design: The numbers.
        rng: The source of randomness.
    """
    n, sessions = design.n_clients, design.n_sessions
    expected, engagement = _expected_course(scenario, design, rng)
    gaps = rng.choice([1.0, 2.0, 3.0], p=[0.6, 0.25, 0.15], size=(n, sessions))
    gaps = gaps if design.irregular else np.ones_like(gaps)
    therapist = rng.permutation(np.arange(n) % (design.therapists or n))
    noise = rng.normal(0, design.noise_sd, (n, sessions + 1))
    fixed = _fixed_log_odds(scenario, design, engagement, rng) + _shared_shock(
        therapist, design.therapist_process_sd, sessions, rng
    )
    shock = rng.normal(size=(n, sessions)) * scenario.shock
    shared = _shared_shock(therapist, design.therapist_sd, sessions, rng)
    state, process, log_odds = _states(
        scenario, design, noise, fixed + shock, push=shared - shock, gaps=gaps, rng=rng
    )
    outcome = expected + state + noise
    last = _last_session(design.dropout, outcome, rng)
    days = np.concatenate([np.zeros((n, 1)), np.cumsum(gaps, axis=1)], axis=1) * TYPICAL_GAP_DAYS
    observed, coded = _blank(outcome, process, last, design, rng)
    return Series(observed, coded, days, therapist, expected, state, noise, log_odds, last)


def _expected_course(
    scenario: ScenarioDesign, design: Design, rng: np.random.Generator
) -> tuple[Array, Array]:
    n, t = design.n_clients, np.arange(design.n_sessions + 1)
    standard = rng.normal(size=n)
    engagement = -0.7 * standard + np.sqrt(1 - 0.7**2) * rng.normal(size=n)
    slope = scenario.slope_mean + scenario.slope_sd * standard
    size = (8.0 + design.recovery_sd * rng.normal(size=n)) * scenario.recovery
    level = rng.normal(25.0, 6.0, n)
    course = level[:, None] + slope[:, None] * t - size[:, None] * (1 - np.exp(-t / 3))
    return course, engagement


def _fixed_log_odds(
    scenario: ScenarioDesign, design: Design, engagement: Array, rng: np.random.Generator
) -> Array:
    t = np.arange(design.n_sessions)
    fading = scenario.trend * (1 - 2 * t / max(design.n_sessions - 1, 1))
    drift = np.empty((design.n_clients, design.n_sessions))
    drift[:, 0] = rng.normal(size=design.n_clients)
    for k in t[1:]:
        drift[:, k] = 0.8 * drift[:, k - 1] + 0.6 * rng.normal(size=design.n_clients)
    middle = t - (design.n_sessions - 1) / 2
    by_client = scenario.client * engagement[:, None] + scenario.engaged_drift * engagement[:, None] * middle
    return BASE_LOG_ODDS + fading + scenario.drift * drift + by_client


def _shared_shock(therapist: NDArray[np.int64], sd: float, sessions: int, rng: np.random.Generator) -> Array:
    shocks = rng.normal(size=(int(therapist.max()) + 1, sessions))
    return np.asarray(sd * shocks[therapist])


def _states(
    scenario: ScenarioDesign,
    design: Design,
    noise: Array,
    log_odds_fixed: Array,
    *,
    push: Array,
    gaps: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array]:
    n, sessions = design.n_clients, design.n_sessions
    state = np.empty((n, sessions + 1))
    state[:, 0] = rng.normal(0, design.state_sd, n)
    process = np.empty((design.n_processes, n, sessions))
    log_odds = log_odds_fixed.copy()
    carry = design.phi**gaps
    spread = design.state_sd * np.sqrt(1 - carry**2)
    for t in range(sessions):
        log_odds[:, t] += _following(scenario, design, state, noise, t)
        process[:, :, t] = _draw_process(log_odds[:, t], design, rng)
        before = state[:, t - 1] if t else 0.0
        innovation = spread[:, t] * rng.normal(size=n) + push[:, t] - design.effect * process[0, :, t]
        state[:, t + 1] = carry[:, t] * state[:, t] + design.second_lag * before + innovation
    return state, process, log_odds


def _following(scenario: ScenarioDesign, design: Design, state: Array, noise: Array, t: int) -> Array:
    recorded_sd = np.hypot(design.state_sd, design.noise_sd)
    change_sd = np.sqrt(2 * design.state_sd**2 * (1 - design.phi) + 2 * design.noise_sd**2)
    recorded = state[:, t] + noise[:, t]
    before = state[:, t - 1] + noise[:, t - 1] if t else recorded
    return np.asarray(
        scenario.deviation * recorded / recorded_sd
        + scenario.change * (recorded - before) / change_sd
        + scenario.state * state[:, t] / design.state_sd
    )


def _draw_process(log_odds: Array, design: Design, rng: np.random.Generator) -> Array:
    shape = (design.n_processes, design.n_clients)
    if design.process_kind == "score":
        return log_odds + rng.normal(size=shape)
    bounded = np.clip(log_odds, -_SURE, _SURE)
    return (rng.random(shape) < 1 / (1 + np.exp(-bounded))).astype(np.float64)


def _last_session(leaving: Leaving | None, outcome: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    n, occasions = outcome.shape
    last = np.full(n, occasions - 1, dtype=np.int64)
    if leaving is None:
        return last
    for t in range(3, occasions - 1):
        gain = (outcome[:, t] - outcome[:, t + 1]) / 4.0
        worse = (outcome[:, t] - outcome[:, t].mean()) / 8.0
        odds = np.clip(-3.2 + 0.8 * (worse if leaving == "score" else gain), -_SURE, _SURE)
        leaves = (last > t) & (rng.random(n) < 1 / (1 + np.exp(-odds)))
        last[leaves] = t
    return last


def _blank(
    outcome: Array, process: Array, last: NDArray[np.int64], design: Design, rng: np.random.Generator
) -> tuple[Array, Array]:
    t = np.arange(outcome.shape[1])
    gone = t > last[:, None]
    skipped = rng.random(outcome.shape) < design.missing
    skipped[:, 0] = False
    observed = np.where(gone | skipped, np.nan, outcome)
    uncoded = (t >= last[:, None]) | skipped
    return observed, np.where(uncoded[None, :, :-1], np.nan, process)
