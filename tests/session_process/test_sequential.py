from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import codes, sessions_of, table_of
from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate, NotEnoughData, TableError
from therapeutic_process.session_process import SequentialStatistics, sequential_statistics, transition_tables

ALPHABET = ["ask", "listen", "plan"]


@given(sessions_of(), st.permutations(ALPHABET))
def test_relabelling_codes_permutes_the_result(sessions: list[list[str | None]], order: list[str]) -> None:
    table = table_of(sessions)
    one, other = sequential_statistics(table, codes=ALPHABET), sequential_statistics(table, codes=order)
    at = [ALPHABET.index(code) for code in order]
    for name in ("frequency", "probability", "expected", "residual", "p", "yules_q", "log_odds"):
        permuted = getattr(one, name)[0][np.ix_(at, at)]
        assert np.allclose(getattr(other, name)[0], permuted, equal_nan=True), name
    kappa = one.unidirectional.kappa[0][np.ix_(at, at)]
    assert np.allclose(other.unidirectional.kappa[0], kappa, equal_nan=True)


def test_relabelled_codes_keep_their_content() -> None:
    table = table_of([["ask", "plan", "ask", "plan"]])
    found = sequential_statistics(table, codes=["plan", "ask"])
    assert found.frequency[0].tolist() == [[0, 1], [2, 0]]


@given(sessions_of(), st.integers(1, 3))
def test_reversing_time_transposes_the_tables(sessions: list[list[str | None]], lag: int) -> None:
    forth = sequential_statistics(table_of(sessions), codes=ALPHABET, lags=[lag])
    back = sequential_statistics(table_of([one[::-1] for one in sessions]), codes=ALPHABET, lags=[lag])
    assert np.array_equal(back.frequency[0], forth.frequency[0].T)
    assert np.allclose(back.residual[0], forth.residual[0].T, equal_nan=True)


def test_reversed_time_has_its_own_content() -> None:
    found = sequential_statistics(table_of([["plan", "ask"], ["plan", "listen"]]), codes=ALPHABET)
    assert found.frequency[0, 2].tolist() == [1, 1, 0]
    assert found.frequency[0, :, 2].tolist() == [0, 0, 0]


@given(sessions_of())
def test_sessions_add_up_to_the_pool(sessions: list[list[str | None]]) -> None:
    found = sequential_statistics(table_of(sessions), codes=ALPHABET, lags=2)
    for lag in (1, 2):
        each = found.per_session(lag=lag)
        assert len(each.names) == len(sessions)
        assert np.array_equal(each.frequency.sum(0), found.frequency[lag - 1])
        assert each.ends is not None
        assert found.ends is not None
        assert np.array_equal(each.ends.sum(0), found.ends[lag - 1])


@given(sessions_of(codes))
def test_a_session_by_itself_is_what_it_is_in_the_pool(sessions: list[list[str]]) -> None:
    pool = sequential_statistics(table_of(sessions), codes=ALPHABET).per_session()
    for i, one in enumerate(sessions):
        alone = sequential_statistics(table_of([one]), codes=ALPHABET)
        assert np.allclose(pool.residual[i], alone.residual[0], equal_nan=True)
        assert np.allclose(pool.unidirectional.z[i], alone.unidirectional.z[0], equal_nan=True)


def test_every_undefined_cell_says_why() -> None:
    found = sequential_statistics(table_of([["ask", "plan", "ask", "ask"]]), codes=[*ALPHABET, "sum up"])
    rows = found.to_frame()
    undefined = rows.filter(pl.col("residual").is_null())
    assert undefined["undefined_because"].null_count() == 0
    assert (
        rows.filter(pl.col("residual").is_not_null())["undefined_because"].null_count()
        == rows.height - undefined.height
    )
    why = {(r["given"], r["target"]): r["undefined_because"] for r in rows.to_dicts()}
    assert why["listen", "ask"] == "given_code_never_occurs"
    assert why["ask", "sum up"] == "target_never_occurs"


def test_the_strongest_transitions_come_first_and_undefined_ones_never() -> None:
    found = sequential_statistics(table_of([["ask", "plan"] * 6 + ["listen"]]), codes=[*ALPHABET, "sum up"])
    top = found.strongest(3)
    sizes = [abs(z) for z in top["residual"].to_list()]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(float(np.nanmax(np.abs(found.residual))))
    assert len(found.strongest(1000)) == int((~np.isnan(found.residual)).sum())


def test_structural_zeros_that_were_observed_are_refused() -> None:
    with pytest.raises(CannotEstimate) as refusal:
        sequential_statistics(table_of([["ask", "ask", "plan"]]), structural_zeros="diagonal")
    assert refusal.value.code == "structural_zero_observed"
    assert "1 transition" in str(refusal.value)


def test_joined_repeats_are_the_same_as_declared_zeros_on_joined_data() -> None:
    sessions = [["ask", "ask", "plan", "listen", "listen", "ask", "plan"], ["plan", "plan", "ask", "listen"]]
    by_hand = [["ask", "plan", "listen", "ask", "plan"], ["plan", "ask", "listen"]]
    joined = sequential_statistics(table_of(sessions), collapse=True)
    declared = sequential_statistics(table_of(by_hand), structural_zeros="diagonal")
    assert np.allclose(joined.residual, declared.residual, equal_nan=True)
    assert np.allclose(joined.unidirectional.kappa, declared.unidirectional.kappa, equal_nan=True)
    assert np.allclose(joined.per_session().expected, declared.per_session().expected, equal_nan=True)


def test_a_mask_of_the_wrong_shape_and_a_lag_of_zero_are_refused() -> None:
    with pytest.raises(TableError, match="wrong_shape"):
        sequential_statistics(table_of([["ask", "plan"]]), structural_zeros=np.zeros((3, 3), dtype=bool))
    with pytest.raises(NotEnoughData):
        sequential_statistics(table_of([["ask", "plan"]]), lags=0)


def test_a_lag_longer_than_every_session_gives_empty_tables() -> None:
    found = sequential_statistics(table_of([["ask", "plan"]]), lags=[5])
    assert found.frequency.sum() == 0
    assert np.isnan(found.probability).all()
    assert np.isnan(found.likelihood_ratio.p).all()


def test_no_kappa_exceeds_one_at_any_lag() -> None:
    sessions = [list("abacbb"), list("abbaca")]
    kappa = sequential_statistics(table_of(sessions), lags=3).unidirectional.kappa
    assert np.nanmax(kappa) <= 1 + 1e-12
    assert np.isnan(kappa[1]).any()


def test_sessions_of_clients_have_a_column_each() -> None:
    table = table_of([["ask", "plan"], ["plan", "ask"]]).with_columns(client_id=pl.lit("x"))
    found = sequential_statistics(table, client="client_id")
    assert found.per_session().to_frame().columns[:4] == ["client", "table", "given", "target"]
    assert found.to_frame().schema["undefined_because"] == pl.String


def test_one_turn_is_no_transition() -> None:
    assert sequential_statistics(table_of([["ask"]])).n_transitions.tolist() == [0]


def test_the_representation_tells_n_and_no_label() -> None:
    shown = repr(sequential_statistics(table_of([["secret", "hidden", None, "secret"]])))
    assert "secret" not in shown
    assert "3 turns in 1 sessions, 1 without a code" in shown


def test_two_cells_are_named_by_their_codes() -> None:
    found = sequential_statistics(table_of([["ask", "plan", "listen", "ask", "plan"]]), codes=ALPHABET)
    assert found.two_cells(("ask", "plan"), ("plan", "listen")).observed == 3
    assert found.bidirectional().observed.shape == (1, 3, 3)
    assert found.parallel_dominance().case.shape == (1, 3, 3)


def test_counts_made_elsewhere_give_the_same_statistics() -> None:
    found = sequential_statistics(table_of([["ask", "plan", "listen", "ask", "plan"]]), codes=ALPHABET)
    again = transition_tables(found.frequency[0], codes=ALPHABET, ends=found.ends)
    assert np.array_equal(again.residual, found.residual, equal_nan=True)
    assert np.array_equal(again.unidirectional.kappa, found.unidirectional.kappa, equal_nan=True)


def annomi() -> pl.DataFrame:
    table = pl.read_csv(SHARED / "data" / "annomi" / "annomi_simple_labels_even.csv", null_values="n/a")
    code = pl.coalesce("T:" + pl.col("main_therapist_behaviour"), "C:" + pl.col("client_talk_type"))
    return table.with_columns(code=code)


def annomi_statistics(quality: str) -> SequentialStatistics:
    return sequential_statistics(
        annomi().filter(pl.col("mi_quality") == quality),
        session="transcript_id",
        order="utterance_id",
        speaker="interlocutor",
        target=("therapist", "client"),
    )


@needs_shared
def test_questions_are_followed_by_change_talk_in_good_motivational_interviewing() -> None:
    """AnnoMI, high quality, even transcripts: 169 of 620, z = 4.337 (chisq.test on the same table)."""
    found = annomi_statistics("high")
    i, j = found.codes.index("T:question"), found.codes.index("C:change")
    rows = [found.codes.index(c) for c in ("T:question", "T:reflection", "T:therapist_input", "T:other")]
    columns = [found.codes.index(c) for c in ("C:change", "C:neutral", "C:sustain")]
    assert found.frequency[0][np.ix_(rows, columns)].tolist() == [
        [169, 387, 64],
        [117, 490, 59],
        [43, 216, 20],
        [153, 484, 73],
    ]
    assert found.residual[0, i, j] == pytest.approx(4.33744014609236, rel=1e-9)
    assert float(found.pearson.statistic[0]) == pytest.approx(30.8973471211968, rel=1e-9)
    assert int(found.pearson.df[0]) == 6
    assert found.strongest(1)["given"].to_list() == ["T:question"]


@needs_shared
def test_half_of_the_mibot_conversations_give_the_published_table() -> None:
    """Sum over every second participant, ids sorted; 8 codes at the level of utterances."""
    table = pl.read_csv(SHARED / "data" / "mibot" / "mibot_codes.csv")
    ids = sorted(table["participant_id"].unique().to_list())
    names = ["Q", "R", "MICO", "MIIN", "Other", "C", "S", "N"]
    found = sequential_statistics(
        table.filter(pl.col("participant_id").is_in(ids[::2])),
        session="participant_id",
        order="utterance",
        codes=names,
    )
    assert float(found.likelihood_ratio.statistic[0]) == pytest.approx(5310.29217492206, rel=1e-9)
    assert int(found.likelihood_ratio.df[0]) == 49
