"""Models written for other programs: the syntax means the model, and the table is the data."""

from __future__ import annotations

import re
import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import UnequalSpacingWarning, to_dpm, to_lavaan_riclpm
from therapeutic_process.process_outcome.model_syntax import _riclpm
from therapeutic_process.simulate import simulate_cohort

VALUES = {"a": 0.3, "b": -0.8, "c": 0.2, "d": 0.4, "d0": 0.1}
VARIANCES = {"RIy": 4.0, "RIx": 0.5}
BETWEEN = 0.6


def cohort(*, sessions: int = 4, irregular: bool = False) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    made = simulate_cohort(
        "pure", n_clients=12, n_sessions=sessions, irregular=irregular, missing=0.1, rng=rng
    )
    return made.table


def implied(syntax: str, scores: int, sessions: int) -> np.ndarray:
    """Read the syntax as lavaan does, into the covariance that the model implies (reticular action model)."""
    seen = [f"y{t}" for t in range(1, scores + 1)] + [f"x{t}" for t in range(1, sessions + 1)]
    names = [*seen, "RIy", "RIx", *(f"w{v}" for v in seen)]
    at = {name: i for i, name in enumerate(names)}
    paths, shocks = np.zeros((len(names), len(names))), np.zeros((len(names), len(names)))
    for line in syntax.splitlines():
        if line.startswith("#"):
            continue
        left, operator, right = re.fullmatch(r"(\w+) (=~|~~|~) (.+)", line).groups()  # type: ignore[union-attr]  # else the test fails
        for term in right.split(" + "):
            label, _, name = term.rpartition("*")
            if operator == "=~":
                paths[at[name], at[left]] = float(label)
            elif operator == "~":
                paths[at[left], at[name]] = VALUES[label]
            elif label:
                assert float(label) == 0
            else:
                shocks[at[left], at[name]] = shocks[at[name], at[left]] = (
                    VARIANCES.get(left, 1.0) if left == name else BETWEEN
                )
    total = np.linalg.inv(np.eye(len(names)) - paths)
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
            x[t] += VALUES["d"] * y[t] + VALUES["c"] * x[t - 1] if t else VALUES["d0"] * y[t]
    within = np.vstack([y, x]) @ np.vstack([y, x]).T
    kind = np.repeat([0, 1], [scores, sessions])
    between = np.array([[VARIANCES["RIy"], BETWEEN], [BETWEEN, VARIANCES["RIx"]]])
    return np.asarray(within + between[np.ix_(kind, kind)])


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
