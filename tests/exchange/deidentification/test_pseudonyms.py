"""Pseudonyms are stable and of no use without the key, which shows nowhere."""

from __future__ import annotations

import copy
import pickle
import random
import traceback
from typing import Any

import pytest

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.exchange.deidentification import (
    KAnonymity,
    KeyedPseudonyms,
    RandomPseudonyms,
    k_anonymity,
)
from therapeutic_process.records import Case, Participant

KEY = b"Kanarienvogel-4711 is the key"


class TestKeyed:
    def test_a_worked_example(self) -> None:
        # HMAC-SHA256 (RFC 2104) of the domain and the identifier, its first 100 bits in base 32 (RFC 4648).
        names = KeyedPseudonyms(b"\x0b" * 20)
        assert names.of("participant", "anna") == "g456pblgwcebef2a23gp"

    def test_no_identifier_shows_and_none_collide(self) -> None:
        names = KeyedPseudonyms(KEY)
        made = {names.of(d, f"anna{i}") for d in ("participant", "session") for i in range(500)}
        assert len(made) == 1_000
        assert all(len(m) == 20 and m.isalnum() and m.islower() and "anna" not in m for m in made)

    def test_the_key_shows_nowhere(self) -> None:
        names = KeyedPseudonyms(KEY)
        assert "4711" not in repr(names) + str(names) + f"{names}" + ascii(names)
        acts: tuple[Any, ...] = (pickle.dumps, copy.copy, copy.deepcopy)
        for act in acts:
            with pytest.raises(TypeError, match="a key is not pickled") as caught:
                act(names)
            assert "4711" not in "".join(traceback.format_exception(caught.value))
        assert names != KeyedPseudonyms(KEY)
        assert not hasattr(names, "__dict__")

    @pytest.mark.parametrize("key", [b"4711-too-short", "4711" * 8, bytearray(b"4711" * 8), None, 4711])
    def test_a_key_that_is_none_is_refused_in_silence(self, key: Any) -> None:
        with pytest.raises(NotEnoughData, match="needs a key of") as caught:
            KeyedPseudonyms(key)
        assert "4711" not in str(caught.value) + repr(vars(caught.value))

    def test_half_a_pair_of_surrogates_stops_nothing(self) -> None:
        assert KeyedPseudonyms(KEY).of("participant", "\ud800").isalnum()


class TestAtRandom:
    def test_the_table_is_the_only_way_back(self) -> None:
        names = RandomPseudonyms(random.Random(1).randbytes)
        first = names.of("participant", "anna")
        assert names.of("participant", "anna") == first != names.of("session", "anna")
        assert names.table["participant", "anna"] == first
        assert repr(names) == "RandomPseudonyms(2 in the table)"
        others = RandomPseudonyms(random.Random(2).randbytes)
        assert others.of("participant", "anna") != first
        kept = RandomPseudonyms(random.Random(3).randbytes, dict(names.table))
        assert kept.of("participant", "anna") == first


def clients(*known: dict[str, Any], **case: Any) -> list[Case]:
    return [
        Case(id=f"k{i}", participants=(Participant(id="c1", role="client", **one),), **case)
        for i, one in enumerate(known)
    ]


class TestKAnonymity:
    COHORT = clients(
        {"gender": "female", "birth_year": 1980}, {"gender": "female", "birth_year": 1980},
        {"gender": "female", "birth_year": 1980}, {"gender": "male", "birth_year": 1980},
        {"gender": "male", "birth_year": 1980}, {"gender": "male", "birth_year": 1981}, {},
    )  # fmt: skip

    def test_groups_are_counted(self) -> None:
        found = k_anonymity(self.COHORT, quasi=("gender", "birth_year"))
        assert found == KAnonymity(("gender", "birth_year"), 7, 4, 1, 2, ((1, 2), (2, 1), (3, 1)))
        assert [found.n_below(k) for k in (1, 2, 3, 4)] == [0, 2, 4, 7]
        assert "1980" not in repr(found) + str(found)
        assert "female" not in repr(found) + str(found)

    def test_more_knowledge_never_makes_groups_larger(self) -> None:
        names = ("gender", "birth_year", "site", "arm", "group", "setting", "treatment_format", "started_year",
                 "problems", "n_sessions", "therapists")  # fmt: skip
        smallest = [k_anonymity(self.COHORT, quasi=names[:i]).smallest for i in range(1, len(names) + 1)]
        assert smallest == sorted(smallest, reverse=True)
        groups = [k_anonymity(self.COHORT, quasi=names[:i]).n_groups for i in range(1, len(names) + 1)]
        assert groups == sorted(groups)

    def test_the_sizes_hold_everybody(self) -> None:
        found = k_anonymity(iter(self.COHORT))
        assert sum(size * n for size, n in found.sizes) == found.n == 7
        assert sum(n for _, n in found.sizes) == found.n_groups

    @pytest.mark.parametrize("quasi", [(), ("gender", "shoe size")])
    def test_what_cases_do_not_have_is_refused(self, quasi: tuple[str, ...]) -> None:
        with pytest.raises(NotEnoughData, match="at least one of birth_year"):
            k_anonymity(self.COHORT, quasi=quasi)

    def test_nobody_is_refused(self) -> None:
        with pytest.raises(NotEnoughData, match="at least one client"):
            k_anonymity([])
