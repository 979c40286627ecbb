from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import within_client_permutation_test
from therapeutic_process.process_outcome.events import co_occurrence, mantel_haenszel, permute_within_clients

if TYPE_CHECKING:
    from typing import Any


REFERENCE = SHARED / "reference" / "process_outcome"


def result(name: str) -> Any:
    return json.loads((REFERENCE / "results" / f"{name}.json").read_text())["result"]


def events() -> tuple[Any, ...]:
    table = pl.read_csv(REFERENCE / "data" / "sgdata_events.csv").cast(pl.Float64)
    client = np.unique(table["id"].to_numpy(), return_inverse=True)[1]
    change = table["y"] - table["y_next"]
    return table["event"].to_numpy(), table["gain"].to_numpy(), client, change.to_numpy()


@needs_shared
def test_counts_and_strata_agree_with_r() -> None:
    event, gain, client, _ = events()
    plain, expected = co_occurrence(event, gain), result("sgdata_naive_chisq")
    assert [plain.chi_square, plain.p_value] == pytest.approx([expected["X2"], expected["p"]], rel=1e-9)
    pooled, expected = mantel_haenszel(event, gain, client.astype(np.intp)), result("sgdata_cmh")
    assert [pooled.chi_square, pooled.p_value, pooled.odds_ratio, *pooled.interval] == pytest.approx(
        [expected["X2"], expected["p"], expected["common_OR"], *expected["ci"]], rel=1e-9
    )


@needs_shared
@pytest.mark.parametrize("what", ["gain", "change"])
def test_the_permutation_distribution_agrees_with_r(what: str) -> None:
    event, gain, client, change = events()
    found = permute_within_clients(event, gain if what == "gain" else change, client.astype(np.intp))
    expected = result("sgdata_stratified_permutation")[what]
    assert [
        found.statistic,
        found.expectation,
        found.variance,
        found.chi_square,
        found.p_value,
    ] == pytest.approx(
        [expected[k] for k in ("linear_statistic", "expectation", "variance", "chi2", "p")], rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=4), st.integers(0, 999))
def test_the_exact_p_counts_every_exchange_of_labels(first: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    second = rng.integers(0, 2, (3, 2))
    rows = np.concatenate([np.array(first), second]).astype(float)
    client = np.array([0] * len(first) + [1] * 3, dtype=np.intp)
    found = permute_within_clients(rows[:, 0], rows[:, 1], client)
    sums = [
        float(np.concatenate([a, b]) @ rows[:, 1])
        for a in map(list, itertools.permutations(rows[: len(first), 0]))
        for b in map(list, itertools.permutations(rows[len(first) :, 0]))
    ]
    values, counts = np.unique(sums, return_counts=True)
    share = counts / counts.sum()
    seen = share[values == found.statistic][0]
    assert found.exact_p_value == pytest.approx(share[share <= seen * (1 + 1e-9)].sum())
    assert found.expectation == pytest.approx(np.mean(sums))
    assert found.variance == pytest.approx(np.var(sums))


def test_one_client_is_one_table() -> None:
    rng = np.random.default_rng(1)
    event, gain = rng.integers(0, 2, (2, 60)).astype(float)
    one = mantel_haenszel(event, gain, np.zeros(60, dtype=np.intp))
    plain = co_occurrence(event, gain)
    assert one.odds_ratio == pytest.approx(plain.odds_ratio)
    assert one.chi_square == pytest.approx(plain.chi_square * 59 / 60)


def test_clients_with_one_session_and_empty_margins_tell_nothing() -> None:
    one = permute_within_clients(np.ones(3), np.ones(3), np.arange(3))
    assert np.isnan(one.chi_square)
    assert one.n_clients == 0
    assert np.isnan(co_occurrence(np.ones(4), np.array([0.0, 1, 0, 1])).chi_square)


def test_the_table_form_counts_gains_and_refuses_when_nothing_can_be_exchanged() -> None:
    table = pl.DataFrame(
        {
            "client_id": [1] * 4 + [2] * 4,
            "session": [0, 1, 2, 3] * 2,
            "outcome_before": [20.0, 12.0, 12.0, 12.0, 9.0, 9.0, 9.0, 9.0],
            "event": [1, 0, 0, None] * 2,
        }
    )
    found = within_client_permutation_test(table, timing="before", gain=5)
    assert found.expectation == pytest.approx(1 / 3)
    assert (found.statistic, found.n_clients, found.n_rows) == (1.0, 1, 6)
    assert within_client_permutation_test(table, timing="before").statistic == 8.0
    with pytest.raises(CannotEstimate, match="nothing_to_exchange"):
        within_client_permutation_test(table.with_columns(event=1), timing="before")
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        within_client_permutation_test(table)
