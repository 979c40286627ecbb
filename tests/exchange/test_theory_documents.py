from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
    fingerprint,
)
from therapeutic_process.errors import DocumentError, VersionTooNew, VersionTooOld
from therapeutic_process.exchange import dump_theory, json_schema, load_theory

CANARY = "Kanarienvogel-4711"
THEORY = TheoryOfChange(
    id="mi",
    name="Change talk",
    declared_at=date(2024, 3, 1),
    mechanisms=(
        Mechanism(
            id="m1",
            cause=CodePattern(system="automisc", codes=("C",), role="client"),
            effect=ScorePattern(instrument="phq9"),
            lag=LagWindow(unit="sessions", shortest=1, longest=1),
            direction="improvement",
            smallest_effect=1,
        ),
    ),
)


def refusal(document: str, **options: Any) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_theory(document, **options)
    return caught.value


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(dump_theory(THEORY)), **fields})


@pytest.mark.parametrize("indent", [None, 2])
def test_a_theory_survives_writing_and_reading(indent: int | None) -> None:
    text = dump_theory(THEORY, indent=indent)
    assert load_theory(text) == load_theory(text.encode()) == THEORY
    assert dump_theory(load_theory(text), indent=indent) == text
    Draft202012Validator(json_schema("theory_of_change")).validate(json.loads(text))


def test_a_theory_of_the_draft_keeps_its_fingerprint() -> None:
    old = load_theory(changed(schema_version="0.9"))
    assert old == THEORY
    assert fingerprint(old) == fingerprint(THEORY)
    assert old.schema_version == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("fields", "kind", "code"),
    [
        ({"schema_version": "0.8"}, VersionTooOld, "version_too_old"),
        ({"schema_version": "1.1"}, VersionTooNew, "version_too_new"),
        ({"schema_version": "2.0"}, VersionTooNew, "version_too_new"),
        ({"schema_version": CANARY}, DocumentError, "version_unreadable"),
        ({"kind": "case"}, DocumentError, "invalid_record"),
        ({"mechanisms": []}, DocumentError, "invalid_record"),
        ({CANARY: CANARY}, DocumentError, "invalid_record"),
        ({"schema_version": "0.9", "name": [CANARY]}, DocumentError, "invalid_record"),
    ],
)
def test_what_is_no_theory_of_this_version_is_refused(
    fields: dict[str, Any], kind: type[DocumentError], code: str
) -> None:
    error = refusal(changed(**fields))
    assert (type(error), error.code) == (kind, code)
    assert CANARY not in f"{error!r}{error}{error.violations}"


@pytest.mark.parametrize("name", ["kind", "schema_version"])
def test_its_head_must_stand(name: str) -> None:
    tree = json.loads(dump_theory(THEORY))
    del tree[name]
    assert refusal(json.dumps(tree)).code == "header_missing"


@pytest.mark.parametrize(
    ("document", "code"),
    [("[]", "not_an_object"), ("{", "truncated"), ("x", "not_json"), ('{"a":' * 300 + "1", "too_deep")],
)
def test_what_is_no_document_is_refused(document: str, code: str) -> None:
    assert refusal(document).code == code


def test_the_size_is_bounded() -> None:
    assert refusal(dump_theory(THEORY), max_bytes=10).code == "too_large"
