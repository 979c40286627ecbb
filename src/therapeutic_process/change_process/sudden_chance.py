"""How many sudden gains chance alone would show: permutation of scores, and simulated courses without any."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.change_process.arguments import need_number, need_positive, need_share, need_whole
from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.score_series import Series, series_of
from therapeutic_process.change_process.sudden_search import sudden_places
from therapeutic_process.errors import NotEnoughData, TherapeuticProcessError
from therapeutic_process.tables import check_scores
from therapeutic_process.tables.door import collected, numbers, opened

if TYPE_CHECKING:
    import numpy as np
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.change_process.sudden_rule import SuddenRule

__all__ = ["ChanceLevel", "FalsePositiveRate", "sudden_gains_by_chance", "sudden_gains_false_positives"]

Course = Literal["no_change", "linear", "log_linear"]


@attrs.frozen(eq=False)
class ChanceLevel:
    """The observed number of sudden changes against that of permuted scores.

    Attributes:
        observed: Events in the data.
        mean: Mean number in permuted data.
        p: Share of permutations with at least as many, (b+1)/(B+1).
        within: What was permuted within.
        n_permutations: How many permutations.
        n_clients: How many clients.
        counts: The number of events in each permutation.
    """

    observed: int
    mean: float
    p: float
    within: str
    n_permutations: int
    n_clients: int
    counts: Any = attrs.field(repr=False)


def sudden_gains_by_chance(
    frame: IntoFrame,
    rule: SuddenRule,
    *,
    rng: np.random.Generator,
    within: Literal["client", "session"] = "client",
    n_permutations: int = 999,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
) -> ChanceLevel:
    """Compare the number of sudden changes with that after permuting the scores.

    Within client, the order of a client's own scores is broken: a gradual improvement is broken with it,
    so many gains over chance say that scores fall over time, not that they fall suddenly. Within session
    (Lorenzo-Luaces et al.), the average course stays and the scores change hands. Missing scores stay
    where they are.

    >>> import numpy as np
    >>> import polars as pl
    >>> from therapeutic_process.change_process import SuddenRule
    >>> scores = pl.DataFrame({"client_id": 1, "session": range(6), "score": [32, 31, 33, 5, 6, 7]})
    >>> level = sudden_gains_by_chance(scores, SuddenRule(cutoff=7), rng=np.random.default_rng(1))
    >>> level.observed, level.p < 0.15
    (1, True)

    Args:
        frame: One row per client and session; any frame Narwhals knows.
        rule: The criteria.
        rng: Source of randomness.
        within: Whether scores move within client or within session.
        n_permutations: How many permutations.
        client: Column of the client.
        order: Column of the order within client.
        score: Column of the score.

    Raises:
        TableError: If the table breaks its contract.
        NotEnoughData: If there is no row.
        TherapeuticProcessError: If the number of permutations is no whole number above 0.
    """
    need_whole("n_permutations", n_permutations)
    check_scores(frame, client=client, order=order, score=score, strict=True)
    table: Any = collected(numbers(opened(frame).select(client, order, score), score))
    if not len(table):
        raise NotEnoughData("sudden_gains_by_chance", needed="scores", found=0)
    np = numpy_module()
    s = series_of(table, client=client, order=order, score=score)
    known = np.flatnonzero(~np.isnan(s.score))
    block = _blocks(s, within)[known]
    counts = np.empty(n_permutations, dtype=np.int64)
    stays = known[np.argsort(block, kind="stable")]
    for i in range(n_permutations):
        moved = s.score.copy()
        moved[stays] = s.score[known[np.lexsort((rng.random(len(known)), block))]]
        counts[i] = len(sudden_places(attrs.evolve(s, score=moved), rule).at)
    observed = len(sudden_places(s, rule).at)
    p = (int((counts >= observed).sum()) + 1) / (n_permutations + 1)
    return ChanceLevel(observed, float(counts.mean()), p, within, n_permutations, len(s.starts) - 1, counts)


def _blocks(s: Series, within: str) -> Any:
    np = numpy_module()
    everyone = np.arange(len(s.score))
    if within == "client":
        return np.searchsorted(s.starts, everyone, side="right")
    if within == "session":
        orders = s.order(everyone)
        return np.unique(np.asarray(orders), return_inverse=True)[1]
    raise TherapeuticProcessError(f"within: needed 'client' or 'session', found {within!r}")


@attrs.frozen
class FalsePositiveRate:
    """How often a course without any sudden gain shows one.

    Attributes:
        rate: Share of simulated clients with at least one event.
        se: Its Monte-Carlo standard error.
        n_clients: Simulated clients.
        n_sessions: Scores of each.
        course: What was simulated.
    """

    rate: float
    se: float
    n_clients: int
    n_sessions: int
    course: Course


def sudden_gains_false_positives(
    rule: SuddenRule,
    *,
    n_sessions: int,
    mean: float,
    sd: float,
    reliability: float,
    rng: np.random.Generator,
    course: Course = "no_change",
    whole_change: float = 0.0,
    retest: Literal["stable_level", "autoregressive"] = "stable_level",
    n_clients: int = 10_000,
    lowest: float | None = 0.0,
    highest: float | None = None,
    whole_points: bool = False,
) -> FalsePositiveRate:
    """Simulate clients whose true score stays or falls gradually, and count who shows a sudden gain.

    Every client follows the same true course; around it scores vary with variance sd² and correlate r over
    time: the same between any two sessions (``stable_level``: a true level and independent errors of
    measurement), or r between neighbours and less the further they are apart (``autoregressive``).

    >>> import numpy as np
    >>> from therapeutic_process.change_process import SuddenRule
    >>> facts = dict(n_sessions=10, mean=28, sd=8, reliability=0.8, rng=np.random.default_rng(5))
    >>> 0 < sudden_gains_false_positives(SuddenRule(cutoff=7), **facts).rate < 0.3
    True

    Args:
        rule: The criteria.
        n_sessions: Scores of each client.
        mean: Mean score at the start.
        sd: Standard deviation of observed scores at the start.
        reliability: Retest reliability.
        rng: Source of randomness.
        course: ``no_change``, ``linear``, or ``log_linear`` (along the logarithm of the session number).
        whole_change: Points by which the true score falls from the first to the last session.
        retest: What the reliability means for sessions further apart.
        n_clients: Simulated clients.
        lowest: Lowest possible score, or None.
        highest: Highest possible score, or None.
        whole_points: Whether scores are whole points.

    Raises:
        TherapeuticProcessError: If a number is impossible, or there are fewer than 2 sessions.
    """
    need_share("reliability", reliability)
    need_positive("sd", sd)
    need_whole("n_sessions", n_sessions, least=2)
    need_whole("n_clients", n_clients)
    need_number("mean", mean)
    need_number("whole_change", whole_change)
    for name, bound in (("lowest", lowest), ("highest", highest)):
        if bound is not None:
            need_number(name, bound)
    np = numpy_module()
    around = _deviations(rng, reliability, (n_clients, n_sessions), retest)
    score = mean + sd * around - whole_change * _course(np, course, n_sessions)
    if lowest is not None or highest is not None:
        score = np.clip(score, lowest, highest)
    score = np.round(score) if whole_points else score
    starts = np.arange(0, n_clients * n_sessions + 1, n_sessions)
    s = Series(score.ravel(), starts, lambda at: at // n_sessions, lambda at: at % n_sessions)
    rate = len(np.unique(sudden_places(s, rule).low)) / n_clients
    return FalsePositiveRate(rate, math.sqrt(rate * (1 - rate) / n_clients), n_clients, n_sessions, course)


def _deviations(rng: np.random.Generator, r: float, shape: tuple[int, int], retest: str) -> Any:
    noise = rng.normal(size=shape)
    if retest == "stable_level":
        return math.sqrt(r) * rng.normal(size=(shape[0], 1)) + math.sqrt(1 - r) * noise
    if retest != "autoregressive":
        raise TherapeuticProcessError(f"retest: needed stable_level or autoregressive, found {retest!r}")
    for t in range(1, shape[1]):
        noise[:, t] = r * noise[:, t - 1] + math.sqrt(1 - r * r) * noise[:, t]
    return noise


def _course(np: Any, course: str, n_sessions: int) -> Any:
    session = np.arange(1, n_sessions + 1)
    if course == "no_change":
        return np.zeros(n_sessions)
    if course == "linear":
        return (session - 1) / max(n_sessions - 1, 1)
    if course == "log_linear":
        return np.log(session) / math.log(max(n_sessions, 2))
    raise TherapeuticProcessError(f"course: needed no_change, linear or log_linear, found {course!r}")
