from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import WithinClientScreen, lagged_within_client_screen
from therapeutic_process.simulate import Scenario, simulate_cohort

REFERENCE = SHARED / "reference" / "process_outcome"


def cohort(scenario: Scenario = "rtm", n: int = 60, sessions: int = 12, **options: Any) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    return simulate_cohort(scenario, n_clients=n, n_sessions=sessions, rng=rng, **options).table


def long_from_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Undo the lags of a table with the score before, the score before that and the score after."""
    steps = {"y": 0, "y_prev": -1, "y_next": 1}
    scores = [
        rows.select("id", pl.col("session").cast(pl.Int64) + step, pl.col(name).alias("y"))
        for name, step in steps.items()
    ]
    process = rows.select("id", pl.col("session").cast(pl.Int64), "x")
    return pl.concat(scores).unique().join(process, on=["id", "session"], how="left")


def screen(table: Any, **options: Any) -> WithinClientScreen:
    return lagged_within_client_screen(table, timing="before", **options)


@needs_shared
def test_rumination_and_depression_give_no_finding_as_in_r() -> None:
    expected = json.loads((REFERENCE / "results" / "sgdata_fe_detrended_lagy2.json").read_text())["result"]
    rows = pl.read_csv(REFERENCE / "data" / "sgdata_lag2_rows_min4.csv")
    found = screen(long_from_rows(rows), client="id", outcome="y", process="x")
    assert found.effect == pytest.approx(expected["coef"]["x"], rel=1e-8)
    assert list(found.coefficients.values()) == pytest.approx(list(expected["coef"].values()), rel=1e-8)
    assert list(found.standard_errors.values()) == pytest.approx(
        list(expected["se_CR0*sqrt(G/(G-1))"].values()), rel=1e-8
    )
    assert found.p_value == pytest.approx(expected["p_t_Gminus1"]["x"], rel=1e-8)
    assert (found.n_clients, found.n_rows) == (expected["G"], expected["nobs"])
    assert "nothing to follow up" in found.verdict


def test_a_short_course_is_screened_with_the_warning_that_it_shrinks() -> None:
    short = screen(cohort(sessions=8))
    assert "shrinks effects by 25–60 %" in short.warnings[0]
    assert "shrinks effects" in str(short)
    assert screen(cohort(sessions=9)).warnings == ()


def test_too_few_clients_are_refused_and_few_are_warned_of() -> None:
    with pytest.raises(CannotEstimate) as caught:
        screen(cohort(n=9))
    assert (caught.value.code, caught.value.found) == ("too_few_clients", "9")
    assert "10 clients" in screen(cohort(n=10)).warnings[0]


def test_clients_with_fewer_than_four_usable_sessions_are_dropped_with_the_reason() -> None:
    table = cohort().filter((pl.col("client_id") > 5) | (pl.col("session") < 5))
    found = screen(table)
    assert found.dropped == (("client with fewer than 4 usable sessions", 5),)
    assert found.n_clients == 55


def test_a_process_that_never_varies_is_refused() -> None:
    with pytest.raises(CannotEstimate) as caught:
        screen(cohort().with_columns(event=1.0))
    assert caught.value.code == "rank_deficient"


def test_undeclared_timing_and_shared_items_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        lagged_within_client_screen(cohort())
    with pytest.raises(CannotEstimate, match="shared_items"):
        screen(cohort(), outcome_items=["sleep"], process_items=["sleep"])


def test_scores_taken_after_sessions_are_the_same_series_without_the_first() -> None:
    table = cohort(n=100, irregular=True)
    shifted = [pl.col(c).shift(-1).over("client_id", order_by="session") for c in ("outcome_before", "days")]
    behind = table.with_columns(*shifted).filter(pl.col("event").is_not_null())
    expected = screen(
        table.with_columns(outcome_before=pl.when(pl.col("session") > 0).then("outcome_before")), days="days"
    )
    found = lagged_within_client_screen(behind, timing="after", days="days")
    assert list(found.coefficients.values()) == pytest.approx(list(expected.coefficients.values()))
    assert (found.n_rows, found.timing) == (expected.n_rows, "after")


def test_covariates_enter_by_name_and_change_nothing_when_they_are_noise() -> None:
    table = cohort(n=400, irregular=True)
    noise = np.random.default_rng(2).normal(size=len(table))
    found = screen(table.with_columns(noise=noise), days="days", covariates=["noise"], lagged_process=True)
    assert list(found.coefficients)[3:] == ["noise", "elapsed days", "process of the last session"]
    assert found.effect == pytest.approx(screen(table).effect, abs=0.1)
    assert abs(found.coefficients["noise"]) < 4 * found.standard_errors["noise"]


def test_the_larger_standard_error_is_taken_with_clusters() -> None:
    table = cohort("pure", n=240, therapists=8, therapist_sd=3.0, therapist_process_sd=1.5)
    alone, together = screen(table), screen(table, cluster="therapist_id")
    assert together.effect == alone.effect
    assert together.standard_error > alone.standard_error
    assert together.degrees_of_freedom == 7
    with pytest.raises(CannotEstimate, match="too_few_clusters"):
        screen(table.with_columns(house=pl.lit(1)), cluster="house")


def test_scaling_and_shifting_only_rescales() -> None:
    table = cohort()
    one = screen(table)
    other = screen(table.with_columns(pl.col("outcome_before") * 3 - 40, pl.col("event") * -2 + 1))
    assert other.effect == pytest.approx(-1.5 * one.effect)
    assert other.p_value == pytest.approx(one.p_value)


def test_the_placebo_lead_rejects_where_events_follow_the_state_and_not_else() -> None:
    assert screen(cohort("rtm", n=200)).placebo.rejects
    assert screen(cohort("reverse", n=200)).placebo.rejects
    assert not screen(cohort("pure", n=200)).placebo.rejects
    assert "no sign" in str(screen(cohort("pure", n=200)).placebo)


def test_the_frame_holds_every_coefficient() -> None:
    found = screen(cohort())
    frame = found.to_frame()
    assert frame["term"].to_list() == ["process", "score before", "score before that"]
    assert frame["estimate"][0] == found.effect
    assert "clients" in repr(found)
