"""What stands where in a bundle, as the mapping says; and golden bundles, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.base import SCHEMA_ROOT
from therapeutic_process.exchange.fhir import from_bundle, to_bundle
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parent / "golden"
LOINC = "http://loinc.org"


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def objects(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from objects(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from objects(value)


@pytest.mark.parametrize("name", ["summary", "full"])
def test_the_golden_bundles_stay_as_they_are(case: Case, name: str) -> None:
    everything = name == "full"
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert to_bundle(case, turns=everything, text=everything) == golden


def test_the_golden_full_bundle_is_read_as_its_case(case: Case) -> None:
    golden = json.loads((GOLDEN / "full.json").read_text(encoding="utf-8"))
    assert from_bundle(golden).cases == (case,)


def test_each_client_has_an_episode_and_encounters_are_the_groups(case: Case) -> None:
    bundle = to_bundle(case)
    episodes, (group,) = resources(bundle, "EpisodeOfCare"), resources(bundle, "Group")
    patients = [f"urn:uuid:{p['id']}" for p in resources(bundle, "Patient")]
    assert [e["patient"]["reference"] for e in episodes] == patients
    assert [m["entity"]["reference"] for m in group["member"]] == patients
    (encounter,) = resources(bundle, "Encounter")
    assert encounter["subject"]["reference"] == f"urn:uuid:{group['id']}"


def test_a_client_is_a_pseudonym_and_no_more(case: Case) -> None:
    first = resources(to_bundle(case, turns=True, text=True), "Patient")[0]
    assert first["birthDate"] == "1989"
    assert first["gender"] == "female"
    assert first["meta"]["security"][0]["code"] == "PSEUDED"
    assert not first.keys() & {"name", "telecom", "address", "photo"}


def test_only_held_sessions_are_encounters(case: Case) -> None:
    bundle = to_bundle(case)
    assert [e["status"] for e in resources(bundle, "Encounter")] == ["finished"]
    assert [a["status"] for a in resources(bundle, "Appointment")] == ["noshow", "booked"]
    assert resources(bundle, "Appointment")[1]["end"] == "2024-01-29T10:50:00+01:00"


def test_turns_and_texts_stay_at_home_by_default(case: Case) -> None:
    assert not resources(to_bundle(case), "Communication")
    assert "I want to change" not in json.dumps(to_bundle(case))
    turns = resources(to_bundle(case, turns=True), "Communication")
    assert len(turns) == 2
    assert not any("payload" in t for t in turns)
    spoken = resources(to_bundle(case, turns=True, text=True), "Communication")[0]
    assert spoken["payload"] == [{"contentString": "I want to change."}]
    assert [c["code"] for c in spoken["meta"]["security"]] == ["PSYTHPN", "R"]


def test_a_total_has_its_loinc_code_and_a_missing_one_its_reason(case: Case) -> None:
    found = {
        o["identifier"][0]["value"]: o
        for o in resources(to_bundle(case), "Observation")
        if o.get("identifier", [{}])[0].get("system", "").endswith("sid/measurement")
    }
    assert found["m1"]["code"]["coding"][0] == {"system": LOINC, "code": "44261-6"}
    assert found["m1"]["valueQuantity"]["value"] == 9
    assert found["m2"]["dataAbsentReason"]["coding"][0]["code"] == "asked-declined"
    assert "valueQuantity" not in found["m2"]


def test_a_status_is_hyphened_and_completed_is_not_achieved(case: Case) -> None:
    (goal,) = resources(to_bundle(case), "Goal")
    assert (goal["lifecycleStatus"], goal["achievementStatus"]["coding"][0]["code"]) == (
        "completed",
        "achieved",
    )
    assert resources(to_bundle(case), "Task")[0]["status"] == "in-progress"


def test_every_reference_leads_to_an_entry(case: Case) -> None:
    for everything in (False, True):
        bundle = to_bundle(case, turns=everything, text=everything)
        addresses = [e["fullUrl"] for e in bundle["entry"]]
        assert len(set(addresses)) == len(addresses)
        assert {o["reference"] for o in objects(bundle) if "reference" in o} <= set(addresses)


def test_addresses_are_hl7s_or_under_our_root(case: Case) -> None:
    known = (
        SCHEMA_ROOT,
        "http://hl7.org/fhir/",
        "http://terminology.hl7.org/",
        LOINC,
        "http://unitsofmeasure.org",
    )
    for one in objects(to_bundle(case, turns=True, text=True)):
        for name in ("url", "system"):
            text = one.get(name, SCHEMA_ROOT)
            inner = name == "url" and ":" not in text
            assert inner or text.startswith((*known, "http://snomed.info/sct"))


def check_digit(code: str) -> int:
    """LOINC's mod-10 check digit: the Luhn sum over the digits before the hyphen."""
    digits = [int(d) for d in reversed(code.partition("-")[0])]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(digits))
    return -total % 10


def test_loinc_codes_are_the_catalogues_and_keep_their_check_digit(case: Case) -> None:
    ours = {i.loinc for i in builtin_catalogue().instruments.values() if i.loinc is not None}
    assert ours
    assert all(check_digit(c) == int(c.partition("-")[2]) for c in ours)
    used = {o["code"] for o in objects(to_bundle(case, turns=True, text=True)) if o.get("system") == LOINC}
    assert used == {"44261-6"} <= ours
    assert "44249-1" not in ours  # the panel of the PHQ-9 is not its total


@pytest.mark.parametrize(
    ("status", "code"), [("no_show", "noshow"), ("cancelled", "cancelled"), ("planned", "proposed")]
)
@pytest.mark.parametrize("started_at", [None, "2024-03-05T10:00:00Z", "2024-03-05"])
def test_a_session_that_was_not_held_is_an_appointment_and_comes_back(
    status: str, code: str, started_at: str | None
) -> None:
    # R4 (app-3) lets only what has a start and an end be booked
    one = {"id": "s1", "number": 1, "status": status, "started_at": started_at, "modality": "video"}
    course = Case.model_validate(
        {"id": "k", "participants": [{"id": "c1", "role": "client"}], "sessions": [one]}
    )
    bundle = to_bundle(course)
    (appointment,) = resources(bundle, "Appointment")
    assert appointment["status"] == code
    assert resources(bundle, "Encounter") == []
    assert from_bundle(bundle).cases == (course,)
