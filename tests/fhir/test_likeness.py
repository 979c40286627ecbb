"""The fast look at scores gives what the close look gives: the same cases, the same account, the same refusals."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.fhir import from_bundle, to_bundle
from therapeutic_process.exchange.fhir.likeness import Likeness, Patterns
from therapeutic_process.records import Case

SID = "https://w3id.org/therapeutic-process/fhir/sid/measurement"
PEOPLE = [
    {"resourceType": "Patient", "id": "p"}, {"resourceType": "Patient", "id": "q"},
    {"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/p"},
     "period": {"start": "2024-03-01T10:00:00Z"}},
]  # fmt: skip
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 1, 1.5, "x", "", [], {}, [{}], float("nan"), 10**400]
)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from(["a", "b", "", "x" * 300]) | ODD,
    "identifier": st.sampled_from([
        [{"system": SID, "value": "m1"}], [{"system": SID, "value": "m2"}], [{"system": SID, "value": ""}],
        [{"system": "x", "value": "y"}], [{"system": SID, "value": 3}], [{"value": "y"}], [],
        [{"system": "x", "value": "y"}, {"system": SID, "value": "m9"}],
    ]) | ODD,
    "status": st.sampled_from(["final", "entered-in-error"]) | ODD,
    "subject": st.sampled_from([{"reference": "Patient/p"}, {"reference": "Patient/q"}, {"reference": 3}]) | ODD,
    "performer": st.sampled_from([[{"reference": "Patient/p"}], [{"reference": "Practitioner/new"}], [{}]]) | ODD,
    "encounter": st.sampled_from([{"reference": "Encounter/e1"}, {"reference": "Encounter/no"}, {"reference": 1}])
    | ODD,
    "effectiveDateTime": st.sampled_from(["2024-03-05", "2024-03", "2024-03-05T10:00:00Z", "no"]) | ODD,
    "valueQuantity": st.sampled_from([{"value": 3}, {"value": 27.0, "unit": "{score}"}, {"value": True}, {"unit": "x"},
                                      {"value": 99}, {"value": 3, "comparator": "<"}]) | ODD,
    "valueInteger": st.sampled_from([3, 99, True, 2.0]) | ODD,
    "valueDecimal": st.sampled_from([3, 2.5, True]) | ODD,
    "dataAbsentReason": st.sampled_from([{"coding": [{"code": "asked-declined"}]}, {"text": "gone"}]) | ODD,
    "extension": st.sampled_from([
        [{"url": "x", "valueBoolean": True}], [{"url": "x", "valueBoolean": 1}], [{"url": "x", "valueInteger": 1}],
        [{"url": "https://w3id.org/therapeutic-process/fhir/StructureDefinition/part-of-everybody",
          "valueBoolean": True}],
    ]) | ODD,
    "code": st.sampled_from([
        {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]}, {"coding": [{"code": "44261-6"}]},
        {"coding": [{"system": "http://loinc.org", "code": "70274-6"}]}, {"coding": []}, {"text": "x"},
    ]) | ODD,
    "text": st.sampled_from([{"div": "x"}, {"div": "y"}, 3]),
    "focus": st.just([{"reference": "Patient/p"}]),
    "derivedFrom": st.just([]),
    "modifierExtension": st.just([]),
}  # fmt: skip
PLAIN = {
    "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
    "performer": [{"reference": "Patient/p"}], "valueInteger": 3,
}  # fmt: skip


USUAL: dict[str, Any] = {
    "id": "o", "identifier": [{"system": SID, "value": "m0"}], "encounter": {"reference": "Encounter/e1"},
    "effectiveDateTime": "2024-03-05", "extension": [{"url": "x", "valueBoolean": True}],
}  # fmt: skip


@st.composite
def alike(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A score, and others like it but for one element each, changed or taken away."""
    first = copy.deepcopy(PLAIN)
    first |= {name: USUAL[name] for name in draw(st.sets(st.sampled_from(sorted(USUAL))))}
    if draw(st.booleans()):
        del first["valueInteger"]
        first |= draw(
            st.sampled_from([{"valueQuantity": {"value": 3, "unit": "{score}"}}, {"valueDecimal": 3.0}])
        )
    made = [first]
    for name in draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=2)):
        other = copy.deepcopy(first)
        other[name] = draw(CHANGES[name])
        made.append(other)
    if draw(st.booleans()):
        made.append(
            {
                k: v
                for k, v in first.items()
                if k != draw(st.sampled_from(sorted(set(first) - {"resourceType"})))
            }
        )
    return made


def read(bundle: dict[str, Any]) -> tuple[Any, ...]:
    try:
        found = from_bundle(bundle)
    except DocumentError as error:
        return ("refused", error.code, error.violations)
    return (found.cases, found.report)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(alike())
def test_the_fast_look_sees_what_the_close_look_sees(scores: list[dict[str, Any]]) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in (*PEOPLE, *scores, scores[0])]}
    fast = read(bundle)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Patterns, "find", lambda _self, _given: None)
        close = read(bundle)
    assert fast == close


def test_the_fast_look_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    who = {"kind": "client", "participant": "c1"}
    scores = [
        {"id": f"m{i}", "instrument": "phq9", "subject": "c1", "respondent": who, "score": i, "session": f"s{i}",
         "timing": "before", "measured_at": f"2024-03-{i + 1:02}"}
        for i in range(10)
    ]  # fmt: skip
    case = Case.model_validate(
        {"id": "k", "participants": [{"id": "c1", "role": "client"}], "measurements": scores,
         "sessions": [{"id": f"s{i}", "number": i, "status": "held"} for i in range(10)]}
    )  # fmt: skip
    n = 0
    real = Likeness.entry

    def counted(*arguments: Any) -> Any:
        nonlocal n
        n += 1
        return real(*arguments)

    monkeypatch.setattr(Likeness, "entry", counted)
    assert from_bundle(to_bundle(case)).cases == (case,)
    assert n == 9
    bundle = to_bundle(case)
    bundle["entry"][-1]["resource"]["valueQuantity"]["value"] = 99
    read_again = from_bundle(bundle)
    assert [len(c.measurements) for c in read_again.cases] == [9]
    assert any("score_range" in note.why for note in read_again.report.notes)


@pytest.mark.parametrize("value", [10**400, -(10**400), 10**308, float("nan"), float("inf"), True])
@pytest.mark.parametrize("name", ["valueInteger", "valueDecimal", "valueQuantity"])
def test_a_number_that_no_score_can_be_gets_the_close_look(name: str, value: Any) -> None:
    plain = {k: v for k, v in PLAIN.items() if k != "valueInteger"}
    scores = [plain | {name: {"value": v} if name == "valueQuantity" else v} for v in (3, value, 3, 3)]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in (*PEOPLE, *scores)]}
    fast = read(bundle)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Patterns, "find", lambda _self, _given: None)
        assert fast == read(bundle)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_nothing_in_the_place_of_an_element_gets_the_close_look(name: str) -> None:
    first = PLAIN | USUAL
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": r} for r in (*PEOPLE, first, first | {name: None})],
    }
    fast = read(bundle)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Patterns, "find", lambda _self, _given: None)
        assert fast == read(bundle)
