"""``import`` for every format: cases, an account of what was read, and a reason where it stops."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import read_cases

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v {0}>Well?\n\n00:02.000 --> 00:03.000\n<v {1}>Yes.\n"
SRT = "1\n00:00:01,000 --> 00:00:02,000\n{0}: Well?\n\n2\n00:00:02,000 --> 00:00:03,000\n{1}: Yes.\n"
EAF = (
    '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1"/></TIME_ORDER>'
    '<TIER TIER_ID="{0}"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="a">'
    "<ANNOTATION_VALUE>Well?</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></TIER>"
    '<TIER TIER_ID="{1}"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="a">'
    "<ANNOTATION_VALUE>Yes.</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
DIARISED = json.dumps([{"speaker": "{0}", "text": "Well?"}, {"speaker": "{1}", "text": "Yes."}])
CHAT = json.dumps([{"role": "{0}", "content": "Well?"}, {"role": "{1}", "content": "Yes."}])
CSV = "who,what,from\n{0},Well?,1\n{1},Yes.,2\n"
FORMATS = {
    "webvtt": VTT, "srt": SRT, "elan": EAF, "diarised": DIARISED, "chat": CHAT, "csv": CSV
}  # fmt: skip
ANNOMI = (
    "transcript_id,utterance_id,interlocutor,main_therapist_behaviour,client_talk_type\n"
    "0,0,therapist,question,n/a\n0,1,client,n/a,change\n"
)


def filled(text: str, therapist: str, client: str) -> str:
    return text.replace("{0}", therapist).replace("{1}", client)


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def columns(name: str) -> list[str]:
    return ["--speaker-column", "who", "--text-column", "what"] if name == "csv" else []


@pytest.mark.parametrize("name", FORMATS)
def test_roles_that_are_given_make_the_case(name: str, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text(filled(FORMATS[name], "Dr = X", "Ann"), encoding="utf-8")
    result = call(
        "import", name, tmp_path / "talk", "-o", tmp_path / "out.jsonl", "--case-id", "k1", *columns(name),
        "--role", "Ann=client", "--role", "Dr = X=therapist",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "interactions: 2 read, 2 kept" in result.output
    assert "guessed: role" not in result.output
    assert "speakers that `roles` does not name" not in result.output
    [case] = read_cases(tmp_path / "out.jsonl")
    assert case.id == "k1"
    assert [(p.id, p.role) for p in case.participants] == [("Dr = X", "therapist"), ("Ann", "client")]
    assert [x.text for x in case.sessions[0].interactions] == ["Well?", "Yes."]


@pytest.mark.parametrize("name", FORMATS)
def test_roles_that_are_guessed_are_told_and_no_label_is(name: str, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text(filled(FORMATS[name], CANARY, "client"), encoding="utf-8")
    result = call("import", name, tmp_path / "talk", "-o", tmp_path / "out.jsonl", *columns(name))
    assert result.exit_code == 0, result.output
    assert "guessed: role of a speaker: client (1): from the label" in result.output
    assert "guessed: role of a speaker: other (1)" in result.output
    assert CANARY not in result.output
    [case] = read_cases(tmp_path / "out.jsonl")
    assert case.id == "talk"


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_client_it_stops_with_2(name: str, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text(filled(FORMATS[name], CANARY, "x"), encoding="utf-8")
    result = call("import", name, tmp_path / "talk", "-o", tmp_path / "out.jsonl", *columns(name))
    assert result.exit_code == 2
    assert "no_client" in result.output
    assert CANARY not in result.output
    assert not (tmp_path / "out.jsonl").exists()


def test_annomi_is_imported(tmp_path: Path) -> None:
    (tmp_path / "annomi.csv").write_text(ANNOMI)
    result = call("import", "annomi", tmp_path / "annomi.csv", "-o", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    [case] = read_cases(tmp_path / "out.json")
    assert [c.code for x in case.sessions[0].interactions for c in x.codes] == ["question", "change"]


def test_other_tables_and_encodings(tmp_path: Path) -> None:
    (tmp_path / "talk.csv").write_bytes("who;what;from\nclient;schön;1.5\n".encode("latin-1"))
    arguments: tuple[str | Path, ...] = (
        "import", "csv", tmp_path / "talk.csv", "-o", tmp_path / "out.jsonl", *columns("csv"),
        "--start-column", "from", "--end-column", "from", "--delimiter", ";",
    )  # fmt: skip
    assert "wrong_encoding" in call(*arguments).output
    assert call(*arguments, "--encoding", "latin-1").exit_code == 0
    [case] = read_cases(tmp_path / "out.jsonl")
    [said] = case.sessions[0].interactions
    assert (said.text, said.start_s, said.end_s) == ("schön", 1.5, 1.5)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("csv",), "needs --speaker-column"),
        (("srt", "--speaker-column", "x"), "srt does not take --speaker-column"),
        (("mibot", "--role", "a=client"), "mibot does not take --role"),
        (("annomi", "--case-id", "x"), "annomi does not take --case-id"),
        (("srt", "--role", f"{CANARY}=patient"), "1 of 1 are not"),
        (("srt", "--role", f"{CANARY}"), "1 of 1 are not"),
        (("srt", "--role", "a=client", "--role", "a=other"), "two roles"),
        (("srt", "--role", "a=client"), "no_turns"),
        (("xlsx",), ""),
    ],
)  # fmt: skip
def test_what_makes_no_sense_stops_with_2(arguments: tuple[str, ...], why: str, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text("")
    name, *options = arguments
    result = call("import", name, tmp_path / "talk", "-o", tmp_path / "out.jsonl", *options)
    assert result.exit_code == 2
    assert why in result.output
    assert CANARY not in result.output
    assert not (tmp_path / "out.jsonl").exists()


def test_a_tab_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "talk.tsv").write_text("who\twhat\ntherapist\tWell?\nclient\tYes, well.\n")
    given: tuple[str | Path, ...] = ("import", "csv", tmp_path / "talk.tsv", "-o", tmp_path / "talk.jsonl")
    result = call(*given, *columns("csv"), "--delimiter", r"\t")
    assert result.exit_code == 0, result.output
    assert "csv: 1 case\n" in result.stdout


def test_what_python_calls_an_argument_is_told_as_an_option(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text(filled(VTT, "A", "B"))
    result = call("import", "webvtt", tmp_path / "talk.vtt", "-o", tmp_path / "talk.jsonl")
    assert result.exit_code == 2
    assert "give --role, role by label" in result.stderr


def test_an_encoding_that_nobody_knows_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text(filled(VTT, "therapist", "client"))
    given = ("import", "webvtt", tmp_path / "talk.vtt", "-o", tmp_path / "talk.jsonl")
    result = call(*given, "--encoding", "klingon")
    assert result.exit_code == 2
    assert "needed an encoding that Python knows by this name" in result.stderr
