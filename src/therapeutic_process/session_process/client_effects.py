"""Does one code follow another more than by chance in clients at large? The client is the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.averages import RandomEffects, random_effects
from therapeutic_process.session_process.cell_statistics import odds_ratio
from therapeutic_process.session_process.extra import Floats, as_frame, np
from therapeutic_process.session_process.sign_flips import SignFlip, sign_flip_test

if TYPE_CHECKING:
    import polars as pl

    from therapeutic_process.session_process.sequential import SequentialStatistics

__all__ = ["TransitionEffects", "transition_effects"]


@attrs.frozen(eq=False, repr=False)
class TransitionEffects:
    """Transitions with the client as the unit of inference: log odds ratios, arrays codes x codes.

    Attributes:
        codes: The codes.
        lag: The lag.
        log_odds: Each client's log odds ratio, clients x codes x codes; nan where it tells nothing.
        log_odds_se: Their standard errors.
        effects: Random-effects mean and intervals.
        test: Sign-flip test of each cell and of the family.
        n_clients: Clients with coded turns.
        correction: What was added to each of the four counts.
        confidence: Of the intervals.
    """

    codes: tuple[Any, ...]
    lag: int
    log_odds: Floats
    log_odds_se: Floats
    effects: RandomEffects
    test: SignFlip
    n_clients: int
    correction: float
    confidence: float

    def to_frame(self) -> pl.DataFrame:
        """Give a row per cell: mean, intervals, p, and how many clients inform it."""
        k = len(self.codes)
        grid = np.indices((k, k)).reshape(2, -1)
        columns: dict[str, Any] = {
            "given": [self.codes[i] for i in grid[0]],
            "target": [self.codes[i] for i in grid[1]],
        }
        columns |= {name: getattr(self.effects, name).ravel() for name in attrs.fields_dict(RandomEffects)}
        columns |= {name: getattr(self.test, name).ravel() for name in ("t", "p", "p_family")}
        few = (self.effects.n.ravel() < 2).tolist()
        columns["undefined_because"] = ["fewer_than_2_clients" if yes else None for yes in few]
        return as_frame(columns)

    def __repr__(self) -> str:
        sure = int((self.test.p_family <= 0.05).sum())
        return (
            f"<TransitionEffects: lag {self.lag}, {len(self.codes)} codes, {self.n_clients} clients; "
            f"{sure} of {int((self.effects.n >= 2).sum())} transitions at family-wise p <= .05>"
        )


def transition_effects(
    statistics: SequentialStatistics,
    *,
    rng: np.random.Generator,
    lag: int | None = None,
    correction: float = 0.5,
    flips: int = 9999,
    confidence: float = 0.95,
) -> TransitionEffects:
    """Test transitions with the client as the unit, for turns of one client are not independent.

    Each client's sessions are counted together; the log odds ratio of each transition, 1/2 added to each
    count (Haldane 1956), is averaged over clients.

    Args:
        statistics: Sequential statistics of turns that were read with a client column.
        rng: The source of randomness of the sign flips.
        lag: Which lag; default: the first.
        correction: What to add to each of the four counts.
        flips: How many sign flips at most.
        confidence: Of the intervals.

    Raises:
        NotEnoughData: If the turns were read without a client column, or hold fewer than 2 clients.
    """
    turns = statistics.turns
    if turns.session_client is None or len(turns.clients) < 2:
        found = "no client column" if turns.session_client is None else f"{len(turns.clients)}"
        raise NotEnoughData("transition_effects", needed="at least 2 clients", found=found)
    which = statistics.lags[0] if lag is None else lag
    group = turns.session_client[turns.session_of_turn]
    counts = statistics.grouped(group, len(turns.clients), lag=which)
    _, log, se = odds_ratio(counts, correction=correction)
    can = statistics.possible[statistics.lags.index(which)]
    log, se = np.where(can, log, np.nan), np.where(can, se, np.nan)
    effects = random_effects(log, se, confidence=confidence)
    test = sign_flip_test(log, rng=rng, flips=flips)
    return TransitionEffects(
        statistics.codes, which, log, se, effects, test, len(turns.clients), correction, confidence
    )
