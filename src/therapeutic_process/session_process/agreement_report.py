"""Agreement of raters in one view: overall, per code, with intervals over clusters, and what they mix up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.extra import Ints, as_frame, np
from therapeutic_process.session_process.intraclass import Form, IntraclassCorrelation, intraclass_correlation
from therapeutic_process.session_process.kappa import Agreement, cohen_kappa
from therapeutic_process.session_process.krippendorff import Level, krippendorff_alpha
from therapeutic_process.session_process.many_raters import fleiss_kappa, percent_agreement
from therapeutic_process.session_process.ratings import Ratings, read_ratings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["AgreementReport", "agreement", "bootstrap_interval", "disagreements", "session_score_agreement"]


def _members(ratings: Ratings) -> list[Ints]:
    if ratings.cluster is None:
        return [np.array([unit]) for unit in range(ratings.n_units)]
    order = np.argsort(ratings.cluster, kind="stable")
    cuts = np.flatnonzero(np.diff(ratings.cluster[order])) + 1
    return list(np.split(order, cuts))


def bootstrap_interval(
    coefficient: Callable[[Ratings], Agreement],
    ratings: Ratings,
    *,
    rng: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Agreement:
    """Give a coefficient with a percentile bootstrap interval that draws whole clusters.

    Units of one client resemble each other; drawing them singly would make the interval too narrow. Without
    clusters, units are drawn. Draws in which the coefficient is undefined are left out and counted.

    >>> from therapeutic_process.session_process.ratings import as_ratings
    >>> units = as_ratings([["a", "a"], ["b", "b"], ["a", "b"], ["b", "b"]] * 10)
    >>> found = bootstrap_interval(cohen_kappa, units, rng=np.random.default_rng(1), draws=200)
    >>> found.low < found.value < found.high
    True

    Args:
        coefficient: A function of ratings, such as `cohen_kappa`.
        ratings: The ratings.
        rng: The source of randomness.
        draws: How many draws.
        confidence: Of the interval.
    """
    found = coefficient(ratings)
    members = _members(ratings)
    if found.reason is not None or len(members) < 2:
        return attrs.evolve(found, low=float("nan"), high=float("nan"), interval=None)
    values = []
    for _ in range(draws):
        drawn = rng.integers(0, len(members), len(members))
        values.append(coefficient(ratings.take(np.concatenate([members[i] for i in drawn]))).value)
    defined = np.array([v for v in values if not np.isnan(v)])
    if not len(defined):
        return attrs.evolve(found, low=float("nan"), high=float("nan"), interval=None)
    low, high = np.quantile(defined, [0.5 - confidence / 2, 0.5 + confidence / 2])
    over = "units" if ratings.cluster is None else "clusters"
    what = f"bootstrap over {len(members)} {over}, {len(defined)} of {draws} draws"
    return attrs.evolve(found, low=float(low), high=float(high), interval=what)


@attrs.frozen(eq=False, repr=False)
class AgreementReport:
    """How far raters agree.

    Attributes:
        ratings: The ratings.
        percent: Observed agreement of pairs of ratings.
        kappa: Cohen's kappa with two raters, Fleiss' with more.
        alpha: Krippendorff's alpha.
        per_code: For each category, kappa and alpha of that category against all others.
        level: The level of measurement of alpha.
    """

    ratings: Ratings
    percent: Agreement
    kappa: Agreement
    alpha: Agreement
    per_code: tuple[tuple[Any, Agreement, Agreement], ...]
    level: Level

    def to_frame(self) -> pl.DataFrame:
        """Give a row per coefficient, overall (code null) and per code."""
        overall = [(None, self.percent), (None, self.kappa), (None, self.alpha)]
        rows = overall + [(code, one) for code, *pair in self.per_code for one in pair]
        names = ("method", "value", "low", "high", "interval", "observed", "expected", "n_units", "reason")
        columns: dict[str, Any] = {"code": [None if code is None else str(code) for code, _ in rows]}
        return as_frame(columns | {name: [getattr(one, name) for _, one in rows] for name in names})

    def disagreements(self) -> pl.DataFrame:
        """Tell which categories are taken for which others, most frequent first."""
        return disagreements(self.ratings)

    def __repr__(self) -> str:
        return f"<AgreementReport: {self.ratings!r}; {self.percent}; {self.kappa}; {self.alpha}>"


def disagreements(ratings: Ratings) -> pl.DataFrame:
    """Count the pairs of ratings of one unit that differ, by category; each unit counts its pairs once.

    >>> from therapeutic_process.session_process.ratings import as_ratings
    >>> disagreements(as_ratings([["a", "b"], ["b", "a"], ["a", "a"]])).to_dicts()
    [{'one': 'a', 'other': 'b', 'pairs': 2, 'share': 0.6666666666666666}]

    Returns:
        A row per pair of categories: ``one``, ``other``, ``pairs``, ``share`` (of the pairs that differ), most
        frequent first.
    """
    counts = ratings.counts()
    together = counts.T @ counts - np.diag(counts.sum(0))
    total = int(np.triu(together, 1).sum() + np.diag(together).sum() // 2)
    k = len(ratings.categories)
    found = [(int(together[i, j]), i, j) for i in range(k) for j in range(i + 1, k) if together[i, j]]
    found.sort(key=lambda one: -one[0])
    columns: dict[str, Any] = {"one": [ratings.categories[i] for _, i, _ in found]}
    columns |= {"other": [ratings.categories[j] for _, _, j in found], "pairs": [n for n, _, _ in found]}
    return as_frame(columns | {"share": [n / total for n, _, _ in found]})


def _kappa(ratings: Ratings) -> Agreement:
    return cohen_kappa(ratings) if ratings.n_raters == 2 else fleiss_kappa(ratings)


def agreement(
    table: IntoFrame | Ratings,
    *,
    unit: str | Sequence[str] = "unit_id",
    rater: str = "rater_id",
    value: str = "value",
    cluster: str | None = None,
    level: Level = "nominal",
    categories: Sequence[Any] | None = None,
    rng: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> AgreementReport:
    """Measure how far raters agree, overall and per code, with intervals over the highest cluster.

    >>> import polars as pl
    >>> long = pl.DataFrame({
    ...     "unit_id": [1, 1, 2, 2, 3, 3], "rater_id": ["x", "y"] * 3, "value": list("aabbab"),
    ... })
    >>> report = agreement(long, rng=np.random.default_rng(1), draws=100)
    >>> round(report.percent.value, 3), round(report.alpha.value, 3)
    (0.667, 0.444)

    Args:
        table: A long table, a row per unit and rater; or ratings already read.
        unit: Column of the unit, or columns that name it together.
        rater: Column of the rater.
        value: Column of the rating, null where missing.
        cluster: Column of the highest cluster: client, else session.
        level: Level of measurement for alpha.
        categories: The categories and their order; default: those that occur, sorted.
        rng: The source of randomness of the bootstrap.
        draws: How many draws.
        confidence: Of the intervals.

    Raises:
        TableError: If the table does not keep its contract.
        NotEnoughData: If there are fewer than 2 raters.
    """
    ratings = (
        table
        if isinstance(table, Ratings)
        else read_ratings(table, unit=unit, rater=rater, value=value, cluster=cluster, categories=categories)
    )
    if ratings.n_raters < 2:
        raise NotEnoughData("agreement", needed="at least 2 raters", found=ratings.n_raters)

    def with_interval(one: Callable[[Ratings], Agreement], of: Ratings) -> Agreement:
        return bootstrap_interval(one, of, rng=rng, draws=draws, confidence=confidence)

    per_code = []
    for k, code in enumerate(ratings.categories):
        alone = ratings.one_against_rest(k)
        per_code.append((code, with_interval(_kappa, alone), with_interval(krippendorff_alpha, alone)))
    return AgreementReport(
        ratings=ratings,
        percent=with_interval(percent_agreement, ratings),
        kappa=with_interval(_kappa, ratings),
        alpha=with_interval(lambda one: krippendorff_alpha(one, level=level), ratings),
        per_code=tuple(per_code),
        level=level,
    )


def session_score_agreement(
    table: IntoFrame,
    *,
    code: Any,
    form: Form,
    session: str = "session_id",
    unit: str | Sequence[str] = "unit_id",
    rater: str = "rater_id",
    value: str = "value",
    confidence: float = 0.95,
) -> IntraclassCorrelation:
    """Measure the reliability of the score that is analysed: the share of a code in each session.

    Raters can disagree on turns and still agree on sessions, and the reverse. A session that a rater did not
    rate at all is dropped.

    >>> import polars as pl
    >>> long = pl.DataFrame({
    ...     "session_id": [1, 1, 1, 1, 2, 2, 2, 2], "unit_id": [1, 1, 2, 2, 3, 3, 4, 4],
    ...     "rater_id": ["x", "y"] * 4, "value": list("aaabbbbb"),
    ... })
    >>> session_score_agreement(long, code="a", form="C,1").n_units
    2

    Args:
        table: A long table, a row per unit and rater.
        code: The code whose share is the score.
        form: The form of the intraclass correlation.
        session: Column of the session.
        unit: Column of the unit, or columns that name it together.
        rater: Column of the rater.
        value: Column of the rating.
        confidence: Of the interval.

    Raises:
        NotEnoughData: If the code never occurs, or fewer than 2 sessions are rated by all raters.
    """
    ratings = read_ratings(table, unit=unit, rater=rater, value=value, cluster=session)
    if code not in ratings.categories or ratings.cluster is None or ratings.n_clusters is None:
        raise NotEnoughData("session_score_agreement", needed="a code that occurs", found="0 ratings with it")
    rated, hit = ratings.places >= 0, ratings.places == ratings.categories.index(code)
    totals = np.zeros((2, ratings.n_clusters, ratings.n_raters))
    np.add.at(totals[0], ratings.cluster, rated)
    np.add.at(totals[1], ratings.cluster, hit)
    scores = np.where(totals[0] > 0, totals[1] / np.maximum(totals[0], 1), np.nan)
    return intraclass_correlation(scores, form=form, confidence=confidence)
