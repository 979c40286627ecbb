from __future__ import annotations

import json
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import WithinClientEffect, lagged_within_client_effect
from therapeutic_process.simulate import Scenario, simulate_cohort

JOINT = SHARED / "reference" / "process_outcome" / "joint"


def cohort(
    scenario: Scenario = "rtm", n: int = 80, sessions: int = 8, seed: int = 5, **options: Any
) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return simulate_cohort(scenario, n_clients=n, n_sessions=sessions, rng=rng, **options).table


def effect(table: Any, **options: Any) -> WithinClientEffect:
    return lagged_within_client_effect(table, timing="before", **options)


@needs_shared
@pytest.mark.parametrize("path", sorted(JOINT.glob("*.json")), ids=lambda p: p.stem)
def test_the_independent_implementation_is_matched(path: Any) -> None:
    expected = json.loads(path.read_text())
    table = pl.read_csv(path.parent / expected["data"])
    if "refused" in expected["result"]:
        with pytest.raises(CannotEstimate) as caught:
            effect(table)
        assert caught.value.code == "too_few_clients"
        assert caught.value.found == str(expected["result"]["G"])
        return
    found = effect(table)
    for name in ("score", "state"):
        reference, reading = expected["result"][name], found.reading(name)
        within = 1e-3 * reference["se"]
        assert reading.effect == pytest.approx(reference["b"], rel=1e-3, abs=within)
        assert reading.standard_error == pytest.approx(reference["se"], rel=1e-3)
        assert reading.interval == pytest.approx([reference["lo"], reference["hi"]], rel=1e-3)
        assert reading.log_likelihood == pytest.approx(reference["ll"], abs=1e-5)
        assert reading.degrees_of_freedom == reference["df"]
        assert reading.penalty_share == pytest.approx(reference["prior_share"], rel=1e-3)
        theirs = {k if k != "gam0" else "gam0": v for k, v in reference["theta"].items() if v != 0}
        assert {k: reading.parameters[k] for k in theirs} == pytest.approx(theirs, abs=1e-3)
    robust = expected["result"]["robust"]
    assert found.interval == pytest.approx([robust["lo"], robust["hi"]], rel=1e-3)
    assert found.p_value == pytest.approx(robust["p"], rel=2e-3)
    assert list(found.kept) == robust["readings"]
    assert found.likelihood_difference == pytest.approx(robust["lr"], abs=1e-5)


def test_a_true_effect_is_found_and_its_size_covered() -> None:
    found = effect(cohort("rtm", n=1500, sessions=8, effect=1.0))
    low, high = found.interval
    assert low < -1.0 < high < 0
    assert found.verdict.startswith("consistent with a lower next score")
    assert found.placebo.rejects
    assert "conditional on what the process follows" in found.verdict


def test_nothing_is_found_where_nothing_is() -> None:
    found = effect(cohort("pure", n=400, sessions=8))
    assert not found.excludes_zero
    assert found.verdict.startswith("inconclusive")
    assert "inert" in found.verdict


@settings(max_examples=8, deadline=None)
@given(st.floats(0.01, 100), st.floats(-1e3, 1e3), st.floats(-5, 5).filter(lambda c: abs(c) > 0.05))
def test_units_and_origins_only_rescale_the_effect(scale: float, shift: float, unit: float) -> None:
    table = cohort(missing=0.05)
    turned = table.with_columns(pl.col("outcome_before") * scale + shift, pl.col("event") * unit + 3)
    one, other = effect(table), effect(turned)
    for name in ("score", "state"):
        a, b = one.reading(name), other.reading(name)
        assert b.effect == pytest.approx(a.effect * scale / unit, rel=1e-4)
        assert b.standard_error == pytest.approx(a.standard_error * scale / abs(unit), rel=1e-4)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-3)


def test_order_names_and_session_numbers_do_not_matter() -> None:
    table = cohort()
    renamed = table.sample(fraction=1, shuffle=True, seed=1).select(
        pl.format("client {}", 1000 - pl.col("client_id")).alias("who"),
        (pl.col("session") + 1).alias("meeting"),
        pl.col("outcome_before").alias("phq"),
        (pl.col("event") == 1).alias("insight"),
    )
    one = effect(table)
    other = effect(renamed, client="who", session="meeting", outcome="phq", process="insight")
    assert other.interval == pytest.approx(one.interval, rel=1e-4)
    assert other.n_sessions == one.n_sessions


def test_every_kind_of_frame_gives_the_same_answer() -> None:
    table = cohort(missing=0.1)
    expected = effect(table).interval
    frames: list[Any] = [
        table.lazy(),
        table.to_arrow(),
        pd.DataFrame(table.to_dict(as_series=False)),
        nw.from_native(table),
    ]
    for frame in frames:
        assert effect(frame).interval == pytest.approx(expected, rel=1e-9)


def test_duckdb_and_names_as_text_give_the_same_answer() -> None:
    duckdb = pytest.importorskip("duckdb")
    table = cohort(missing=0.1).with_columns(client_id=pl.format("client {}", "client_id"))
    relation = duckdb.from_arrow(table.to_arrow())
    assert effect(relation).interval == pytest.approx(effect(table).interval)
    categories = table.with_columns(pl.col("client_id").cast(pl.Categorical))
    assert effect(categories).interval == pytest.approx(effect(table).interval)


def test_a_blank_row_and_an_absent_row_are_the_same() -> None:
    table = cohort("dropout", missing=0.15, n=120)
    absent = table.filter(pl.col("outcome_before").is_not_null() | pl.col("event").is_not_null())
    assert len(absent) < len(table)
    assert effect(absent).interval == pytest.approx(effect(table).interval, rel=1e-6)


def test_clients_who_tell_nothing_are_dropped_with_the_reason() -> None:
    table = cohort()
    short = pl.DataFrame(
        {"client_id": [901, 901], "session": [0, 1], "outcome_before": [9.0, 8.0], "event": [1.0, None]}
    )
    silent = pl.DataFrame(
        {"client_id": [902] * 4, "session": [0, 1, 2, 3], "outcome_before": [9.0] * 4, "event": [None] * 4}
    )
    found = effect(pl.concat([table, short, silent.cast(table.schema)], how="vertical_relaxed"))
    assert dict(found.dropped) == {
        "client with fewer than 3 scores": 1,
        "client without a coded session": 1,
    }
    assert found.interval == pytest.approx(effect(table).interval, rel=1e-4)


def test_shared_shocks_of_therapists_widen_the_interval_only_with_cluster() -> None:
    table = cohort("pure", n=240, therapists=12, therapist_sd=3.0, therapist_process_sd=1.5)
    alone, together = effect(table), effect(table, cluster="therapist_id")
    for name in ("score", "state"):
        a, b = alone.reading(name), together.reading(name)
        assert b.effect == a.effect
        assert b.standard_error >= a.standard_error
        assert b.degrees_of_freedom == 11
    assert together.reading("score").standard_error > 1.2 * alone.reading("score").standard_error


def test_one_client_per_cluster_is_no_cluster() -> None:
    table = cohort().with_columns(own=pl.col("client_id"))
    assert effect(table, cluster="own").interval == pytest.approx(effect(table).interval)


@pytest.mark.parametrize(
    ("code", "table", "options"),
    [
        ("too_few_clients", lambda: cohort(n=29), {}),
        ("too_few_occasions", lambda: cohort(sessions=4), {}),
        (
            "too_few_varying_clients",
            lambda: cohort().with_columns(
                event=pl.when(pl.col("client_id") > 14).then(0.0).otherwise("event")
            ),
            {},
        ),
        ("no_within_variance", lambda: cohort().with_columns(outcome_before=5.0 + pl.col("client_id")), {}),
        ("too_few_clusters", lambda: cohort().with_columns(house=pl.lit(1)), {"cluster": "house"}),
        ("shared_items", cohort, {"outcome_items": ["a", "b"], "process_items": ["b"]}),
        ("shared_items", cohort, {"process": "outcome_before"}),
    ],
)
def test_what_cannot_be_answered_is_refused_by_code(code: str, table: Any, options: dict[str, Any]) -> None:
    with pytest.raises(CannotEstimate) as caught:
        effect(table(), **options)
    assert caught.value.code == code


def test_thirty_clients_are_answered_with_a_warning_and_fifty_without() -> None:
    assert "30 clients" in effect(cohort("pure", n=30, seed=2)).warnings[0]
    assert not any("clients" in text for text in effect(cohort("pure", n=50, seed=2)).warnings)


def moved_behind(table: pl.DataFrame) -> pl.DataFrame:
    """Write the score before the next session as the score after this one, as if taken then."""
    after = pl.col("outcome_before").shift(-1).over("client_id", order_by="session")
    return table.with_columns(score=after).drop("outcome_before").filter(pl.col("event").is_not_null())


def test_scores_taken_after_sessions_are_the_same_series_without_the_first() -> None:
    table = cohort(n=120)
    later = table.with_columns(outcome_before=pl.when(pl.col("session") > 0).then("outcome_before"))
    expected = effect(later)
    found = lagged_within_client_effect(moved_behind(table), timing="after", outcome="score")
    assert found.interval == pytest.approx(expected.interval)
    assert found.n_scores == expected.n_scores
    assert found.timing == "after"
    strong = cohort("pure", n=200, effect=3.0)
    text = str(lagged_within_client_effect(moved_behind(strong), timing="after", outcome="score"))
    assert "immediate" in text


@pytest.mark.parametrize("absent", [0, 3, 8])
def test_an_occasion_without_any_score_or_coded_session_is_no_obstacle(absent: int) -> None:
    table = cohort(n=100, sessions=9)
    silent = table.with_columns(
        pl.when(pl.col("session") != absent).then("outcome_before").name.keep(),
        event=pl.when(pl.col("session") != absent).then("event"),
    )
    found = effect(silent)
    assert found.n_scores == 900
    assert found.n_occasions == (9 if absent == 0 else 10)
    assert found.reading("score").effect == pytest.approx(effect(table).reading("score").effect, abs=1.5)


def test_an_intake_score_before_the_first_coded_session_is_used() -> None:
    table = cohort(n=200, sessions=9, effect=2.0)
    uncoded = table.with_columns(event=pl.when(pl.col("session") > 0).then("event"))
    found = effect(uncoded)
    assert (found.n_scores, found.n_sessions) == (2000, 1600)
    assert found.interval[0] < -2.0 < found.interval[1] < 0
    without = effect(
        uncoded.with_columns(outcome_before=pl.when(pl.col("session") > 0).then("outcome_before"))
    )
    assert (without.n_scores, without.n_occasions) == (1800, 9)


def test_a_process_that_is_the_outcome_by_another_name_is_refused() -> None:
    table = cohort(n=100)
    same = table.with_columns(event=pl.when(pl.col("event").is_not_null()).then("outcome_before"))
    with pytest.raises(CannotEstimate) as caught:
        effect(same)
    assert caught.value.code in {"not_converged", "hessian_not_positive"}


def test_undeclared_timing_is_refused() -> None:
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        lagged_within_client_effect(cohort())


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("column_missing", lambda t: t.drop("event")),
        ("duplicate_key", lambda t: pl.concat([t, t.head(2)])),
        (
            "key_missing",
            lambda t: t.with_columns(client_id=pl.when(pl.col("client_id") > 3).then("client_id")),
        ),
        ("not_whole", lambda t: t.with_columns(session=pl.col("session") + 0.5)),
        ("order_is_time", lambda t: t.with_columns(session=pl.datetime(2020, 1, 1))),
        ("not_numeric", lambda t: t.with_columns(outcome_before=pl.lit("low"))),
        ("not_finite", lambda t: t.with_columns(outcome_before=pl.lit(float("inf")))),
        ("no_outcome", lambda t: t.with_columns(outcome_before=pl.lit(None, dtype=pl.Float64))),
        ("too_many_occasions", lambda t: t.with_columns(session=pl.col("session") * 50)),
    ],
)
def test_a_table_that_breaks_its_contract_is_refused_by_code(code: str, change: Any) -> None:
    with pytest.raises(TableError) as caught:
        effect(change(cohort()))
    assert caught.value.code == code


def test_a_client_with_two_therapists_is_refused() -> None:
    table = cohort().with_columns(therapist=pl.col("session") % 2)
    with pytest.raises(TableError, match="cluster_varies"):
        effect(table, cluster="therapist")


def test_the_text_never_says_caused_and_never_shows_a_client() -> None:
    found = effect(cohort().with_columns(client_id=pl.format("Zoltan-{}", "client_id")))
    text = f"{found!r} {found}"
    assert "cause" not in text.replace("unmeasured cause", "")
    assert "Zoltan" not in text
    assert "limit:" in text
    assert "assumes:" in text
    frame = found.to_frame()
    assert frame["reading"].to_list() == ["score", "state", "robust"]
    assert frame["low"][2] == found.interval[0]
