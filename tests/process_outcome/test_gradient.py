from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import lagged_within_client_screen, process_gradient
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Response = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def amounts(response: Response, n: int = 400, sessions: int = 14) -> pl.DataFrame:
    """Clients who get 0 to 3 of a process at random, and respond in the next score only."""
    rng = np.random.default_rng(9)
    table = simulate_cohort("rtm", n_clients=n, n_sessions=sessions, rng=rng).table
    amount = rng.integers(0, 4, len(table)).astype(float)
    table = table.with_columns(event=pl.Series(amount), effect=pl.Series(response(amount)))
    moved = pl.col("outcome_before") + pl.col("effect").shift(1).over("client_id").fill_null(0)
    return table.with_columns(outcome_before=moved)


def test_a_straight_gradient_is_found_straight() -> None:
    found = process_gradient(amounts(lambda a: -1.0 * a), timing="before")
    assert found.amounts == (0.0, 1.0, 2.0, 3.0)
    assert found.trend == pytest.approx(-1.0, abs=0.2)
    assert found.trend_p_value < 1e-6
    assert found.departure_p_value > 0.05
    assert found.effects == pytest.approx((0, -1, -2, -3), abs=0.4)


def test_a_threshold_departs_from_a_straight_gradient() -> None:
    found = process_gradient(amounts(lambda a: np.where(a >= 3, -3.0, 0.0)), timing="before")
    assert found.departure_p_value < 1e-4
    assert found.effects[1:3] == pytest.approx((0, 0), abs=0.5)


def test_the_straight_gradient_is_the_screens_effect() -> None:
    table = amounts(lambda a: -0.5 * a, n=60)
    screen, found = (
        lagged_within_client_screen(table, timing="before"),
        process_gradient(table, timing="before"),
    )
    assert (found.trend, found.trend_standard_error) == pytest.approx((screen.effect, screen.standard_error))
    assert (found.n_clients, found.n_rows) == (screen.n_clients, screen.n_rows)


def test_departure_does_not_depend_on_origin_and_unit() -> None:
    table = amounts(lambda a: -0.3 * a**2, n=80)
    turned = table.with_columns(event=pl.col("event") * 5 - 7)
    one, other = (process_gradient(t, timing="before") for t in (table, turned))
    assert other.departure_p_value == pytest.approx(one.departure_p_value)
    assert other.trend == pytest.approx(one.trend / 5)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("too_few_amounts", pl.col("event").clip(0, 1)),
        ("too_many_amounts", pl.col("event") + pl.col("session")),
        ("too_few_clients", pl.when(pl.col("client_id") < 5).then("event")),
    ],
)
def test_amounts_that_show_no_gradient_are_refused(code: str, change: pl.Expr) -> None:
    table = amounts(lambda a: 0 * a, n=40).with_columns(event=change)
    with pytest.raises(CannotEstimate) as caught:
        process_gradient(table, timing="before")
    assert caught.value.code == code


def test_the_frame_has_one_row_per_amount_and_the_text_is_about_sessions_of_a_client() -> None:
    found = process_gradient(amounts(lambda a: 0 * a, n=40), timing="before")
    assert found.to_frame()["amount"].to_list() == [0, 1, 2, 3]
    assert "not the dose–response" in str(found)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        process_gradient(amounts(lambda a: 0 * a, n=40))
