"""When a change between two sessions counts as sudden: three criteria, declared together."""

from __future__ import annotations

from typing import Literal

import attrs

from therapeutic_process.change_process.arguments import (
    Better,
    direction,
    need_between,
    need_positive,
    need_whole,
)
from therapeutic_process.change_process.quantiles import student_quantile
from therapeutic_process.errors import TherapeuticProcessError

__all__ = ["STABILITY_NEEDS", "Stability", "SuddenRule"]

Stability = Literal["pooled_sd", "t_test", "share_kept", "sd_of_series", "none"]

STABILITY_NEEDS: dict[str, str] = {
    "pooled_sd": "at least 2 scores among N−2, N−1, N and at least 2 among N+1, N+2, N+3",
    "t_test": "at least 2 scores among N−2, N−1, N and at least 2 among N+1, N+2, N+3",
    "share_kept": "the scores N, N+1 and both of the next two, N+2 and N+3",
    "sd_of_series": "the scores N and N+1, and at least 3 scores in the client's whole series",
    "none": "the scores N and N+1",
}


def _or_none(name: str, value: float | None) -> float | None:
    return value if value is None else need_positive(name, value)


@attrs.frozen(kw_only=True)
class SuddenRule:
    """The criteria of a sudden gain or loss in the interval N→N+1.

    Attributes:
        cutoff: Points that the change must reach; None switches this criterion off.
        min_share: Share of the score at N that it must reach; None switches it off.
        stability: How the change must stand out: ``pooled_sd`` (the published practice: the difference of
            the means before and after, against t times the pooled standard deviation), ``t_test`` (a proper
            two-sample t test, less strict by √(1/n+1/m)), ``share_kept`` (a share of the change is kept in
            both of the next two scores), ``sd_of_series`` (a multiple of the client's own standard
            deviation), ``none``.
        kind: ``gain`` (an improvement) or ``loss``.
        better: Which direction is better.
        alpha: Two-sided level of the critical value.
        critical: A fixed critical value instead, whatever the degrees of freedom.
        kept: The share that ``share_kept`` asks for.
        series_sds: The multiple that ``sd_of_series`` asks for.
        min_sessions_before: Sessions up to and with N, scored or not, that an interval must have to be
            judged.
        min_sessions_after: Sessions from N+1 on.
    """

    cutoff: float | None
    min_share: float | None = 0.25
    stability: Stability = "pooled_sd"
    kind: Literal["gain", "loss"] = "gain"
    better: Better = "lower"
    alpha: float = 0.05
    critical: float | None = None
    kept: float = 0.5
    series_sds: float = 1.5
    min_sessions_before: int = 1
    min_sessions_after: int = 1

    def __attrs_post_init__(self) -> None:
        _or_none("cutoff", self.cutoff)
        _or_none("min_share", self.min_share)
        _or_none("critical", self.critical)
        need_between("alpha", self.alpha, 0, 1)
        need_positive("kept", self.kept)
        need_positive("series_sds", self.series_sds)
        need_whole("min_sessions_before", self.min_sessions_before, least=0)
        need_whole("min_sessions_after", self.min_sessions_after, least=0)
        direction(self.better)
        if self.stability not in STABILITY_NEEDS:
            raise TherapeuticProcessError(
                f"stability: needed one of {', '.join(STABILITY_NEEDS)}, found {self.stability!r}"
            )
        if self.kind not in {"gain", "loss"}:
            raise TherapeuticProcessError(f"kind: needed 'gain' or 'loss', found {self.kind!r}")
        if self.cutoff is None and self.min_share is None and self.stability == "none":
            raise TherapeuticProcessError("needed at least one active criterion, found none")

    @property
    def sign(self) -> int:
        """+1 where the change looked for is a fall of the score, −1 where it is a rise."""
        return -direction(self.better) * (1 if self.kind == "gain" else -1)

    def critical_value(self, df: int) -> float:
        """Return the critical value at 2, 3 or 4 degrees of freedom.

        >>> [round(SuddenRule(cutoff=7).critical_value(df), 3) for df in (4, 3, 2)]
        [2.776, 3.182, 4.303]
        """
        return self.critical if self.critical is not None else student_quantile(1 - self.alpha / 2, df)

    @property
    def needs_both_scores(self) -> bool:
        """Whether N and N+1 must be scored; the comparison of means alone does without."""
        return not (self.uses_windows and self.cutoff is None and self.min_share is None)

    @property
    def uses_windows(self) -> bool:
        """Whether the means before and after are compared."""
        return self.stability in {"pooled_sd", "t_test"}
