"""Statistics of each cell of a transition table: what is expected, what departs from it, how strongly."""

from __future__ import annotations

from typing import Literal

import attrs

from therapeutic_process.session_process.extra import Bools, Floats, Ints, brief, np, special

__all__ = [
    "adjusted_residual",
    "expected_frequency",
    "likelihood_ratio",
    "normal_p",
    "odds_ratio",
    "pearson_chi_square",
    "transition_probability",
    "yules_q",
]


def _ratio(above: Floats | Ints, below: Floats | Ints) -> Floats:
    below = np.asarray(below, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _margins(frequency: Ints) -> tuple[Floats, Floats, Floats]:
    f = frequency.astype(np.float64)
    return f.sum(-1)[..., :, None], f.sum(-2)[..., None, :], f.sum((-1, -2))[..., None, None]


def transition_probability(frequency: Ints) -> Floats:
    """Give F / R, the share of each target among the transitions from a code; nan where a row is empty.

    >>> transition_probability(np.array([[1, 3], [0, 0]])).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    return _ratio(frequency, _margins(frequency)[0] * np.ones(frequency.shape))


def expected_frequency(frequency: Ints) -> Floats:
    """Give R C / N, the counts expected if the target did not depend on the given code; nan where N is 0.

    >>> expected_frequency(np.array([[3, 1], [1, 3]])).tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    row, column, total = _margins(frequency)
    return _ratio(row * column, total * np.ones(frequency.shape))


def adjusted_residual(frequency: Ints) -> Floats:
    """Give (F - E) / sqrt(E (1 - C/N) (1 - R/N)), about standard normal under independence.

    Haberman (1978); Bakeman & Quera (1995). nan where a margin is empty or holds everything.

    >>> adjusted_residual(np.array([[3, 1], [1, 3]])).round(4).tolist()
    [[1.4142, -1.4142], [-1.4142, 1.4142]]
    """
    row, column, total = _margins(frequency)
    with np.errstate(all="ignore"):
        expected = row * column / total
        spread = expected * (1 - column / total) * (1 - row / total)
        return np.where(spread > 0, (frequency - expected) / np.sqrt(spread), np.nan)


def normal_p(z: Floats, *, tails: Literal[1, 2] = 2) -> Floats:
    """Give the survival function of |z|, times the number of tails; never 0 through 1 - Φ.

    >>> bool(normal_p(np.array(20.0)) > 0)
    True
    """
    return np.asarray(special.ndtr(-np.abs(z)) * tails)


def _fourfold(frequency: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    row, column, total = _margins(frequency)
    f = frequency.astype(np.float64)
    return f, row - f, column - f, total - row - column + f


def yules_q(frequency: Ints) -> Floats:
    """Give (ad - bc) / (ad + bc) of the fourfold table around each cell; nan where both products are 0.

    >>> yules_q(np.array([[3, 1], [1, 3]])).tolist()
    [[0.8, -0.8], [-0.8, 0.8]]
    """
    a, b, c, d = _fourfold(frequency)
    return _ratio(a * d - b * c, a * d + b * c)


def odds_ratio(frequency: Ints, *, correction: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Give the odds ratio, its logarithm and the standard error of the logarithm.

    SE = sqrt(1/a + 1/b + 1/c + 1/d). The odds ratio is nan where bc is 0; the logarithm and its error are nan
    where any of the four counts is 0. With a correction of 1/2 added to each (Haldane 1956), they are defined
    wherever the given code and the target both occur and both can fail to.

    >>> ratio, log, se = odds_ratio(np.array([[3, 1], [1, 3]]))
    >>> float(ratio[0, 0]), round(float(log[0, 0]), 4), round(float(se[0, 0]), 4)
    (9.0, 2.1972, 1.633)
    """
    counts = _fourfold(frequency)
    a, b, c, d = counts
    informative = (a + b > 0) & (c + d > 0) & (a + c > 0) & (b + d > 0)
    a, b, c, d = (x + correction for x in counts)
    ratio = np.where(informative, _ratio(a * d, b * c), np.nan)
    whole = informative & (a > 0) & (b > 0) & (c > 0) & (d > 0)
    with np.errstate(all="ignore"):
        log = np.where(whole, np.log(ratio), np.nan)
        error = np.where(whole, np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), np.nan)
    return ratio, log, error


@attrs.frozen(eq=False, repr=False)
class ChiSquare:
    """A chi-square statistic, its degrees of freedom and p; nan, 0 and nan where nothing can vary."""

    statistic: Floats
    df: Ints
    p: Floats

    __repr__ = brief


def _chi_square(statistic: Floats, df: Ints) -> ChiSquare:
    free = df > 0
    return ChiSquare(
        np.where(free, statistic, np.nan),
        np.where(free, df, 0),
        np.where(free, special.chdtrc(np.where(free, df, 1), statistic), np.nan),
    )


def _free(frequency: Ints) -> Ints:
    rows, columns = (frequency.sum(-1) > 0).sum(-1), (frequency.sum(-2) > 0).sum(-1)
    free: Ints = np.maximum(rows - 1, 0) * np.maximum(columns - 1, 0)
    return free


def likelihood_ratio(frequency: Ints, expected: Floats, *, df: Ints | None = None) -> ChiSquare:
    """Test a whole table: G² = 2 Σ F ln(F/E).

    df counts the rows and columns that occur at all: a code that never occurs tells nothing.

    >>> round(float(likelihood_ratio(np.array([[3, 1], [1, 3]]), np.full((2, 2), 2.0)).statistic), 4)
    2.093
    """
    held = (frequency > 0) & (expected > 0)
    quotient = np.where(held, frequency / np.where(held, expected, 1.0), 1.0)
    total = 2 * (frequency * np.log(quotient)).sum((-1, -2))
    broken = np.isnan(np.where(frequency > 0, expected, 0.0)).any((-1, -2))
    return _chi_square(np.where(broken, np.nan, total), _free(frequency) if df is None else df)


def pearson_chi_square(frequency: Ints, expected: Floats, *, df: Ints | None = None) -> ChiSquare:
    """Test a whole table: X² = Σ (F - E)² / E.

    >>> float(pearson_chi_square(np.array([[3, 1], [1, 3]]), np.full((2, 2), 2.0)).statistic)
    2.0
    """
    held = expected > 0
    parts = np.where(held, (frequency - expected) ** 2 / np.where(held, expected, 1.0), 0.0)
    return _chi_square(parts.sum((-1, -2)), _free(frequency) if df is None else df)


def undefined_because(frequency: Ints, possible: Bools) -> tuple[tuple[str, ...], ...]:
    """Tell, cell by cell of one table, why its residual is undefined; the empty text where it is defined."""
    total = int(frequency.sum())
    rows, columns = frequency.sum(1), frequency.sum(0)

    def why(i: int, j: int) -> str:
        if not possible[i, j]:
            return "cannot_occur"
        if rows[i] == 0:
            return "given_code_never_occurs"
        if columns[j] == 0:
            return "target_never_occurs"
        return "no_variation" if total in (rows[i], columns[j]) else ""

    return tuple(tuple(why(i, j) for j in range(frequency.shape[1])) for i in range(frequency.shape[0]))
