"""How far client and therapist rate the same sessions alike: level and movement, dyad by dyad."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.rated_courses import mean_of, sd_of, slope_of
from therapeutic_process.session_process.rated_sessions import (
    RaterRole,
)
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from therapeutic_process.session_process.rated_sessions import (
        SessionRating,
        SessionRatings,
    )

__all__ = ["Congruence", "RatingCongruence", "rating_congruence"]

_FEWEST = 3


@attrs.frozen(repr=False)
class RatingCongruence:
    """How far two raters of one client's sessions agree on one scale.

    Differences are the judge's rating minus the criterion's, of the same session.

    Attributes:
        client: Whose course of therapy.
        instrument: The criterion's instrument or coding system.
        scale: Its scale; None for the whole.
        target: ``session`` or ``segment``.
        criterion: The rater whose ratings are the point of reference.
        judge: The rater who is compared with them.
        n_paired: Sessions that both rated.
        n_only_criterion: Sessions that only the criterion's rater rated.
        n_only_judge: Sessions that only the judge rated.
        n_neither: Sessions held that neither rated.
        criterion_mean: The criterion's mean over the paired sessions.
        judge_mean: The judge's.
        discrepancy: Directional discrepancy: the mean difference.
        discrepancy_sd: Standard deviation of the differences; None with fewer than 2.
        absolute_discrepancy: Mean absolute difference.
        tracking: Change of the judge's rating per point of the criterion's, from session to session.
        tracking_se: Its standard error; None where ``tracking`` is.
        correlation: Temporal congruence: correlation of both raters' deviations from their own means.
        undefined_because: Why there is no correlation: ``fewer_than_3_pairs``, ``criterion_does_not_vary`` (no tracking
            either) or ``judge_does_not_vary``; None where there is one.
    """

    client: str
    instrument: str
    scale: str | None
    target: str
    criterion: str
    judge: str
    n_paired: int
    n_only_criterion: int
    n_only_judge: int
    n_neither: int
    criterion_mean: float | None
    judge_mean: float | None
    discrepancy: float | None
    discrepancy_sd: float | None
    absolute_discrepancy: float | None
    tracking: float | None
    tracking_se: float | None
    correlation: float | None
    undefined_because: str | None

    def __repr__(self) -> str:
        told = self.undefined_because or "correlation known"
        return f"RatingCongruence({self.n_paired} paired sessions, {told})"


@attrs.frozen(eq=False, repr=False)
class Congruence:
    """Congruence of the dyads of one client or of many.

    Attributes:
        rows: A row per client, scale and pair of raters.
        criterion_role: The role of the raters who are the point of reference.
        judge_role: The role of those compared with them.
        one_sided: Courses of ratings that no rater of the other role shares, counted by the role that rated.
    """

    rows: tuple[RatingCongruence, ...]
    criterion_role: RaterRole
    judge_role: RaterRole
    one_sided: Mapping[str, int]

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `RatingCongruence`."""
        return frame_of(self.rows, RatingCongruence)

    def __repr__(self) -> str:
        known = sum(r.correlation is not None for r in self.rows)
        return (
            f"Congruence({self.judge_role} against {self.criterion_role}: {len(self.rows)} dyads, "
            f"{sum(r.n_paired for r in self.rows)} paired sessions, {known} correlations)"
        )


def rating_congruence(
    ratings: SessionRatings,
    *,
    criterion: RaterRole = "client",
    judge: RaterRole = "therapist",
    parallel: Mapping[str, str] | None = None,
) -> Congruence:
    """Compare two raters' ratings of the same sessions, dyad by dyad.

    The truth and bias model (West & Kenny 2011) per dyad: both ratings are centred on the criterion's mean, J - m =
    b + t (T - m) + e; its intercept b is the directional discrepancy, its slope t the tracking of the criterion from
    session to session (Atzil-Slonim et al. 2015: bond ratings of client and therapist). What both raters owe to a
    common trend over the therapy counts as congruence.

    >>> import polars as pl
    >>> from therapeutic_process.session_process import read_session_ratings
    >>> long = pl.DataFrame({"client_id": "a", "session": [1, 2, 3] * 2, "scale": "bond",
    ...                      "role": ["client"] * 3 + ["therapist"] * 3, "rater": ["c"] * 3 + ["t"] * 3,
    ...                      "value": [4.0, 5.0, 6.0, 3.0, 5.0, 4.0]})
    >>> pair, = rating_congruence(read_session_ratings(long)).rows
    >>> pair.discrepancy, pair.correlation
    (-1.0, 0.5)

    Args:
        ratings: Ratings of one client or of many.
        criterion: The role whose ratings are the point of reference.
        judge: The role compared with it.
        parallel: The judge's instruments that are forms of the criterion's with the same range: theirs to the
            criterion's, as ``{"wai_therapist": "wai_sr"}``.

    Returns:
        A row per client, scale and pair of raters: where several clients or therapists rated, each pair by itself.

    Raises:
        NotEnoughData: If the two roles are the same.
    """
    if criterion == judge:
        raise NotEnoughData("rating_congruence", needed="two different roles", found=f"{criterion} twice")
    forms = parallel or {}
    sides: dict[RaterRole, dict[tuple[str, str, str, str], list[list[SessionRating]]]] = {
        criterion: {},
        judge: {},
    }
    for rows in ratings.by_series().values():
        one = rows[0]
        if one.role in sides:
            form = forms.get(one.instrument, one.instrument) if one.role == judge else one.instrument
            place = one.client, form, one.scale or "", one.target
            sides[one.role].setdefault(place, []).append(rows)
    shared = [place for place in sides[criterion] if place in sides[judge]]
    found = [
        _dyad(a, b, len(ratings.sessions[place[0]]))
        for place in shared
        for a in sides[criterion][place]
        for b in sides[judge][place]
    ]
    return Congruence(tuple(found), criterion, judge, Counter(_one_sided(sides)))


def _one_sided(
    sides: dict[RaterRole, dict[tuple[str, str, str, str], list[list[SessionRating]]]],
) -> Iterator[str]:
    (criterion, own), (judge, other) = sides.items()
    for role, mine, theirs in ((criterion, own, other), (judge, other, own)):
        yield from (f"only_{role}" for place, several in mine.items() if place not in theirs for _ in several)


def _dyad(
    criterion: Sequence[SessionRating], judge: Sequence[SessionRating], n_held: int
) -> RatingCongruence:
    own = {r.session: r.value for r in criterion if r.value is not None}
    theirs = {r.session: r.value for r in judge if r.value is not None}
    pairs = [(own[s], theirs[s]) for s in sorted(own.keys() & theirs.keys())]
    gaps = [b - a for a, b in pairs]
    tracking, se, correlation, why = _movement(pairs)
    return RatingCongruence(
        client=criterion[0].client,
        instrument=criterion[0].instrument,
        scale=criterion[0].scale,
        target=criterion[0].target,
        criterion=criterion[0].rater,
        judge=judge[0].rater,
        n_paired=len(pairs),
        n_only_criterion=len(own) - len(pairs),
        n_only_judge=len(theirs) - len(pairs),
        n_neither=n_held - len(own.keys() | theirs.keys()),
        criterion_mean=mean_of([a for a, _ in pairs]),
        judge_mean=mean_of([b for _, b in pairs]),
        discrepancy=mean_of(gaps),
        discrepancy_sd=sd_of(gaps),
        absolute_discrepancy=mean_of([abs(g) for g in gaps]),
        tracking=tracking,
        tracking_se=se,
        correlation=correlation,
        undefined_because=why,
    )


def _movement(
    pairs: Sequence[tuple[float, float]],
) -> tuple[float | None, float | None, float | None, str | None]:
    """Return slope, its standard error and the correlation, or why there is none."""
    if len(pairs) < _FEWEST:
        return None, None, None, "fewer_than_3_pairs"
    slope = slope_of(pairs)
    if slope is None:
        return None, None, None, "criterion_does_not_vary"
    n = len(pairs)
    ma, mb = (math.fsum(side) / n for side in zip(*pairs, strict=True))
    along = math.fsum((a - ma) ** 2 for a, _ in pairs)
    across = math.fsum((b - mb) ** 2 for _, b in pairs)
    rest = math.fsum((b - mb - slope * (a - ma)) ** 2 for a, b in pairs)
    se = math.sqrt(rest / (n - 2) / along)
    if len({b for _, b in pairs}) < 2:
        return slope, se, None, "judge_does_not_vary"
    r = slope * math.sqrt(along / across)
    return slope, se, max(-1.0, min(1.0, r)), None
