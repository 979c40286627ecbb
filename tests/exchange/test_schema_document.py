from __future__ import annotations

import copy
import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from therapeutic_process.base import SCHEMA_ROOT, SCHEMA_VERSION, Record, leaves
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import (
    dump_case,
    example_cases,
    json_schema,
    load_case,
    read_cases,
    schema_versions,
    shipped_schema,
    write_cases,
)
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from therapeutic_process.errors import Violation
    from therapeutic_process.exchange.schema_document import DocumentKind

GOLDEN = Path(__file__).parent / "golden"
SHIPPED = Path(str(files("therapeutic_process.exchange").joinpath("schema")))
KINDS: tuple[DocumentKind, ...] = ("case", "theory_of_change")
# Digest of the schema file of every frozen version: it never changes again. The present version is entered with its
# first release.
FROZEN = {"case-0.9": "cc14df7aa581d022380a6416e368861d065d7ed5ed0c30a4ea67b3673459d2e6"}

WHAT_TO_DO = """the models and the shipped schema differ. If the change is meant:
1. raise SCHEMA_VERSION in src/therapeutic_process/base/version.py, unless the present version is not yet released;
2. therapeutic-process schema --force -o src/therapeutic_process/exchange/schema/case-VERSION.json
3. python tests/exchange/golden/make.py (writes tests/exchange/golden/case-VERSION.jsonl);
4. add a line to CHANGELOG.md, and a migration where older documents do not load any more."""

# The violations of form: what a schema can express. All others are rules, which it cannot.
FORM = {
    "field_missing", "field_unknown", "not_in_vocabulary", "number_out_of_range", "text_length", "list_length",
    "wrong_type", "time_invalid",
}  # fmt: skip
HEADER = {"header_missing", "version_unreadable", "version_too_new", "version_too_old", "not_an_object"}

Step = tuple[str | int, ...]


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def reader_refuses_the_form(tree: Any) -> bool:
    try:
        load_case(json.dumps(tree))
    except DocumentError as error:
        return error.code in HEADER or any(_is_of_form(v, error) for v in error.violations)
    return False


def _is_of_form(violation: Violation, error: DocumentError) -> bool:
    inside = violation.path + "["
    if violation.code == "list_length" and any(v.path.startswith(inside) for v in error.violations):
        return False  # pydantic calls a list too short where its only entry breaks a rule
    points_outside_their_scale = violation.code == "number_out_of_range" and violation.path.endswith(
        ".points"
    )
    return violation.code in FORM and not points_outside_their_scale


def shape(path: Step) -> Step:
    """Return a path with every position in a list the same: entries of one list have one form."""
    return tuple("*" if isinstance(step, int) else step for step in path)


def places(tree: Any, path: Step = ()) -> Iterator[tuple[Step, Any, str | int]]:
    """Yield every place of a document: its path, what holds it, and the last step."""
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in list(steps):
        yield (*path, step), tree, step
        yield from places(value, (*path, step))


def once_each(cases: tuple[Case, ...]) -> Iterator[tuple[Step, Any, Any, str | int]]:
    """Yield each form of place once: a copy of a document that has it, and where it is in the copy."""
    seen: set[Step] = set()
    for case in cases:
        tree = json.loads(dump_case(case))
        for path, _, _ in places(tree):
            if shape(path) in seen:
                continue
            seen.add(shape(path))
            grown = copy.deepcopy(tree)
            holder = grown
            for step in path[:-1]:
                holder = holder[step]
            yield shape(path), grown, holder, path[-1]


class TestSchema:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_shipped_schema_is_made_from_the_models(self, kind: DocumentKind) -> None:
        assert shipped_schema(kind=kind) == json_schema(kind), WHAT_TO_DO

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_shipped_file_is_what_the_command_writes(self, kind: DocumentKind) -> None:
        text = SHIPPED.joinpath(f"{kind}-{SCHEMA_VERSION}.json").read_text("utf-8")
        assert text == json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n", WHAT_TO_DO

    def test_no_frozen_schema_ever_changes(self) -> None:
        kept = {f.stem: hashlib.sha256(f.read_bytes()).hexdigest() for f in SHIPPED.iterdir()}
        present = {f"{kind}-{SCHEMA_VERSION}" for kind in KINDS}
        assert present <= kept.keys()
        for name in present - FROZEN.keys():
            kept.pop(name)
        assert kept == FROZEN, "enter the digest of a version with its release; a released one stays as it is"

    def test_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(DocumentError, match="unknown_kind"):
            json_schema("bundle")  # type: ignore[arg-type]

    def test_a_changed_model_is_noticed(self) -> None:
        class Changed(Case, frozen=True):
            added: int | None = None

        assert Changed.model_json_schema()["properties"].keys() - shipped_schema()["properties"].keys() == {
            "added"
        }

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_a_valid_schema_with_its_own_address(self, kind: DocumentKind) -> None:
        schema = json_schema(kind)
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
        assert schema["$id"] == f"{SCHEMA_ROOT}schema/{SCHEMA_VERSION}/{kind}.json"
        assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION

    def test_every_call_gives_a_new_one(self) -> None:
        json_schema()["properties"].clear()
        assert json_schema()["properties"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_object_is_closed(self, kind: DocumentKind) -> None:
        schema = json_schema(kind)
        for part in (schema, *schema["$defs"].values()):
            assert part["type"] != "object" or part["additionalProperties"] is False

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_text_says_what_it_bears_on_identity(self, kind: DocumentKind) -> None:
        schema = json_schema(kind)
        for name, part in ((kind, schema), *schema["$defs"].items()):
            for field, texts in part.get("properties", {}).items():
                for one in _texts(texts):
                    assert one.get("x-sensitivity") or {"enum", "const"} & one.keys(), f"{name}.{field}"

    def test_a_version_that_was_never_published_is_not_there(self) -> None:
        with pytest.raises(FileNotFoundError):
            shipped_schema("0.1")


def _texts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "string":
            yield node
        for key in ("anyOf", "oneOf", "items", "prefixItems"):
            inner = node.get(key, [])
            for one in inner if isinstance(inner, list) else [inner]:
                yield from _texts(one)


class TestSchemaAndReaderAgree:
    def test_every_dump_is_valid(self, generated: tuple[Case, ...]) -> None:
        for case in (*generated, *example_cases()):
            assert not list(validator().iter_errors(json.loads(dump_case(case))))

    def test_enough_of_the_record_is_looked_at(self, generated: tuple[Case, ...]) -> None:
        looked_at = {path for path, *_ in once_each(generated)}
        assert {(name,) for name in Case.model_fields} <= looked_at
        assert len(looked_at) > 250

    def test_both_require_the_same_fields(self, generated: tuple[Case, ...]) -> None:
        required = 0
        for path, tree, holder, step in once_each(generated):
            if isinstance(holder, dict):
                del holder[step]
                refused = reader_refuses_the_form(tree)
                assert validator().is_valid(tree) != refused, path
                required += refused
        assert required > 60

    @pytest.mark.parametrize("value", [None, True, -1, 1.5, 10**6, "", "x", "x" * 201, [], {}, [None], {"x": 1}],
                             ids=lambda v: repr(v)[:12])  # fmt: skip
    def test_both_refuse_the_same_values(self, value: object, generated: tuple[Case, ...]) -> None:
        refused = 0
        for path, tree, holder, step in once_each(generated):
            holder[step] = value
            refuses = reader_refuses_the_form(tree)
            assert validator().is_valid(tree) != refuses, path
            refused += refuses
        assert refused > 50

    @pytest.mark.parametrize(
        "time",
        [
            "2024-02-29", "2024-1-1", "20240101", "2024-01-01T10:00Z", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00",
            "2024-01-01T10:00:00+02:00", "2024-01-01T10:00:00+0200", "2024-01-01 10:00:00Z", "2024-W01-1", "now", "",
            "2024-01-01T10:00:00.123456Z", "2024-01-01T10:00:00.1234567Z", "2024-01-01T10:00:00z", "2024-01-01Z",
        ],
    )  # fmt: skip
    def test_both_take_the_same_times(self, time: str, document: Callable[..., str]) -> None:
        tree = json.loads(document(started_at=time))
        assert validator().is_valid(tree) != reader_refuses_the_form(tree)

    @pytest.mark.parametrize(
        "fields",
        [
            {
                "sessions": [{"id": "s1", "number": 1.0, "status": "held"}]
            },  # JSON Schema has 1.0 for a whole number
            {"started_at": "2023-02-29"},  # only a validator told to look at formats knows the calendar
            {"started_at": "2024-01-01T25:00:00Z"},
            {
                "started_at": "2024-01-01\n"
            },  # Python's "$" lets a line end follow; ECMA 262, which is the standard, does not
        ],
    )
    def test_where_the_reader_demands_more_than_a_schema_can_say(
        self, fields: dict[str, Any], document: Callable[..., str]
    ) -> None:
        """All differences of form that are known: whoever validates with a schema alone should know them."""
        tree = json.loads(document(**fields))
        assert validator().is_valid(tree)
        assert reader_refuses_the_form(tree)


class TestGolden:
    """A document of each schema version that was ever released, and of the draft, goes on loading."""

    def test_every_version_has_one(self) -> None:
        assert {f.stem.removeprefix("case-") for f in GOLDEN.glob("*.jsonl")} == set(schema_versions())

    @pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.jsonl")), ids=lambda f: f.stem)
    def test_it_loads(self, file: Path) -> None:
        assert len(list(read_cases(file))) == len(file.read_bytes().splitlines())

    def test_the_newest_is_written_again_byte_for_byte(self, tmp_path: Path) -> None:
        newest = GOLDEN / f"case-{SCHEMA_VERSION}.jsonl"
        write_cases(read_cases(newest), tmp_path / "again.jsonl")
        assert (tmp_path / "again.jsonl").read_bytes() == newest.read_bytes(), WHAT_TO_DO

    def test_the_newest_holds_every_field_of_every_record(self) -> None:
        found: set[str] = set()
        for case in read_cases(GOLDEN / f"case-{SCHEMA_VERSION}.jsonl"):
            found.update(_fields_set(case))
        assert _all_fields(Case) - found == set(), "run tests/exchange/golden/make.py"


def _fields_set(record: Record) -> Iterator[str]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        several = value if isinstance(value, tuple) else (value,)
        if value not in (None, ()):
            yield f"{type(record).__name__}.{name}"
        for one in several:
            if isinstance(one, Record):
                yield from _fields_set(one)


def _all_fields(cls: type[Record], seen: set[type] | None = None) -> set[str]:
    seen = set() if seen is None else seen
    if cls in seen:
        return set()
    seen.add(cls)
    inner = [
        leaf.type for leaf in leaves(cls) if isinstance(leaf.type, type) and issubclass(leaf.type, Record)
    ]
    return {f"{cls.__name__}.{name}" for name in cls.model_fields}.union(
        *(_all_fields(k, seen) for k in inner)
    )
