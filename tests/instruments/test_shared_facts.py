"""The shipped numbers beside the reference facts: nothing is lost, changed or made up."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from therapeutic_process.instruments import Instrument, UnverifiedFactWarning, builtin_catalogue

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).parents[2] / ".." / "shared"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data is not here")

with pytest.warns(UnverifiedFactWarning):
    EVERYTHING = builtin_catalogue(include_unverified=True)
SHIPPED = sorted(EVERYTHING.instruments)


@cache
def facts() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SHARED / "facts" / "instruments.json").read_text(encoding="utf-8"))
    return loaded


@cache
def entry(instrument_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(f for f in facts()["instruments"] if f["id"] == instrument_id)
    return found


def flat(rows: list[dict[str, Any]] | None) -> list[float]:
    values = [r["value"] for r in rows or []]
    return [v for value in values for v in (value if isinstance(value, list) else [value])]


def service_rows(instrument_id: str) -> list[dict[str, Any]]:
    measures = facts()["nhs_talking_therapies"]["measures"]
    return [m for m in measures if m["measure"] == instrument_id]


def sources_of(fact: dict[str, Any]) -> list[str]:
    return [facts()["sources"][key] for key in fact["sources"]]


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_ranges_and_items_are_those_of_the_facts(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)
    count = fact["n_items"] and fact["n_items"]["value"]
    assert mine.item_count == (count if isinstance(count, int) else None)
    assert [mine.minimum, mine.maximum] == (fact["total_range"] or {"value": [None, None]})["value"]
    assert [mine.item_minimum, mine.item_maximum] == (fact["item_range"] or {"value": [None, None]})["value"]
    key = fact["reverse_scored_items"]
    listed = key["value"] if isinstance(key, dict) else key
    assert mine.reversed_items == (None if listed is None else tuple(listed))
    if fact["total_range"]:
        assert all(source in (mine.source_of("maximum") or "") for source in sources_of(fact["total_range"]))


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_subscales_are_those_of_the_facts(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)
    shipped = [(s.id, list(s.items), [s.minimum, s.maximum]) for s in mine.subscales]
    assert shipped == [
        (s["id"], s.get("items", []), s.get("range", [None, None])) for s in fact["subscales"] or []
    ]


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_cutoffs_are_those_of_the_facts_and_of_the_service_table(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)
    published = set(flat(fact["clinical_cutoff"]))
    service = {
        float(m["caseness"].split()[0].strip(">=")) for m in service_rows(instrument_id) if m["caseness"]
    }
    assert {c.value for c in mine.cutoffs} == published | service
    checked = {m["caseness_verified"] for m in service_rows(instrument_id) if m["caseness"]}
    marks = {
        c.verified for c in mine.cutoffs if (c.clinical_population or "").startswith("NHS Talking Therapies:")
    }
    assert marks <= checked


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_change_thresholds_are_those_of_the_facts(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)
    service = {m["reliable_change"] for m in service_rows(instrument_id)} - {None}
    reliable = {t.value for t in mine.change_thresholds if t.kind == "reliable_change"}
    assert reliable == set(flat(fact["reliable_change"])) | service
    other = {t.value for t in mine.change_thresholds if t.kind != "reliable_change"}
    # An autocorrelation is listed among the facts' thresholds; it is no amount of change.
    assert other == set(flat(fact["other_change_thresholds"])) - ({0.82} if instrument_id == "pq" else set())


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_an_unread_service_threshold_is_never_a_default(instrument_id: str) -> None:
    default = builtin_catalogue().instruments[instrument_id]
    for row in service_rows(instrument_id):
        if row["reliable_change_verified"] is False:
            published = set(flat(entry(instrument_id)["reliable_change"]))
            shown = {t.value for t in default.change_thresholds if t.kind == "reliable_change"}
            assert row["reliable_change"] not in shown - published
        if row["caseness_verified"] is False:
            value = float(row["caseness"].split()[0].strip(">="))
            assert value not in {c.value for c in default.cutoffs} - set(
                flat(entry(instrument_id)["clinical_cutoff"])
            )


def triples(rows: Any) -> list[tuple[float, float, str]]:
    return [(r[0], r[1], r[2]) for r in rows]


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_bands_are_those_of_the_facts(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)["severity_bands"] or {}
    expected = [(b["min"], b["max"], b["label"]) for b in fact.get("bands", [])]
    for rows in fact.get("unmultiplied", {}).values():
        expected += triples(rows)
    for scheme in ("ABS", "GP_clinical_alternative", "self_report_total_one_study"):
        expected += triples(fact.get(scheme, []))
    assert [(b.minimum, b.maximum, b.label) for b in mine.bands] == expected


def reliabilities(mine: Instrument, kind: str) -> list[float]:
    found = [r for r in mine.reliabilities if r.kind == kind]
    return [v for r in found for v in (r.value, r.upper) if v is not None]


@pytest.mark.parametrize("instrument_id", SHIPPED)
def test_reliabilities_and_norms_are_those_of_the_facts(instrument_id: str) -> None:
    mine, fact = EVERYTHING.instruments[instrument_id], entry(instrument_id)
    for name, kind in (("alpha", "internal_consistency"), ("test_retest", "test_retest")):
        given = (fact["reliability"] or {}).get(name)
        numbers = [] if given is None or isinstance(given["value"], str) else flat([given])
        assert reliabilities(mine, kind) == numbers
    norms = [n for n in fact["norms"] or [] if not isinstance(n["mean"]["value"], list)]
    assert [n.mean for n in mine.norms] == [n["mean"]["value"] for n in norms]
    assert [n.sd for n in mine.norms] == [n["sd"] and n["sd"]["value"] for n in norms]


def test_every_loinc_code_is_of_the_status_that_the_facts_state() -> None:
    codes = json.loads((SHARED / "facts" / "loinc.json").read_text(encoding="utf-8"))["codes"]
    status = {c["code"]: c["status"] for c in codes}
    assert {status[i.loinc] for i in builtin_catalogue().instruments.values() if i.loinc} == {"verified"}
    waiting = [i.unverified.loinc for i in builtin_catalogue().instruments.values() if i.unverified]
    assert {status[code] for code in waiting if code} == {"mirror"}
    panels = {c["panel"] for c in codes}
    assert not panels.intersection(i.loinc for i in EVERYTHING.instruments.values() if i.loinc)


def test_no_source_is_a_bare_key_of_the_facts() -> None:
    keys = set(facts()["sources"])
    for mine in EVERYTHING.instruments.values():
        texts = [*(c.source for c in mine.cutoffs), *(b.source for b in mine.bands)]
        texts += [*(n.source for n in mine.norms), *(t.source for t in mine.change_thresholds)]
        texts += [s.source for s in mine.sources]
        assert not keys.intersection(texts)


def test_nothing_but_the_entry_without_any_number_is_left_out() -> None:
    assert {f["id"] for f in facts()["instruments"]} - set(SHIPPED) == {"srs_reactions"}


@cache
def systems() -> dict[str, Any]:
    listed = json.loads((SHARED / "facts" / "coding_systems.json").read_text(encoding="utf-8"))["systems"]
    return {s["id"]: s for s in listed}


def test_unverified_coding_systems_are_only_in_the_opt_in() -> None:
    hidden = set(EVERYTHING.coding_systems) - set(builtin_catalogue().coding_systems)
    assert all("not verified" in systems()[s]["confidence"] for s in hidden)
    shown = set(builtin_catalogue().coding_systems) - {"annomi_full"}
    known = (
        "verified",
        "manual and",
        "5 subscales",
        "7 scales",
        "100 items",
        "items/subscales",
        "type names",
    )
    assert all(systems()[s]["confidence"].startswith(known) for s in shown)


def test_the_questionnaires_among_the_coding_systems_are_instruments_here() -> None:
    assert set(systems()) - set(EVERYTHING.coding_systems) == {"wai_sr", "srs", "seq"}
    assert {"wai_sr", "srs", "seq"} <= set(EVERYTHING.instruments)


@pytest.mark.parametrize("system_id", ["exp", "apes", "cpps"])
def test_a_shown_rating_scale_has_the_range_of_the_facts(system_id: str) -> None:
    scale = systems()[system_id]["scale"]
    assert {(s.minimum, s.maximum) for s in builtin_catalogue().coding_systems[system_id].scales} == {
        (scale["min"], scale["max"])
    }


@pytest.mark.parametrize("system_id", ["esconv", "imcs", "nepcs2", "automisc", "annomi"])
def test_a_shown_system_has_as_many_codes_as_the_facts_say(system_id: str) -> None:
    assert len(builtin_catalogue().coding_systems[system_id].codes) == systems()[system_id]["n_codes"]
