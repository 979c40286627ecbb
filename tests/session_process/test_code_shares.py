from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import flat, sessions_of, table_of
from shared_data import SHARED, needs_shared
from therapeutic_process.errors import TableError
from therapeutic_process.session_process import code_share_table, guarded_ratio

ALPHABET = ["ask", "listen", "plan"]


@given(sessions_of())
def test_every_coded_turn_is_counted_under_its_code(sessions: list[list[str | None]]) -> None:
    profile = code_share_table(table_of(sessions), codes=ALPHABET)
    for i, one in enumerate(sessions):
        assert profile.counts[i].tolist() == [one.count(code) for code in ALPHABET]
    assert profile.n_missing == flat(sessions).count(None)


@given(sessions_of())
def test_shares_of_a_coded_session_sum_to_one(sessions: list[list[str | None]]) -> None:
    profile = code_share_table(table_of(sessions))
    coded = profile.n_coded > 0
    assert np.allclose(profile.shares[coded].sum(1), 1)
    assert np.isnan(profile.shares[~coded]).all()


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_ratio_is_defined_exactly_where_its_denominator_is_not_zero(above: int, below: int) -> None:
    found = guarded_ratio(np.array([above]), np.array([below]))
    if below:
        assert found.ratio[0] == above / below
        assert found.reason == (None,)
    else:
        assert np.isnan(found.ratio[0])
        assert found.reason == ("denominator_is_0" if above else "nothing_counted",)
    assert np.isnan(found.share[0]) == (above + below == 0)


def test_ratios_are_declared_by_the_coding_system() -> None:
    table = table_of([["ask", "ask", "listen", "plan"], ["ask"]])
    profile = code_share_table(table, codes=ALPHABET, ratios={"r": (["ask", "plan"], ["listen"])})
    rows = profile.ratios_to_frame().to_dicts()
    assert rows[0] == {
        "session": 0,
        "ratio": "r",
        "numerator": 3,
        "denominator": 1,
        "value": 3.0,
        "share": 0.75,
        "undefined_because": None,
    }
    assert rows[1]["value"] is None
    assert rows[1]["undefined_because"] == "denominator_is_0"


def test_a_ratio_of_a_code_that_is_not_there_is_refused() -> None:
    with pytest.raises(TableError, match="label_unknown"):
        code_share_table(table_of([["ask"]]), ratios={"r": (["ask"], ["listen"])})


def test_a_code_of_the_system_that_never_occurs_counts_zero() -> None:
    profile = code_share_table(table_of([["ask"]]), codes=ALPHABET)
    assert profile.to_frame()["count"].to_list() == [1, 0, 0]


@needs_shared
def test_the_six_mibot_sessions_without_sustain_talk_keep_their_change_talk() -> None:
    """Their published ratio C:S is 0 there; the counts say that change talk is not."""
    table = pl.read_csv(SHARED / "data" / "mibot" / "mibot_codes.csv")
    profile = code_share_table(
        table, session="participant_id", order="utterance", ratios={"C:S": (["C"], ["S"])}
    )
    ratio = profile.ratios["C:S"]
    none = ratio.denominator == 0
    assert len(profile.sessions) == 106
    assert int(none.sum()) == 6
    assert np.isnan(ratio.ratio[none]).all()
    assert (ratio.numerator[none] > 0).all()
    assert (ratio.share[none] == 1).all()


@needs_shared
def test_counts_of_mibot_are_the_published_ones() -> None:
    table = pl.read_csv(SHARED / "data" / "mibot" / "mibot_codes.csv")
    published = pl.read_csv(SHARED / "data" / "mibot" / "data.csv")
    profile = code_share_table(table, session="participant_id", order="utterance")
    by_id = dict(zip(profile.sessions, profile.counts.tolist(), strict=True))
    agree = 0
    for row in published.to_dicts():
        ours = dict(zip(profile.codes, by_id[row["ParticipantID"]], strict=True))
        agree += all(int(row[f"AutoMISC_{code}"]) == n for code, n in ours.items())
    assert agree == 106
