"""Statistics of transition tables: every cell and the table as a whole, from the counts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.session_process.cell_statistics import (
    ChiSquare,
    adjusted_residual,
    expected_frequency,
    likelihood_ratio,
    normal_p,
    odds_ratio,
    pearson_chi_square,
    transition_probability,
    undefined_because,
    yules_q,
)
from therapeutic_process.session_process.extra import Bools, Floats, Ints, as_frame, label_columns, np
from therapeutic_process.session_process.pattern_kappa import (
    BidirectionalKappa,
    ParallelDominance,
    TwoCellTest,
    UnidirectionalKappa,
    bidirectional_kappa,
    parallel_dominance,
    two_cell_test,
    unidirectional_kappa,
)
from therapeutic_process.session_process.quasi_independence import fit_quasi_independence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

__all__ = ["TransitionTables", "transition_tables"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TransitionTables:
    """Transition tables and their statistics. Arrays are tables x given codes x target codes.

    The z and p of pooled tables are descriptive: turns are not independent of one another. Undefined is nan;
    ``to_frame()`` says why, cell by cell.

    Attributes:
        codes: Labels of the given codes (rows).
        targets: Labels of the target codes (columns); those of ``codes`` unless the table is not square.
        names: What each table is of (lags, sessions).
        frequency: Transition counts F.
        ends: How often each code is the last event of a chain, per table; None: unknown.
        possible: Which transitions can occur at all.
        probability: F / R; nan where a row is empty.
        expected: R C / N; with structural zeros, from the model of quasi-independence.
        residual: Adjusted residual; with structural zeros, the standardised Pearson residual of that model.
        p: Of ``residual``, by the survival function.
        yules_q: Yule's Q of the fourfold table around the cell.
        odds_ratio: Odds ratio of that fourfold table.
        log_odds: Its logarithm; nan where one of the four counts is 0.
        log_odds_se: Standard error of ``log_odds``.
        unidirectional: Wampold's unidirectional kappa, its z and p; nan for a table of chosen speakers.
        likelihood_ratio: G², df, p of each table.
        pearson: X², df, p of each table.
        tails: Tails of every p of a cell.
    """

    codes: tuple[Any, ...]
    targets: tuple[Any, ...]
    names: tuple[Any, ...]
    frequency: Ints
    ends: Ints | None
    possible: Bools
    probability: Floats
    expected: Floats
    residual: Floats
    p: Floats
    yules_q: Floats
    odds_ratio: Floats
    log_odds: Floats
    log_odds_se: Floats
    unidirectional: UnidirectionalKappa
    likelihood_ratio: ChiSquare
    pearson: ChiSquare
    tails: Literal[1, 2]

    @property
    def n_transitions(self) -> Ints:
        """How many transitions each table holds."""
        return np.asarray(self.frequency.sum((-1, -2)))

    def bidirectional(self) -> BidirectionalKappa:
        """Measure how far two codes lead to each other, per table; p has one tail."""
        return bidirectional_kappa(self.frequency, ends=self.ends)

    def parallel_dominance(self) -> ParallelDominance:
        """Test whether one code predicts the other better than the reverse, per table; p has one tail."""
        return parallel_dominance(self.frequency, ends=self.ends)

    def two_cells(self, first: tuple[Any, Any], second: tuple[Any, Any], *, table: int = 0) -> TwoCellTest:
        """Test two transitions together, named by their codes; p has one tail."""
        (a, b), (c, d) = first, second
        place = {label: k for k, label in enumerate(self.codes)}
        ends = None if self.ends is None else self.ends[table]
        cells = (place[a], place[b]), (place[c], place[d])
        return two_cell_test(self.frequency[table], *cells, ends=ends)

    def to_frame(self) -> pl.DataFrame:
        """Give a row per table and cell, with the reason where the residual is undefined."""
        shape = self.frequency.shape
        grid = np.indices(shape).reshape(3, -1)
        why = [undefined_because(f, p) for f, p in zip(self.frequency, self.possible, strict=True)]
        columns: dict[str, Any] = label_columns("table", [self.names[i] for i in grid[0]])
        columns |= {"given": [self.codes[i] for i in grid[1]], "target": [self.targets[i] for i in grid[2]]}
        columns |= {name: values.ravel() for name, values in self._cells().items()}
        columns["undefined_because"] = [reason or None for t in why for row in t for reason in row]
        return as_frame(columns)

    def reasons(self, table: int = 0) -> tuple[tuple[str, ...], ...]:
        """Tell, cell by cell of one table, why its residual is undefined; the empty text where it is defined."""
        return undefined_because(self.frequency[table], self.possible[table])

    def strongest(self, n: int = 10) -> pl.DataFrame:
        """Give the n transitions that depart most from what is expected, by the size of their residual."""
        size = np.abs(self.residual).ravel()
        order = np.argsort(-size, kind="stable")
        table = self.to_frame()
        return table[order[~np.isnan(size[order])][:n].tolist(), :]

    def _cells(self) -> dict[str, npt.NDArray[Any]]:
        plain = ("frequency", "probability", "expected", "residual", "p", "yules_q")
        cells = {name: getattr(self, name) for name in (*plain, "odds_ratio", "log_odds", "log_odds_se")}
        kappa = self.unidirectional
        return cells | {"kappa": kappa.kappa, "kappa_z": kappa.z, "kappa_p": kappa.p}

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: {len(self.names)} of {len(self.codes)} x {len(self.targets)} codes, "
            f"{int(self.n_transitions.sum())} transitions>"
        )


def _possible(frequency: Ints, zeros: npt.ArrayLike | Literal["diagonal"] | None) -> Bools | None:
    if zeros is None:
        return None
    if isinstance(zeros, str):
        return np.broadcast_to(~np.eye(*frequency.shape[-2:], dtype=np.bool_), frequency.shape)
    possible = np.broadcast_to(~np.asarray(zeros, dtype=np.bool_), frequency.shape)
    return None if bool(possible.all()) else possible


def _refuse_impossible(frequency: Ints, possible: Bools) -> None:
    seen = int(frequency[~possible].sum())
    if seen:
        raise CannotEstimate(
            "transition_tables",
            "structural_zero_observed",
            needed="no transition in a cell declared as a structural zero",
            found=f"{seen} transitions there",
        )


def _only_own(possible: Bools) -> bool:
    square = possible.shape[-1] == possible.shape[-2]
    return square and bool(np.all(possible == ~np.eye(possible.shape[-1], dtype=np.bool_)))


def _kappas(
    frequency: Ints, ends: Ints | None, possible: Bools | None, tails: Literal[1, 2], *, whole: bool
) -> UnidirectionalKappa:
    """Give the kappas of tables of whole series; they are undefined for other tables."""
    own = possible is not None and _only_own(possible)
    if not whole or frequency.shape[-1] != frequency.shape[-2] or (possible is not None and not own):
        nothing = np.full(frequency.shape, np.nan)
        return UnidirectionalKappa(nothing, nothing, nothing)
    return unidirectional_kappa(frequency, ends=ends, no_repeats=own, tails=tails)


def _model(frequency: Ints, possible: Bools | None) -> tuple[Floats, Floats, Ints | None]:
    if possible is None:
        return expected_frequency(frequency), adjusted_residual(frequency), None
    _refuse_impossible(frequency, possible)
    fit = fit_quasi_independence(frequency, possible)
    return fit.expected, fit.residual, fit.df


def table_fields(
    frequency: Ints,
    *,
    ends: Ints | None,
    structural_zeros: npt.ArrayLike | Literal["diagonal"] | None,
    tails: Literal[1, 2],
    whole: bool = True,
) -> dict[str, Any]:
    """Compute every field of `TransitionTables` that follows from the counts."""
    possible = _possible(frequency, structural_zeros)
    expected, residual, df = _model(frequency, possible)
    can = np.ones(frequency.shape, dtype=np.bool_) if possible is None else possible
    ratio, log, error = odds_ratio(frequency)
    hide = np.where(can, 1.0, np.nan)
    return {
        "frequency": frequency,
        "ends": ends,
        "possible": can,
        "probability": transition_probability(frequency),
        "expected": expected,
        "residual": residual,
        "p": normal_p(residual, tails=tails),
        "yules_q": yules_q(frequency) * hide,
        "odds_ratio": ratio * hide,
        "log_odds": log * hide,
        "log_odds_se": error * hide,
        "unidirectional": _kappas(frequency, ends, possible, tails, whole=whole),
        "likelihood_ratio": likelihood_ratio(frequency, expected, df=df),
        "pearson": pearson_chi_square(frequency, expected, df=df),
        "tails": tails,
    }


def transition_tables(
    frequency: npt.ArrayLike,
    *,
    codes: Sequence[Any] | None = None,
    targets: Sequence[Any] | None = None,
    names: Sequence[Any] | None = None,
    ends: npt.ArrayLike | None = None,
    structural_zeros: npt.ArrayLike | Literal["diagonal"] | None = None,
    tails: Literal[1, 2] = 2,
) -> TransitionTables:
    """Describe transition counts that were made elsewhere.

    >>> tables = transition_tables([[3, 1], [1, 3]], codes=["a", "b"])
    >>> float(tables.residual[0, 0, 0].round(4)), int(tables.likelihood_ratio.df[0])
    (1.4142, 1)

    Args:
        frequency: One table, given codes x target codes, or several, tables x given x target.
        codes: Labels of the given codes; default: their places.
        targets: Labels of the target codes; default: ``codes``.
        names: What each table is of; default: its place.
        ends: How often each code is the last event of a chain, shaped (codes,) or (tables, codes). Needed for
            exact kappas; without it n_i is the row total and N transitions + 1.
        structural_zeros: ``diagonal`` where codes cannot repeat, or a mask of the cells that cannot occur.
        tails: Tails of every p of a cell.

    Raises:
        CannotEstimate: If a cell declared as a structural zero holds a transition.
    """
    counts = np.asarray(frequency, dtype=np.int64)
    counts = counts[None] if counts.ndim == 2 else counts
    last = None if ends is None else np.atleast_2d(np.asarray(ends, dtype=np.int64))
    given = tuple(range(counts.shape[1])) if codes is None else tuple(codes)
    aimed = (
        targets
        if targets is not None
        else (given if counts.shape[1] == counts.shape[2] else range(counts.shape[2]))
    )
    fields = table_fields(counts, ends=last, structural_zeros=structural_zeros, tails=tails)
    called = range(len(counts)) if names is None else names
    return TransitionTables(codes=given, targets=tuple(aimed), names=tuple(called), **fields)
