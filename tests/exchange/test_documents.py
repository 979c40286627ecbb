from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, VersionTooNew, VersionTooOld
from therapeutic_process.exchange import MAX_DEPTH, ReadResult, dump_case, load_case, load_case_lenient
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Path = tuple[str | int, ...]
READERS = (load_case, load_case_lenient)
START = '{"kind":"case","schema_version":"1.0","id":"k1","participants":[{"id":"c1","role":"client"}]'


def refusal(read: Callable[..., object], document: str | bytes, **options: Any) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(document, **options)
    return caught.value


def objects(tree: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every object of a document with its path."""
    if isinstance(tree, dict):
        yield path, tree
        for name, value in tree.items():
            yield from objects(value, (*path, name))
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from objects(value, (*path, i))


class TestRoundTrip:
    @settings(max_examples=3 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
    @given(cases())
    def test_a_case_survives_writing_and_reading(self, case: Case) -> None:
        text = dump_case(case)
        assert load_case(text) == case
        assert load_case(text.encode()) == case
        assert dump_case(load_case(text)) == text
        assert load_case(dump_case(case, indent=2)) == case
        assert load_case_lenient(text).case == case

    def test_defaults_are_left_out_and_the_header_comes_first(self, document: Callable[..., str]) -> None:
        case = load_case(document(treatment_format="individual", goals=[], setting=None))
        assert dump_case(case) == START + "}"

    def test_with_indent_it_says_the_same(self, generated: tuple[Case, ...]) -> None:
        for case in generated:
            assert json.loads(dump_case(case, indent=2)) == json.loads(dump_case(case))

    def test_no_character_is_lost(self, document: Callable[..., str]) -> None:
        odd = 'tab\t quote" backslash\\ null\0 \u2028 \x7f \U0001f600 é é </script>'
        case = load_case(document(setting=odd))
        assert case.setting == odd
        assert load_case(dump_case(case)).setting == odd
        assert load_case(dump_case(case, indent=1)).setting == odd


class TestHeader:
    @pytest.mark.parametrize("read", READERS)
    @pytest.mark.parametrize("name", ["kind", "schema_version"])
    def test_kind_and_version_must_stand(
        self, read: Callable[..., object], name: str, document: Callable[..., str]
    ) -> None:
        tree = json.loads(document())
        del tree[name]
        error = refusal(read, json.dumps(tree))
        assert (error.code, error.found) == ("header_missing", f"no {name}")

    @pytest.mark.parametrize("read", READERS)
    @pytest.mark.parametrize(
        ("version", "kind", "code"),
        [
            ("0.8", VersionTooOld, "version_too_old"),
            ("0.10", VersionTooOld, "version_too_old"),
            ("2.0", VersionTooNew, "version_too_new"),
            ("12.7", VersionTooNew, "version_too_new"),
            ("0.9.1", DocumentError, "version_unreadable"),
            ("latest", DocumentError, "version_unreadable"),
            ("", DocumentError, "version_unreadable"),
            ("-1.0", DocumentError, "version_unreadable"),
            ("0.９", DocumentError, "version_unreadable"),
            ("1" * 300 + ".0", DocumentError, "version_unreadable"),
            (0.9, DocumentError, "version_unreadable"),
            (None, DocumentError, "version_unreadable"),
            (["0.9"], DocumentError, "version_unreadable"),
            ("00.9", DocumentError, "version_unreadable"),
            ("1.00", DocumentError, "version_unreadable"),
            ("99999.0", DocumentError, "version_unreadable"),
        ],
    )
    def test_only_versions_it_knows_are_read(
        self,
        read: Callable[..., object],
        version: object,
        kind: type[DocumentError],
        code: str,
        document: Callable[..., str],
    ) -> None:
        error = refusal(read, document(schema_version=version))
        assert type(error) is kind
        assert error.code == code

    @pytest.mark.parametrize("read", READERS)
    def test_a_later_version_is_said_before_anything_else_is_found_wrong(
        self, read: Callable[..., object], document: Callable[..., str]
    ) -> None:
        later = document(schema_version="9.0", participants="?", new_field=1)
        assert refusal(read, later).code == "version_too_new"

    @pytest.mark.parametrize("read", READERS)
    def test_another_kind_of_document_is_refused(
        self, read: Callable[..., object], document: Callable[..., str]
    ) -> None:
        error = refusal(read, document(kind="theory_of_change"))
        assert [v.path for v in error.violations] == ["$.kind"]


class TestOlderDocuments:
    OLD = START.replace("1.0", "0.9") + ',"format":"couple"'

    @pytest.mark.parametrize("read", READERS)
    def test_the_draft_is_read_and_written_as_the_present_version(self, read: Callable[..., Any]) -> None:
        found = read(self.OLD + "}")
        case = found.case if isinstance(found, ReadResult) else found
        assert (case.treatment_format, case.schema_version) == ("couple", SCHEMA_VERSION)
        assert json.loads(dump_case(case))["treatment_format"] == "couple"

    @pytest.mark.parametrize("read", READERS)
    def test_both_names_at_once_are_refused(self, read: Callable[..., Any]) -> None:
        assert refusal(read, self.OLD + ',"treatment_format":"couple"}').code == "rename_taken"

    def test_what_is_wrong_is_named_as_it_is_called_now(self) -> None:
        error = refusal(load_case, self.OLD.replace("couple", "canary") + "}")
        assert [v.path for v in error.violations] == ["$.treatment_format"]
        assert "canary" not in repr(error.violations)

    def test_unknown_fields_of_an_old_document_are_kept(self) -> None:
        found = load_case_lenient(self.OLD + ',"brand_new":[1]}')
        assert found.unknown == {("brand_new",): [1]}
        assert json.loads(dump_case(found.case, unknown=found.unknown))["schema_version"] == SCHEMA_VERSION

    def test_the_old_name_is_unknown_to_the_present_version(self) -> None:
        error = refusal(load_case, START + ',"format":"couple"}')
        assert [v.code for v in error.violations] == ["field_unknown"]


class TestNewerMinorVersions:
    NEW = START.replace("1.0", "1.7") + ',"brand_new":{"a":1}}'

    def test_strict_reading_refuses_them_and_says_what_helps(self) -> None:
        error = refusal(load_case, self.NEW)
        assert isinstance(error, VersionTooNew)
        assert "leniently" in error.found

    def test_lenient_reading_keeps_the_new_fields_and_the_version(self) -> None:
        found = load_case_lenient(self.NEW)
        assert found.unknown == {("schema_version",): "1.7", ("brand_new",): {"a": 1}}
        assert json.loads(dump_case(found.case, unknown=found.unknown)) == json.loads(self.NEW)

    def test_without_what_was_unknown_the_case_is_one_of_this_version(self) -> None:
        assert dump_case(load_case_lenient(self.NEW).case) == START + "}"

    def test_a_new_value_in_a_known_field_is_refused(self) -> None:
        error = refusal(load_case_lenient, self.NEW[:-1] + ',"treatment_format":"canary"}')
        assert [v.code for v in error.violations] == ["not_in_vocabulary"]


class TestUnknownFields:
    def test_strict_reading_refuses_them_at_every_level(self, generated: tuple[Case, ...]) -> None:
        for case in generated[:20]:
            tree = json.loads(dump_case(case))
            for path, _ in list(objects(tree)):
                grown = copy.deepcopy(tree)
                next(o for p, o in objects(grown) if p == path)["brand_new"] = 1
                codes = {v.code for v in refusal(load_case, json.dumps(grown)).violations}
                # where no entry of a list holds, pydantic calls the list too short as well
                assert {"field_unknown"} <= codes <= {"field_unknown", "list_length"}

    @pytest.mark.parametrize(
        "name", ["brand_new", "a.b[0].c", "$", "$.participants", "0", "", "<interval>", "<when>", "__class__"]
    )
    @pytest.mark.parametrize("value", [7, {"x": [1, {"y": None}]}, [], "text"])
    def test_lenient_reading_keeps_them_from_all_levels_at_once(
        self, name: str, value: object, generated: tuple[Case, ...]
    ) -> None:
        with_intervals = [c for c in generated if '"start":"' in dump_case(c)]
        for case in (*generated[:10], *with_intervals[:5]):
            tree = json.loads(dump_case(case))
            places = [path for path, _ in objects(tree)]
            for _, one in list(objects(tree)):
                one[name] = value
            result = load_case_lenient(json.dumps(tree))
            assert result.case == case
            assert set(result.unknown) == {(*path, name) for path in places}
            assert all(kept == value for kept in result.unknown.values())
            assert json.loads(dump_case(result.case, unknown=result.unknown)) == tree

    def test_several_in_one_object_beside_the_name_of_a_kind(self, document: Callable[..., str]) -> None:
        since = {
            "start": "2020-01-01",
            "end": "2020-02-01",
            "<interval>": {"x": {"x": 1}},
            "x": 2,
            "<when>": 3,
        }
        tree = json.loads(document(problems=[{"id": "p1", "label": "low mood", "since": since}]))
        result = load_case_lenient(json.dumps(tree))
        assert len(result.unknown) == 3
        assert json.loads(dump_case(result.case, unknown=result.unknown)) == tree

    def test_they_come_back_in_the_text_exactly(self, document: Callable[..., str]) -> None:
        text = START + ',"later":{"b":[1,2.5,-0.0,12345678901234567890123,true,null,"é\\n"],"a":{}}}'
        result = load_case_lenient(text)
        assert dump_case(result.case, unknown=result.unknown) == text

    def test_what_cannot_be_written_again_is_not_read(self) -> None:
        error = refusal(load_case_lenient, START + ',"later":[1e999]}')
        assert error.code == "number_not_finite"

    def test_everything_else_is_as_strict(self, document: Callable[..., str]) -> None:
        wrong = document(participants=[{"id": "c1", "role": "patient", "later": 1}], later=2)
        error = refusal(load_case_lenient, wrong)
        assert ("$.participants[0].role", "not_in_vocabulary") in [(v.path, v.code) for v in error.violations]
        assert "field_unknown" not in {v.code for v in error.violations}

    def test_a_place_that_is_gone_is_an_error(self, document: Callable[..., str]) -> None:
        result = load_case_lenient(document(goals=[{"id": "g1", "participant": "c1", "later": 1,
                                                   "history": [{"status": "proposed"}]}]))  # fmt: skip
        without = result.case.with_changes(goals=())
        error = refusal(lambda d: dump_case(d, unknown=result.unknown), without)  # type: ignore[arg-type]
        assert error.code == "unknown_place"

    def test_an_unknown_value_never_replaces_a_known_one(self, document: Callable[..., str]) -> None:
        case = load_case(document())
        with pytest.raises(DocumentError, match="unknown_place"):
            dump_case(case, unknown={("id",): "another"})

    @pytest.mark.parametrize(
        "path", [(), ("participants",), ("participants", "x", "y"), ("participants", 5, "y"), ("id", "y")]
    )
    def test_only_a_name_in_an_object_is_a_place(self, path: Path, document: Callable[..., str]) -> None:
        with pytest.raises(DocumentError, match="unknown_place"):
            dump_case(load_case(document()), unknown={path: 1})

    def test_the_result_shows_counts_only(self, document: Callable[..., str]) -> None:
        result = load_case_lenient(document(secret_field="secret value"))
        assert repr(result) == "ReadResult(Case(participants=1), 1 unknown values, 0 gaps)"


class TestGaps:
    def measured(self, document: Callable[..., str]) -> str:
        respondent = {"kind": "client", "participant": "c1"}
        one = {
            "id": "m1",
            "instrument": "nobody-knows-it",
            "subject": "c1",
            "respondent": respondent,
            "score": 3,
        }
        coded = {"id": "p1", "system": "nor-this", "coder": {"kind": "observer"}, "extent": "all"}
        return document(measurements=[one], coding_passes=[coded])

    def test_strict_reading_refuses_unknown_instruments_and_systems(
        self, document: Callable[..., str]
    ) -> None:
        error = refusal(load_case, self.measured(document))
        assert {v.code for v in error.violations} == {"instrument_unknown", "system_unknown"}

    def test_lenient_reading_reports_them(self, document: Callable[..., str]) -> None:
        result = load_case_lenient(self.measured(document))
        found = {(g.path, g.code) for g in result.gaps}
        assert found == {
            ("$.measurements[0].instrument", "instrument_unknown"),
            ("$.coding_passes[0].system", "system_unknown"),
        }
        assert json.loads(dump_case(result.case)) == json.loads(self.measured(document))

    def test_a_catalogue_that_knows_them_leaves_no_gap(self, document: Callable[..., str]) -> None:
        tree = json.loads(self.measured(document))
        del tree["coding_passes"]
        known = Instrument(
            id="nobody-knows-it", name="Known here", minimum=0, maximum=9, direction="higher_worse"
        )
        catalogue = builtin_catalogue().with_(known)
        assert load_case(json.dumps(tree), catalogue=catalogue).measurements[0].score == 3
        assert load_case_lenient(json.dumps(tree), catalogue=catalogue).gaps == ()


class TestNoDocument:
    @pytest.mark.parametrize("read", READERS)
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "truncated"),
            ("  \n ", "truncated"),
            (START, "truncated"),
            (START[:40], "truncated"),
            ("[" + START + "}]", "not_an_object"),
            ("null", "not_an_object"),
            ("3", "not_an_object"),
            ('"text"', "not_an_object"),
            ("kind: case", "not_json"),
            (START + "} and more", "not_json"),
            (START + "}" + START + "}", "not_json"),
            (START + "/* comment */}", "not_json"),
            (START + ",}", "not_json"),
            (START + ',"setting":NaN}', "not_json"),
            (START + ',"later":-Infinity}', "not_json"),
            (START + ',"setting":"a\\ud800"}', "not_json"),
            (START + ',"setting":"a\ud800"}', "not_json"),
            (START + ',"setting":"a\nb"}', "not_json"),
            ("\ufeff" + START + "}", "not_json"),
            (START + ',"later":' + "[" * 300 + "]" * 300 + "}", "too_deep"),
            ("[" * 100_000, "too_deep"),
            (START + ',"later":' + "9" * 5_000 + "}", "not_json"),
        ],
    )  # fmt: skip
    def test_text_that_is_no_document_is_refused(
        self, read: Callable[..., object], text: str, code: str
    ) -> None:
        assert refusal(read, text).code == code

    @pytest.mark.parametrize("read", READERS)
    @pytest.mark.parametrize(
        "data",
        [
            (START + ',"setting":"caf\xe9"}').encode("latin-1"),
            (START + "}").encode("utf-16"),
            (START + "}").encode("utf-32"),
            START.encode() + b',"setting":"\xed\xa0\x80"}',
            b"\x1f\x8b\x08\x00",
            b"\0" * 20,
        ],
    )
    def test_bytes_that_are_no_utf_8_are_refused(self, read: Callable[..., object], data: bytes) -> None:
        assert refusal(read, data).code == "not_json"

    @pytest.mark.parametrize("read", READERS)
    def test_nesting_is_read_down_to_the_stated_depth(self, read: Callable[..., object]) -> None:
        deepest = START + ',"later":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}"
        if read is load_case:
            assert refusal(read, deepest).code == "invalid_record"
        else:
            assert read(deepest)
        assert refusal(read, START + ',"later":[' + deepest[len(START) + 9 : -1] + "]}").code == "too_deep"

    @pytest.mark.parametrize("read", READERS)
    def test_size_is_counted_in_bytes(
        self, read: Callable[..., object], document: Callable[..., str]
    ) -> None:
        text = json.dumps(json.loads(document(setting="é" * 100)), ensure_ascii=False)
        size = len(text.encode())
        assert read(text, max_bytes=size)
        assert refusal(read, text, max_bytes=size - 1).code == "too_large"
        assert refusal(read, text.encode(), max_bytes=size - 1).code == "too_large"

    @pytest.mark.parametrize("read", READERS)
    @pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
    def test_a_number_too_large_for_a_float_is_refused(
        self, read: Callable[..., object], number: str
    ) -> None:
        text = START + f',"sessions":[{{"id":"s","number":1,"status":"held","duration_s":{number}}}]}}'
        error = refusal(read, text)
        assert [(v.path, v.code) for v in error.violations] == [
            ("$.sessions[0].duration_s", "number_not_finite")
        ]

    def test_a_very_large_whole_number_keeps_all_its_digits(self) -> None:
        digits = "9" * 400
        text = START + f',"sessions":[{{"id":"s","number":{digits},"status":"held"}}]}}'
        assert dump_case(load_case(text)) == text

    @pytest.mark.parametrize("number", ["1.0", "1e0", "true", '"1"', "null"])
    def test_a_whole_number_is_written_as_one(self, number: str) -> None:
        text = START + f',"sessions":[{{"id":"s","number":{number},"status":"held"}}]}}'
        assert [v.code for v in refusal(load_case, text).violations] == ["wrong_type"]

    @pytest.mark.parametrize("which", ["strict", "lenient"])
    def test_of_a_key_that_stands_twice_the_last_one_counts(
        self, which: Literal["strict", "lenient"]
    ) -> None:
        text = (
            START.replace('"role":"client"', '"role":"client","role":"other","role":"client"') + ',"id":"k2"}'
        )
        read: object = load_case(text) if which == "strict" else load_case_lenient(text).case
        assert isinstance(read, Case)
        assert (read.id, read.participants[0].role) == ("k2", "client")
        assert json.loads(text) == json.loads(dump_case(read))
        first = START.replace('"role":"client"', '"role":"client","role":"other"') + "}"
        assert "one_client" in {v.code for v in refusal(load_case, first).violations}

    def test_nothing_is_read_that_is_neither_text_nor_bytes(self) -> None:
        with pytest.raises((TypeError, DocumentError)):
            load_case({"kind": "case"})  # type: ignore[arg-type]


def test_a_read_result_compares_by_identity(document: Callable[..., str]) -> None:
    text = document()
    assert load_case_lenient(text) != load_case_lenient(text)
    assert isinstance(load_case_lenient(text), ReadResult)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_whatever_is_handed_in_the_error_is_ours(document: str | bytes) -> None:
    for read in READERS:
        with pytest.raises(DocumentError):
            read(document)
