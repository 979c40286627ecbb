"""Coding systems: what is data about one, and that a user can declare his own."""

from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import RecordError
from therapeutic_process.instruments import (
    CodeDefinition,
    CodingSystem,
    QSort,
    RatingScale,
    ScalePoint,
    SummaryRatio,
    UnverifiedCoding,
    UnverifiedFactWarning,
    builtin_catalogue,
)

SYSTEMS = builtin_catalogue().coding_systems


def system(**fields: object) -> CodingSystem:
    return CodingSystem.model_validate({"id": "stance", "name": "Stance", **fields})


def codes(**fields: object) -> set[str]:
    with pytest.raises(RecordError) as caught:
        system(**fields)
    return {v.code for v in caught.value.violations}


def test_a_system_of_ones_own_takes_a_few_lines() -> None:
    share = SummaryRatio(
        id="%for", name="share for", numerator=("for",), denominator=("for", "against"), source="ours"
    )
    mine = system(codes=[{"id": "for"}, {"id": "against"}], ratios=[share])
    assert mine.ratio("%for") == share
    assert mine.ratio("%against") is None
    assert mine.code("for") == CodeDefinition(id="for")
    assert mine.code("neither") is None


def test_ids_are_not_repeated_and_references_hold() -> None:
    assert codes(codes=[{"id": "a"}, {"id": "a"}]) == {"id_repeated"}
    assert codes(scales=[{"id": "a"}, {"id": "a"}]) == {"id_repeated"}
    assert codes(codes=[{"id": "a", "broader": "b"}]) == {"code_unknown"}
    ratio = {"id": "r", "name": "r", "numerator": ["a"], "denominator": ["b"], "source": "ours"}
    assert codes(codes=[{"id": "a"}], ratios=[ratio]) == {"code_unknown"}


def test_a_level_of_the_unverified_parts_is_checked_when_they_are_merged() -> None:
    ratio = {"id": "r", "name": "r", "numerator": ["a"], "denominator": ["b"], "source": "ours"}
    waiting = system(codes=[{"id": "a"}], unverified={"codes": [{"id": "b"}], "ratios": [ratio]})
    with pytest.warns(UnverifiedFactWarning):
        whole = waiting.with_unverified()
    assert [c.id for c in whole.codes] == ["a", "b"]
    assert (len(whole.ratios), whole.verified, whole.unverified) == (1, False, None)


def test_an_unverified_range_completes_the_scale_of_the_same_id() -> None:
    part = UnverifiedCoding(scales=(RatingScale(id="warmth", minimum=1, maximum=5),))
    waiting = system(scales=[RatingScale(id="warmth"), RatingScale(id="depth")], unverified=part)
    with pytest.warns(UnverifiedFactWarning):
        whole = waiting.with_unverified()
    assert [(s.id, s.maximum) for s in whole.scales] == [("warmth", 5), ("depth", None)]
    assert system().with_unverified() == system()


def test_a_scale_without_a_known_range_holds_any_value() -> None:
    assert RatingScale(id="a").contains(99)
    assert RatingScale(id="a", minimum=0).contains(99)
    assert not RatingScale(id="a", minimum=0).contains(-1)


def test_the_points_of_a_scale_lie_on_it() -> None:
    low = ScalePoint(value=0, name="none")
    with pytest.raises(RecordError, match="number_out_of_range"):
        RatingScale(id="a", minimum=1, maximum=5, points=(low,))
    with pytest.raises(RecordError, match="range_order"):
        RatingScale(id="a", minimum=5, maximum=5)


def test_several_labels_and_two_codes_per_unit_are_said_by_the_system() -> None:
    assert SYSTEMS["annomi"].mutually_exclusive
    assert not SYSTEMS["annomi_full"].mutually_exclusive
    vrm = SYSTEMS["vrm"]
    assert (vrm.every_dimension, vrm.dimensions()) == (True, ("form", "intent"))
    assert {c.id.split(".")[1] for c in vrm.codes} == set("DEACQKIRU")


def test_bins_events_readings_points_and_raters_are_said_by_the_system() -> None:
    assert (SYSTEMS["nepcs2"].bin_s, SYSTEMS["3rs"].bin_s) == (60, 300)
    assert SYSTEMS["imcs"].timed_events
    experiencing = SYSTEMS["exp"].scale("experiencing")
    assert experiencing is not None
    assert (experiencing.readings, experiencing.maximum) == (("mode", "peak"), 7)
    assimilation = SYSTEMS["apes"].scale("assimilation")
    assert assimilation is not None
    assert [p.name for p in assimilation.points][3] == "problem statement/clarification"
    assert SYSTEMS["apes"].points_at == ("theme",)
    assert SYSTEMS["automisc"].raters == ("software",)
    assert SYSTEMS["automisc"].nested_units == ("volley", "utterance")
    assert len(SYSTEMS["vpps"].raters) == 3


def test_what_was_not_checked_about_a_checked_system_needs_the_opt_in() -> None:
    assert SYSTEMS["misc25"].codes == ()
    assert len(SYSTEMS["misc25"].scales) == 7
    assert SYSTEMS["miti421"].ratios == ()
    with pytest.warns(UnverifiedFactWarning):
        assert SYSTEMS["miti421"].with_unverified().ratio("R:Q") is not None
    piles = SYSTEMS["pqs"].q_sort
    assert piles is not None
    assert (piles.items, piles.is_forced) == (100, False)
    with pytest.warns(UnverifiedFactWarning):
        forced = SYSTEMS["pqs"].with_unverified().q_sort
    assert forced is not None
    assert forced.distribution == (5, 8, 12, 16, 18, 16, 12, 8, 5)


def test_referents_and_nested_units_of_the_unchecked_systems() -> None:
    assert not {"sasb", "ccrt", "hss"}.intersection(SYSTEMS)
    with pytest.warns(UnverifiedFactWarning):
        everything = builtin_catalogue(include_unverified=True).coding_systems
    assert everything["sasb"].points_at == ("actor", "target")
    assert everything["ccrt"].nested_units == ("session", "relationship episode", "component")
    assert not everything["hss"].verified


def test_a_forced_distribution_has_a_number_for_every_pile() -> None:
    with pytest.raises(RecordError, match="distribution_mismatch"):
        QSort(items=4, minimum=1, maximum=3, distribution=(2, 2))
    with pytest.raises(RecordError, match="distribution_mismatch"):
        QSort(items=5, minimum=1, maximum=3, distribution=(1, 2, 1))
    with pytest.raises(RecordError, match="range_order"):
        QSort(items=5, minimum=3, maximum=3)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=6).filter(sum), st.randoms())
def test_any_order_of_the_piles_follows_them_and_one_moved_card_does_not(
    piles: list[int], random: object
) -> None:
    sort = QSort(items=sum(piles), minimum=1, maximum=len(piles), distribution=tuple(piles))
    values = [v for pile, count in enumerate(piles, start=1) for v in repeat(pile, count)]
    random.shuffle(values)  # type: ignore[attr-defined]
    assert sort.follows(tuple(values))
    values[0] = values[0] % len(piles) + 1
    assert not sort.follows(tuple(values))
    assert not sort.follows(tuple(values[1:]))


def test_without_a_distribution_any_piles_will_do_but_no_other_value() -> None:
    sort = QSort(items=3, minimum=1, maximum=2)
    assert sort.follows((1, 1, 1))
    assert not sort.follows((1, 1, 3))
