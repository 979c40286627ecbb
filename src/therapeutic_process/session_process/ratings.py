"""Ratings: units that several raters judged, brought into one table units x raters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import (
    as_integers,
    number_array,
    read_columns,
    require_complete,
)
from therapeutic_process.session_process.extra import Floats, Ints, np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals.stable.v2 as nw
    import numpy.typing as npt
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["RatingTable", "Ratings", "as_ratings", "read_ratings"]

RatingTable: TypeAlias = "npt.ArrayLike | Sequence[Sequence[Any]] | Ratings"


@attrs.frozen(eq=False, repr=False)
class Ratings:
    """Ratings of units by raters.

    Attributes:
        places: Units x raters: the rating's place in ``categories``, -1 where missing.
        categories: The labels, in order; numbers for ordered and numeric levels.
        cluster: The highest cluster of each unit (client, else session), from 0; None: each unit by itself.
        n_clusters: How many clusters there are; None without clusters.
    """

    places: Ints
    categories: tuple[Any, ...]
    cluster: Ints | None = None
    n_clusters: int | None = None

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return len(self.places)

    @property
    def n_raters(self) -> int:
        """How many raters there are."""
        return int(self.places.shape[1])

    def complete(self) -> Ints:
        """Give the units that every rater rated, units x raters."""
        whole = (self.places >= 0).all(1)
        return self.places if bool(whole.all()) else self.places[whole]

    def counts(self) -> Ints:
        """Count, per unit, how many raters chose each category."""
        n, k = self.n_units, len(self.categories)
        unit, rater = np.nonzero(self.places >= 0)
        cell = unit * k + self.places[unit, rater]
        return np.bincount(cell, minlength=n * k).reshape(n, k)

    def numbers(self) -> Floats:
        """Give the categories as numbers.

        Raises:
            TableError: If they are none.
        """
        if not all(isinstance(c, int | float) for c in self.categories):
            raise TableError("not_numeric", needed="ratings that are numbers for this level", found="labels")
        return np.asarray(self.categories, dtype=np.float64)

    def take(self, units: Ints) -> Ratings:
        """Give the same ratings for chosen units; the categories stay."""
        return Ratings(self.places[units], self.categories)

    def one_against_rest(self, category: int) -> Ratings:
        """Reduce the ratings to one category and all others."""
        values = np.where(self.places < 0, -1, (self.places == category).astype(np.int64))
        return Ratings(values, (0, 1), self.cluster, self.n_clusters)

    def __repr__(self) -> str:
        gaps = int((self.places < 0).sum())
        return (
            f"<Ratings: {self.n_units} units x {self.n_raters} raters, {len(self.categories)} categories, "
            f"{gaps} missing>"
        )


def _cells(table: npt.ArrayLike | Sequence[Sequence[Any]]) -> npt.NDArray[Any]:
    cells = np.asarray(table)
    if cells.ndim != 2:
        raise TableError("wrong_shape", needed="a table units x raters", found=f"{cells.ndim} dimensions")
    return cells


def as_ratings(table: RatingTable, *, categories: Sequence[Any] | None = None) -> Ratings:
    """Take a table units x raters of labels or numbers; None and nan are missing.

    >>> as_ratings([["a", "b"], ["a", None]])
    <Ratings: 2 units x 2 raters, 2 categories, 1 missing>

    Args:
        table: The ratings.
        categories: The categories and their order; default: those that occur, sorted.

    Raises:
        TableError: If the table has not two dimensions, or holds another category.
    """
    if isinstance(table, Ratings):
        return table
    cells = _cells(table)
    values, labels = number_array(cells.ravel(), "rating", categories)
    return Ratings(values.reshape(cells.shape), labels)


def _cluster(columns: dict[str, nw.Series[Any]], names: Sequence[str], row: Ints) -> tuple[Ints, int]:
    keys = []
    for name in names:
        require_complete(columns[name], name)
        keys.append(as_integers(columns[name], name)[0])
    joined = np.stack(keys, axis=1)
    place = np.unique(joined, axis=0, return_inverse=True)[1].ravel()
    return place[row].astype(np.int64), int(place.max(initial=-1)) + 1


def read_ratings(
    table: IntoFrame,
    *,
    unit: str | Sequence[str] = "unit_id",
    rater: str = "rater_id",
    value: str = "value",
    cluster: str | None = None,
    categories: Sequence[Any] | None = None,
) -> Ratings:
    """Read ratings from a long table: a row per unit and rater.

    >>> import polars as pl
    >>> long = pl.DataFrame({"unit_id": [1, 1, 2], "rater_id": ["x", "y", "x"], "value": ["a", "b", "a"]})
    >>> read_ratings(long)
    <Ratings: 2 units x 2 raters, 2 categories, 1 missing>

    Args:
        table: The long table, in any frame that Narwhals knows.
        unit: Column of the unit, or columns that name it together.
        rater: Column of the rater.
        value: Column of the rating, null where the rater gave none.
        cluster: Column of the highest cluster: client, else session.
        categories: The categories and their order; default: those that occur, sorted.

    Raises:
        TableError: If a column or key is missing, or a rater rated a unit twice.
        NotEnoughData: If the table is empty.
    """
    units = [unit] if isinstance(unit, str) else list(unit)
    extra = [cluster] if cluster is not None else []
    columns = read_columns(table, [*units, rater, value, *extra])
    require_complete(columns[rater], rater)
    if not len(columns[rater]):
        raise NotEnoughData("read_ratings", needed="at least 1 rating", found=0)
    unit_at, n_units = _cluster(columns, units, np.arange(len(columns[rater])))
    rater_at, raters = as_integers(columns[rater], rater)
    rated, labels = as_integers(columns[value], value, categories)
    values = _matrix(unit_at, rater_at, rated, (n_units, len(raters)))
    if cluster is None:
        return Ratings(values, labels)
    place, n = _cluster(columns, [cluster], np.arange(len(rated)))
    return Ratings(values, labels, _one_each(unit_at, place, n_units), n)


def _matrix(unit: Ints, rater: Ints, value: Ints, shape: tuple[int, int]) -> Ints:
    cell = unit * shape[1] + rater
    twice = np.flatnonzero(np.bincount(cell, minlength=shape[0] * shape[1])[cell] > 1)
    if len(twice):
        rows = tuple(int(r) for r in twice[:5])
        needed, found = "each rater once per unit", f"{len(twice)} rows that share a unit and a rater"
        raise TableError("duplicate_key", needed=needed, found=found, rows=rows)
    values = np.full(shape[0] * shape[1], -1, dtype=np.int64)
    values[cell] = value
    return values.reshape(shape)


def _one_each(unit: Ints, cluster: Ints, n_units: int) -> Ints:
    of_unit = np.zeros(n_units, dtype=np.int64)
    of_unit[unit] = cluster
    if np.any(of_unit[unit] != cluster):
        found = f"{len(np.unique(unit[of_unit[unit] != cluster]))} units in several"
        raise TableError("cluster_not_unique", needed="one cluster per unit", found=found)
    return of_unit
