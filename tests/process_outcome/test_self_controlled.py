from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import SelfControlledEffect, self_controlled_event_effect

if TYPE_CHECKING:
    from typing import Any

REFERENCE = SHARED / "reference" / "process_outcome"
BANDS = [427, 488, 549, 610, 671]


def from_rows(name: str, event: str, exposure: str, **options: Any) -> SelfControlledEffect:
    rows = pl.read_csv(REFERENCE / "data" / f"{name}.csv")
    return self_controlled_event_effect(
        rows.select(client_id="case", start="sta", end="end").unique(),
        rows.select(client_id="case", day=exposure).drop_nulls().unique(),
        rows.select(client_id="case", day=event),
        pre_window=None,
        **options,
    )


@needs_shared
@pytest.mark.parametrize(
    ("reference", "data", "options"),
    [
        ("sccs_itp_mod1", ("itpdat", "itp", "mmr"), {"windows": [(0, 42)]}),
        ("sccs_itp_mod2", ("itpdat", "itp", "mmr"), {"windows": [(0, 42)], "bands": BANDS}),
        (
            "sccs_itp_mod3",
            ("itpdat", "itp", "mmr"),
            {"windows": [(0, 14), (15, 28), (29, 42)], "bands": BANDS},
        ),
        ("sccs_gbs", ("gbsdat", "gbs", "flu"), {"windows": [(0, 42)]}),
    ],
)
def test_published_case_series_agree_with_r(reference: str, data: Any, options: Any) -> None:
    """Whitaker et al. (2006), MMR and ITP; the package SCCS, influenza vaccine and GBS."""
    expected = json.loads((REFERENCE / "results" / f"{reference}.json").read_text())["result"]
    found = from_rows(*data, **options)
    assert found.log_rate_ratio == pytest.approx([c["coef"] for c in expected["coef"]], rel=1e-8)
    assert found.standard_error == pytest.approx([c["se(coef)"] for c in expected["coef"]], rel=1e-8)


def tables(
    n: int = 300, rate: float = 1.0, seed: int = 1, before: float = 1.0
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Clients observed for 120 days with one session; events more likely after it, or before it."""
    rng = np.random.default_rng(seed)
    session = rng.integers(30, 90, n)
    days = np.arange(1, 121)
    since = days - session[:, None]
    weight = np.where((since >= 0) & (since <= 6), rate, np.where((since < 0) & (since >= -7), before, 1.0))
    happened = rng.random((n, 120)) < 0.02 * weight
    who, index = np.nonzero(happened)
    clients = np.arange(n)
    return (
        pl.DataFrame({"client_id": clients, "start": np.ones(n, dtype=int), "end": np.full(n, 120)}),
        pl.DataFrame({"client_id": clients, "day": session}),
        pl.DataFrame({"client_id": who, "day": days[index]}),
    )


def test_a_true_rate_ratio_is_found_and_none_where_none_is() -> None:
    found = self_controlled_event_effect(*tables(n=1500, rate=3.0), windows=[(0, 6)], pre_window=7)
    low, high = found.interval[0]
    assert low < 3.0 < high
    assert found.terms == ("days 0 to 6", "before the session")
    nothing = self_controlled_event_effect(*tables(n=1500), windows=[(0, 6)], pre_window=7)
    assert nothing.interval[0][0] < 1 < nothing.interval[0][1]


def test_sessions_that_follow_change_events_are_refused_by_the_placebo_window() -> None:
    with pytest.raises(CannotEstimate) as caught:
        self_controlled_event_effect(*tables(n=800, before=4.0), windows=[(0, 6)], pre_window=7)
    assert caught.value.code == "placebo_lead"


def test_the_rate_ratio_of_one_window_has_a_closed_form_when_all_are_alike() -> None:
    observed = pl.DataFrame({"client_id": [1, 2, 3], "start": [1, 1, 1], "end": [100, 100, 100]})
    sessions = pl.DataFrame({"client_id": [1, 2, 3], "day": [10, 30, 50]})
    changes = pl.DataFrame({"client_id": [1, 2, 3, 3], "day": [12, 33, 80, 300]})
    found = self_controlled_event_effect(observed, sessions, changes, windows=[(0, 6)], pre_window=None)
    assert found.rate_ratio[0] == pytest.approx((2 / 7) / (1 / 93))
    assert found.dropped == (("change event outside the observed days", 1),)
    assert (found.n_clients, found.n_events, found.n_events_after_exposure) == (3, 3, 2)


def test_washout_days_count_neither_as_risk_nor_as_reference() -> None:
    observed = pl.DataFrame({"client_id": [1, 2, 3], "start": [1] * 3, "end": [100] * 3})
    sessions = pl.DataFrame({"client_id": [1, 2, 3], "day": [10, 30, 50]})
    changes = pl.DataFrame({"client_id": [1, 1, 2, 3], "day": [12, 19, 33, 80]})
    found = self_controlled_event_effect(
        observed, sessions, changes, windows=[(0, 6)], pre_window=None, washout=5
    )
    assert found.terms == ("days 0 to 6", "washout")
    assert found.rate_ratio == pytest.approx(((2 / 7) / (1 / 88), (1 / 5) / (1 / 88)))


def test_a_later_session_takes_precedence() -> None:
    observed = pl.DataFrame({"client_id": [1, 2], "start": [1, 1], "end": [50, 50]})
    sessions = pl.DataFrame({"client_id": [1, 1, 2], "day": [10, 13, 20]})
    changes = pl.DataFrame({"client_id": [1, 2, 1, 2], "day": [14, 25, 40, 40]})
    found = self_controlled_event_effect(
        observed, sessions, changes, windows=[(0, 3), (4, 7)], pre_window=None
    )
    assert found.n_events_after_exposure == 2
    assert found.log_rate_ratio[0] == pytest.approx(np.log(found.rate_ratio[0]))
    assert all(ratio > 1 for ratio in found.rate_ratio)


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("windows_overlap", {"windows": []}),
        ("windows_overlap", {"windows": [(0, 6), (6, 9)]}),
        ("windows_overlap", {"windows": [(5, 2)]}),
        ("event_time_too_wide", {"windows": [(0, 2)], "event_precision": 7}),
    ],
)
def test_windows_that_make_no_sense_are_refused(code: str, options: Any) -> None:
    with pytest.raises(CannotEstimate) as caught:
        self_controlled_event_effect(*tables(n=20), pre_window=None, **options)
    assert caught.value.code == code


def test_nobody_with_an_event_and_both_states_is_refused() -> None:
    observed, _, changes = tables(n=20)
    nobody = pl.DataFrame({"client_id": [], "day": []}, schema={"client_id": pl.Int64, "day": pl.Int64})
    with pytest.raises(CannotEstimate) as caught:
        self_controlled_event_effect(observed, nobody, changes, windows=[(0, 6)], pre_window=None)
    assert caught.value.code == "no_informative_client"


def test_tables_that_break_their_contract_are_refused() -> None:
    observed, sessions, changes = tables(n=20)
    with pytest.raises(TableError, match="duplicate_key"):
        self_controlled_event_effect(
            pl.concat([observed, observed]), sessions, changes, windows=[(0, 6)], pre_window=None
        )
    backwards = observed.with_columns(end=0)
    with pytest.raises(TableError, match="span_backwards"):
        self_controlled_event_effect(backwards, sessions, changes, windows=[(0, 6)], pre_window=None)
    with pytest.raises(TableError, match="column_missing"):
        self_controlled_event_effect(
            observed, sessions.drop("day"), changes, windows=[(0, 6)], pre_window=None
        )


def test_text_and_frame_show_every_term() -> None:
    found = self_controlled_event_effect(
        *tables(n=300, rate=2.0), windows=[(0, 6)], pre_window=None, bands=[61]
    )
    assert found.to_frame()["term"].to_list() == ["days 0 to 6", "band 2"]
    assert "regression to the mean" in str(found)
