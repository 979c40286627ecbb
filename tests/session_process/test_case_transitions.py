"""What follows what."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import Case
from therapeutic_process.session_process import Transition, transitions
from therapeutic_process.testing import cases

CODES = "ABCD"
Chain = list[str]
"""A code per interaction: one letter, none (""), or several ("AB")."""


def a_case(*chains: Chain, indexes: int = 1, status: str = "held", names: str = CODES) -> Case:
    """Return a case with a session per chain; ``indexes`` is the step from one index to the next."""
    renamed = dict(zip(CODES, names, strict=True))
    sessions = [
        {"id": f"s{n}", "number": n, "status": status, "interactions": [
            {"index": i * indexes, "kind": "speech",
             "codes": [{"coding_pass": "p", "system": "own", "code": renamed[c]} for c in codes]}
            for i, codes in enumerate(chain)
        ]}
        for n, chain in enumerate(chains, start=1)
    ]  # fmt: skip
    passes = [{"id": "p", "system": "own", "coder": {"kind": "observer"}, "extent": "all",
               "sessions": [s["id"] for s in sessions]}]  # fmt: skip
    system = {"id": "own", "name": "Own", "mutually_exclusive": False, "codes": [{"id": c} for c in names]}
    fields: dict[str, Any] = {
        "participants": [{"id": "c", "role": "client"}], "sessions": sessions, "coding_passes": passes,
        "coding_systems": [system],
    }  # fmt: skip
    return Case(id="k", **fields)


def counted(*chains: Chain, lag: int = 1, **fields: Any) -> dict[tuple[str, str], int]:
    found = transitions(a_case(*chains, **fields), coding_pass="p", lag=lag)
    return {(r.given, r.target): r.count for r in found.rows if r.count}


def test_pairs_and_probabilities_by_hand() -> None:
    found = transitions(a_case(list("ABABB"), list("BA")), coding_pass="p")
    assert found.codes == ("A", "B")
    assert found.rows == (
        Transition("A", "A", 0, 0.0),
        Transition("A", "B", 2, 1.0),
        Transition("B", "A", 2, 2 / 3),
        Transition("B", "B", 1, 1 / 3),
    )
    assert (found.n_transitions, found.n_sessions, found.lag, found.n_uncoded, found.n_multiple) == (
        5,
        2,
        1,
        0,
        0,
    )
    assert (found.count("A", "B"), found.count("A", "C")) == (2, 0)
    assert repr(found) == "Transitions(5 at lag 1 between 2 codes, 2 sessions)"
    assert found.to_frame().shape == (4, 4)


def test_a_missing_code_breaks_the_chain_and_never_bridges_it() -> None:
    assert counted(["A", "", "B"]) == {}
    assert counted(["A", "B", "", "B", "A"]) == {("A", "B"): 1, ("B", "A"): 1}
    assert counted(["A", "BC", "D"]) == {}
    found = transitions(a_case(["A", "", "B", "CD"]), coding_pass="p")
    assert (found.n_transitions, found.n_sessions, found.n_uncoded, found.n_multiple) == (0, 0, 1, 1)
    assert found.codes == ("A", "B")
    assert all(r.probability is None for r in found.rows)


def test_nothing_follows_from_one_session_to_the_next() -> None:
    assert counted(["A"], ["B"], ["C"]) == {}
    assert counted(["A", "B"], ["C", "D"]) == {("A", "B"): 1, ("C", "D"): 1}


def test_at_a_longer_lag_everything_in_between_needs_a_code() -> None:
    assert counted(list("ABCD"), lag=2) == {("A", "C"): 1, ("B", "D"): 1}
    assert counted(list("ABCD"), lag=3) == {("A", "D"): 1}
    assert counted(list("ABCD"), lag=4) == {}
    assert counted(["A", "", "C", "D", "A"], lag=2) == {("C", "A"): 1}
    assert counted(["A", "BC", "D"], lag=2) == {}


def test_indexes_that_were_left_out_do_not_part_neighbours() -> None:
    assert counted(list("AB"), indexes=7) == {("A", "B"): 1}


def test_only_codes_of_the_pass_count() -> None:
    case = a_case(list("AB"))
    other = {"id": "q", "system": "own", "coder": {"kind": "software"}, "extent": "all", "sessions": ["s1"]}
    both = case.with_changes(coding_passes=[*case.coding_passes, other])
    assert transitions(both, coding_pass="p").n_transitions == 1
    found = transitions(both, coding_pass="q")
    assert (found.codes, found.rows, found.n_transitions, found.n_uncoded) == ((), (), 0, 2)


def test_what_is_asked_wrongly_is_refused() -> None:
    case = a_case(list("AB"))
    for lag in (0, -1):
        with pytest.raises(NotEnoughData, match="a lag of at least 1"):
            transitions(case, coding_pass="p", lag=lag)
    with pytest.raises(NotEnoughData, match="found no such pass") as caught:
        transitions(case, coding_pass="elsewhere")
    assert "elsewhere" not in str(caught.value)


@pytest.mark.parametrize("chains", [(), ([],), (["A"],), (["", ""],)])
def test_too_little_talk_has_no_transition(chains: tuple[Chain, ...]) -> None:
    assert counted(*chains) == {}


units = st.sampled_from(["A", "B", "C", "D", "A", "B", "", "AB"])
some_chains = st.lists(st.lists(units, max_size=9), max_size=4)


def brute(chains: list[Chain], lag: int) -> Counter[tuple[str, str]]:
    """Count from runs: cut every session at what is not exactly one code, then pair within the runs."""
    pairs: Counter[tuple[str, str]] = Counter()
    for chain in chains:
        for run in "".join(u if len(u) == 1 else "|" for u in chain).split("|"):
            pairs.update(zip(run, run[lag:], strict=False))
    return pairs


@given(chains=some_chains, lag=st.integers(1, 4))
def test_exactly_the_pairs_inside_unbroken_runs_are_counted(chains: list[Chain], lag: int) -> None:
    expected = brute(chains, lag)
    assert counted(*chains, lag=lag) == expected
    found = transitions(a_case(*chains), coding_pass="p", lag=lag)
    assert found.n_transitions == expected.total() == sum(r.count for r in found.rows)
    assert found.n_sessions == sum(bool(brute([c], lag)) for c in chains)
    assert found.n_uncoded == sum(u == "" for c in chains for u in c)
    assert found.n_multiple == sum(len(u) > 1 for c in chains for u in c)


@given(chains=some_chains)
def test_every_pair_of_coded_neighbours_is_counted_once(chains: list[Chain]) -> None:
    neighbours = sum(len(a) == len(b) == 1 for chain in chains for a, b in pairwise(chain))
    found = transitions(a_case(*chains), coding_pass="p")
    assert found.n_transitions == neighbours
    for code in found.codes:
        own = [r.probability for r in found.rows if r.given == code]
        known = [p for p in own if p is not None]
        assert (len(known) == len(own) and sum(known) == pytest.approx(1)) or not known


@given(chains=some_chains, names=st.permutations(CODES))
def test_other_names_for_the_codes_give_the_same_counts_under_those_names(
    chains: list[Chain], names: list[str]
) -> None:
    renamed = dict(zip(CODES, names, strict=True))
    expected = {(renamed[a], renamed[b]): n for (a, b), n in counted(*chains).items()}
    assert counted(*chains, names="".join(names)) == expected


@given(chains=some_chains, seed=st.randoms(use_true_random=False))
def test_the_order_of_sessions_does_not_matter_and_the_order_within_does(
    chains: list[Chain], seed: Any
) -> None:
    mixed = list(chains)
    seed.shuffle(mixed)
    assert counted(*mixed) == counted(*chains)
    back = counted(*(chain[::-1] for chain in chains))
    assert back == {(b, a): n for (a, b), n in counted(*chains).items()}


@given(cases(max_interactions=6), st.integers(1, 2))
def test_in_whole_cases_every_transition_is_counted_once(case: Case, lag: int) -> None:
    for one in case.coding_passes:
        found = transitions(case, coding_pass=one.id, lag=lag)
        own = [
            [[c.code for c in x.codes if c.coding_pass == one.id] for x in s.interactions]
            for s in case.held_sessions
        ]
        pairs = Counter(
            (w[0][0], w[-1][0])
            for chain in own
            for w in (chain[i : i + lag + 1] for i in range(len(chain) - lag))
            if all(len(codes) == 1 for codes in w)
        )
        assert {(r.given, r.target): r.count for r in found.rows if r.count} == pairs
        assert len(found.rows) == len(found.codes) ** 2
