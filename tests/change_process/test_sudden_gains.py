"""Sudden gains: published examples, the same on every engine, laws, and the edges."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import BUILDERS, LAZY, Data, every_engine, rows_of, shuffled
from therapeutic_process.change_process import (
    SuddenRule,
    enough_scores,
    interval_counts,
    paired_scores,
    sudden_gains,
    sudden_gains_by_chance,
    sudden_gains_false_positives,
)
from therapeutic_process.errors import TableError, TherapeuticProcessError

RULES: list[dict[str, Any]] = [
    {"cutoff": 4},
    {"cutoff": 3, "stability": "t_test"},
    {"cutoff": 3, "kind": "loss"},
    {"cutoff": 3, "better": "higher"},
    {"cutoff": 3, "stability": "share_kept"},
    {"cutoff": 3, "stability": "sd_of_series"},
    {"cutoff": 3, "min_share": None, "stability": "none", "min_sessions_before": 2},
    {"cutoff": None, "min_share": None, "start": 1, "end": 5},
]


def one(*scores: float | None) -> pl.DataFrame:
    data = {"client_id": [1] * len(scores), "session": list(range(1, len(scores) + 1)), "score": list(scores)}
    return pl.DataFrame(data, schema_overrides={"score": pl.Float64})


def cohort(seed: int = 0, clients: int = 40) -> Data:
    rng = np.random.default_rng(seed)
    data: Data = {"client_id": [], "session": [], "score": []}
    for client in range(clients):
        n = int(rng.integers(1, 13))
        course = np.clip(np.cumsum(rng.normal(-1, 4, n)) + 20, 0, 60).round()
        for i in range(n):
            data["client_id"].append(client)
            data["session"].append(2 * i + 1)
            data["score"].append(None if rng.random() < 0.15 else float(course[i]))
    return data


def sessions(result: Any) -> list[int]:
    return [r["session"] for r in rows_of(result.events, "session")]


def test_the_first_example_of_check_interval() -> None:
    result = sudden_gains(one(32, 31, 33, 5, 6, 7), cutoff=7)
    row = result.intervals().filter(pl.col("session") == 3).row(0, named=True)
    assert (row["verdict"], row["mean_before"], row["mean_after"]) == ("gain", 32, 6)
    assert sessions(result) == [3]


def test_the_second_example_of_check_interval() -> None:
    frame = one(None, 31, 33, 5, None, 7)
    result = sudden_gains(frame, cutoff=None, min_share=None, alpha=0.01)
    row = result.intervals().filter(pl.col("session") == 3).row(0, named=True)
    assert (row["verdict"], row["n_before"], row["n_after"]) == ("gain", 2, 2)
    assert SuddenRule(cutoff=None, min_share=None, alpha=0.01).critical_value(2) == pytest.approx(
        9.925, abs=5e-4
    )


def test_the_third_example_of_check_interval_is_a_loss() -> None:
    result = sudden_gains(one(5, None, 7, 16, 12, 14), cutoff=7, kind="loss")
    assert sessions(result) == [3]
    assert result.rule.critical_value(3) == pytest.approx(3.182, abs=5e-4)


@every_engine
@pytest.mark.parametrize("rule", RULES, ids=[" ".join(f"{k} {v}" for k, v in r.items()) for r in RULES])
def test_events_intervals_and_choices_are_the_same_on_every_engine(engine: str, rule: dict[str, Any]) -> None:
    data = cohort()
    expected = sudden_gains(pl.DataFrame(data), **rule)
    keys = ("client_id", "session")
    text = data | {"client_id": [f"{c:03d}" for c in data["client_id"]]}
    for variant in (data, shuffled(text)):
        result = sudden_gains(BUILDERS[engine](variant), **rule)
        for got, want in (
            (result.events, expected.events),
            (result.intervals(), expected.intervals()),
            (result.by_client("largest"), expected.by_client("largest")),
            (result.by_client("last"), expected.by_client("last")),
        ):
            rows = [r | {"client_id": int(r["client_id"])} for r in rows_of(got, *keys)]
            assert rows == rows_of(want, *keys)
        assert result.counts() == expected.counts()


@pytest.mark.parametrize("rule", RULES)
def test_the_events_are_the_intervals_that_are_sudden(rule: dict[str, Any]) -> None:
    for seed in range(3):
        result = sudden_gains(pl.DataFrame(cohort(seed)), **rule)
        kind = rule.get("kind", "gain")
        found = result.intervals().filter(pl.col("verdict") == kind).select("client_id", "session").rows()
        assert found == result.events.select("client_id", "session").rows()
        assert sum(result.reasons().values()) == len(result.intervals())


series = st.lists(st.one_of(st.none(), st.integers(0, 63)), min_size=2, max_size=12)


@given(scores=series, constant=st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_a_constant_added_changes_nothing_but_the_share(scores: list[int | None], constant: int) -> None:
    moved = [None if s is None else s + constant for s in scores]
    first, second = (sudden_gains(one(*x), cutoff=5, min_share=None) for x in (scores, moved))
    assert sessions(first) == sessions(second)


@given(scores=series)
@settings(max_examples=60, deadline=None)
def test_a_loss_is_a_gain_of_the_scale_turned_round(scores: list[int | None]) -> None:
    losses = sudden_gains(one(*scores), cutoff=5, kind="loss")
    turned = sudden_gains(one(*scores), cutoff=5, better="higher")
    assert losses.events.rows() == turned.events.rows()


@given(scores=series)
@settings(max_examples=60, deadline=None)
def test_the_published_rule_is_stricter_than_a_t_test(scores: list[int | None]) -> None:
    strict, loose = (sudden_gains(one(*scores), cutoff=3, stability=s) for s in ("pooled_sd", "t_test"))
    assert set(sessions(strict)) <= set(sessions(loose))


def test_every_interval_that_cannot_be_judged_has_a_reason() -> None:
    result = sudden_gains(one(20, None, 18, 9, 8, None), cutoff=4)
    table = result.intervals()
    assert table["reason"].to_list() == [
        "score_missing", "score_missing", "sudden", "too_few_scores", "score_missing",
    ]  # fmt: skip
    assert table["verdict"].to_list() == [None, None, "gain", None, None]


def test_a_gain_that_is_lost_again_is_reversed_also_by_the_very_next_score() -> None:
    held = sudden_gains(one(30, 30, 30, 10, 11, 12), cutoff=7).events.row(0, named=True)
    assert (held["reversal_value"], held["reversal"]) == (20, "held")
    lost = sudden_gains(one(30, 30, 30, 10, 21, 10), cutoff=7, stability="none")
    assert lost.events.row(0, named=True)["reversal"] == "reversed"
    unknown = sudden_gains(one(30, 10), cutoff=7, stability="none").events.row(0, named=True)
    assert unknown["reversal"] is None


def test_a_loss_is_measured_against_the_score_before() -> None:
    mirrored = sudden_gains(one(20, 20, 20, 24.9, 25, 25), cutoff=3, kind="loss")
    assert sessions(mirrored) == []
    assert sessions(sudden_gains(one(20, 20, 20, 25, 25, 25), cutoff=3, kind="loss")) == [3]


def test_the_largest_loss_is_the_largest() -> None:
    frame = one(5, 5, 5, 15, 15, 15, 40, 40, 40)
    result = sudden_gains(frame, cutoff=5, kind="loss")
    assert sessions(result) == [3, 6]
    assert result.by_client("largest")["change"].to_list() == [25]
    assert result.by_client("smallest")["change"].to_list() == [10]
    with pytest.raises(TherapeuticProcessError, match="choice"):
        result.by_client("middle")  # type: ignore[arg-type]


def test_dates_order_a_series_as_numbers_do() -> None:
    start = dt.date(2024, 1, 1)
    frame = one(32, 31, 33, 5, 6, 7).with_columns(
        session=pl.Series([start + dt.timedelta(days=int(d)) for d in (0, 9, 11, 30, 31, 60)])
    )
    assert sudden_gains(frame, cutoff=7).events["session"].to_list() == [dt.date(2024, 1, 12)]


@pytest.mark.parametrize("frame", [one(), one(5), one(None, None, None), one(20, 10)])
def test_too_little_data_gives_an_empty_table_and_no_crash(frame: pl.DataFrame) -> None:
    result = sudden_gains(frame, cutoff=7)
    assert result.events.height == 0
    assert result.by_client("largest").height == 0
    assert [p.n for p in result.average_course()] == [0] * 8
    assert result.counts()["events"] == 0


@pytest.mark.parametrize("keys", [(1, 2), ("a", "b"), (1, 10**12)])
def test_repeated_keys_are_an_error_that_counts_them(keys: tuple[Any, Any]) -> None:
    a, b = keys
    frame = pl.DataFrame({"client_id": [b, a, a], "session": [1, 3, 3], "score": [9.0, 8.0, 7.0]})
    with pytest.raises(TableError, match="2 rows that share theirs"):
        sudden_gains(frame, cutoff=7)


BROKEN: dict[str, Data] = {
    "duplicate_key": {"client_id": [1, 1, 2, 1], "session": [1, 2, 1, 2], "score": [9.0, 3.0, 2.0, 1.0]},
    "not_a_number": {"client_id": [1, 1, 1], "session": [1, 2, 3], "score": [9.0, float("inf"), 2.0]},
    "order_unknown": {"client_id": [1, 1, 1], "session": [1, 2, None], "score": [9.0, 3.0, 2.0]},
    "key_missing": {"client_id": [1, None, 1], "session": [1, 2, 3], "score": [9.0, 3.0, 2.0]},
}


@every_engine
@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_table_is_refused_on_every_engine(engine: str, code: str) -> None:
    for broken in (BROKEN[code], shuffled(BROKEN[code])):
        for function in (lambda f: sudden_gains(f, cutoff=4), paired_scores, interval_counts, enough_scores):
            with pytest.raises(TableError) as caught:
                function(BUILDERS[engine](broken))
            assert caught.value.code == code
            assert bool(caught.value.rows) != (engine in LAZY) or code in {"order_unknown", "key_missing"}


@pytest.mark.parametrize("engine", ["polars-lazy", "duckdb"])
def test_an_unchecked_infinite_score_counts_as_missing(engine: str) -> None:
    data: Data = {
        "client_id": [1] * 7,
        "session": list(range(7)),
        "score": [32, 31, 33, float("inf"), 5, 6, 7],
    }
    missing = data | {"score": [32, 31, 33, None, 5, 6, 7]}
    rule: dict[str, Any] = {"cutoff": None, "min_share": None}
    unchecked = sudden_gains(BUILDERS[engine](data), check=False, **rule)
    expected = sudden_gains(pl.DataFrame(missing), **rule)
    assert len(rows_of(expected.events)) == 2
    assert rows_of(unchecked.events, "session") == rows_of(expected.events, "session")
    assert rows_of(unchecked.intervals(), "session") == rows_of(expected.intervals(), "session")


def test_names_of_columns_mean_nothing_to_an_engine() -> None:
    names = {"client_id": 'the "client"', "session": "se'ssion; --", "score": "score (0–63)"}
    data = cohort(2)
    odd = {names[k]: v for k, v in data.items()}
    mapped: dict[str, Any] = {
        "client": names["client_id"],
        "order": names["session"],
        "score": names["score"],
    }
    expected = rows_of(sudden_gains(pl.DataFrame(data), cutoff=4).events, "client_id", "session")
    assert expected
    for engine in ("polars", "polars-lazy", "pandas", "pyarrow", "duckdb"):
        got = rows_of(
            sudden_gains(BUILDERS[engine](odd), cutoff=4, **mapped).events, *list(names.values())[:2]
        )
        assert [list(r.values()) for r in got] == [list(r.values()) for r in expected]


def test_missing_keys_and_text_are_errors() -> None:
    frame = one(20, 10, 9)
    with pytest.raises(TableError, match="order_unknown"):
        sudden_gains(frame.with_columns(session=pl.Series([1, None, 3])), cutoff=7)
    with pytest.raises(TableError, match="not_a_number"):
        sudden_gains(frame.with_columns(score=pl.Series(["Y", "NA", "3"])), cutoff=7)
    with pytest.raises(TherapeuticProcessError, match="active criterion"):
        sudden_gains(frame, cutoff=None, min_share=None, stability="none")
    with pytest.raises(TherapeuticProcessError, match="cutoff"):
        sudden_gains(frame, cutoff=-7)


def test_keys_far_apart_are_sorted_all_the_same() -> None:
    data = cohort(3)
    wide = data | {"client_id": [c * 10**9 for c in data["client_id"]]}
    plain, far = (sudden_gains(pl.DataFrame(shuffled(d)), cutoff=4) for d in (data, wide))
    assert far.events["session"].to_list() == plain.events["session"].to_list()
    assert (far.events["client_id"] // 10**9).to_list() == plain.events["client_id"].to_list()


def test_the_representation_counts_and_shows_no_client() -> None:
    result = sudden_gains(one(32, 31, 33, 5, 6, 7).with_columns(client_id=pl.lit("anna")), cutoff=7)
    assert "1 events in 1 of 1 clients" in repr(result)
    assert "anna" not in repr(result)


@pytest.mark.parametrize(
    ("pattern", "enough"),
    [("TTTT", 1), ("TTTFT", 1), ("TFTTT", 1), ("TFTTFT", 1), ("TTFTT", 0), ("TTFFTT", 0), ("FTTTF", 0)],
)
def test_patterns_with_enough_scores(pattern: str, enough: int) -> None:
    frame = one(*(5.0 if p == "T" else None for p in pattern))
    assert enough_scores(frame)["n_judgeable"].to_list() == [enough]
    assert interval_counts(frame).judgeable == enough


def test_permuting_scores_finds_no_more_than_chance_in_noise() -> None:
    rng = np.random.default_rng(8)
    noise = pl.DataFrame({
        "client_id": np.repeat(np.arange(40), 10),
        "session": np.tile(np.arange(10), 40),
        "score": rng.normal(25, 8, 400).round(),
    })  # fmt: skip
    level = sudden_gains_by_chance(noise, SuddenRule(cutoff=5), n_permutations=99, rng=rng)
    assert level.p > 0.05
    assert level.counts.min() <= level.observed <= level.counts.max()
    steps = noise.with_columns(
        score=pl.when(pl.col("session") < 5).then(30.0).otherwise(8.0) + pl.col("session") * 0.1
    )
    assert sudden_gains_by_chance(steps, SuddenRule(cutoff=5), n_permutations=99, rng=rng).p == 0.01
    everyone_alike = sudden_gains_by_chance(
        steps, SuddenRule(cutoff=5), within="session", n_permutations=9, rng=rng
    )
    assert everyone_alike.p == 1


def test_more_sessions_and_gradual_change_give_more_false_gains() -> None:
    facts: dict[str, Any] = {"mean": 28, "sd": 8, "reliability": 0.8, "n_clients": 3000}

    def rate(**more: Any) -> float:
        rng = np.random.default_rng(1)
        return sudden_gains_false_positives(SuddenRule(cutoff=7), rng=rng, **(facts | more)).rate

    assert rate(n_sessions=10) < rate(n_sessions=20)
    assert rate(n_sessions=10) < rate(n_sessions=10, course="linear", whole_change=20)
    assert rate(n_sessions=10) == rate(n_sessions=10)
    assert rate(n_sessions=10, reliability=1.0) == 0
