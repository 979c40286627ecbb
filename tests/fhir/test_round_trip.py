"""What the mapping carries comes back as it was; what it does not carry is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, note, settings

from therapeutic_process.base import Record, Sensitive, leaves
from therapeutic_process.exchange.fhir import from_bundle, not_carried, to_bundle
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from therapeutic_process.records import Case

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def through_json(bundle: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(bundle, allow_nan=False))
    return made


def catalogue_of(case: Case) -> Catalogue:
    """What to read a bundle with: FHIR has no place for a case's own instruments and systems."""
    return builtin_catalogue().with_(*case.instruments, *case.coding_systems)


def as_carried(case: Case) -> Case:
    """The only thing that a full bundle does not carry: the case's own instruments and coding systems."""
    return case.model_copy(update={"instruments": (), "coding_systems": ()})


@few
@given(cases())
def test_a_full_bundle_gives_the_case_back(case: Case) -> None:
    note(case.model_dump_json(exclude_defaults=True, indent=1))
    bundle = through_json(to_bundle(case, turns=True, text=True))
    read = from_bundle(bundle, catalogue=catalogue_of(case))
    assert read.cases == (as_carried(case),)
    assert read.report.taken.keys() == {e["resource"]["resourceType"] for e in bundle["entry"]}
    assert sum(read.report.taken.values()) == read.report.n_resources == len(bundle["entry"])
    assert (*read.report.left, *read.report.notes, *read.report.gaps) == ()
    own = len(case.instruments) + len(case.coding_systems)
    assert sum(n.count for n in not_carried(case, turns=True, text=True)) == own


@few
@given(cases())
def test_a_default_bundle_gives_a_case_without_talk_and_text(case: Case) -> None:
    read = from_bundle(through_json(to_bundle(case)), catalogue=catalogue_of(case))
    (got,) = read.cases
    assert not any(n.action == "dropped" for n in read.report.notes)
    assert (*got.coding_passes, *got.segments, *(x for s in got.sessions for x in s.interactions)) == ()
    assert set(texts(got)) <= {"(withheld)"}
    for field in ("participants", "measurements", "context_events"):
        assert len(getattr(got, field)) == len(getattr(case, field))
    assert [(s.number, s.status, s.started_at, s.duration_s) for s in got.sessions] == [
        (s.number, s.status, s.started_at, s.duration_s) for s in case.sessions
    ]
    assert got.measurements == case.measurements


@few
@given(cases())
def test_a_default_bundle_counts_every_interaction_and_code(case: Case) -> None:
    counted = {"interaction-counts": 0, "code-counts": 0}
    for entry in to_bundle(case)["entry"]:
        code = entry["resource"].get("code", {}).get("coding", [{}])[0].get("code")
        if code in counted:
            counted[code] += sum(c["valueInteger"] for c in entry["resource"]["component"])
    turns = [x for s in case.sessions for x in s.interactions]
    assert counted == {"interaction-counts": len(turns), "code-counts": sum(len(x.codes) for x in turns)}


def texts(record: Record) -> list[str]:
    """Every free text that a record holds."""
    found: list[str] = []
    for leaf in leaves(type(record)):
        value = getattr(record, leaf.name)
        for one in value if leaf.many and value is not None else (value,):
            if isinstance(one, Record):
                found += texts(one)
            elif one is not None and any(
                isinstance(m, Sensitive) and m.kind == "free_text" for m in leaf.marks
            ):
                found.append(one)
    return found


@few
@given(cases())
def test_texts_leave_only_on_request_and_labelled(case: Case) -> None:
    held_back = sum(n.count for n in not_carried(case, turns=True) if "text=True" in n.why)
    assert held_back == len(texts(as_carried(case)))
    labelled = [
        e["resource"]
        for e in to_bundle(case, turns=True, text=True)["entry"]
        if {c["code"] for c in e["resource"].get("meta", {}).get("security", ())} >= {"PSYTHPN", "R"}
    ]
    assert len(labelled) >= sum(len(s.interactions) for s in case.sessions)
    if texts(as_carried(case)):
        assert labelled


def test_the_same_case_gives_the_same_bundle(case: Case) -> None:
    assert json.dumps(to_bundle(case, turns=True)) == json.dumps(to_bundle(case, turns=True))


def test_two_cases_in_one_bundle_come_apart(case: Case) -> None:
    other = case.model_copy(update={"id": "k2"})
    both = to_bundle(case, turns=True, text=True)
    both["entry"] += to_bundle(other, turns=True, text=True)["entry"]
    assert from_bundle(both).cases == (case, other)
