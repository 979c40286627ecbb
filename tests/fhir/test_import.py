"""Bundles of other people, damaged bundles, and what an import says of them."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.fhir import from_bundle, to_bundle
from therapeutic_process.exchange.fhir.elements import READ
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from therapeutic_process.exchange.fhir import FhirImport

CANARY = "Kanarienvogel-4711"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "gender": "male",
    "birthDate": "1970-05",
    "name": [{"text": CANARY}],
}


def bundle_of(*given: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in given]}


def score(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": "Patient/p"},
        **fields,
    }


def only(read: FhirImport) -> Case:
    (case,) = read.cases
    return case


def accounted(read: FhirImport) -> bool:
    report = read.report
    return sum(report.taken.values()) + sum(n.count for n in report.left) == report.n_resources


@pytest.mark.parametrize(
    "value", [{"valueInteger": 7}, {"valueDecimal": 7.0}, {"valueQuantity": {"value": 7, "unit": "{score}"}}]
)
def test_a_score_may_come_as_integer_decimal_or_quantity(value: dict[str, Any]) -> None:
    case = only(from_bundle(bundle_of(PATIENT, score(id="o", effectiveDateTime="2024-03-05", **value))))
    assert (case.measurements[0].instrument, case.measurements[0].score) == ("phq9", 7)
    assert case.measurements[0].measured_at == date(2024, 3, 5)
    assert (case.participants[0].gender, case.participants[0].birth_year) == ("male", 1970)


def test_a_partial_date_is_an_interval_where_one_can_be_held_and_noted_where_not() -> None:
    condition = {
        "resourceType": "Condition",
        "id": "x",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "low mood"},
        "onsetDateTime": "2024-02",
    }
    read = from_bundle(bundle_of(PATIENT, condition, score(id="o", valueInteger=3, effectiveDateTime="2024")))
    case = only(read)
    assert case.problems[0].since == Interval(start=date(2024, 2, 1), end=date(2024, 2, 29))
    assert case.measurements[0].measured_at is None
    assert any("partial date" in n.why for n in read.report.notes)
    again = [e["resource"] for e in to_bundle(case)["entry"]]
    assert next(r for r in again if r["resourceType"] == "Condition")["onsetDateTime"] == "2024-02"


def test_dangling_references_make_a_person_and_no_more() -> None:
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/elsewhere"},
        "participant": [{"individual": {"reference": "Practitioner/gone"}}],
        "period": {"start": "2024-03-05T10:00:00Z", "end": "2024-03-05T10:50:00Z"},
        "episodeOfCare": [{"reference": "EpisodeOfCare/gone"}],
    }
    case = only(from_bundle(bundle_of(encounter)))
    assert {(p.id, p.role) for p in case.participants} == {("elsewhere", "client"), ("gone", "therapist")}
    assert [(s.number, s.duration_s, s.modality) for s in case.sessions] == [(1, 3000, "in_person")]


def test_a_patient_and_a_practitioner_of_the_same_id_are_two_people() -> None:
    helper = {"resourceType": "Practitioner", "id": "p"}
    read = from_bundle(
        bundle_of(PATIENT, helper, score(valueInteger=3, performer=[{"reference": "Practitioner/p"}]))
    )
    case = only(read)
    assert [p.role for p in case.participants] == ["client", "therapist"]
    assert case.measurements[0].respondent.kind == "therapist"
    assert len({p.id for p in case.participants}) == 2


def test_what_breaks_a_rule_is_left_out_alone_and_named() -> None:
    read = from_bundle(bundle_of(PATIENT, score(id="a", valueInteger=3), score(id="b", valueInteger=99)))
    assert [m.id for m in only(read).measurements] == ["a"]
    assert [(n.action, n.what, n.count) for n in read.report.notes if n.action == "dropped"] == [
        ("dropped", "measurements", 1)
    ]
    assert "score_range" in str(read.report)


def test_thousands_of_broken_parts_end_soon_and_take_only_their_list_along() -> None:
    good = {
        "resourceType": "Condition",
        "id": "x",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "low mood"},
    }
    bad = [score(id=f"o{i}", valueInteger=99) for i in range(1_500)]
    read = from_bundle(bundle_of(PATIENT, good, *bad, score(id="last", valueInteger=3)))
    assert [p.id for p in only(read).problems] == ["x"]
    assert not only(read).measurements
    assert sum(n.count for n in read.report.notes if n.action == "dropped") == 1_501


def test_names_are_never_read() -> None:
    read = from_bundle(bundle_of(PATIENT, score(valueInteger=3)))
    assert CANARY not in only(read).model_dump_json()
    assert CANARY not in str(read.report)


def test_a_modifier_extension_is_never_ignored() -> None:
    turned = score(
        valueInteger=3, modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}]
    )
    read = from_bundle(bundle_of(PATIENT, turned))
    assert not only(read).measurements
    assert accounted(read)


@pytest.mark.parametrize(
    "wrong", [None, 3, "x", [], {}, {"resourceType": "Patient"}, {"resourceType": ["Bundle"]}]
)
def test_anything_but_a_bundle_is_refused(wrong: object) -> None:
    with pytest.raises(DocumentError, match="not_a_bundle"):
        from_bundle(wrong)


def places(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in inner:
        yield (*path, step)
        yield from places(value, (*path, step))


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def read_elements(bundle: dict[str, Any]) -> set[tuple[str | int, ...]]:
    """The places of a bundle that the import looks at."""
    found: set[tuple[str | int, ...]] = {("entry",)}
    for i, entry in enumerate(bundle["entry"]):
        kept = READ[entry["resource"]["resourceType"]].validate_python(entry["resource"])
        found |= {("entry", i, "resource", *p) for p in places(kept)} - {
            ("entry", i, "resource", "resourceType")
        }
    return found


def silent(error: DocumentError) -> bool:
    shown = (str(error), repr(error), repr(vars(error)), repr(error.__context__), repr(error.__cause__))
    return not any(CANARY in s for s in shown) and CANARY.encode() not in pickle.dumps(error)


def refusal_of(bundle: Any) -> DocumentError | None:
    """The error that a bundle is refused with; one that is read is accounted for."""
    try:
        read = from_bundle(bundle)
    except DocumentError as error:
        return error
    assert accounted(read)
    return None


def test_a_wrong_type_at_any_place_is_named_by_its_element_and_nothing_else_happens(case: Case) -> None:
    bundle = to_bundle(case, turns=True, text=True)
    looked_at = read_elements(bundle)
    outcomes: Counter[bool] = Counter()
    for path in list(places(bundle)):
        before = at(bundle, path)
        for wrong in ({CANARY: [CANARY]}, [[CANARY]], CANARY, None):
            at(bundle, path[:-1])[path[-1]] = wrong
            error = refusal_of(bundle)
            at(bundle, path[:-1])[path[-1]] = before
            assert error is None or silent(error)
            outcomes[error is not None] += 1
            if path in looked_at and not (isinstance(wrong, type(before)) or isinstance(before, dict | list)):
                assert error is not None, (path, type(wrong))
    assert outcomes[True] > 1000
    assert outcomes[False] > 1000


ODD_TEXTS = (
    "", "x", "\x00", "2024", "2024-02-30", "9999", "0000-00", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "2024-03-05T10:00:60Z", "2024-01-01T00:00:00+99:99", "urn:uuid:x", "Patient/",
    "٣٣٣٣", "Patient/p/_history/", "a" * 500, "https://w3id.org/therapeutic-process/fhir/sid/participant",
)  # fmt: skip
ODD_NUMBERS = (10**400, -(10**400), -1, 0, 1e308, 5e-324, 2**63)


def test_an_odd_value_at_any_place_gives_cases_or_a_refusal(case: Case) -> None:
    bundle = to_bundle(case, turns=True, text=True)
    tried: Counter[type] = Counter()
    for i, path in enumerate(list(places(bundle))):
        before = at(bundle, path)
        if isinstance(before, str):
            odd: Any = "Goal" if path[-1] == "resourceType" else ODD_TEXTS[i % len(ODD_TEXTS)]
        elif isinstance(before, int | float):
            odd = ODD_NUMBERS[i % len(ODD_NUMBERS)]
        elif isinstance(before, list):
            odd = before[::-1] * (i % 3)
        else:
            odd = {} if i % 2 else before | {"url": "x"}
        at(bundle, path[:-1])[path[-1]] = odd
        refusal_of(bundle)
        at(bundle, path[:-1])[path[-1]] = before
        tried[type(before)] += 1
    assert min(tried[t] for t in (str, list, dict, int, float)) > 5


def test_a_group_that_is_its_own_member_and_an_identifier_of_another_kind_are_survived() -> None:
    group = {"resourceType": "Group", "id": "g", "member": [{"entity": {"reference": "Group/g"}}]}
    system = "https://w3id.org/therapeutic-process/fhir/sid/participant"
    goal = {
        "resourceType": "Goal",
        "id": "aim",
        "identifier": [{"system": system, "value": "c9"}],
        "lifecycleStatus": "active",
        "subject": {"reference": "Patient/p"},
    }
    theirs = score(valueInteger=3, subject={"reference": "Group/g"}, performer=[{"reference": "Goal/aim"}])
    read = from_bundle(bundle_of(PATIENT, group, goal, theirs))
    assert [g.id for g in only(read).goals] == ["aim"]
    assert accounted(read)


def test_the_path_of_a_wrong_type_holds_declared_elements_only() -> None:
    with pytest.raises(DocumentError) as refusal:
        from_bundle(bundle_of(PATIENT, score(subject={"reference": [CANARY], CANARY: 1})))
    assert [v.path for v in refusal.value.violations] == ["$.entry[1].resource.subject.reference"]
    assert refusal.value.violations[0].found == "a list"


def test_a_loop_and_a_bottomless_extension_are_refused() -> None:
    loop: dict[str, Any] = {"url": "x"}
    loop["extension"] = [loop]
    deep: dict[str, Any] = {"url": "x", "valueString": "y"}
    for _ in range(5_000):
        deep = {"url": "x", "extension": [deep]}
    for one in (loop, deep):
        with pytest.raises(DocumentError):
            from_bundle(bundle_of({**PATIENT, "extension": [one]}))


def test_taking_out_any_entry_leaves_cases_or_nothing_but_never_breaks(case: Case) -> None:
    bundle = to_bundle(case, turns=True, text=True)
    for i in range(len(bundle["entry"])):
        less = copy.deepcopy(bundle)
        del less["entry"][i]
        read = from_bundle(less)
        assert accounted(read)
        assert all(isinstance(c, Case) for c in read.cases)


def reference_files() -> list[Path]:
    return sorted((SHARED / "reference" / "fhir").rglob("*.json"))


def is_total(resource: dict[str, Any]) -> bool:
    """Whether a resource is an Observation coded as a total that the catalogue knows."""
    if resource.get("resourceType") != "Observation":
        return False
    known = {i.loinc for i in builtin_catalogue().instruments.values()} - {None}
    return any(c.get("code") in known for c in resource["code"].get("coding", ()))


@needs_shared
def test_every_reference_file_is_read_and_accounted_for() -> None:
    found: Counter[str] = Counter()
    for path in reference_files():
        document = json.loads(path.read_text(encoding="utf-8"))
        whole = document if document.get("resourceType") == "Bundle" else bundle_of(document)
        read = from_bundle(whole)
        assert accounted(read), path.name
        found["files"] += 1
        found["totals"] += sum(is_total(e["resource"]) for e in whole.get("entry", ()) if "resource" in e)
        found["measurements"] += sum(len(c.measurements) for c in read.cases)
    assert found["files"] >= 250
    assert found["measurements"] == found["totals"] > 0


@needs_shared
def test_resources_of_one_guide_read_together_find_each_other() -> None:
    files = [p for p in reference_files() if p.parent.name == "pco-ig"]
    read = from_bundle(bundle_of(*(json.loads(p.read_text(encoding="utf-8")) for p in files)))
    assert accounted(read)
    goals = {g.id: g for c in read.cases for g in c.goals}
    walk = goals["pcoGoalWalkDogExample"]
    assert [level.level for level in walk.levels] == [2, 1, 0, -1, -2]
    assert {a.level for a in walk.attainments} <= {-2, -1, 0, 1, 2}
    assert walk.attainments
