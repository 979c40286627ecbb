"""Every format to every format: it works, or it is refused for a reason with a name."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import (
    FORMATS,
    convert,
    example_cases,
    read_cases,
    read_tables,
    to_bundle,
    write_cases,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v therapist>Well?\n\n00:02.000 --> 00:03.000\n<v client>Yes.\n"
SRT = "1\n00:00:01,000 --> 00:00:02,000\ntherapist: Well?\n\n2\n00:00:02,000 --> 00:00:03,000\nclient: Yes.\n"
EAF = (
    '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1"/></TIME_ORDER>'
    '<TIER TIER_ID="client"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="a">'
    "<ANNOTATION_VALUE>Well?</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
ANNOMI = (
    "transcript_id,utterance_id,interlocutor,main_therapist_behaviour,client_talk_type\n"
    "0,0,therapist,question,n/a\n0,1,client,n/a,change\n"
)
REDCAP = "record_id,redcap_repeat_instance,phq_total\n1,1,19\n1,2,12\n"
NHS = "Person_ID,CodedAssToolType,PersScore,AssToolCompTimestamp\np,720433000,19,2024-03-01\n"
TEXTS = {
    "csv": ("talk.csv", "who,what\ntherapist,Well?\nclient,Yes.\n"),
    "webvtt": ("talk.vtt", VTT),
    "srt": ("talk.srt", SRT),
    "elan": ("talk.eaf", EAF),
    "diarised": ("talk.json", json.dumps([{"speaker": "client", "text": "Well?"}])),
    "chat": ("talk.json", json.dumps([{"role": "user", "content": "Well?"}])),
    "annomi": ("annomi.csv", ANNOMI),
    "wide": ("wide.csv", "who,s1,s2\na,19,12\n"),
    "long": ("long.csv", "who,n,phq\na,1,19\na,2,12\n"),
    "redcap": ("redcap.csv", REDCAP),
    "nhs": ("nhs.csv", NHS),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "csv": {"speaker": "who", "text": "what"},
    "wide": {"client": "who", "scores": r"s(\d+)", "instrument": "phq9"},
    "long": {"client": "who", "score": "phq", "session": "n", "instrument": "phq9"},
    "redcap": {"scores": {"phq_total": "phq9"}},
    "nhs": {"instruments": {"720433000": "phq9"}},
}
TARGETS = {
    "case": "out.json", "jsonl": "out.jsonl.gz", "fhir": "out.fhir.json", "fhir-ndjson": "out.ndjson",
    "tables": "out", "tables-parquet": "out", "csv": "out.csv", "webvtt": "out.vtt", "redcap": "out.csv",
}  # fmt: skip
ENOUGH_TO_TELL = {"case", "jsonl", "fhir", "fhir-ndjson", "tables", "tables-parquet", "mibot", "annomi", "webvtt",
                  "srt", "elan", "diarised", "chat"}  # fmt: skip
# Why a transcript cannot be made: times that were never recorded, no talk at all, or several cases.
REFUSED = {
    ("csv", "webvtt"): "not_enough", ("diarised", "webvtt"): "not_enough", ("chat", "webvtt"): "not_enough",
    ("annomi", "webvtt"): "not_enough", ("mibot", "webvtt"): "not_enough", ("wide", "webvtt"): "one_session_only",
    ("long", "webvtt"): "one_session_only", ("redcap", "webvtt"): "one_session_only",
    ("nhs", "webvtt"): "one_session_only", ("fhir", "webvtt"): "one_session_only",
    ("fhir-ndjson", "webvtt"): "one_session_only", ("case", "webvtt"): "one_session_only",
    ("jsonl", "webvtt"): "one_session_only", ("tables", "webvtt"): "one_session_only",
    ("tables-parquet", "webvtt"): "one_session_only",
}  # fmt: skip


@pytest.fixture
def mibot(tmp_path: Path) -> Path:
    folder = tmp_path / "MIBot"
    (folder / "transcripts").mkdir(parents=True)
    rulers = [
        f"{o}Ruler{r}"
        for o in ("Pre", "Post", "WeekLater")
        for r in ("Importance", "Confidence", "Readiness")
    ]
    head = ["ParticipantID", *rulers, *(f"CAREQ{i}" for i in range(1, 11)), "WeekLaterNumQuitAttempts"]
    (folder / "data.csv").write_text(f"{','.join(head)}\np1{',4' * (len(head) - 1)}\n")
    talk = [{"speaker": "client", "text": "Yes.", "auto_misc_label": "C"}]
    (folder / "transcripts" / "p1.json").write_text(json.dumps({"participant_id": "p1", "utterances": talk}))
    return folder


@pytest.fixture
def source_of(tmp_path: Path, mibot: Path) -> Callable[[str], Path]:
    """Return a function that lays out a source of one case in a format."""
    one = example_cases()[:1]

    def made(name: str) -> Path:
        path = tmp_path / "in"
        path.mkdir()
        if name == "mibot":
            return mibot
        if name in TEXTS:
            file, text = TEXTS[name]
            (path / file).write_text(text)
            return path / file
        if name == "case":
            write_cases(one, path / "k.json")
            return path / "k.json"
        if name == "jsonl":
            write_cases(one, path / "k.jsonl")
            return path / "k.jsonl"
        if name in {"fhir", "fhir-ndjson"}:
            file = "b.json" if name == "fhir" else "b.ndjson"
            (path / file).write_text(json.dumps(to_bundle(one[0])) + "\n")
            return path / file
        write_tables(one, path / "t", format="csv" if name == "tables" else "parquet", text=True)
        return path / "t"

    return made


def outcome(source: Path, target: Path, **settings: Any) -> str:
    try:
        done = convert(source, target, **settings)
    except TherapeuticProcessError as error:
        assert not target.exists()
        return str(getattr(error, "code", type(error).__name__))
    assert target.exists()
    assert done.n_cases == 1
    return "done"


@pytest.mark.parametrize("to", [name for name, one in FORMATS.items() if one.writes])
@pytest.mark.parametrize("came", [name for name, one in FORMATS.items() if one.reads])
def test_every_pair_works_or_is_refused_for_a_named_reason(
    came: str, to: str, source_of: Callable[[str], Path], tmp_path: Path
) -> None:
    source, target = source_of(came), tmp_path / TARGETS[to]
    found = outcome(source, target, source_format=came, target_format=to, options=OPTIONS.get(came))
    assert found == REFUSED.get((came, to), "done")
    left = {p.name for p in tmp_path.iterdir()} - {"in", "MIBot", target.name}
    assert not left, "nothing half done stays"
    if found == "done" and to in {"case", "jsonl"} and came != "fhir":
        assert len(list(read_cases(target))) == 1


@pytest.mark.parametrize("came", sorted(FORMATS))
def test_a_source_says_what_it_is_or_has_to_be_told(
    came: str, source_of: Callable[[str], Path], tmp_path: Path
) -> None:
    source = source_of(came)
    if came in ENOUGH_TO_TELL:
        done = convert(source, tmp_path / "out.jsonl")
        assert done.source_format.removesuffix("-parquet") == came.removesuffix("-parquet")
    else:
        assert outcome(source, tmp_path / "out.jsonl") == "format_unclear"


AMBIGUOUS: Mapping[str, str] = {
    "both.json": json.dumps([{"speaker": "a", "text": "x", "role": "user", "content": "x"}]),
    "both2.json": json.dumps({"segments": [], "messages": []}),
    "neither.json": json.dumps({"a": 1}),
    "empty.json": "[]",
    "number.json": "3",
    "patient.json": json.dumps({"resourceType": "Patient"}),
    "other.jsonl": '{"a": 1}\n',
    "table.csv": "a,b\n1,2\n",
    "empty.csv": "",
    "table.parquet": "",
    "noending": "x",
    "table.xlsx": "",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_declares_nothing_or_two_things_is_never_guessed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(AMBIGUOUS[name])
    assert outcome(tmp_path / name, tmp_path / "out.jsonl") == "format_unclear"


def test_a_folder_that_is_two_things_is_never_guessed(mibot: Path, tmp_path: Path) -> None:
    write_tables(example_cases(), mibot)
    assert outcome(mibot, tmp_path / "out.jsonl") == "format_unclear"
    (tmp_path / "nothing").mkdir()
    assert outcome(tmp_path / "nothing", tmp_path / "out.jsonl") == "format_unclear"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("x.json", "{", "not_json"), ("x.json", "", "not_json"), ("x.json", "[" * 5000, "too_deep"),
        ("x.json", '{"kind": "case"}', "header_missing"), ("x.jsonl", "{", "truncated"), ("x.ndjson", "{", "not_json"),
        ("x.json", '{"resourceType": "Bundle", "entry": 3}', "invalid_element"), ("x.vtt", "WEBVTT\n", "no_turns"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(
    name: str, text: str, code: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert outcome(tmp_path / name, tmp_path / "out.jsonl") == code


def test_a_jsonl_line_of_bundles_and_lines_of_resources_are_read(tmp_path: Path) -> None:
    several = [to_bundle(case) for case in example_cases()]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(b) + "\n" for b in several))
    assert convert(tmp_path / "b.jsonl", tmp_path / "a.jsonl").n_cases == 4
    lines = [json.dumps(e["resource"]) for b in several for e in b["entry"]]
    (tmp_path / "bulk.ndjson").write_text("\n".join(lines))
    done = convert(tmp_path / "bulk.ndjson", tmp_path / "c.jsonl")
    assert (done.source_format, done.n_cases) == ("fhir-ndjson", 4)


def test_one_case_does_not_swallow_others(tmp_path: Path) -> None:
    write_cases(example_cases(), tmp_path / "k.jsonl")
    for name, to in (("o.json", None), ("o.csv", "csv"), ("o.vtt", None)):
        assert outcome(tmp_path / "k.jsonl", tmp_path / name, target_format=to) == "one_case_only"


def test_the_table_of_formats_is_whole() -> None:
    for name, one in FORMATS.items():
        assert one.name == name
        assert one.what
        assert one.reads or one.writes
        assert bool(one.cannot_hold) == (one.writes is not None)
        assert one.needs <= one.takes
        assert attrs.has(type(one))


def test_tables_and_back_are_the_same_tables(tmp_path: Path) -> None:
    write_cases(example_cases(), tmp_path / "k.jsonl")
    convert(tmp_path / "k.jsonl", tmp_path / "a", text=True)
    convert(tmp_path / "a", tmp_path / "b.jsonl")
    convert(tmp_path / "b.jsonl", tmp_path / "c", text=True)
    for name in ("scores.csv", "sessions.csv", "interactions.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    shutil.rmtree(tmp_path / "c")
    assert [c.id for c in read_tables(tmp_path / "a").cases] == [c.id for c in example_cases()]
