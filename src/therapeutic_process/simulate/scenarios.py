"""The designs a method must survive: what the event follows, and what the outcome does by itself."""

from __future__ import annotations

from typing import Literal, get_args

import attrs

__all__ = ["SCENARIOS", "Scenario", "ScenarioDesign", "scenario_design"]

Scenario = Literal[
    "pure",
    "client",
    "trend",
    "rtm",
    "reverse",
    "phases",
    "combined",
    "dropout",
    "state",
    "unmeasured",
    "mnar",
]

Leaving = Literal["score", "unrecorded gain"]
"""What a client's leaving follows."""

SCENARIOS: tuple[Scenario, ...] = get_args(Scenario)


@attrs.frozen
class ScenarioDesign:
    """What one scenario puts into the data besides the true effect.

    Attributes:
        meaning: The scenario in the field's words.
        recovery: Whether all clients share the recovery −8(1−exp(−t/3)).
        slope_sd: Standard deviation of the clients' linear trends, per session.
        slope_mean: Mean of the clients' linear trends, per session.
        client: Log odds of the event per unit of the client's engagement.
        trend: Log odds at the first session, falling to minus that at the last.
        deviation: Log odds per standard deviation of the recorded score's deviation before the session.
        change: Log odds per standard deviation of the last recorded change.
        drift: Log odds per unit of a drifting engagement, AR(.8).
        engaged_drift: Log odds per unit of engagement and session from the middle.
        state: Log odds per standard deviation of the true state before the session.
        shock: Log odds, and points off the next state, per unit of an unmeasured shock in the session.
        leaving: What the client's leaving follows: the recorded score, a gain nobody records, or nothing.
    """

    meaning: str
    recovery: bool = True
    slope_sd: float = 0.45
    slope_mean: float = 0.0
    client: float = 0.0
    trend: float = 0.0
    deviation: float = 0.0
    change: float = 0.0
    drift: float = 0.0
    engaged_drift: float = 0.0
    state: float = 0.0
    shock: float = 0.0
    leaving: Leaving | None = None


_COMBINED = ScenarioDesign(
    "engaged clients improve more, events fade, and events follow bad weeks",
    slope_mean=-0.3,
    client=0.9,
    trend=1.5,
    deviation=0.8,
)

_DESIGNS: dict[Scenario, ScenarioDesign] = {
    "pure": ScenarioDesign("events come at random and nobody recovers", recovery=False, slope_sd=0.0),
    "client": ScenarioDesign(
        "engaged clients have more events and improve more", recovery=False, slope_mean=-0.3, client=0.9
    ),
    "trend": ScenarioDesign("events fade over the course while everybody recovers", trend=1.5),
    "rtm": ScenarioDesign("events follow a bad week, which mends by itself", deviation=0.8),
    "reverse": ScenarioDesign("events follow the improvement of the last week", change=-0.8),
    "phases": ScenarioDesign("events come in phases of engagement", drift=1.2, engaged_drift=0.25),
    "combined": _COMBINED,
    "dropout": attrs.evolve(
        _COMBINED, meaning="the combined design, and clients in a bad state leave", leaving="score"
    ),
    "state": ScenarioDesign("events follow the true state, not its recorded score", state=0.8),
    "unmeasured": ScenarioDesign("a shock nobody measures brings the event and the improvement", shock=1.0),
    "mnar": ScenarioDesign("clients leave after a gain that nobody recorded", leaving="unrecorded gain"),
}


def scenario_design(scenario: Scenario) -> ScenarioDesign:
    """Return what a scenario puts into the data.

    >>> scenario_design("rtm").deviation
    0.8

    Args:
        scenario: One of `SCENARIOS`.

    Raises:
        ValueError: If there is no such scenario.
    """
    if scenario not in _DESIGNS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}")
    return _DESIGNS[scenario]
