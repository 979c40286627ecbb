"""The shipped facts: every number is in range, cited, and apart from the others if nobody checked it."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from therapeutic_process.instruments import (
    Band,
    ChangeThreshold,
    CodingSystem,
    Cutoff,
    Instrument,
    Norm,
    Reliability,
    UnverifiedFactWarning,
    builtin_catalogue,
)

Fact = Band | Cutoff | Reliability | Norm | ChangeThreshold

DEFAULT = builtin_catalogue()
INSTRUMENTS = tuple(DEFAULT.instruments.values())
SYSTEMS = tuple(DEFAULT.coding_systems.values())
with pytest.warns(UnverifiedFactWarning):
    EVERYTHING = builtin_catalogue(include_unverified=True)

# Panels are not totals (LOINC): sending one as an observation's code is a common mistake.
PANELS = {"44249-1", "55757-9", "69728-4", "89206-7", "69737-5", "72110-0", "72109-2", "101697-1", "71354-5"}


def facts_of(instrument: Instrument) -> Iterator[Fact]:
    yield from instrument.bands
    yield from instrument.cutoffs
    yield from instrument.reliabilities
    yield from instrument.norms
    yield from instrument.change_thresholds


def looks_like_a_source(text: str | None) -> bool:
    return text is not None and len(text) >= 10 and any(c in text for c in " :/")


def named(entries: tuple[Instrument, ...] | tuple[CodingSystem, ...]) -> list[str]:
    return [e.id for e in entries]


@pytest.mark.parametrize("instrument", EVERYTHING.instruments.values(), ids=named(INSTRUMENTS))
def test_every_number_has_a_source(instrument: Instrument) -> None:
    assert all(looks_like_a_source(f.source) for f in facts_of(instrument))
    plain = ("item_count", "item_minimum", "item_maximum", "minimum", "maximum", "recall_days")
    for field in plain:
        if getattr(instrument, field) is not None:
            assert looks_like_a_source(instrument.source_of(field)), field
    if instrument.reversed_items:
        assert looks_like_a_source(instrument.source_of("reversed_items"))
    for rule in (instrument.missing_items, *instrument.item_values, *instrument.subscales):
        assert rule is None or looks_like_a_source(rule.source)
    assert instrument.references


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=named(INSTRUMENTS))
def test_the_default_answer_holds_no_unchecked_number(instrument: Instrument) -> None:
    assert all(f.verified and f.confidence != "low" for f in facts_of(instrument))
    assert all(c.confidence != "low" for c in instrument.sources)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=named(INSTRUMENTS))
def test_unverified_numbers_are_marked_and_only_those_stand_apart(instrument: Instrument) -> None:
    if instrument.unverified is None:
        return
    waiting = instrument.unverified
    apart: list[Fact] = [*waiting.bands, *waiting.cutoffs, *waiting.reliabilities, *waiting.norms]
    apart += waiting.change_thresholds
    assert apart or waiting.loinc
    assert all(not f.verified or f.confidence == "low" for f in apart)
    assert waiting.loinc is None or looks_like_a_source(waiting.loinc_source)


@pytest.mark.parametrize("instrument", EVERYTHING.instruments.values(), ids=named(INSTRUMENTS))
def test_cutoffs_lie_within_the_range(instrument: Instrument) -> None:
    for cutoff in instrument.cutoffs:
        scale = instrument if cutoff.subscale is None else instrument.subscale(cutoff.subscale)
        assert scale is not None
        if cutoff.metric is None and scale.minimum is not None and scale.maximum is not None:
            assert scale.minimum < cutoff.value <= scale.maximum


@pytest.mark.parametrize("instrument", EVERYTHING.instruments.values(), ids=named(INSTRUMENTS))
def test_a_change_threshold_is_smaller_than_the_range(instrument: Instrument) -> None:
    if instrument.minimum is not None and instrument.maximum is not None:
        width = instrument.maximum - instrument.minimum
        assert all(0 < t.value < width for t in instrument.change_thresholds)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=named(INSTRUMENTS))
def test_the_comparator_of_a_cutoff_fits_the_direction(instrument: Instrument) -> None:
    fitting = {"higher_worse": (">=", ">", None), "higher_better": ("<=", "<", None)}
    if instrument.direction is not None:
        assert all(c.comparator in fitting[instrument.direction] for c in instrument.cutoffs)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=named(INSTRUMENTS))
def test_bands_of_a_set_cover_its_scale_without_gap_or_overlap(instrument: Instrument) -> None:
    for subscale, scheme in {(b.subscale, b.scheme) for b in instrument.bands}:
        bands = [b for b in instrument.bands if (b.subscale, b.scheme) == (subscale, scheme)]
        scale = instrument if subscale is None else instrument.subscale(subscale)
        assert scale is not None
        assert (bands[0].minimum, bands[-1].maximum) == (scale.minimum, scale.maximum)
        assert all(after.minimum == before.maximum + 1 for before, after in pairwise(bands))


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=named(INSTRUMENTS))
def test_the_range_follows_from_the_items_where_both_are_known(instrument: Instrument) -> None:
    count, low, high = instrument.item_count, instrument.item_minimum, instrument.item_maximum
    if count is None or low is None or high is None:
        return
    factor = {"sum": count, "mean": 1, "mean_x10": 10, "sum_x4": 4 * count}
    if instrument.minimum is not None and instrument.scoring in factor:
        times = factor[instrument.scoring]
        assert (instrument.minimum, instrument.maximum) == (times * low, times * high)
    for part in instrument.subscales:
        if part.items and part.scoring == "sum":
            assert (part.minimum, part.maximum) == (len(part.items) * low, len(part.items) * high)


def luhn_check_digit(body: str) -> int:
    digits = [int(c) for c in reversed(body)]
    doubled = [2 * d - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(digits)]
    return -sum(doubled) % 10


@pytest.mark.parametrize("code", ["44261-6", "2345-7", "718-7"])
def test_the_check_digit_is_computed_as_loinc_does(code: str) -> None:
    body, digit = code.split("-")
    assert luhn_check_digit(body) == int(digit)


def test_loinc_codes_pass_their_check_digit_and_are_totals() -> None:
    codes = [i.loinc for i in EVERYTHING.instruments.values() if i.loinc is not None]
    assert len(codes) == len(set(codes)) >= 6
    assert all(luhn_check_digit(c.split("-")[0]) == int(c.split("-")[1]) for c in codes)
    assert not PANELS.intersection(codes)


def test_only_loinc_codes_that_were_checked_are_in_the_default_answer() -> None:
    codes = {i.id: i.loinc for i in INSTRUMENTS if i.loinc is not None}
    assert codes == {"phq9": "44261-6", "gad7": "70274-6", "phq2": "55758-7", "audit": "75624-7"}


def test_the_catalogue_is_as_large_as_promised() -> None:
    ranged = [
        i for i in INSTRUMENTS if i.maximum is not None or any(s.maximum is not None for s in i.subscales)
    ]
    assert len(ranged) >= 25
    assert len(SYSTEMS) >= 15
    assert all(s.verified for s in SYSTEMS)


ALL_SYSTEMS = tuple(EVERYTHING.coding_systems.values())


@pytest.mark.parametrize("system", ALL_SYSTEMS, ids=named(ALL_SYSTEMS))
def test_every_coding_system_is_cited_and_codes_or_rates_something(system: CodingSystem) -> None:
    assert all(looks_like_a_source(r) for r in system.references)
    assert system.references
    assert system.raters
    assert system.codes or system.scales or system.q_sort
    assert all(looks_like_a_source(r.source) for r in system.ratios)


def test_the_codes_of_the_open_data_sets_are_spelled_as_there() -> None:
    automisc, annomi = DEFAULT.coding_systems["automisc"], DEFAULT.coding_systems["annomi"]
    by_speaker = {s: [c.id for c in automisc.codes if c.speakers == (s,)] for s in ("therapist", "client")}
    assert by_speaker == {"therapist": ["MICO", "MIIN", "R", "Q", "Other"], "client": ["C", "S", "N"]}
    assert {c.id for c in annomi.codes if c.speakers == ("client",)} == {"change", "neutral", "sustain"}
    assert [r.id for r in automisc.ratios] == ["R:Q", "%MIC", "%C", "C:S"]


def test_phq9_and_gad7_say_what_services_use() -> None:
    """The published thresholds of NHS Talking Therapies (Cooper et al., PMC8411661, table 1)."""
    phq9, gad7 = DEFAULT.instruments["phq9"], DEFAULT.instruments["gad7"]
    assert [c.value for c in phq9.cutoffs_for(purpose="caseness")] == [10]
    assert [c.value for c in gad7.cutoffs_for(purpose="caseness")] == [8]
    assert [t.value for t in phq9.change_thresholds_for(kind="reliable_change")] == [6]
    assert [t.value for t in gad7.change_thresholds_for(kind="reliable_change")] == [4]
