"""Models written for other programs: the syntax means the model, and the table is the data."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import UnequalSpacingWarning, to_dpm, to_lavaan_riclpm
from therapeutic_process.process_outcome.model_syntax import _riclpm
from therapeutic_process.simulate import simulate_cohort

VALUES = {"a": 0.3, "b": -0.8, "c": 0.2, "d": 0.4, "d0": 0.1, "e": -0.3}
VARIANCES = {"RIy": 4.0, "RIx": 0.5}
BETWEEN = 0.6


def cohort(*, sessions: int = 4, irregular: bool = False, missing: float = 0.1) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    made = simulate_cohort(
        "pure", n_clients=12, n_sessions=sessions, irregular=irregular, missing=missing, rng=rng
    )
    return made.table


Values = Mapping[str, float]


def implied(
    syntax: str, scores: int, sessions: int, paths: Values = VALUES, variances: Values = VARIANCES
) -> np.ndarray:
    """Read the syntax as lavaan does, into the covariance that the model implies (reticular action model)."""
    seen = [f"y{t}" for t in range(1, scores + 1)] + [f"x{t}" for t in range(1, sessions + 1)]
    names = [*seen, "RIy", "RIx", *(f"w{v}" for v in seen)]
    at = {name: i for i, name in enumerate(names)}
    along, shocks = np.zeros((len(names), len(names))), np.zeros((len(names), len(names)))
    for line in syntax.splitlines():
        if line.startswith("#"):
            continue
        left, operator, right = re.fullmatch(r"(\w+) (=~|~~|~) (.+)", line).groups()  # type: ignore[union-attr]  # else the test fails
        for term in right.split(" + "):
            label, _, name = term.rpartition("*")
            if operator == "=~":
                along[at[name], at[left]] = float(label)
            elif operator == "~":
                along[at[left], at[name]] = paths[label]
            elif label:
                assert float(label) == 0
            else:
                shocks[at[left], at[name]] = shocks[at[name], at[left]] = (
                    variances.get(left, 1.0) if left == name else variances.get("between", BETWEEN)
                )
    total = np.linalg.inv(np.eye(len(names)) - along)
    return np.asarray((total @ shocks @ total.T)[: len(seen), : len(seen)])


def by_recursion(scores: int, sessions: int) -> np.ndarray:
    """Work out the same covariance from the order of things: score 1, session 1, score 2, and so on."""
    n = scores + sessions
    y, x = np.zeros((scores, n)), np.zeros((sessions, n))
    for t in range(max(scores, sessions)):
        if t < scores:
            y[t, t] = 1.0
            if t:
                y[t] += VALUES["a"] * y[t - 1] + VALUES["b"] * x[t - 1]
        if t < sessions:
            x[t, scores + t] = 1.0
            x[t] += (
                VALUES["d"] * y[t] + VALUES["c"] * x[t - 1] + VALUES["e"] * y[t - 1]
                if t
                else VALUES["d0"] * y[t]
            )
    within = np.vstack([y, x]) @ np.vstack([y, x]).T
    kind = np.repeat([0, 1], [scores, sessions])
    between = np.array([[VARIANCES["RIy"], BETWEEN], [BETWEEN, VARIANCES["RIx"]]])
    return np.asarray(within + between[np.ix_(kind, kind)])


def hamaker(waves: int, of: Values) -> np.ndarray:
    """Work out the covariance of the model as published: both follow both, and covary within a wave."""
    n = 2 * waves
    first = np.array([[of["vy1"], of["cr1"]], [of["cr1"], of["vx1"]]])
    later = np.array([[of["vy"], of["cr"]], [of["cr"], of["vx"]]])
    step = np.array([[of["ay"], of["byx"]], [of["bxy"], of["ax"]]])
    found = np.zeros((n, n))
    state = first
    for t in range(waves):
        ahead = state
        for u in range(t, waves):
            found[np.ix_([u, waves + u], [t, waves + t])] = ahead
            found[np.ix_([t, waves + t], [u, waves + u])] = ahead.T
            ahead = step @ ahead
        state = step @ state @ step.T + later
    kind = np.repeat([0, 1], waves)
    between = np.array([[of["RIy"], of["between"]], [of["between"], of["RIx"]]])
    return np.asarray(found + between[np.ix_(kind, kind)])


def in_order(waves: int, of: Values) -> np.ndarray:
    """Return the same covariance from the syntax: what both share in a wave becomes a path from score to session."""
    d, d0 = of["cr"] / of["vy"], of["cr1"] / of["vy1"]
    paths = {"a": of["ay"], "b": of["byx"], "c": of["ax"] - d * of["byx"], "d": d, "d0": d0}
    paths["e"] = of["bxy"] - d * of["ay"]
    variances = {k: of[k] for k in ("RIy", "RIx", "between")}
    for t in range(1, waves + 1):
        vy, vx, path = (of["vy"], of["vx"], d) if t > 1 else (of["vy1"], of["vx1"], d0)
        variances |= {f"wy{t}": vy, f"wx{t}": vx - path**2 * vy}
    return implied(_riclpm(waves, waves), waves, waves, paths, variances)


@settings(max_examples=10)
@given(
    st.integers(2, 7),
    st.fixed_dictionaries(
        {name: st.floats(-0.6, 0.6) for name in ("ay", "ax", "byx", "bxy", "cr", "cr1", "between")}
        | {name: st.floats(0.8, 3) for name in ("vy", "vx", "vy1", "vx1", "RIy", "RIx")}
    ),
)
def test_with_equal_variances_the_model_is_hamakers(waves: int, of: dict[str, float]) -> None:
    assert in_order(waves, of) == pytest.approx(hamaker(waves, of), rel=1e-9, abs=1e-9)


@needs_shared
def test_the_syntax_gives_the_log_likelihood_that_lavaan_reported() -> None:
    folder = SHARED / "reference" / "process_outcome"
    result = json.loads((folder / "results" / "sgdata_riclpm_s1_s5.json").read_text())["result"]
    found = {(p["lhs"], p["op"], p["rhs"]): p["est"] for p in result["parameters"]}
    labels = {p["label"]: p["est"] for p in result["parameters"] if p["label"]}
    of = labels | {"RIy": found["RIy", "~~", "RIy"], "RIx": found["RIx", "~~", "RIx"]}
    of |= {"vy1": found["wy1", "~~", "wy1"], "vx1": found["wx1", "~~", "wx1"]}
    of |= {"cr1": found["wx1", "~~", "wy1"], "between": found["RIx", "~~", "RIy"]}
    names = [f"{v}_s{t}" for v in ("bdi", "rq") for t in range(1, 6)]
    mean = np.array([found[name, "~1", ""] for name in names])
    covariance = in_order(5, of)
    total = 0.0
    for row in pl.read_csv(folder / "data" / "sgdata_wide.csv").select(names).iter_rows():
        here = np.array([i for i, v in enumerate(row) if v is not None], dtype=int)
        if len(here):
            seen = np.array([row[i] for i in here], dtype=float)
            normal = multivariate_normal(mean[here], covariance[np.ix_(here, here)])
            total += float(normal.logpdf(seen))
    assert total == pytest.approx(result["fit"]["logl"], abs=1e-4)


@settings(max_examples=8)
@given(st.integers(2, 9))
def test_the_syntax_means_the_model(sessions: int) -> None:
    found = implied(_riclpm(sessions + 1, sessions), sessions + 1, sessions)
    assert found == pytest.approx(by_recursion(sessions + 1, sessions), rel=1e-9)


def test_the_wide_table_holds_every_value_at_its_session() -> None:
    table = cohort()
    found = to_lavaan_riclpm(table, timing="before")
    assert (found.n_clients, found.n_occasions) == (12, 5)
    for t in range(5):
        rows = table.filter(pl.col("session") == t).sort("client_id")
        assert found.data[f"y{t + 1}"].to_list() == rows["outcome_before"].to_list()
        if t < 4:
            assert found.data[f"x{t + 1}"].to_list() == rows["event"].to_list()
    assert found.syntax in found.script


def test_the_long_table_holds_the_same_and_no_id() -> None:
    table = cohort().with_columns(client_id=pl.format("Anna{}", "client_id"))
    found = to_dpm(table, timing="before")
    wide = to_lavaan_riclpm(table, timing="before").data
    assert found.data.columns == ["id", "wave", "y", "x"]
    assert found.data.filter(pl.col("wave") == 3)["y"].to_list() == wide["y3"].to_list()
    assert found.data.filter(pl.col("wave") == 5)["x"].null_count() == 12
    assert "Anna" not in found.data.write_csv() + wide.write_csv()
    assert found.syntax in str(found)


def test_irregular_spacing_is_warned_of_once_it_can_be_seen() -> None:
    table = cohort(irregular=True)
    for write in (to_dpm, to_lavaan_riclpm):
        with pytest.warns(UnequalSpacingWarning, match="gaps are over 1.5 times longer or shorter"):
            write(table, timing="before", days="days")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write(table, timing="before", days="days", spacing_ok=True)
            write(table.with_columns(days=pl.col("session") * 7.0), timing="before", days="days")


def test_undeclared_timing_is_refused() -> None:
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        to_dpm(cohort())
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        to_lavaan_riclpm(cohort())


def test_dpm_lets_a_process_follow_the_score_before_its_session() -> None:
    assert "partial.pre = TRUE" in to_dpm(cohort(), timing="before").script


def test_scores_after_sessions_begin_where_the_first_of_them_is() -> None:
    """A row then holds the session before its score: the first session has no score before it."""
    table = cohort(missing=0.0).with_columns(event=pl.int_range(pl.len()) % 7 % 2 * 1.0)
    after = to_lavaan_riclpm(table, timing="after")
    assert after.data.columns == ["y1", "y2", "y3", "y4", "y5", "x1", "x2", "x3", "x4"]
    for t in range(5):
        rows = table.filter(pl.col("session") == t).sort("client_id")
        assert after.data[f"y{t + 1}"].to_list() == rows["outcome_before"].to_list()
        if t:
            assert after.data[f"x{t}"].to_list() == rows["event"].to_list()
    assert to_dpm(table, timing="after").data["y"].null_count() == 0


def test_columns_that_hold_nothing_or_do_not_vary_are_refused_with_the_numbers() -> None:
    table = cohort(missing=0.0)
    here = pl.col("session") == 2
    for column, value in (("event", 0.0), ("event", None), ("outcome_before", None)):
        damaged = table.with_columns(pl.when(here).then(pl.lit(value)).otherwise(column).alias(column))
        for write in (to_dpm, to_lavaan_riclpm):
            with pytest.raises(CannotEstimate, match="5 occasions, and 1 of 9 columns") as caught:
                write(damaged, timing="before")
            assert caught.value.code == "no_variance"
    with pytest.raises(CannotEstimate, match="2 occasions"):
        to_dpm(table.filter(pl.col("session") < 2), timing="before")
