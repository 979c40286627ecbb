"""An instrument: its rules, its lookups, and the opt-in to what nobody has checked."""

import pytest

from therapeutic_process.errors import RecordError, TherapeuticProcessWarning
from therapeutic_process.instruments import (
    Band,
    ChangeThreshold,
    Citation,
    Cutoff,
    Instrument,
    Subscale,
    UnverifiedFacts,
    UnverifiedFactWarning,
    builtin_catalogue,
)


def mood(**fields: object) -> Instrument:
    return Instrument.model_validate({"id": "mood", "name": "Mood", **fields})


def codes(**fields: object) -> set[str]:
    with pytest.raises(RecordError) as caught:
        mood(**fields)
    return {v.code for v in caught.value.violations}


def test_an_instrument_needs_no_more_than_an_id_and_a_name() -> None:
    assert mood().minimum is None


def test_a_range_has_two_ends_in_order() -> None:
    assert codes(minimum=3, maximum=3) == {"range_order"}
    assert codes(minimum=3) == codes(maximum=3) == {"range_order"}
    assert codes(item_minimum=2, item_maximum=1) == {"range_order"}


def test_items_are_numbers_of_the_instrument_each_once() -> None:
    assert codes(item_count=3, reversed_items=[4]) == {"item_unknown"}
    assert codes(reversed_items=[0]) == {"item_unknown"}
    assert codes(subscales=[{"id": "a", "name": "A", "items": [1, 1]}]) == {"item_unknown"}


def test_subscales_have_ids_of_their_own() -> None:
    part = {"id": "a", "name": "A"}
    assert codes(subscales=[part, part]) == {"id_repeated"}
    whole = mood(subscales=[part])
    assert whole.subscale("a") == Subscale(id="a", name="A")
    assert whole.subscale("b") is None


def test_every_shipped_entry_survives_the_way_through_json() -> None:
    for entry in builtin_catalogue():
        assert type(entry).model_validate_json(entry.model_dump_json()) == entry
        assert hash(entry) == hash(entry.model_copy())


def test_the_source_of_a_plain_field_is_found() -> None:
    cited = mood(item_count=3, sources=[Citation(fields=("item_count",), source="the manual, page 3")])
    assert cited.source_of("item_count") == "the manual, page 3"
    assert cited.source_of("maximum") is None


CHECKED = Cutoff(
    value=10, comparator=">=", purpose="caseness", clinical_population="clinic", source="a paper"
)
QUOTED = Cutoff(value=32, purpose="caseness", source="often quoted", verified=False)
WEAK = Cutoff(value=7, purpose="caseness", source="a blog", confidence="low")
OTHER = Cutoff(value=3, comparator=">=", purpose="diagnosis", source="a paper", confidence="medium")


def test_cutoffs_are_found_by_purpose_and_population() -> None:
    scale = mood(cutoffs=[CHECKED, OTHER])
    assert scale.cutoffs_for() == (CHECKED, OTHER)
    assert scale.cutoffs_for(purpose="diagnosis") == (OTHER,)
    assert scale.cutoffs_for(population="clinic") == (CHECKED,)
    assert scale.cutoffs_for(purpose="diagnosis", population="clinic") == ()


def test_an_unverified_number_is_no_answer_unless_asked_for() -> None:
    scale = mood(cutoffs=[CHECKED, WEAK], unverified=UnverifiedFacts(cutoffs=(QUOTED,)))
    assert scale.cutoffs_for(purpose="caseness") == (CHECKED,)
    with pytest.warns(UnverifiedFactWarning, match="2 of 3 numbers") as caught:
        assert scale.cutoffs_for(purpose="caseness", include_unverified=True) == (CHECKED, WEAK, QUOTED)
    assert caught[0].filename == __file__


def test_asking_for_unverified_numbers_where_there_are_none_is_silent() -> None:
    assert mood(cutoffs=[CHECKED]).cutoffs_for(include_unverified=True) == (CHECKED,)
    assert mood(cutoffs=[CHECKED]).with_unverified() == mood(cutoffs=[CHECKED])


def test_thresholds_of_change_are_found_by_kind_and_method() -> None:
    reliable = ChangeThreshold(
        value=6, kind="reliable_change", comparator=">=", method="service", source="a paper"
    )
    least = ChangeThreshold(value=5, kind="minimal_important_difference", method="anchor", source="a paper")
    quoted = ChangeThreshold(
        value=9, kind="reliable_change", method="service", source="quoted", verified=False
    )
    scale = mood(change_thresholds=[reliable, least], unverified=UnverifiedFacts(change_thresholds=(quoted,)))
    assert scale.change_thresholds_for() == (reliable, least)
    assert scale.change_thresholds_for(kind="reliable_change") == (reliable,)
    assert scale.change_thresholds_for(method="anchor") == (least,)
    with pytest.warns(UnverifiedFactWarning, match="1 of 2 numbers"):
        assert scale.change_thresholds_for(method="service", include_unverified=True) == (reliable, quoted)


def test_the_thresholds_of_the_service_that_nobody_read_need_the_opt_in() -> None:
    """NHS Talking Therapies, PCL-5: 32 for caseness and 10 for change are quoted, the table was not read."""
    pcl5 = builtin_catalogue().instruments["pcl5"]
    assert pcl5.cutoffs_for(purpose="caseness") == ()
    with pytest.warns(UnverifiedFactWarning):
        assert [c.value for c in pcl5.cutoffs_for(purpose="caseness", include_unverified=True)] == [32]


def test_merged_numbers_keep_their_mark() -> None:
    scale = mood(cutoffs=[CHECKED], unverified=UnverifiedFacts(cutoffs=(QUOTED,), loinc="101698-9"))
    with pytest.warns(UnverifiedFactWarning):
        whole = scale.with_unverified()
    assert whole.cutoffs == (CHECKED, QUOTED)
    assert (whole.loinc, whole.unverified) == ("101698-9", None)
    assert whole.cutoffs_for() == (CHECKED,)


def test_the_warning_is_one_of_the_library() -> None:
    assert issubclass(UnverifiedFactWarning, TherapeuticProcessWarning)


@pytest.mark.parametrize(
    ("score", "label"), [(0, "none/minimal"), (4, "none/minimal"), (5, "mild"), (27, "severe")]
)
def test_both_ends_of_a_band_belong_to_it(score: float, label: str) -> None:
    band = builtin_catalogue().instruments["phq9"].band_of(score)
    assert band is not None
    assert band.label == label


def test_a_score_between_two_bands_is_in_neither() -> None:
    assert builtin_catalogue().instruments["phq9"].band_of(4.5) is None
    assert builtin_catalogue().instruments["phq9"].band_of(28) is None


def test_bands_are_those_of_the_set_and_part_that_is_named() -> None:
    k10, dass21 = builtin_catalogue().instruments["k10"], builtin_catalogue().instruments["dass21"]
    assert k10.band_of(20) is None
    labels = [band.label for scheme in ("abs", "gp") if (band := k10.band_of(20, scheme=scheme))]
    assert labels == ["moderate", "mild"]
    parts = [
        band.label
        for part in ("depression", "anxiety", "stress")
        if (band := dass21.band_of(8, subscale=part))
    ]
    assert parts == ["moderate", "severe", "mild"]


def test_a_band_of_low_confidence_is_no_answer() -> None:
    band = Band(label="bad", minimum=0, maximum=9, source="a blog", confidence="low")
    assert mood(bands=[band]).band_of(3) is None
