"""One client's course judged without a table is a cohort of one."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import SuddenRule, interval_reasons, sudden_gains

RULES: list[dict[str, Any]] = [
    {"cutoff": 4},
    {"cutoff": 3, "kind": "loss"},
    {"cutoff": 3, "better": "higher"},
    {"cutoff": 3, "better": "higher", "kind": "loss"},
    {"cutoff": 3, "stability": "t_test"},
    {"cutoff": 3, "stability": "t_test", "critical": 1.0},
    {"cutoff": 3, "stability": "share_kept"},
    {"cutoff": 3, "stability": "share_kept", "kind": "loss", "kept": 0.8},
    {"cutoff": 3, "stability": "sd_of_series"},
    {"cutoff": 3, "min_share": None},
    {"cutoff": None},
    {"cutoff": None, "stability": "none"},
    {"cutoff": 3, "min_share": None, "stability": "none", "min_sessions_before": 2, "min_sessions_after": 2},
    {"cutoff": None, "min_share": None},
    {"cutoff": None, "min_share": None, "stability": "sd_of_series"},
]
COURSES = st.lists(st.none() | st.integers(-3, 40).map(float), max_size=12)


def cohort_of(*courses: list[float | None]) -> pl.DataFrame:
    rows = [(c, i, score) for c, course in enumerate(courses) for i, score in enumerate(course)]
    return pl.DataFrame(
        rows, schema={"client_id": pl.Int64, "session": pl.Int64, "score": pl.Float64}, orient="row"
    )


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(courses=st.lists(COURSES, min_size=1, max_size=3))
def test_one_client_equals_a_cohort_of_one(rule: dict[str, Any], courses: list[list[float | None]]) -> None:
    found = sudden_gains(cohort_of(*courses), **rule)
    rows = found.intervals().sort("client_id", "session")
    for client, course in enumerate(courses):
        reasons = interval_reasons(course, SuddenRule(**rule))
        assert reasons == tuple(rows.filter(pl.col("client_id") == client)["reason"])
        events = found.events.filter(pl.col("client_id") == client)["session"].sort()
        assert [i for i, r in enumerate(reasons) if r == "sudden"] == events.to_list()


def test_a_gain_that_lasts_is_sudden_and_its_neighbours_are_not() -> None:
    reasons = interval_reasons([20, 21, 20, 8, 7, 8], SuddenRule(cutoff=6))
    assert reasons == ("too_few_scores", "below_cutoff", "sudden", "below_cutoff", "too_few_scores")


def test_a_loss_is_a_gain_turned_round() -> None:
    course: list[float | None] = [8, 7, 8, 20, 21, 20]
    assert interval_reasons(course, SuddenRule(cutoff=6, kind="loss"))[2] == "sudden"
    assert "sudden" not in interval_reasons(course, SuddenRule(cutoff=6))


@pytest.mark.parametrize("course", [[], [3.0], [None]])
def test_without_two_sessions_there_is_no_interval(course: list[float | None]) -> None:
    assert interval_reasons(course, SuddenRule(cutoff=6)) == ()
