from __future__ import annotations

import gzip
import json
import re
import shlex
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import dump_case, example_cases, json_schema, read_cases

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

CANARY = "Kanarienvogel-4711"
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
BAD = (
    '{"kind":"case","schema_version":"1.0","id":"'
    + CANARY
    + '","participants":[{"id":"c1","role":"'
    + CANARY
    + '"}]}'
)
DOCS = Path(__file__).parents[2] / "docs"


def call(*arguments: str | Path) -> Any:
    """Run a command in this process; anything that is no orderly exit fails the test."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def spoiled(place: Path) -> Path:
    """Return a file with two good documents and two bad ones."""
    good = [dump_case(c) for c in example_cases()[:2]]
    (place / "mixed.jsonl").write_text("\n".join((good[0], BAD, "", good[1], '{"id": "' + CANARY)))
    return place / "mixed.jsonl"


class TestHelp:
    def test_these_are_the_commands(self) -> None:
        assert {"import", "report", "schema", "validate"} <= set(COMMANDS)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_an_example_that_runs(
        self, command: str, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = " ".join(call(command, "--help").output.split())
        found = re.search(rf"Example: therapeutic-process ({command} .*?)(?= Arguments| Options| ╭|$)", shown)
        assert found, shown
        monkeypatch.chdir(place)
        if command == "import":
            Path("cases.jsonl").unlink()  # the file that the example writes
        result = call(*shlex.split(found.group(1)))
        assert result.exit_code == 0, result.output

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_is_in_the_docs(self, command: str) -> None:
        pages = [p.read_text(encoding="utf-8") for p in DOCS.rglob("*.md")]
        assert any(f"therapeutic-process {command}" in page for page in pages)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_option_is_described(self, command: str) -> None:
        parameters = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
        assert not [p.name for p in parameters if not getattr(p, "help", None) and p.name != "help"]

    def test_without_a_command_the_help_is_shown(self) -> None:
        assert "validate" in call().output

    @pytest.mark.parametrize(
        "arguments", [("no-such",), ("validate",), ("import", "csv", "x", "-o", "y"), ("report", "--no")]
    )
    def test_a_wrong_call_exits_with_2(self, arguments: tuple[str, ...]) -> None:
        assert call(*arguments).exit_code == 2

    def test_the_version_is_the_installed_one(self) -> None:
        try:
            installed = metadata.version("therapeutic-process")
        except metadata.PackageNotFoundError:
            pytest.skip("the package runs from its source, not installed")
        assert call("--version").output.strip() == installed


class TestValidate:
    def test_all_valid(self, place: Path) -> None:
        result = call("validate", place / "cases.jsonl", place / "more")
        assert (result.exit_code, result.output) == (0, "5 valid, 0 not valid\n")

    def test_some_break_rules(self, place: Path) -> None:
        result = call("validate", spoiled(place), place / "more")
        assert result.exit_code == 1
        assert "mixed.jsonl:2: invalid_record" in result.output
        assert "mixed.jsonl:5: truncated" in result.output
        assert result.output.endswith("3 valid, 2 not valid\n")
        assert CANARY not in result.output

    @pytest.mark.parametrize("missing", ["no-such.json", "empty", "table.csv"])
    def test_a_path_that_cannot_be_read_is_2_and_the_others_are_still_looked_at(
        self, missing: str, place: Path
    ) -> None:
        (place / "empty").mkdir()
        (place / "table.csv").write_text("x")
        result = call("validate", place / missing, place / "cases.jsonl")
        assert result.exit_code == 2
        assert "4 valid, 0 not valid, 1 not readable" in result.output

    def test_a_damaged_file_does_not_hide_the_next_one(self, place: Path) -> None:
        (place / "half.jsonl.gz").write_bytes(gzip.compress(b"x" * 5_000)[:20])
        result = call("validate", place / "half.jsonl.gz", place / "cases.jsonl")
        assert result.exit_code == 1
        assert "truncated" in result.output
        assert "4 valid" in result.output

    def test_as_json_it_is_one_object_and_nothing_else(self, place: Path) -> None:
        result = call("validate", "--json", spoiled(place))
        told = json.loads(result.output)
        assert (told["valid"], told["invalid"], result.exit_code) == (2, 2, 1)
        first, second = told["errors"]
        assert (first["line"], first["code"]) == (2, "invalid_record")
        assert {v["path"] for v in first["violations"]} >= {"$.participants[0].role"}
        assert all(v.keys() == {"path", "code", "needed", "found"} for v in first["violations"])
        assert (second["line"], second["code"], second["violations"]) == (5, "truncated", [])
        assert CANARY not in result.output

    def test_as_json_when_all_is_well(self, place: Path) -> None:
        result = call("validate", "--json", place / "cases.jsonl")
        assert json.loads(result.output) == {"valid": 4, "invalid": 0, "errors": []}
        assert result.exit_code == 0

    def test_leniently_unknown_fields_and_instruments_are_allowed(self, place: Path) -> None:
        tree = json.loads(dump_case(example_cases()[0])) | {"later": 1}
        (place / "later.json").write_text(json.dumps(tree))
        assert call("validate", place / "later.json").exit_code == 1
        assert call("validate", "--lenient", place / "later.json").exit_code == 0


class TestSchema:
    def test_it_prints_the_schema(self) -> None:
        assert json.loads(call("schema").output) == json_schema()

    def test_it_writes_what_it_prints(self, place: Path) -> None:
        assert call("schema", "-o", place / "s.json").exit_code == 0
        assert (place / "s.json").read_text(encoding="utf-8") == call("schema").output

    def test_an_existing_file_is_replaced_by_force_only(self, place: Path) -> None:
        (place / "s.json").write_text("old")
        refused = call("schema", "-o", place / "s.json")
        assert refused.exit_code == 2
        assert "--force" in refused.output
        assert (place / "s.json").read_text() == "old"
        assert call("schema", "-o", place / "s.json", "--force").exit_code == 0
        assert json.loads((place / "s.json").read_text())

    def test_a_file_that_cannot_be_written_is_2(self, place: Path) -> None:
        assert call("schema", "-o", place / "no" / "s.json").exit_code == 2
        assert call("schema", "-o", place / "more", "--force").exit_code == 2


class TestImport:
    def test_it_writes_cases_and_gives_account(self, place: Path) -> None:
        result = call("import", "mibot", place / "MIBot", "-o", place / "out.jsonl.gz")
        assert result.exit_code == 0
        assert "interactions: 1 read, 1 kept" in result.output
        assert [c.id for c in read_cases(place / "out.jsonl.gz")] == ["p1"]

    def test_an_existing_file_is_replaced_by_force_only(self, place: Path) -> None:
        arguments = ("import", "mibot", place / "MIBot", "-o", place / "cases.jsonl")
        before = (place / "cases.jsonl").read_bytes()
        assert call(*arguments).exit_code == 2
        assert (place / "cases.jsonl").read_bytes() == before
        assert call(*arguments, "--force").exit_code == 0
        assert len(list(read_cases(place / "cases.jsonl"))) == 1

    @pytest.mark.parametrize(
        ("source", "target"), [("nowhere", "out.jsonl"), ("MIBot", "out.csv"), ("MIBot", "no/out.jsonl")]
    )
    def test_what_cannot_be_read_or_written_is_2(self, source: str, target: str, place: Path) -> None:
        result = call("import", "mibot", place / source, "-o", place / target)
        assert result.exit_code == 2
        assert result.output.startswith("therapeutic-process: ")
        assert not (place / target).exists()

    def test_a_bad_row_is_named_and_nothing_is_written(self, place: Path) -> None:
        table = (place / "MIBot" / "data.csv").read_text().replace(",4", f",{CANARY}", 1)
        (place / "MIBot" / "data.csv").write_text(table)
        result = call("import", "mibot", place / "MIBot", "-o", place / "out.jsonl")
        assert result.exit_code == 2
        assert "data.csv:2: not_a_number" in result.output
        assert CANARY not in result.output
        assert not (place / "out.jsonl").exists()


class TestReport:
    def test_nothing_but_an_earlier_report_is_replaced(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(place)
        before = Path("cases.jsonl").read_bytes()
        refused = call("report", "cases.jsonl", "-o", "cases.jsonl")
        assert refused.exit_code == 2
        assert "is no report" in refused.stderr
        assert Path("cases.jsonl").read_bytes() == before
        assert call("report", "cases.jsonl", "-o", "r.html").exit_code == 0
        assert call("report", "cases.jsonl", "-o", "r.html").exit_code == 0

    def test_the_example_is_reported(self, place: Path) -> None:
        result = call("report", "--example", "-o", place / "r.html")
        assert result.exit_code == 0, result.output
        assert "4 cases, 7 clients" in result.output
        html = (place / "r.html").read_text(encoding="utf-8")
        assert "<html" in html
        assert not re.search(r"(src|href)=[\"']?https?://[^\"'> ]+\.(js|css)", html)

    def test_the_same_cases_in_a_file_give_the_same_report(self, place: Path) -> None:
        call("report", "--example", "-o", place / "a.html")
        assert call("report", place / "cases.jsonl", "-o", place / "b.html").exit_code == 0
        assert (place / "a.html").read_bytes() == (place / "b.html").read_bytes()

    def test_a_bad_document_among_good_ones_is_listed_and_the_rest_reported(self, place: Path) -> None:
        result = call("report", spoiled(place), "-o", place / "r.html")
        assert result.exit_code == 1
        assert "2 cases" in result.output
        assert "mixed.jsonl:2: invalid_record" in result.output
        assert "mixed.jsonl:5: truncated" in result.output
        html = (place / "r.html").read_text(encoding="utf-8")
        assert "mixed.jsonl" in html
        assert "truncated" in html
        assert CANARY not in result.output + html

    def test_without_a_single_case_there_is_no_report(self, place: Path) -> None:
        (place / "bad.jsonl").write_text(BAD)
        result = call("report", place / "bad.jsonl", "-o", place / "r.html")
        assert result.exit_code == 2
        assert "invalid_record" in result.output
        assert not (place / "r.html").exists()

    def test_what_was_said_is_shown_on_request_only_and_as_text(self, place: Path) -> None:
        case = example_cases()[0]
        sessions = list(case.sessions)
        number = next(i for i, s in enumerate(sessions) if s.interactions)
        said, *rest = sessions[number].interactions
        said = said.with_changes(text=f"<script>{CANARY}</script>")
        sessions[number] = sessions[number].with_changes(interactions=(said, *rest))
        spoken = case.with_changes(sessions=sessions)
        (place / "spoken.json").write_text(dump_case(spoken))
        call("report", place / "spoken.json", "-o", place / "without.html")
        assert (
            call("report", place / "spoken.json", "--include-text", "-o", place / "with.html").exit_code == 0
        )
        assert CANARY not in (place / "without.html").read_text(encoding="utf-8")
        shown = (place / "with.html").read_text(encoding="utf-8")
        assert f"&lt;script&gt;{CANARY}&lt;/script&gt;" in shown
        assert f"<script>{CANARY}" not in shown

    @pytest.mark.parametrize(
        "arguments",
        [(), ("cases.jsonl", "--example"), ("--example", "--window-days", "7", "--window-sessions", "2"),
         ("no-such.jsonl",), ("--example", "--window-sessions", "0"), ("--example", "-o", "no/r.html"),
         ("--example", "-o", "more")],
    )  # fmt: skip
    def test_what_cannot_be_done_is_2(
        self, arguments: tuple[str, ...], place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(place)
        assert call("report", *arguments).exit_code == 2
        assert not (place / "report.html").exists()

    def test_the_window_counts(self, place: Path) -> None:
        one = place / "more" / "one.json"
        wide = call("report", one, "--window-days", "3650", "-o", place / "a.html")
        narrow = call("report", one, "--window-days", "0.01", "-o", place / "b.html")
        linked = [re.search(r"(\d+) have a session", r.output) for r in (wide, narrow)]
        assert linked[0] is not None
        assert linked[1] is not None
        assert int(linked[0][1]) > int(linked[1][1])


class TestInAProcessOfItsOwn:
    def test_exit_statuses_reach_the_shell(self, run: Run, place: Path) -> None:
        assert run("validate", "cases.jsonl").returncode == 0
        assert run("validate", str(spoiled(place))).returncode == 1
        assert run("validate", "no-such.jsonl").returncode == 2

    def test_it_is_quiet_when_piped(self, run: Run) -> None:
        for arguments in (("validate", "cases.jsonl"), ("import", "mibot", "MIBot", "-o", "out.jsonl")):
            done = run(*arguments)
            assert (done.returncode, done.stderr) == (0, "")
            assert "\x1b" not in done.stdout

    def test_it_shows_progress_on_a_terminal(self, run: Run) -> None:
        done = run("validate", "cases.jsonl", FORCE_COLOR="1")
        assert "validating" in done.stderr
        assert done.stdout == "4 valid, 0 not valid\n"

    def test_messages_for_people_go_to_standard_error(self, run: Run) -> None:
        done = run("report", "no-such.jsonl")
        assert done.stdout == ""
        assert done.stderr.startswith("therapeutic-process: no-such.jsonl: no_such_file")

    @pytest.mark.parametrize("absent", ["typer", "rich"])
    def test_a_missing_extra_is_named(self, absent: str, run: Run) -> None:
        code = f"import sys; sys.modules[{absent!r}] = None; from therapeutic_process.cli import main; main()"
        done = run("--help", code=code)
        assert done.returncode == 2
        assert f"the package '{absent}', which is not installed" in done.stderr
        assert "therapeutic-process[cli]" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("absent", ["altair", "polars"])
    def test_a_missing_extra_of_the_report_is_named_and_validating_works_without(
        self, absent: str, run: Run, place: Path
    ) -> None:
        code = f"import sys; sys.modules[{absent!r}] = None; from therapeutic_process.cli import main; main()"
        assert run("validate", "cases.jsonl", code=code).returncode == 0
        done = run("report", "--example", code=code)
        if done.returncode != 0:
            assert done.returncode == 2
            assert "therapeutic-process[" in done.stderr
            assert "Traceback" not in done.stderr
            assert not (place / "report.html").exists()
        else:
            assert absent != "altair"
