"""A canary planted in every text, id, time and unknown field of a case sings in no message, repr, log or warning."""

from __future__ import annotations

import asyncio
import copy
import io
import json
import logging
import pickle
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from therapeutic_process.base import safe_errors
from therapeutic_process.errors import RecordError
from therapeutic_process.records import Case, Participant
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "Zwitscher"
_PUBLIC = {
    "instrument",
    "system",
    "scale",
    "instruments",
    "coding_systems",
}  # a catalogue's words, with rules of their own


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value in a document."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _places(inner, (*path, step))


def _put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


def _get(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


_WRONG: dict[str, Any] = {
    "text": CANARY,
    "a long text": CANARY * 200,
    "empty": "",
    "a list": [CANARY],
    "an object": {CANARY: CANARY, "id": CANARY},
    "bytes": CANARY.encode(),
    "a set": {CANARY},
    "broken Unicode": f"{CANARY}\ud800",
    "true": True,
    "huge": 10**400,
    "negative": -73_371_337,
    "NaN": float("nan"),
    "null": None,
}


@st.composite
def broken_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document full of canaries, and spoil it in one to three ways."""
    document: dict[str, Any] = draw(cases(max_sessions=2, max_interactions=2)).model_dump(
        mode="json", exclude_none=True
    )
    for path in list(_places(document)):
        if (
            path
            and isinstance(_get(document, path), str)
            and path[-1] in {"text", "notes", "reason", "description", "name"}
        ):
            _put(document, path, f"{CANARY} said")
    spoilt = False
    for _ in range(draw(st.integers(1, 3))):
        places = [p for p in _places(document) if p and not _PUBLIC & set(map(str, p))]
        path = draw(st.sampled_from(places))
        if draw(st.booleans()) and isinstance(_get(document, path), dict):
            _get(document, path)[CANARY] = CANARY
        else:
            _put(document, path, copy.deepcopy(_WRONG[draw(st.sampled_from(sorted(_WRONG)))]))
        spoilt = True
    assume(spoilt)
    return document


def _everything_shown(error: BaseException) -> str:
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    copied = pickle.loads(pickle.dumps(error))
    shown += [str(copied), repr(vars(copied)), repr(pickle.dumps(error)), repr(copy.deepcopy(error))]
    return "\n".join(shown)


def _log_of(error: BaseException) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("canary")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.error("refused: %s %r", error, error, exc_info=error)
    logger.removeHandler(handler)
    return stream.getvalue()


def _refusal(make: Callable[[Any], object], document: Any) -> RecordError | None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            make(document)
        except RecordError as error:
            assert not caught
            return error
    assert not caught
    return None


@given(broken_documents())
def test_no_error_carries_what_somebody_said_or_who_it_was(document: dict[str, Any]) -> None:
    for make in (Case.model_validate, lambda d: Case(**d)):
        error = _refusal(make, document)
        if error is None:
            continue
        assert CANARY not in _everything_shown(error) + _log_of(error)
        assert "73371337" not in str(error)
        assert error.__cause__ is None
        assert error.__context__ is None
        assert 1 <= len(error.violations) <= 100
        assert error.total >= len(error.violations)


@given(broken_documents())
def test_a_type_adapter_shows_no_value_and_safe_errors_no_unknown_name(document: dict[str, Any]) -> None:
    error = _pydantic_refusal(document)
    if error is not None:
        assert CANARY not in repr(safe_errors(error)) + "".join(map(str, safe_errors(error)))
        names = [line for line in str(error).splitlines() if CANARY in line]
        assert all(CANARY in line.split(".") for line in names), "pydantic shows more than unknown names"


def _pydantic_refusal(document: dict[str, Any]) -> ValidationError | None:
    try:
        TypeAdapter(Case).validate_python(document)
    except ValidationError as error:
        return error
    return None


@given(
    cases(max_sessions=1),
    st.sampled_from(["participants", "goals", "sessions", "measurements", "change_events"]),
)
def test_a_reference_to_nobody_is_not_repeated(case: Case, field: str) -> None:
    document = case.model_dump(mode="json")
    for path in list(_places(document)):
        if path and path[-1] == "id" and path[0] == field:
            _put(document, path, CANARY)
    error = _refusal(Case.model_validate, document)
    if error is not None:
        assert CANARY not in _everything_shown(error)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"id": "{CANARY}", ',
        f'"{CANARY}"',
        f"{CANARY}",
        f'{{"{CANARY}": 1}}',
        f'["{CANARY}"',
        '{"id": "\\ud800"}',
    ],
)
def test_json_that_is_none_is_not_repeated(text: str) -> None:
    for document in (text, text.encode(), bytearray(text.encode())):
        error = _refusal(Case.model_validate_json, document)
        assert error is not None
        assert CANARY not in _everything_shown(error)
        assert error.__context__ is None


def test_an_assignment_and_a_changed_copy_do_not_repeat_the_value() -> None:
    person = Participant(id=CANARY, role="client", site=CANARY)
    changes: list[Callable[[Any], object]] = [
        lambda _: setattr(person, "site", CANARY),
        lambda _: setattr(person, CANARY, CANARY),
        lambda _: delattr(person, "site"),
        lambda _: person.with_changes(role=CANARY),
        lambda _: person.with_changes(**{CANARY: CANARY}),
        lambda _: Participant.model_validate_strings({"id": CANARY, "role": CANARY}),
    ]
    for change in changes:
        error = _refusal(change, None)
        assert error is not None
        assert CANARY not in _everything_shown(error)


@given(cases())
def test_records_print_kind_and_counts_only(case: Case) -> None:
    document = case.model_dump(mode="json")
    for path in list(_places(document)):
        if (
            path
            and path[-1] in {"text", "notes", "reason", "description", "site"}
            and isinstance(_get(document, path), str)
        ):
            _put(document, path, CANARY * 5)  # not shorter than the spans of characters in it
    quiet = Case.model_validate(document)
    parts: list[Any] = [quiet, *(p for f in Case.model_fields for p in _records(getattr(quiet, f)))]
    for part in parts:
        assert CANARY not in f"{part}{part!r}{part:}"
        assert repr(part).startswith(f"{type(part).__name__}(")


def _records(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def test_at_most_a_hundred_violations_are_listed_and_all_are_counted() -> None:
    several = [{"id": f"{CANARY}{n}", "role": CANARY} for n in range(150)]
    error = _refusal(Case.model_validate, {"id": CANARY, "participants": several})
    assert error is not None
    assert (len(error.violations), error.total) == (100, 150)
    assert str(error).splitlines()[-1] == "  … and 50 more"
    people = [{"id": "c1", "role": "client"}, *({"id": "c1", "role": "other"} for _ in range(150))]
    repeated = _refusal(Case.model_validate, {"id": CANARY, "participants": people})
    assert repeated is not None
    assert (len(repeated.violations), repeated.total) == (100, 150)


def test_a_group_of_several_broken_rules_is_counted_in_full() -> None:
    said = [{"index": 0, "kind": "speech"}] * 151
    session = {"id": "s1", "number": 1, "status": "held", "interactions": said}
    error = _refusal(
        Case.model_validate,
        {"id": "x", "participants": [{"id": "c1", "role": "client"}], "sessions": [session]},
    )
    assert error is not None
    assert (len(error.violations), error.total) == (100, 150)
    assert error.violations[0].path == "$.sessions[0].interactions[1].index"


def _app() -> FastAPI:
    app = FastAPI()

    @app.exception_handler(RequestValidationError)
    def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"violations": [str(v) for v in safe_errors(error)]}, status_code=422)

    @app.post("/cases")
    def receive(case: Case) -> dict[str, int]:
        return {"clients": len(case.clients)}

    return app


def _post(document: str) -> httpx.Response:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app=_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://clinic") as client:
            return await client.post("/cases", content=document, headers={"content-type": "application/json"})

    return asyncio.run(post())


@given(cases(max_sessions=1))
def test_an_app_takes_a_case_over_the_wire(case: Case) -> None:
    answer = _post(case.model_dump_json())
    assert answer.status_code == 200
    assert answer.json() == {"clients": len(case.clients)}


@pytest.mark.parametrize(
    "change",
    [{CANARY: CANARY}, {"participants": [{"id": CANARY, "role": CANARY}]}, {"started_at": CANARY}, {"goals": CANARY},
     {"ending": {"kind": "other", "last_session": CANARY}}, {"schema_version": CANARY}],
)  # fmt: skip
def test_an_app_answers_a_bad_case_without_its_contents(change: dict[str, Any]) -> None:
    good = {"id": "k1", "participants": [{"id": "c1", "role": "client"}]}
    answer = _post(json.dumps({**good, **change}))
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert len(answer.json()["violations"]) >= 1
