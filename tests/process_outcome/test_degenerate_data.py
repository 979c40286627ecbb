"""Data from which nothing can be told are refused with the numbers, never answered from rounding errors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import (
    event_course,
    event_crossover_effect,
    lagged_within_client_effect,
    lagged_within_client_screen,
    specification_sensitivity,
)
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from collections.abc import Callable

    Estimator = Callable[..., Any]

DEFAULT = partial(lagged_within_client_effect, timing="before")
SCREEN = partial(lagged_within_client_screen, timing="before")
BOTH = pytest.mark.parametrize("estimate", [DEFAULT, SCREEN], ids=["default", "screen"])


def cohort(n: int = 60, sessions: int = 10, seed: int = 1) -> pl.DataFrame:
    return simulate_cohort("pure", n_clients=n, n_sessions=sessions, rng=np.random.default_rng(seed)).table


def refusal(estimate: Estimator, table: pl.DataFrame, **options: Any) -> CannotEstimate:
    with pytest.raises(CannotEstimate) as caught:
        estimate(table, **options)
    return caught.value


@pytest.mark.parametrize("constant", [5.3, 0.0, 1e8, -1e-8])
def test_an_outcome_that_becomes_constant_gives_no_p_value(constant: float) -> None:
    """Of cohorts like this, a third had p < .05, from the rounding of 5.3."""
    for seed in range(3):
        late = pl.when(pl.col("session") < 2).then("outcome_before").otherwise(constant)
        table = cohort(seed=seed).with_columns(outcome_before=late)
        assert refusal(SCREEN, table).code in {"no_within_variance", "rank_deficient"}


@BOTH
def test_an_outcome_that_never_varies_is_refused(estimate: Estimator) -> None:
    table = cohort().with_columns(outcome_before=pl.lit(5.3))
    assert refusal(estimate, table).code in {"no_within_variance", "rank_deficient"}


def test_a_process_that_is_the_next_score_is_an_identity() -> None:
    table = cohort().with_columns(event=pl.col("outcome_before").shift(-1).over("client_id"))
    assert refusal(SCREEN, table).code == "outcome_determined"


@pytest.mark.parametrize("noise", [1e-3, 1.0])
def test_a_process_near_the_next_score_is_none(noise: float) -> None:
    blur = np.random.default_rng(2).normal(0, noise, 660)
    table = cohort(sessions=10).with_columns(event=pl.col("outcome_before").shift(-1).over("client_id"))
    table = table.with_columns(event=pl.col("event") + pl.Series(blur[: table.height]))
    assert SCREEN(table).effect == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("level", [0, 1, 95, -1, float("nan"), float("inf"), None, "0.95", True])
@pytest.mark.parametrize(
    "estimate",
    [
        DEFAULT,
        SCREEN,
        partial(event_course, timing="before"),
        partial(event_crossover_effect, timing="before", gain=5, referents="all"),
        partial(specification_sensitivity, timing="before"),
    ],
    ids=["default", "screen", "course", "crossover", "specifications"],
)
def test_a_level_that_is_no_share_is_refused(estimate: Estimator, level: Any) -> None:
    assert refusal(estimate, cohort(), level=level).code == "level_undefined"


@BOTH
@pytest.mark.parametrize("rows", [1, 2, 11])
def test_a_table_of_few_rows_is_refused_in_words(estimate: Estimator, rows: int) -> None:
    with pytest.raises((CannotEstimate, TableError)):
        estimate(cohort().head(rows))


@BOTH
@pytest.mark.parametrize("step", [2, 3])
def test_session_numbers_that_nobody_has_are_refused(estimate: Estimator, step: int) -> None:
    table = cohort().with_columns(session=pl.col("session") * step)
    error = refusal(estimate, table)
    assert error.code in {"session_numbers_empty", "too_few_clients"}


def test_a_single_number_that_nobody_has_is_warned_of() -> None:
    table = cohort(120, 12, seed=3)
    gap = table.with_columns(session=pl.col("session") + (pl.col("session") > 5))
    assert "1 session numbers that nobody has" in " ".join(DEFAULT(gap).warnings)
    assert "nobody has" not in " ".join(DEFAULT(table).warnings)


def test_one_score_every_other_session_is_no_empty_number() -> None:
    """Everybody is scored every second session only; the sessions between are coded."""
    table = simulate_cohort("pure", n_clients=150, n_sessions=16, rng=np.random.default_rng(5)).table
    sparse = pl.when(pl.col("session") % 2 == 0).then("outcome_before")
    assert DEFAULT(table.with_columns(outcome_before=sparse)).n_occasions == 17


@BOTH
def test_an_id_that_is_no_number_is_no_client(estimate: Estimator) -> None:
    table = cohort().with_columns(client_id=pl.col("client_id").rank("dense").cast(pl.Float64))
    table = table.with_columns(
        client_id=pl.when(pl.col("client_id") > 3).then("client_id").otherwise(float("nan"))
    )
    with pytest.raises(TableError, match="key_missing"):
        estimate(table)


def test_a_process_that_never_ends_is_warned_of() -> None:
    table = cohort(120, 12, seed=3)
    begun = pl.col("event").fill_null(0).cum_max().over("client_id")
    late = table.with_columns(event=pl.when(pl.col("event").is_not_null()).then(begun))
    assert "never ends" in " ".join(DEFAULT(late).warnings)
    assert "never ends" not in " ".join(DEFAULT(table).warnings)


def test_one_long_course_among_short_ones_is_named_where_nothing_converges() -> None:
    short = cohort(120, 10, seed=4)
    long = cohort(1, 110, seed=5).with_columns(client_id=pl.lit("long"))
    table = pl.concat([short.with_columns(pl.col("client_id").cast(pl.String)), long.select(short.columns)])
    error = refusal(DEFAULT, table)
    assert "occasions have scores of fewer than 5 clients" in error.found
