"""Text planted in documents appears in no error, log, warning or text form of any reader."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import (
    dump_case,
    load_case,
    load_case_lenient,
    read_cases,
    read_mibot,
    write_cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from therapeutic_process.records import Case

CANARY = "Kanarienvogel-4711"


def silent(error: BaseException) -> bool:
    """Whether nothing of the canary is in an error, its attributes, or anything that it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        shown = (str(seen), repr(seen), repr(seen.args), repr(vars(seen)))
        if any(CANARY in text for text in shown) or CANARY.encode() in pickle.dumps(seen):
            return False
        seen = seen.__cause__ or seen.__context__
    only_messages = traceback.format_exception_only(type(error), error)
    return CANARY not in "".join(only_messages)


def planted(tree: Any, *, names: bool) -> Iterator[str]:
    """Yield documents with the canary in place of each value, and, if asked, as an unknown field in each object."""
    places = list(_places(tree, ()))
    for path in places:
        for value in (CANARY, [CANARY], {CANARY: CANARY}):
            changed = copy.deepcopy(tree)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
            yield json.dumps(changed)
            if names and isinstance(holder, dict):
                holder[CANARY] = {CANARY: CANARY}
                yield json.dumps(changed)


def _places(tree: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for step, value in (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    ):
        yield (*path, step)
        yield from _places(value, (*path, step))


SPOKEN = json.dumps(
    {
        "participant_id": CANARY,
        "utterances": [{"speaker": "client", "text": CANARY, "auto_misc_label": CANARY}],
    }
)
BROKEN: tuple[Callable[[str], str | bytes], ...] = (
    lambda text: text[: text.index(CANARY) + len(CANARY)],
    lambda text: text.replace(CANARY, CANARY + '"'),
    lambda text: text.replace(CANARY, CANARY + "\\ud800"),
    lambda text: text.replace(CANARY, CANARY + "\ud800"),
    lambda text: text.replace(CANARY, CANARY + "\n"),
    lambda text: text.replace(CANARY, CANARY + "\xe9").encode("latin-1"),
    lambda text: text.replace("1.0", CANARY, 1),
    lambda text: text.replace("1.0", "9.9", 1),
    lambda text: text.replace('"case"', f'"{CANARY}"', 1),
    lambda text: text + CANARY,
    lambda text: f'["{CANARY}"]',
    lambda text: f'"{CANARY}"',
    lambda text: CANARY,
    lambda text: text[:-1] + f',"{CANARY}":1e999}}',
    lambda text: text[:-1] + f',"{CANARY}":NaN}}',
    lambda text: text[:-1] + f',"{CANARY}":' + "[" * 300 + "]" * 300 + "}",
)


def outcome(read: Callable[..., object], document: str | bytes) -> object:
    """Return what was read, or the error."""
    try:
        return read(document)
    except DocumentError as error:
        return error


def test_a_word_that_is_told_is_heard() -> None:
    outer = DocumentError("code", needed="this", found="that")
    assert silent(outer)
    outer.__context__ = ValueError(CANARY)
    assert not silent(outer)
    assert not silent(DocumentError("code", needed="this", found=CANARY))


@pytest.mark.parametrize("read", [load_case, load_case_lenient])
def test_no_error_of_a_document_tells_what_is_in_it(
    read: Callable[..., object], generated: tuple[Case, ...]
) -> None:
    refused = 0
    for case in generated[::14]:
        for document in planted(json.loads(dump_case(case)), names=True):
            result = outcome(read, document)
            if isinstance(result, DocumentError):
                refused += 1
                assert silent(result), document
            assert CANARY not in repr(result) + str(result)
    assert refused > 300


@pytest.mark.parametrize("read", [load_case, load_case_lenient])
@pytest.mark.parametrize("spoil", BROKEN)
def test_no_error_of_a_broken_document_tells_what_is_in_it(
    read: Callable[..., object], spoil: Callable[[str], str | bytes], document: Callable[..., str]
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(spoil(document(setting=CANARY, id=CANARY)))
    assert silent(caught.value)


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_no_reading_of_files_tells_what_is_in_them(
    mode: Any, tmp_path: Path, document: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [spoil(document(setting=CANARY, id=CANARY)) for spoil in BROKEN]
    raw = [t if isinstance(t, bytes) else t.encode("utf-8", "surrogatepass") for t in texts]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(raw) + b"\n" + document(setting=CANARY).encode() + b"\n")
    for i, one in enumerate(raw):
        (tmp_path / f"{i}.json").write_bytes(one)
    reader = read_cases(tmp_path, mode=mode, on_error="collect")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cases = list(reader)
    assert len(cases) == 1
    assert len(reader.errors) > 2 * len(BROKEN)  # one of them breaks its line in two
    assert all(silent(error) for error in reader.errors)
    assert len(caught) == 1
    shown = (*map(str, (w.message for w in caught)), repr(reader), *(r.getMessage() for r in caplog.records))
    assert all(CANARY not in text for text in shown)
    assert CANARY not in caplog.text


def test_no_error_of_writing_tells_what_is_written(tmp_path: Path, document: Callable[..., str]) -> None:
    case = load_case(document(setting=CANARY, id=CANARY))
    with pytest.raises(DocumentError) as several:
        write_cases([case, case], tmp_path / "x.json")
    with pytest.raises(DocumentError) as nowhere:
        dump_case(case, unknown={(CANARY, CANARY): CANARY})
    assert silent(several.value)
    assert silent(nowhere.value)


@pytest.mark.parametrize(
    ("table", "transcript"),
    [
        (f"ParticipantID,{CANARY}\n{CANARY},1\n", "{}"),
        (None, CANARY),
        (None, f'{{"participant_id": "{CANARY}", "utterances": [{{"{CANARY}": "{CANARY}"}}]}}'),
        (None, SPOKEN),
        ("score", f'{{"participant_id": "{CANARY}", "utterances": []}}'),
        ("twice", f'{{"participant_id": "{CANARY}", "utterances": []}}'),
        ("bytes", f'{{"participant_id": "{CANARY}", "utterances": []}}'),
        ("cells", f'{{"participant_id": "{CANARY}", "utterances": []}}'),
    ],
)  # fmt: skip
def test_no_import_tells_what_is_in_the_source(table: str | None, transcript: str, tmp_path: Path) -> None:
    columns = [
        f"{o}{r}"
        for o in ("PreRuler", "PostRuler", "WeekLaterRuler")
        for r in ("Importance", "Confidence", "Readiness")
    ]
    columns += [*(f"CAREQ{i}" for i in range(1, 11)), "WeekLaterNumQuitAttempts"]
    good = ",".join(["ParticipantID", *columns]) + "\n" + ",".join([CANARY, *["4"] * len(columns)]) + "\n"
    content = {
        None: good,
        "score": good.replace(",4", f",{CANARY}", 1),
        "twice": good + good.splitlines()[1] + "\n",
        "bytes": good + CANARY + "\udcff\n",
        "cells": good + CANARY + "\n",
    }.get(table, table)
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "0.json").write_text(transcript)
    assert content is not None
    (tmp_path / "data.csv").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DocumentError) as caught:
        read_mibot(tmp_path)
    assert silent(caught.value)
    assert caught.value.__context__ is None
