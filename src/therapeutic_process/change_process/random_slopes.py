"""Change over three or more measurements: random intercepts and slopes by restricted maximum likelihood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import Better, direction, need_between, need_whole
from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.graded_change import GradedChange
from therapeutic_process.change_process.grading import DETERIORATED, IMPROVED, either, grade
from therapeutic_process.change_process.quantiles import normal_quantile
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.tables import check_scores
from therapeutic_process.tables.door import collected, numbers, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narwhals.stable.v2.typing import IntoFrame

BETTER, ALIKE, WORSE = "better_than_average", "like_average", "worse_than_average"

__all__ = ["RandomSlopes", "random_slope_change", "random_slopes"]


@attrs.frozen(eq=False)
class RandomSlopes:
    """A model of straight lines over time: each client's intercept and slope vary around the average's.

    Attributes:
        intercept: Average score at time 0.
        slope: Average change per unit of time.
        var_intercept: Variance of the intercepts.
        var_slope: Variance of the slopes.
        covariance: Covariance of the two.
        var_residual: Variance of the scores around the lines.
        reml: −2 × the restricted log-likelihood.
        n_clients: Clients used.
        n_scores: Scores used.
        singular: Whether a variance came out as zero, or the correlation as ±1.
        slopes: Each client's deviation from the average slope, in the order of the clients given.
        slope_sds: Its conditional standard deviation.
    """

    intercept: float
    slope: float
    var_intercept: float
    var_slope: float
    covariance: float
    var_residual: float
    reml: float
    n_clients: int
    n_scores: int
    singular: bool
    slopes: Any = attrs.field(repr=False)
    slope_sds: Any = attrs.field(repr=False)


@attrs.frozen(eq=False)
class _Moments:
    """Sums over the scores of each client: all that the likelihood needs."""

    zz: Any  # clients × 2 × 2
    zy: Any  # clients × 2
    yy: float
    n: int


def _moments(np: Any, client: Any, time: Any, score: Any, n_clients: int) -> _Moments:
    def total(weights: Any) -> Any:
        return np.bincount(client, weights=weights, minlength=n_clients)

    one, t, tt = total(np.ones_like(time)), total(time), total(time * time)
    zz = np.stack([np.stack([one, t], -1), np.stack([t, tt], -1)], -2)
    zy = np.stack([total(score), total(time * score)], -1)
    return _Moments(zz, zy, float(score @ score), len(score))


def _profile(np: Any, theta: Any, m: _Moments) -> tuple[float, Any, float, Any, Any]:
    """Return −2 restricted log-likelihood, fixed effects, residual variance, Λ and the inverted systems.

    Bates et al. (2015): the residual variance and fixed effects are profiled out; here
    everything is written over 2×2 sums per client, because the fixed and the random part share their columns.
    """
    lam = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    system = lam.T @ m.zz @ lam + np.eye(2)
    inverse = np.linalg.inv(system)
    shrink = m.zz @ lam @ inverse @ lam.T
    xvx = (m.zz - shrink @ m.zz).sum(0)
    xvy = (m.zy - (shrink @ m.zy[..., None])[..., 0]).sum(0)
    b = lam.T @ m.zy[..., None]
    yvy = m.yy - float((np.swapaxes(b, -1, -2) @ inverse @ b).sum())
    beta = np.linalg.solve(xvx, xvy)
    df = m.n - 2
    s2 = (yvy - float(xvy @ beta)) / df
    if not s2 > 0:
        return math.inf, beta, s2, lam, inverse
    logs = float(np.linalg.slogdet(system)[1].sum() + np.linalg.slogdet(xvx)[1])
    return logs + df * (1 + math.log(2 * math.pi * s2)), beta, s2, lam, inverse


def _derivatives(np: Any, f: Callable[[Any], float], x: Any, h: float) -> tuple[Any, Any]:
    k = len(x)
    e = np.eye(k) * h
    gradient = np.array([(f(x + e[i]) - f(x - e[i])) / (2 * h) for i in range(k)])
    hessian = np.empty((k, k))
    for i in range(k):
        for j in range(i + 1):
            corners = f(x + e[i] + e[j]) - f(x + e[i] - e[j]) - f(x - e[i] + e[j]) + f(x - e[i] - e[j])
            hessian[i, j] = hessian[j, i] = corners / (4 * h * h)
    return gradient, hessian


def _expectation_maximisation(np: Any, m: _Moments, theta: Any, steps: int) -> Any:
    for _ in range(steps):
        _, beta, s2, lam, inverse = _profile(np, theta, m)
        if not s2 > 1e-12 * m.yy / m.n:
            raise _no_variance()
        spread = lam @ inverse @ lam.T  # conditional covariance over s2
        b = (spread @ (m.zy - m.zz @ beta)[..., None])[..., 0]
        relative = (np.einsum("ci,cj->ij", b, b) / s2 + spread.sum(0)) / len(b)
        lower = np.linalg.cholesky(relative + 1e-12 * np.eye(2))
        theta = np.array([lower[0, 0], lower[1, 0], lower[1, 1]])
    return theta


def _no_variance() -> CannotEstimate:
    needed = "scores that vary around each client's own line"
    return CannotEstimate("random_slopes", "no_variance", needed=needed, found="no variance there")


def _newton(np: Any, m: _Moments, theta: Any) -> Any:
    def f(x: Any) -> float:
        return _profile(np, x, m)[0]

    here = f(theta)
    for _ in range(200):
        gradient, hessian = _derivatives(np, f, theta, 1e-4 * max(1.0, float(np.abs(theta).max())))
        if not np.isfinite(hessian).all():
            raise _no_variance()
        values, vectors = np.linalg.eigh(hessian)
        step = -vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-6))
        size = 1.0
        while size > 1e-8 and not f(theta + size * step) <= here:
            size /= 2
        theta = theta + size * step
        before, here = here, f(theta)
        if before - here < 1e-12 * max(1.0, abs(here)):
            return theta
    raise CannotEstimate("random_slopes", "not_converged", needed="convergence", found="200 steps without it")


def random_slopes(client: Sequence[int], time: Sequence[float], score: Sequence[float]) -> RandomSlopes:
    """Fit score = (β₀ + b₀) + (β₁ + b₁)·time by restricted maximum likelihood.

    EM steps to come near, then Newton steps on the profiled likelihood (Bates et al. 2015).

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> client, time = np.repeat(np.arange(60), 5), np.tile(np.arange(5.0), 60)
    >>> score = 20 - 2 * time + rng.normal(0, 3, 60)[client] + rng.normal(0, 1, 60)[client] * time
    >>> fit = random_slopes(client, time, score + rng.normal(0, 1, 300))
    >>> round(fit.slope)
    -2

    Args:
        client: Whole number of the client of each score, 0 … n−1.
        time: Time of each score.
        score: The score; none missing.

    Raises:
        CannotEstimate: If something is no finite number, there are fewer than 3 clients, too few scores, no spread in
            time, in scores or around the lines, or no convergence.
    """
    np = numpy_module()
    try:
        c, t, y = (np.asarray(x, dtype=d) for x, d in ((client, int), (time, float), (score, float)))
    except (TypeError, ValueError):
        needed = "numbers for clients, times and scores"
        raise CannotEstimate("random_slopes", "not_a_number", needed=needed, found="others") from None
    if not len(c) == len(t) == len(y):
        needed, found = "a client and a time for each score", f"{len(c)}, {len(t)} and {len(y)}"
        raise CannotEstimate("random_slopes", "unequal_lengths", needed=needed, found=found)
    wrong = int((c < 0).sum() + (~np.isfinite(t)).sum() + (~np.isfinite(y)).sum())
    if wrong:
        needed = "clients counted from 0, and finite times and scores"
        raise CannotEstimate("random_slopes", "not_a_number", needed=needed, found=f"{wrong} others")
    n_clients = int(c.max()) + 1 if len(c) else 0
    if n_clients < 3 or len(y) <= 2 * n_clients:
        needed = "at least 3 clients with more than 2 scores each on average"
        found = f"{n_clients} clients, {len(y)} scores"
        raise CannotEstimate("random_slopes", "too_few_scores", needed=needed, found=found)
    scale = float(y.std())
    if scale <= 0 or float(t.std()) <= 0:
        raise CannotEstimate(
            "random_slopes", "no_variance", needed="scores and times that vary", found="none"
        )
    m = _moments(np, c, t, y - y.mean(), n_clients)
    theta = _newton(np, m, _expectation_maximisation(np, m, np.array([1.0, 0.0, 0.5]), 30))
    reml, beta, s2, lam, inverse = _profile(np, theta, m)
    spread = lam @ inverse @ lam.T
    b = (spread @ (m.zy - m.zz @ beta)[..., None])[..., 0]
    omega = s2 * lam @ lam.T
    singular = bool(min(abs(lam[0, 0]), abs(lam[1, 1])) < 1e-4)
    return RandomSlopes(
        intercept=float(beta[0] + y.mean()),
        slope=float(beta[1]),
        var_intercept=float(omega[0, 0]),
        var_slope=float(omega[1, 1]),
        covariance=float(omega[0, 1]),
        var_residual=s2,
        reml=reml,
        n_clients=n_clients,
        n_scores=len(y),
        singular=singular,
        slopes=b[:, 1],
        slope_sds=np.sqrt(s2 * spread[:, 1, 1]),
    )


def random_slope_change(
    frame: IntoFrame,
    *,
    client: str = "client_id",
    time: str = "session",
    score: str = "score",
    better: Better = "lower",
    alpha: float = 0.05,
    inclusive: bool = False,
    min_scores: int = 3,
) -> tuple[GradedChange[Any], RandomSlopes]:
    """Tell by the hierarchical linear model whose slope differs reliably from the average slope.

    The index is the client's deviation from the *average* slope over its conditional standard deviation.
    It says nothing about change by itself: in a cohort that improves, a slope worse than the average may
    be an improvement. So the verdicts are ``better_than_average``, ``like_average`` and
    ``worse_than_average``.

    Args:
        frame: Long table, one row per client and time; any frame Narwhals knows.
        client: Column of the client.
        time: Column of the time, a number.
        score: Column of the score; missing ones are left out.
        better: Whether lower or higher scores are better.
        alpha: Share of average clients who would be called different.
        inclusive: Whether exactly the critical value is enough.
        min_scores: Clients with fewer scores are left out.

    Returns:
        The graded table (client, ``n_scores``, ``before``, ``after``, ``slope``, ``index``, ``verdict``;
        eager, of the caller's kind) and the model.

    Raises:
        CannotEstimate: As `random_slopes`.
    """
    need_between("alpha", alpha, 0, 1)
    need_whole("min_scores", min_scores)
    check_scores(frame, client=client, order=time, score=score, strict=True)
    table: Any = collected(numbers(opened(frame).select(client, time, score), score, time))
    table = table.filter(~nw.col(score).is_null())
    table = table.filter(nw.len().over(client) >= min_scores).sort(client, time)
    if not len(table):
        needed = f"clients with at least {min_scores} scores"
        raise CannotEstimate("random_slope_change", "too_few_scores", needed=needed, found="none")
    np = numpy_module()
    fresh = (table[client] != table[client].shift(1)).fill_null(value=True).to_numpy().astype(bool)
    fresh[0] = True
    codes = np.cumsum(fresh) - 1
    y = table[score].to_numpy()
    model = random_slopes(codes, table[time].to_numpy(), y)
    start = np.flatnonzero(fresh)
    end = np.append(start[1:], len(y)) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.where(model.slope_sds > 0, model.slopes / model.slope_sds, np.nan)
    columns = {
        "n_scores": end - start + 1,
        "before": y[start],
        "after": y[end],
        "slope": model.slopes,
        "index": index,
    }
    new = [
        nw.new_series(k, v, dtype=nw.Int64 if k == "n_scores" else nw.Float64, backend=table.implementation)
        for k, v in columns.items()
    ]
    rows: Any = nw.maybe_reset_index(table[start.tolist(), [client]]).with_columns(*new)
    rows = rows.with_columns(nw.col("index").fill_nan(None))
    critical = normal_quantile(1 - alpha / 2)
    signed = nw.col("index") * direction(better)
    change = grade(signed, improved=critical, deteriorated=critical, inclusive=inclusive)
    verdict = either(change == IMPROVED, BETTER, either(change == DETERIORATED, WORSE, ALIKE))
    rows = rows.with_columns(nw.when(~nw.col("index").is_null()).then(verdict).alias("verdict"))
    result: GradedChange[Any] = GradedChange(
        table=rows.to_native(), column="verdict", classes=(BETTER, ALIKE, WORSE),
        method="random_slopes", critical=critical, inclusive=inclusive, better=better,
    )  # fmt: skip
    return result, model
