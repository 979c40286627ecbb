from __future__ import annotations

import gzip
import json
import logging
import os
import stat
import tracemalloc
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.errors import DocumentError, VersionTooNew
from therapeutic_process.exchange import (
    CaseReader,
    DocumentsSkippedWarning,
    ReadResult,
    dump_case,
    example_cases,
    load_case,
    load_case_lenient,
    read_cases,
    write_cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from therapeutic_process.records import Case

ENDINGS = (".json", ".jsonl", ".jsonl.gz")
BOM = b"\xef\xbb\xbf"


def lines(*ids: str) -> bytes:
    """Return the lines of a file with one small case for each id."""
    return b"".join(small(i).encode() + b"\n" for i in ids)


def small(case_id: str) -> str:
    head = '{"kind":"case","schema_version":"1.0"'
    return f'{head},"id":"{case_id}","participants":[{{"id":"c1","role":"client"}}]}}'


def ids(reader: CaseReader[Case]) -> list[str]:
    return [case.id for case in reader]


def refusal(make: Callable[[], object]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        make()
    return caught.value


class TestWhatIsRead:
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_each_kind_of_file_gives_back_what_was_written(self, ending: str, tmp_path: Path) -> None:
        cases = example_cases()[:1] if ending == ".json" else example_cases()
        assert write_cases(cases, tmp_path / f"x{ending}") == len(cases)
        assert tuple(read_cases(tmp_path / f"x{ending}")) == cases
        assert tuple(read_cases(str(tmp_path / f"x{ending}"))) == cases

    def test_a_folder_is_read_in_the_order_of_names_with_its_subfolders(self, tmp_path: Path) -> None:
        (tmp_path / "b").mkdir()
        (tmp_path / "d.json").mkdir()
        (tmp_path / "c.json").write_text(small("c"))
        (tmp_path / "a.jsonl").write_bytes(lines("a1", "a2"))
        (tmp_path / "b" / "z.jsonl.gz").write_bytes(gzip.compress(lines("b-z")))
        (tmp_path / "b" / "a.json").write_text(small("b-a"))
        (tmp_path / "d.json" / "x.json").write_text(small("d-x"))
        (tmp_path / "notes.txt").write_text("not a case")
        (tmp_path / "b" / "cases.csv").write_text("not a case")
        assert ids(read_cases(tmp_path)) == ["a1", "a2", "b-a", "b-z", "c", "d-x"]

    def test_a_folder_named_like_a_file_is_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").mkdir()
        (tmp_path / "x.json" / "y.json").write_text(small("y"))
        assert ids(read_cases(tmp_path / "x.json")) == ["y"]

    @pytest.mark.parametrize(
        "content",
        [
            lines("a", "b"),
            lines("a", "b").rstrip(b"\n"),
            lines("a", "b").replace(b"\n", b"\r\n"),
            b"\n \n\t\n" + lines("a") + b"\n\n" + lines("b") + b"\n \n",
            BOM + lines("a", "b"),
            BOM + b"\n" + lines("a", "b"),
        ],
    )
    @pytest.mark.parametrize("packed", [False, True])
    def test_lines_may_end_and_be_blank_as_they_like(
        self, content: bytes, packed: bool, tmp_path: Path
    ) -> None:
        file = tmp_path / ("x.jsonl.gz" if packed else "x.jsonl")
        file.write_bytes(gzip.compress(content) if packed else content)
        assert ids(read_cases(file)) == ["a", "b"]

    def test_a_json_file_may_have_a_byte_order_mark_and_many_lines(self, tmp_path: Path) -> None:
        text = json.dumps(json.loads(small("a")), indent=4).replace("\n", "\r\n")
        (tmp_path / "x.json").write_bytes(BOM + text.encode() + b"\r\n\r\n")
        assert ids(read_cases(tmp_path)) == ["a"]

    def test_a_gzip_file_may_have_several_members(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(lines("a")) + gzip.compress(lines("b")))
        assert ids(read_cases(tmp_path)) == ["a", "b"]

    def test_an_empty_jsonl_file_holds_no_case(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_bytes(b"")
        (tmp_path / "y.jsonl.gz").write_bytes(gzip.compress(b""))
        assert ids(read_cases(tmp_path)) == []

    def test_the_reader_says_counts_only(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_bytes(lines("secret-id"))
        reader = read_cases(tmp_path)
        assert repr(reader) == "CaseReader(0 cases read, 0 documents not readable)"
        list(reader)
        assert repr(reader) == "CaseReader(1 cases read, 0 documents not readable)"

    def test_lenient_files_keep_unknown_fields_through_reading_and_writing(self, tmp_path: Path) -> None:
        grown = json.loads(small("a"))
        grown["later"] = {"x": [1, 2]}
        grown["participants"][0]["nickname"] = "hidden"
        (tmp_path / "x.jsonl").write_text(json.dumps(grown) + "\n" + small("b") + "\n")
        results = list(read_cases(tmp_path, mode="lenient"))
        assert all(isinstance(r, ReadResult) for r in results)
        write_cases(results, tmp_path / "y.jsonl")
        write_cases(results[:1], tmp_path / "y.json")
        assert [json.loads(x) for x in (tmp_path / "y.jsonl").read_text().splitlines()] == [
            grown,
            json.loads(small("b")),
        ]
        assert json.loads((tmp_path / "y.json").read_text()) == grown


class TestWhatIsNotThere:
    def test_no_such_file(self, tmp_path: Path) -> None:
        assert refusal(lambda: read_cases(tmp_path / "no.json")).code == "no_such_file"

    def test_no_file_of_cases_in_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("x")
        assert refusal(lambda: read_cases(tmp_path)).code == "no_documents"

    def test_another_ending(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("x")
        assert refusal(lambda: read_cases(tmp_path / "x.csv")).code == "unknown_ending"

    def test_a_link_to_nothing_is_said_not_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text(small("a"))
        (tmp_path / "b.json").symlink_to(tmp_path / "gone.json")
        (tmp_path / "c.jsonl").symlink_to(tmp_path / "c.jsonl")
        reader = read_cases(tmp_path, on_error="collect")
        with pytest.warns(DocumentsSkippedWarning):
            assert ids(reader) == ["a"]
        assert [(e.code, Path(e.file or "").name) for e in reader.errors] == [
            ("unreadable_file", "b.json"),
            ("unreadable_file", "c.jsonl"),
        ]

    def test_a_folder_that_links_to_itself_is_read_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text(small("a"))
        (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "again.json").symlink_to(tmp_path, target_is_directory=True)
        assert ids(read_cases(tmp_path)) == ["a"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_a_named_pipe_does_not_hold_up_the_reading(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text(small("a"))
        os.mkfifo(tmp_path / "b.json")
        assert ids(read_cases(tmp_path)) == ["a"]

    def test_a_file_that_cannot_be_opened_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.json").write_text(small("a"))
        (tmp_path / "b.jsonl").write_bytes(lines("b"))
        opened = Path.open

        def refuse(self: Path, *args: Any, **options: Any) -> Any:
            if self.name == "b.jsonl":
                raise PermissionError(13, "Permission denied", str(self))
            return opened(self, *args, **options)

        monkeypatch.setattr(Path, "open", refuse)
        reader = read_cases(tmp_path, on_error="collect")
        with pytest.warns(DocumentsSkippedWarning):
            assert ids(reader) == ["a"]
        assert reader.errors[0].code == "unreadable_file"
        assert str(reader.errors[0].file).endswith("b.jsonl")

    def test_a_folder_that_cannot_be_opened_is_said_not_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.json").write_text(small("a"))
        (tmp_path / "closed").mkdir()
        look = os.scandir

        def refuse(path: Any = ".") -> Any:
            if os.fspath(path).endswith("closed"):
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return look(path)

        monkeypatch.setattr(os, "scandir", refuse)
        error = refusal(lambda: list(read_cases(tmp_path)))
        assert error.code == "unreadable_file"
        assert str(error.file).endswith("closed")


class TestBadDocuments:
    BAD = (
        ("{", "truncated"),
        ("nonsense", "not_json"),
        ("[]", "not_an_object"),
        (small("x").replace("1.0", "7.0"), "version_too_new"),
        (small("x").replace('"id":"x"', '"id":7'), "invalid_record"),
        (small("x") + small("y"), "not_json"),
        ("\ufeff" + small("x"), "not_json"),
    )

    @pytest.mark.parametrize(("bad", "code"), BAD)
    def test_the_error_names_file_and_line(self, bad: str, code: str, tmp_path: Path) -> None:
        file = tmp_path / "x.jsonl"
        file.write_bytes(lines("a") + b"\n" + lines("b") + bad.encode() + b"\n" + lines("c"))
        reader = read_cases(file)
        assert [next(reader).id, next(reader).id] == ["a", "b"]
        error = refusal(lambda: next(reader))
        assert (error.code, error.file, error.line) == (code, str(file), 4)
        assert str(error).startswith(f"{file}:4: {code}: ")
        assert next(reader, None) is None

    def test_several_documents_where_one_belongs_are_told_as_that(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_bytes(lines("a") + b"\n" + lines("b"))
        error = refusal(lambda: next(read_cases(tmp_path / "x.json")))
        assert (error.code, error.found) == ("not_json", "a JSON value with more after it")

    def test_the_error_keeps_its_class_and_its_violations(self, tmp_path: Path) -> None:
        file = tmp_path / "x.jsonl"
        file.write_text(small("x").replace("1.0", "7.0"))
        with pytest.raises(VersionTooNew):
            next(read_cases(file))
        file.write_text(small("x").replace('"client"', '"patient"').replace('"x"', "7"))
        error = refusal(lambda: next(read_cases(file)))
        assert {"$.id", "$.participants[0].role"} <= {v.path for v in error.violations}
        assert error.total == len(error.violations)
        assert all(str(v) in str(error) for v in error.violations)

    def test_of_many_violations_the_first_hundred_are_listed_and_all_counted(self, tmp_path: Path) -> None:
        several = [{"id": f"c{i}", "role": "patient"} for i in range(250)]
        tree = json.loads(small("x")) | {"participants": [*several, {"id": "c", "role": "client"}]}
        (tmp_path / "x.jsonl").write_text(json.dumps(tree))
        error = refusal(lambda: next(read_cases(tmp_path)))
        assert (len(error.violations), error.total) == (100, 250)
        assert "150 more" in str(error)

    def test_collecting_loads_all_others_and_loses_nothing(self, tmp_path: Path) -> None:
        content = b"".join(lines(f"good-{i}") + bad.encode() + b"\n" for i, (bad, _) in enumerate(self.BAD))
        (tmp_path / "x.jsonl").write_bytes(content + b"\n")
        (tmp_path / "y.json").write_text("{")
        (tmp_path / "z.json").write_text(small("last"))
        reader = read_cases(tmp_path, on_error="collect")
        with pytest.warns(DocumentsSkippedWarning, match="8 of 16 documents could not be read"):
            found = ids(reader)
        assert found == [*(f"good-{i}" for i in range(len(self.BAD))), "last"]
        assert [e.code for e in reader.errors] == [*(code for _, code in self.BAD), "truncated"]
        assert [e.line for e in reader.errors] == [2, 4, 6, 8, 10, 12, 14, None]
        assert reader.n_read == len(found)

    def test_lenient_reading_collects_as_well(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_bytes(lines("a") + b"{\n" + lines("b"))
        reader = read_cases(tmp_path, mode="lenient", on_error="collect")
        with pytest.warns(DocumentsSkippedWarning):
            assert [r.case.id for r in reader] == ["a", "b"]
        assert len(reader.errors) == 1

    def test_nothing_is_warned_of_where_all_is_well(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_bytes(lines("a"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ids(read_cases(tmp_path, on_error="collect")) == ["a"]

    @pytest.mark.parametrize("ending", [".json", ".jsonl", ".jsonl.gz"])
    def test_a_document_over_the_limit_is_passed_over_without_reading_it_whole(
        self, ending: str, tmp_path: Path
    ) -> None:
        huge = small("a").replace('"a"', f'"{"a" * 100_000}"').encode()
        content = huge if ending == ".json" else huge + b"\n" + lines("b")
        file = tmp_path / f"x{ending}"
        file.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
        reader = read_cases(file, on_error="collect", max_bytes=1_000)
        with pytest.warns(DocumentsSkippedWarning):
            assert ids(reader) == ([] if ending == ".json" else ["b"])
        assert [(e.code, e.line) for e in reader.errors] == [("too_large", None if ending == ".json" else 1)]

    def test_a_document_of_exactly_the_limit_is_read(self, tmp_path: Path) -> None:
        text = small("a").encode()
        for name, content in {
            "a.json": text,
            "b.json": BOM + text,
            "c.jsonl": text,
            "d.jsonl": text + b"\n",
            "e.jsonl": text + b"\r\n" + text,
            "f.jsonl": BOM + text + b"\r\n",
        }.items():
            (tmp_path / name).write_bytes(content)
            assert set(ids(read_cases(tmp_path / name, max_bytes=len(text)))) == {"a"}, name
            too_small = read_cases(tmp_path / name, max_bytes=len(text) - 1, on_error="collect")
            with pytest.warns(DocumentsSkippedWarning):
                assert ids(too_small) == []
            assert {e.code for e in too_small.errors} == {"too_large"}, name
            assert len(too_small.errors) == content.count(text), name

    @pytest.mark.parametrize("keep", [0, 1, 5, 12, 40, -5, -1])
    def test_a_gzip_file_that_stops_early_is_an_error(self, keep: int, tmp_path: Path) -> None:
        whole = gzip.compress(lines(*(f"case-{i}" for i in range(200))))
        (tmp_path / "x.jsonl.gz").write_bytes(whole[:keep])
        reader = read_cases(tmp_path, on_error="collect")
        with pytest.warns(DocumentsSkippedWarning):
            found = ids(reader)
        assert found == [f"case-{i}" for i in range(len(found))]
        assert {e.code for e in reader.errors} == {"truncated"}

    def test_a_gzip_file_that_is_damaged_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl.gz").write_bytes(b"this is no gzip file")
        assert refusal(lambda: next(read_cases(tmp_path))).code == "truncated"
        whole = bytearray(gzip.compress(lines("a", "b")))
        whole[-6] ^= 0xFF  # in the checksum
        (tmp_path / "x.jsonl.gz").write_bytes(whole)
        reader = read_cases(tmp_path, on_error="collect")
        with pytest.warns(DocumentsSkippedWarning):
            assert ids(reader) == ["a", "b"]
        assert [e.code for e in reader.errors] == ["truncated"]

    def test_an_empty_json_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_bytes(b"")
        error = refusal(lambda: next(read_cases(tmp_path)))
        assert (error.code, error.line) == ("truncated", None)


class TestStreaming:
    def test_memory_does_not_grow_with_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "x.jsonl"
        one = lines("a").replace(b'"id":"a"', b'"setting":"' + b"s" * 900 + b'","id":"a"')
        file.write_bytes(one * 6_000)
        reader = read_cases(file)
        peaks = []
        tracemalloc.start()
        for _ in range(3):
            for _ in range(1_900):
                next(reader)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
        tracemalloc.stop()
        assert max(peaks) < 500_000
        assert peaks[-1] < peaks[0] * 1.2 + 20_000

    def test_the_first_case_comes_before_the_rest_is_looked_at(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").write_bytes(lines("a") + b"{\n")
        (tmp_path / "b.json").write_text("{")
        assert next(read_cases(tmp_path)).id == "a"

    def test_a_file_may_be_rewritten_while_it_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "x.jsonl"
        file.write_bytes(lines(*(f"c{i}" for i in range(500))))
        assert write_cases((c.with_changes(setting="clinic") for c in read_cases(file)), file) == 500
        assert all(c.setting == "clinic" for c in read_cases(file))


class TestWriting:
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_the_same_cases_give_the_same_bytes(self, ending: str, tmp_path: Path) -> None:
        cases = example_cases()[:1] if ending == ".json" else example_cases()
        first, second = tmp_path / f"first{ending}", tmp_path / "sub" / f"another-name{ending}"
        second.parent.mkdir()
        write_cases(cases, first)
        os.utime(first, (0, 0))
        write_cases(iter(cases), second)
        assert first.read_bytes() == second.read_bytes()
        write_cases(read_cases(first), second)
        assert first.read_bytes() == second.read_bytes()

    @pytest.mark.parametrize("ending", ENDINGS)
    @pytest.mark.parametrize("there_before", [True, False])
    def test_a_failing_source_leaves_all_as_it_was(
        self, ending: str, there_before: bool, tmp_path: Path
    ) -> None:
        file = tmp_path / f"x{ending}"
        if there_before:
            file.write_bytes(b"what was there")

        def failing() -> Iterator[Case]:
            yield example_cases()[0]
            raise RuntimeError("the source breaks off")

        with pytest.raises(RuntimeError, match="breaks off"):
            write_cases(failing(), file)
        assert [p.name for p in tmp_path.iterdir()] == ([file.name] if there_before else [])
        assert not there_before or file.read_bytes() == b"what was there"

    def test_a_keyboard_interrupt_leaves_nothing_behind(self, tmp_path: Path) -> None:
        def interrupted() -> Iterator[Case]:
            yield example_cases()[0]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_cases(interrupted(), tmp_path / "x.jsonl")
        assert list(tmp_path.iterdir()) == []

    def test_the_file_appears_only_when_it_is_whole(self, tmp_path: Path) -> None:
        def watching() -> Iterator[Case]:
            for case in example_cases():
                assert not (tmp_path / "x.jsonl").exists()
                yield case

        write_cases(watching(), tmp_path / "x.jsonl")
        assert [p.name for p in tmp_path.iterdir()] == ["x.jsonl"]

    def test_an_unfinished_file_is_never_read_as_cases(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text(small("a"))

        def reading() -> Iterator[Case]:
            yield from read_cases(tmp_path)

        assert write_cases(reading(), tmp_path / "b.jsonl") == 1

    @pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX systems")
    @pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_the_file_has_the_permissions_that_the_umask_leaves(
        self, umask: int, mode: int, tmp_path: Path
    ) -> None:
        before = os.umask(umask)
        try:
            write_cases(example_cases(), tmp_path / "x.jsonl")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "x.jsonl").stat().st_mode) == mode

    def test_an_existing_file_is_kept_on_request(self, tmp_path: Path) -> None:
        file = tmp_path / "x.jsonl"
        file.write_bytes(b"old")
        with pytest.raises(FileExistsError):
            write_cases(example_cases(), file, force=False)
        assert file.read_bytes() == b"old"
        assert write_cases(example_cases(), file) == 4

    def test_another_ending_is_refused_before_anything_is_written(self, tmp_path: Path) -> None:
        assert refusal(lambda: write_cases(example_cases(), tmp_path / "x.csv")).code == "unknown_ending"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("n", [0, 2])
    def test_a_json_file_holds_one_case(self, n: int, tmp_path: Path) -> None:
        error = refusal(lambda: write_cases(example_cases()[:n], tmp_path / "x.json"))
        assert (error.code, error.found) == ("one_case_only", f"{n} cases")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
    def test_no_case_gives_an_empty_file(self, ending: str, tmp_path: Path) -> None:
        assert write_cases([], tmp_path / f"x{ending}") == 0
        assert ids(read_cases(tmp_path / f"x{ending}")) == []

    def test_a_folder_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            write_cases(example_cases(), tmp_path / "no" / "x.jsonl")
        assert list(tmp_path.iterdir()) == []

    def test_one_line_holds_one_case_whatever_its_texts_hold(self, tmp_path: Path) -> None:
        case = example_cases()[0].with_changes(setting="two\nlines\r and \u2028 \x85 others")
        write_cases([case, case], tmp_path / "x.jsonl")
        assert (tmp_path / "x.jsonl").read_bytes().count(b"\n") == 2
        assert list(read_cases(tmp_path)) == [case, case]


def test_the_log_holds_counts_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="therapeutic_process")
    write_cases(example_cases(), tmp_path / "x.jsonl")
    list(read_cases(tmp_path))
    assert [r.getMessage() for r in caplog.records] == [
        "4 cases written",
        "4 cases read, 0 documents not readable",
    ]


def test_the_examples_are_valid_and_small_enough_to_read() -> None:
    several = example_cases()
    assert [c.treatment_format for c in several] == ["individual", "individual", "couple", "group"]
    for case in several:
        assert load_case(dump_case(case)) == case
        lenient = load_case_lenient(dump_case(case))
        assert (lenient.unknown, lenient.gaps) == ({}, ())
    assert any(p.nature == "software" for c in several for p in c.participants)
    assert all(c.sessions for c in several)
    assert all(c.measurements for c in several)
    assert {e.locus for c in several for e in c.change_events} == {"in_session", "out_of_session"}


def test_a_file_name_cannot_command_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a\n\x1b[31mb.jsonl"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        list(read_cases(file))
    assert "a\\n\\x1b[31mb.jsonl:1: truncated" in str(caught.value)
    assert caught.value.file == str(file)
