"""Every public function of the exchange room, when it works and when it fails, keeps silent about what it was given.

A word is planted in every text and id. It may be where the data go: in records, documents and files. It may be in no
text form, report, error, traceback, warning or log. A public function that is not exercised here fails the test.
"""

from __future__ import annotations

import inspect
import json
import logging
import pickle
import random
import traceback
import warnings
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
import polars as pl
import pytest

from faults.mutations import damaged
from therapeutic_process import exchange
from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
from therapeutic_process.exchange.deidentification.walk import Field, rebuilt
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CANARY = "Kanarienvogel4711"
ROOMS = ("deidentification", "fhir", "tabular", "transcripts", "conversion")
DAMAGES = 40


def planted(case: Case) -> Case:
    """Return the case with the word at the head of every text and id that is not public."""

    def change(field: Field, value: Any) -> Any:
        return f"{CANARY} {value}"[:200] if isinstance(value, str) and field.sensitivity != "none" else value

    return Case.model_validate(rebuilt(case, change))


CASES = tuple(planted(case) for case in exchange.example_cases())
CASE = CASES[0]
TEXT = exchange.dump_case(CASE)
OLD = {
    "kind": "case",
    "schema_version": "0.9",
    "id": CANARY,
    "format": "couple",
    CANARY: CANARY,
    "participants": [],
}
THEORY = TheoryOfChange(
    id="mi",
    name=CANARY,
    mechanisms=(
        Mechanism(
            id=CANARY,
            cause=CodePattern(system="automisc", codes=("C",)),
            effect=ScorePattern(instrument="phq9"),
        ),
    ),
)
CUES = f"00:00:01.000 --> 00:00:02.000\n<v client>so {CANARY}\n\n00:00:02.000 --> 00:00:03.500\n<v {CANARY}>yes\n"
EAF = (
    '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><HEADER/><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" '
    'TIME_VALUE="1"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="9"/></TIME_ORDER><TIER TIER_ID="client">'
    '<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">'
    f"<ANNOTATION_VALUE>{CANARY}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
PIECES = json.dumps([{"speaker": "client", "text": CANARY, "start": 1, "end": 2.5, "role": "client"}] * 2)
CHAT = json.dumps(
    [{"role": "user", "content": CANARY}, {"role": "assistant", "content": f"<think>{CANARY}</think>x"}]
)
SPOKEN = f'who,what,from,to\nclient,"so, {CANARY}",1,2.5\n{CANARY},yes,3,\n'
ANNOMI = (
    "transcript_id,utterance_id,interlocutor,utterance_text,main_therapist_behaviour,client_talk_type\n"
    f"0,0,therapist,{CANARY},question,n/a\n0,1,client,so,n/a,change\n"
)
WIDE = f"id,s1,s2,arm\n{CANARY},3,4,{CANARY}\nb,5,,{CANARY}\n"
LONG = f"id,n,score,at,who,arm\n{CANARY},1,3,2024-03-01,client,{CANARY}\nb,2,NA,,client,x\n"
NHS = f"id,code,score,at\n{CANARY},1,12,2024-03-01\nb,1,7,2024-03-08\n"
REDCAP = (
    f"record_id,redcap_repeat_instrument,redcap_repeat_instance,phq\n{CANARY},phq,1,9\n{CANARY},phq,2,7\n"
)

# Functions that have nothing to fail at, or nothing to be told.
NEVER_FAIL = {
    "example_cases",
    "schema_versions",
    "not_carried",
    "to_bundle",
    "write_transcript_csv",
    "dump_theory",
}
# Functions that get nothing of anybody's.
WITHOUT_DATA = {"json_schema", "shipped_schema", "schema_versions", "redcap_data_dictionary", "example_cases"}

Call = tuple[str, "Callable[[], object]"]


def spoiled(text: str, read: Callable[[bytes], object], *, parsed: bool) -> Iterator[Callable[[], object]]:
    """Yield the reading of a document as it is, and damaged in many ways; what gets parsed JSON stays JSON."""
    raw, rng = text.encode(), random.Random(4711)
    yield lambda: read(raw)
    for _ in range(DAMAGES):
        yield partial(read, damaged(raw, rng, raw, parsed=parsed))


def from_file(file: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def write_and_read(raw: bytes) -> object:
        file.write_bytes(raw)
        return read(file)

    return write_and_read


def mibot(folder: Path) -> Callable[[bytes], object]:
    occasions, rulers = ("PreRuler", "PostRuler", "WeekLaterRuler"), ("Importance", "Confidence", "Readiness")
    columns = [
        "ParticipantID",
        *(f"{o}{r}" for o in occasions for r in rulers),
        *(f"CAREQ{i}" for i in range(1, 11)),
    ]
    columns += ["WeekLaterNumQuitAttempts", CANARY]
    table = ",".join(columns) + "\n" + ",".join([CANARY, *["4"] * (len(columns) - 2), CANARY]) + "\n"
    (folder / "transcripts").mkdir(parents=True)
    (folder / "data.csv").write_text(table)
    return from_file(folder / "transcripts" / "0.json", lambda _: exchange.read_mibot(folder))


def of_readers(folder: Path) -> Iterator[Call]:
    file = partial(from_file, folder / "x")
    csv = partial(from_file, folder / "x.csv")
    said = {
        "participant_id": CANARY,
        "utterances": [{"speaker": "client", "text": CANARY, "auto_misc_label": "C"}],
    }
    exchange.write_tables(CASES, folder / "tables", text=True)
    scores = (folder / "tables" / "scores.csv").read_text(encoding="utf-8")
    tables = from_file(folder / "tables" / "scores.csv", lambda _: exchange.read_tables(folder / "tables"))
    collect = partial(exchange.read_cases, on_error="collect")
    readers: list[tuple[str, str, Callable[[bytes], object]]] = [
        ("load_case", TEXT, exchange.load_case),
        ("load_case_lenient", TEXT, exchange.load_case_lenient),
        ("load_theory", exchange.dump_theory(THEORY), exchange.load_theory),
        (
            "read_cases",
            TEXT,
            from_file(
                folder / "x.jsonl", lambda f: (list(exchange.read_cases(f)), repr(exchange.read_cases(f)))
            ),
        ),
        ("read_cases", TEXT, from_file(folder / "x.jsonl", lambda f: [(r := collect(f)), list(r), r.errors])),
        (
            "migrate_file",
            TEXT,
            from_file(folder / "x.jsonl", lambda f: exchange.migrate_file(f, folder / "y.jsonl", force=True)),
        ),
        (
            "convert",
            TEXT,
            from_file(folder / "x.jsonl", lambda f: exchange.convert(f, folder / "y.ndjson", force=True)),
        ),
        (
            "convert",
            SPOKEN,
            csv(
                lambda f: exchange.convert(
                    f,
                    folder / "z.jsonl",
                    force=True,
                    source_format="transcript-csv",
                    options={"speaker": "who", CANARY: CANARY},
                )
            ),
        ),
        (
            "from_bundle",
            json.dumps(exchange.to_bundle(CASE, turns=True, text=True)),
            lambda raw: exchange.from_bundle(json.loads(raw)),
        ),
        ("read_webvtt", f"WEBVTT\n\nNOTE {CANARY}\n\n{CUES}", file(exchange.read_webvtt)),
        ("read_srt", CUES, file(exchange.read_srt)),
        ("read_elan", EAF, file(exchange.read_elan)),
        ("read_diarised", PIECES, file(exchange.read_diarised)),
        ("read_chat", CHAT, file(exchange.read_chat)),
        (
            "read_transcript_csv",
            SPOKEN,
            file(partial(exchange.read_transcript_csv, speaker="who", text="what", start_s="from")),
        ),
        ("read_annomi", ANNOMI, file(exchange.read_annomi)),
        ("read_mibot", json.dumps(said), mibot(folder / "mibot")),
        (
            "read_wide",
            WIDE,
            csv(partial(exchange.read_wide, client="id", scores=r"s(\d)", instrument="phq9", group="arm")),
        ),
        (
            "read_long",
            LONG,
            csv(
                partial(
                    exchange.read_long,
                    client="id",
                    score="score",
                    session="n",
                    measured_at="at",
                    respondent_column="who",
                    instrument="phq9",
                    group="arm",
                )
            ),
        ),
        (
            "read_nhs_long",
            NHS,
            csv(
                partial(
                    exchange.read_nhs_long,
                    client="id",
                    code="code",
                    score="score",
                    measured_at="at",
                    instruments={"1": "phq9"},
                )
            ),
        ),
        ("read_redcap", REDCAP, csv(partial(exchange.read_redcap, scores={"phq": "phq9"}, form="phq"))),
        ("read_tables", scores, tables),
    ]
    for name, text, read in readers:
        for call in spoiled(text, read, parsed=name == "from_bundle"):
            yield name, call


def of_others(folder: Path) -> Iterator[Call]:
    key = exchange.KeyedPseudonyms(CANARY.encode() * 2)
    drawn = exchange.RandomPseudonyms(random.Random(1).randbytes)
    spoken = next(s.id for s in CASE.held_sessions if any(x.text for x in s.interactions))
    away = folder / "nowhere" / "x.jsonl"
    yield "dump_case", lambda: (exchange.dump_case(CASE), None)[1]
    yield "dump_case", lambda: exchange.dump_case(CASE, unknown={(CANARY, CANARY): CANARY})
    yield "write_cases", lambda: exchange.write_cases(CASES, folder / "w.jsonl")
    yield "write_cases", lambda: exchange.write_cases(CASES, folder / "w.json")
    yield "write_cases", lambda: exchange.write_cases(CASES, away)
    yield "write_tables", lambda: exchange.write_tables(CASES, folder / "t", text=True, force=True)
    yield "write_tables", lambda: exchange.write_tables(CASES, folder / "t", format=CANARY)
    yield "write_redcap", lambda: exchange.write_redcap(CASES, folder / "r.csv")
    yield "write_redcap", lambda: exchange.write_redcap(CASES, folder / "r.csv")
    yield "write_transcript_csv", lambda: exchange.write_transcript_csv(CASE, folder / "w.csv")
    yield "write_webvtt", lambda: exchange.write_webvtt(CASE, folder / "w.vtt", session=spoken)
    yield "write_webvtt", lambda: exchange.write_webvtt(CASE, folder / "w.vtt", session=CANARY)
    yield "migrate_file", lambda: exchange.migrate_file(folder / "x.jsonl", folder / "y.txt")
    yield "migrate", lambda: (exchange.migrate(OLD), None)[1]
    yield "migrate", lambda: exchange.migrate({**OLD, "schema_version": CANARY})
    yield "migrate", lambda: exchange.migrate({**OLD, "treatment_format": CANARY})
    yield "to_bundle", lambda: (exchange.to_bundle(CASE, turns=True, text=True), None)[1]
    yield "not_carried", lambda: exchange.not_carried(CASE)
    yield "from_bundle", lambda: exchange.from_bundle({"resourceType": CANARY})
    yield "dump_theory", lambda: (exchange.dump_theory(THEORY), None)[1]
    for profile, names in (
        ("limited", key),
        ("limited", drawn),
        ("safe_harbor", drawn),
        ("safe_harbor", key),
    ):
        yield "deidentify", partial(exchange.deidentify, CASE, profile=profile, pseudonyms=names)  # type: ignore[arg-type]
    yield (
        "deidentify",
        lambda: exchange.deidentify(CASE, profile="limited", pseudonyms=key, text=lambda text: text),
    )
    yield "pseudonymise", lambda: (list(exchange.pseudonymise(CASES, key)), key, drawn)
    yield (
        "pseudonymise",
        lambda: list(exchange.pseudonymise(CASES, exchange.KeyedPseudonyms(CANARY[:9].encode()))),
    )
    yield "pseudonymise", lambda: list(exchange.pseudonymise(CASES, exchange.KeyedPseudonyms(CANARY)))  # type: ignore[arg-type]
    yield "shift_dates", lambda: exchange.shift_dates(CASE, 3)
    yield "shift_dates", lambda: exchange.shift_dates(CASE, 0)
    yield "shift_dates", lambda: exchange.shift_dates(CASE, 10**7)
    yield "k_anonymity", lambda: exchange.k_anonymity(CASES)
    yield "k_anonymity", lambda: exchange.k_anonymity(CASES, quasi=[CANARY])
    yield "json_schema", lambda: bool(exchange.json_schema())
    yield "json_schema", lambda: exchange.json_schema(CANARY)  # type: ignore[arg-type]
    yield "shipped_schema", lambda: bool(exchange.shipped_schema())
    yield "shipped_schema", lambda: exchange.shipped_schema("7.7")
    yield "schema_versions", exchange.schema_versions
    yield (
        "schema_changes",
        lambda: exchange.schema_changes(exchange.json_schema(), exchange.json_schema("theory_of_change")),
    )
    yield "schema_changes", lambda: exchange.schema_changes({"$defs": CANARY, CANARY: CANARY}, {})
    yield "redcap_data_dictionary", lambda: bool(exchange.redcap_data_dictionary(["phq9"]))
    yield "redcap_data_dictionary", lambda: exchange.redcap_data_dictionary([CANARY])
    yield "example_cases", exchange.example_cases
    frame = pl.DataFrame({"id": [CANARY, CANARY], "s1": [CANARY, "4"]})
    yield "read_wide", lambda: exchange.read_wide(frame, client="id", scores=["s1"], instrument="phq9")
    yield (
        "read_wide",
        lambda: exchange.read_wide(frame, client="id", scores=["s1"], instrument="phq9", strict=False),
    )


def told(error: BaseException) -> Iterator[str]:
    """Yield all that an error, and whatever it was raised from, tells of itself."""
    seen: BaseException | None = error
    while seen is not None:
        yield from (
            str(seen),
            repr(seen),
            repr(seen.args),
            repr(vars(seen)),
            pickle.dumps(seen).decode("latin-1"),
        )
        seen = seen.__cause__ or seen.__context__
    yield "".join(traceback.format_exception_only(error))


def shown(result: object) -> Iterator[str]:
    """Yield the text forms of a result and of what it holds, but not the data themselves."""
    if isinstance(result, (list, tuple)):
        for one in result:
            yield from shown(one)
    elif isinstance(result, BaseException):
        yield from told(result)
    elif not isinstance(result, (dict, bytes)):
        yield from (str(result), repr(result))
        for name in (
            ("report", "notes", "losses", "account", "errors", "gaps") if attrs.has(type(result)) else ()
        ):
            yield repr(getattr(result, name, ""))


def public_functions() -> set[str]:
    names = {(exchange, name) for name in exchange.__all__}
    for room in ROOMS:
        module = import_module(f"therapeutic_process.exchange.{room}")
        names |= {(module, name) for name in module.__all__}
    # what transcripts are made of is for readers, and gets no files of anybody's
    none = {"Profile", "Role", "case_of_turns"}
    found = {name: getattr(module, name) for module, name in names if name not in none}
    return {name for name, one in found.items() if callable(one) and not inspect.isclass(one)}


@pytest.fixture(scope="module")
def exercised(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """Exercise every function, look at all that is told, and count how often each worked and failed."""
    folder = tmp_path_factory.mktemp("canary")
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(f"{record.getMessage()} {record.args} {record.exc_text}")  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    counts: dict[str, dict[str, int]] = {}
    try:
        for name, call in (*of_readers(folder), *of_others(folder)):
            of = counts.setdefault(name, {"worked": 0, "failed": 0})
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    texts = list(shown(call()))
                    of["worked"] += 1
                except Exception as error:
                    texts = list(told(error))
                    of["failed"] += 1
            texts += [str(w.message) for w in caught]
            assert not [t for t in texts if CANARY in t], name
            assert not [t for t in heard if CANARY in t], name
            heard.clear()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return counts


def test_every_public_function_is_exercised(exercised: dict[str, dict[str, int]]) -> None:
    assert exercised.keys() == public_functions()


def test_every_public_function_was_seen_to_work_and_to_fail(exercised: dict[str, dict[str, int]]) -> None:
    assert not [name for name, of in exercised.items() if not of["worked"]]
    assert {name for name, of in exercised.items() if not of["failed"]} <= NEVER_FAIL


def test_the_word_is_in_every_text_and_id_of_the_case() -> None:
    texts: list[str] = []

    def note(field: Field, value: Any) -> Any:
        if isinstance(value, str) and field.sensitivity != "none":
            texts.append(value)
        return value

    rebuilt(CASE, note)
    assert len(texts) > 100
    assert all(CANARY in text for text in texts)


def test_a_word_that_is_told_is_heard() -> None:
    assert any(CANARY in text for text in told(KeyError(CANARY)))
    assert any(CANARY in text for text in shown(pl.DataFrame({"x": [CANARY]})))
