from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import json_schema, shipped_schema

DRAFT = Path(__file__).parents[1] / "exchange" / "golden" / "case-0.9.jsonl"


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("kind", ["case", "theory_of_change"])
def test_every_kind_has_a_schema(kind: Any) -> None:
    assert json.loads(call("schema", "--kind", kind).stdout) == json_schema(kind)


def test_an_older_version_can_be_had() -> None:
    assert json.loads(call("schema", "--schema-version", "0.9").stdout) == shipped_schema("0.9")
    assert call("schema", "--schema-version", "0.1").exit_code == 2


def test_the_difference_to_a_version_or_a_file(tmp_path: Path) -> None:
    told = call("schema", "--diff", "0.9")
    assert told.stdout.splitlines()[0] == "renamed: Case.format → treatment_format"
    file = tmp_path / "their.json"
    file.write_text(json.dumps(shipped_schema("0.9")))
    assert call("schema", "--diff", file).stdout == told.stdout
    as_json = json.loads(call("schema", "--diff", "0.9", "--json").stdout)
    assert len(as_json) == len(told.stdout.splitlines())
    assert call("schema", "--diff", "1.0").stdout == "no change\n"


@pytest.mark.parametrize("content", ["", "[]", "{}", "\x00", "[" * 100_000])
def test_what_is_no_schema_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "their.json"
    file.write_text(content)
    assert call("schema", "--diff", file).exit_code == 2


def test_migrate_writes_new_documents_and_keeps_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "new.jsonl"
    done = call("migrate", DRAFT, "-o", target)
    assert done.exit_code == 0
    assert "of 0.9" in done.stdout
    assert call("validate", target).exit_code == 0
    assert call("migrate", DRAFT, "-o", target).exit_code == 2
    assert call("migrate", DRAFT, "-o", target, "--force").exit_code == 0


def test_migrate_writes_nothing_where_a_document_is_bad(tmp_path: Path) -> None:
    source, target = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    source.write_bytes(DRAFT.read_bytes() + b"{")
    done = call("migrate", source, "-o", target)
    assert done.exit_code == 1
    assert "truncated" in done.stderr
    assert not target.exists()
    assert call("migrate", tmp_path / "nothing.jsonl", "-o", target).exit_code == 2


def test_a_difference_to_what_is_neither_file_nor_version_is_refused() -> None:
    for other in ("nowhere.json", "0.1"):
        result = call("schema", "--diff", other)
        assert result.exit_code == 2
        assert "needed a file, or a version of the schema (0.9, 1.0), found neither" in result.stderr
