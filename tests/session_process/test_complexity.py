from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import codes, sessions_of, table_of
from shared_data import SHARED, needs_shared
from therapeutic_process.session_process import (
    distinct_subsequences,
    entropy,
    sequence_complexity,
    turbulence,
)

short = st.lists(st.sampled_from("abc"), max_size=7)


@given(short)
def test_distinct_subsequences_are_those_that_can_be_picked(sequence: list[str]) -> None:
    picked = {tuple(c) for n in range(len(sequence) + 1) for c in combinations(sequence, n)}
    assert distinct_subsequences(sequence) == len(picked)


@given(short.filter(bool), st.permutations("abc"))
def test_turbulence_does_not_know_the_names_of_codes(sequence: list[str], names: list[str]) -> None:
    renamed = [names["abc".index(c)] for c in sequence]
    assert turbulence(renamed) == pytest.approx(turbulence(sequence))
    assert turbulence(sequence[::-1]) == pytest.approx(turbulence(sequence))


def test_turbulence_of_one_spell_is_one() -> None:
    # φ("a") = 2: the empty subsequence and the whole.
    assert turbulence("aaaa") == pytest.approx(1)
    assert math.isnan(turbulence(""))


def test_turbulence_of_a_long_session_does_not_overflow() -> None:
    assert turbulence("abc" * 1000) > 2000


def test_entropy_of_equal_shares_is_the_logarithm_of_their_number() -> None:
    assert float(entropy(np.array([5, 5, 5, 5]))) == pytest.approx(math.log(4))
    assert float(entropy(np.array([9, 0]))) == 0
    assert math.isnan(float(entropy(np.array([0, 0]))))


@given(sessions_of(codes))
def test_complexity_lies_between_a_drone_and_full_variety(sessions: list[list[str]]) -> None:
    found = sequence_complexity(table_of(sessions), codes=["ask", "listen", "plan"])
    for i, one in enumerate(sessions):
        changes = sum(a != b for a, b in pairwise(one))
        assert found.n_transitions[i] == changes
        if len(one) < 2:
            assert math.isnan(found.complexity[i])
        else:
            share = changes / (len(one) - 1)
            expected = math.sqrt(share * found.entropy[i] / math.log(3))
            assert found.complexity[i] == pytest.approx(expected)
            assert 0 <= found.complexity[i] <= 1 + 1e-12


@needs_shared
def test_annomi_as_traminer_has_it() -> None:
    """Transcript 0, over an alphabet of 7: seqient, seqici, seqtransn and seqST of TraMineR 2.2.12."""
    table = pl.read_csv(SHARED / "data" / "annomi" / "annomi_simple_labels_even.csv", null_values="n/a")
    code = pl.coalesce("T:" + pl.col("main_therapist_behaviour"), "C:" + pl.col("client_talk_type"))
    names = [*(f"T:{c}" for c in ("question", "reflection", "therapist_input", "other")), "C:change"]
    found = sequence_complexity(
        table.with_columns(code=code),
        session="transcript_id",
        order="utterance_id",
        codes=[*names, "C:neutral", "C:sustain"],
    )
    at = found.sessions.index(0)
    assert (int(found.n[at]), int(found.n_transitions[at])) == (54, 53)
    assert found.entropy[at] == pytest.approx(1.53998585433194, rel=1e-9)
    assert found.complexity[at] == pytest.approx(0.889604506403857, rel=1e-9)
    assert found.turbulence[at] == pytest.approx(45.2614481398563, rel=1e-9)


def test_a_missing_code_hides_a_change() -> None:
    found = sequence_complexity(table_of([["a", None, "b", "a"]]))
    assert found.n_transitions.tolist() == [1]
    assert found.n.tolist() == [3]


def test_a_session_without_codes_is_undefined_and_not_dull() -> None:
    found = sequence_complexity(table_of([["a", "b"], [None]]))
    assert found.to_frame()["entropy"].to_list()[1] is None
    assert found.to_frame()["turbulence"].to_list()[1] is None
