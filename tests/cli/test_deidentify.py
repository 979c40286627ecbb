"""``deidentify``: what is written says nothing, the key shows nowhere, and an existing file stays."""

from __future__ import annotations

import secrets
import stat
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import (
    KeyedPseudonyms,
    RandomPseudonyms,
    deidentify,
    dump_case,
    example_cases,
    read_cases,
    write_cases,
)
from therapeutic_process.records import Case, Interaction, Participant, Session

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
KEY = "a secret of 16 or more bytes 4711"


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def place(tmp_path: Path) -> Path:
    said = Interaction(index=0, kind="speech", speaker=CANARY, text=CANARY)
    session = Session(id=CANARY, number=1, status="held", notes=CANARY, interactions=(said,))
    person = Participant(id=CANARY, role="client", site=CANARY)
    write_cases(
        [Case(id=CANARY, participants=(person,), sessions=(session,)), *example_cases()], tmp_path / "x.jsonl"
    )
    (tmp_path / "key").write_text(KEY + "\n")
    return tmp_path


@pytest.mark.parametrize("profile", ["limited", "safe_harbor"])
def test_what_is_written_says_nothing_and_the_report_counts(profile: str, place: Path) -> None:
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", profile)
    assert result.exit_code == 0, result.output
    assert f"5 cases\n{profile}: " in result.output
    assert "Interaction.text" in result.output
    assert CANARY not in result.output
    written = (place / "out.jsonl").read_text(encoding="utf-8")
    assert written.count(CANARY) == (profile == "limited")  # the site, which that profile leaves in place
    originals = {p.id for c in read_cases(place / "x.jsonl") for p in c.participants}
    found = list(read_cases(place / "out.jsonl"))
    assert len(found) == 5
    assert not originals & {p.id for c in found for p in c.participants}


def test_with_a_key_it_is_what_the_library_makes_every_time(place: Path) -> None:
    arguments = ("--profile", "limited", "--key-file", place / "key", "--bound-days", "20")
    for name in ("a.jsonl", "b.jsonl"):
        result = call("deidentify", place / "x.jsonl", "-o", place / name, *arguments)
        assert result.exit_code == 0
        assert "4711 " not in result.output
        assert KEY not in result.output
    assert (place / "a.jsonl").read_bytes() == (place / "b.jsonl").read_bytes()
    names = KeyedPseudonyms(KEY.encode())
    made = [
        dump_case(deidentify(c, profile="limited", pseudonyms=names, bound_days=20).case)
        for c in read_cases(place / "x.jsonl")
    ]
    assert [dump_case(c) for c in read_cases(place / "a.jsonl")] != made
    assert sorted(dump_case(c) for c in read_cases(place / "a.jsonl")) == sorted(made)
    call("deidentify", place / "x.jsonl", "-o", place / "c.jsonl", *arguments, "--keep-order")
    assert [dump_case(c) for c in read_cases(place / "c.jsonl")] == made


def test_cases_stand_in_the_order_of_their_new_ids(place: Path) -> None:
    call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "safe_harbor")
    ids = [c.id for c in read_cases(place / "out.jsonl")]
    assert ids == sorted(ids)


def test_the_table_is_saved_for_its_owner_only_and_leads_back(place: Path) -> None:
    arguments = ("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    result = call(*arguments, "--save-table", place / "table")
    assert result.exit_code == 0, result.output
    assert CANARY not in result.output
    assert stat.S_IMODE((place / "table").stat().st_mode) == 0o600
    table = RandomPseudonyms.load(place / "table", secrets.token_bytes).table
    written = {c.id for c in read_cases(place / "out.jsonl")}
    assert {table["case", c.id] for c in read_cases(place / "x.jsonl")} == written
    assert not [t for t in table.values() if t in result.output]


def test_an_existing_table_is_replaced_by_force_only(place: Path) -> None:
    (place / "table").write_text("old")
    arguments = ("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    assert call(*arguments, "--save-table", place / "table").exit_code == 2
    assert (place / "table").read_text() == "old"
    assert not (place / "out.jsonl").exists()
    assert call(*arguments, "--save-table", place / "table", "--force").exit_code == 0
    assert (place / "table").read_text() != "old"


def test_without_its_table_nothing_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RandomPseudonyms, "save", full)
    arguments = ("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    assert call(*arguments, "--save-table", place / "table").exit_code == 2
    assert sorted(p.name for p in place.iterdir()) == ["key", "x.jsonl"]


@pytest.mark.parametrize(
    ("options", "why"),
    [(("--save-table", "out.jsonl"), "same file"), (("--save-table", "t", "--key-file", "key"), "no table"),
     (("--save-table", "no/t"), "folder is not there")],
)  # fmt: skip
def test_a_table_that_makes_no_sense_is_refused(options: tuple[str, ...], why: str, place: Path) -> None:
    given = [o if o.startswith("--") else str(place / o) for o in options]
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited", *given)
    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert sorted(p.name for p in place.iterdir()) == ["key", "x.jsonl"]


def test_whole_days_leave_no_time_of_day(place: Path) -> None:
    arguments = ("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    assert call(*arguments, "--whole-days").exit_code == 0
    times = [s.started_at for c in read_cases(place / "out.jsonl") for s in c.sessions if s.started_at]
    assert times
    assert not [t for t in times if isinstance(t, datetime)]


def test_at_random_no_two_runs_are_alike(place: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        assert (
            call("deidentify", place / "x.jsonl", "-o", place / name, "--profile", "limited").exit_code == 0
        )
    ids = [{c.id for c in read_cases(place / name)} for name in ("a.jsonl", "b.jsonl")]
    assert not ids[0] & ids[1]


def test_an_existing_file_is_replaced_by_force_only(place: Path) -> None:
    (place / "out.jsonl").write_text("old")
    arguments = ("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    refused = call(*arguments)
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert (place / "out.jsonl").read_text() == "old"
    assert call(*arguments, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "--profile"), (("--profile", "none"), "--profile"),
        (("--profile", "safe_harbor", "--key-file", "key"), "random pseudonyms"),
        (("--profile", "limited", "--key-file", "short"), "at least 16 bytes"),
        (("--profile", "limited", "--key-file", "no-such"), "key file cannot be read"),
        (("--profile", "limited", "--bound-days", "0"), "--bound-days"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_2_and_writes_nothing(options: tuple[str, ...], why: str, place: Path) -> None:
    (place / "short").write_text("4711")
    given = [str(place / o) if o in {"key", "short", "no-such"} else o for o in options]
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", *given)
    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert "secret of" not in result.output
    assert sorted(p.name for p in place.iterdir()) == ["key", "short", "x.jsonl"]


def test_documents_that_cannot_be_read_are_listed_and_the_others_written(place: Path) -> None:
    with (place / "x.jsonl").open("a") as stream:
        stream.write(f'{{"id": "{CANARY}"}}\n')
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "safe_harbor")
    assert result.exit_code == 1
    assert "x.jsonl:6: header_missing" in result.output
    assert len(list(read_cases(place / "out.jsonl"))) == 5
    assert CANARY not in result.output


@pytest.mark.parametrize("content", [None, "", f'{{"id": "{CANARY}"}}'])
def test_without_a_single_case_nothing_is_written(content: str | None, place: Path) -> None:
    (place / "x.jsonl").unlink()
    if content is not None:
        (place / "x.jsonl").write_text(content)
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    assert result.exit_code == 2
    assert CANARY not in result.output
    assert not [p for p in place.iterdir() if "out" in p.name]


@pytest.mark.parametrize("options", [("-o", "x.jsonl"), ("-o", "o.jsonl", "--save-table", "x.jsonl")])
def test_what_is_read_is_not_replaced(options: tuple[str, ...], place: Path) -> None:
    before = (place / "x.jsonl").read_bytes()
    given = [o if o.startswith("-") else str(place / o) for o in options]
    result = call("deidentify", place / "x.jsonl", *given, "--profile", "limited", "--force")
    assert result.exit_code == 2
    assert "is what is read" in result.output
    assert (place / "x.jsonl").read_bytes() == before
    assert sorted(p.name for p in place.iterdir()) == ["key", "x.jsonl"]


def test_neither_key_nor_folder_that_is_read_is_written_to(place: Path) -> None:
    (place / "key").rename(place / "key.json")
    given = ("--profile", "limited", "--key-file", place / "key.json", "--force")
    assert call("deidentify", place / "x.jsonl", "-o", place / "key.json", *given).exit_code == 2
    assert (place / "key.json").read_text() == KEY + "\n"
    assert call("deidentify", place, "-o", place / "out.jsonl", "--profile", "limited").exit_code == 2


def test_a_full_disk_is_told_with_the_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device", str(place / ".4711.part"))

    monkeypatch.setattr("os.fsync", full)
    result = call("deidentify", place / "x.jsonl", "-o", place / "out.jsonl", "--profile", "limited")
    assert result.exit_code == 2
    assert f"{place / 'out.jsonl'} cannot be read or written: No space left on device" in result.output
    assert ".part" not in result.output
