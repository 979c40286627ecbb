"""The sessions of a simulated client: talk from a few neutral phrases, coded so that it holds the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.instruments import CodeDefinition, CodingSystem

if TYPE_CHECKING:
    import numpy as np

    from therapeutic_process.simulate.course import Course

__all__ = ["DURATION_S", "SYSTEM", "coding_passes", "event_interaction", "further_events", "sessions"]

SYSTEM = "automisc"
FURTHER = "simulated-events"
DURATION_S = 3000.0

_SAID = {
    "Q": ("How was your week?", "What was that like?", "When was that?"),
    "R": ("You have thought about that.", "That was on your mind.", "It comes up again."),
    "Other": ("I see.", "Let us look at that.", "We have some time left."),
    "C": ("I want to try it another way.", "I could begin on Monday.", "I have made a start."),
    "S": ("I would leave it as it is.", "I do not see how.", "It suits me as it is."),
    "N": ("Let me tell you.", "It was a week like others.", "We talked about this and that."),
}
_THERAPIST = ("Q", "Q", "R", "R", "Other")
_NO_EVENT = ("N", "N", "N", "S")
_MOST, _FEWEST = 6, 3
_TURN_S = DURATION_S / (2 * _MOST)


def further_events(n_processes: int) -> CodingSystem:
    """Return the coding system of the process variables after the first.

    Args:
        n_processes: How many process variables there are.
    """
    codes = tuple(CodeDefinition(id=f"event_{k}", speakers=("client",)) for k in range(2, n_processes + 1))
    return CodingSystem(id=FURTHER, name="Simulated events", mutually_exclusive=False, codes=codes)


def coding_passes(course: Course) -> list[dict[str, Any]]:
    """Return a pass for each coding system, over the sessions whose events are known.

    Args:
        course: The client.
    """
    systems = {SYSTEM: 0, FURTHER: 1} if len(course.processes) > 1 else {SYSTEM: 0}
    passes = []
    for system, process in systems.items():
        known = [f"s{t + 1}" for t in course.known(process)] if course.coded else []
        if known:
            coder = {"kind": "software", "name": "simulation"}
            passes.append(
                {"id": f"pass-{system}", "system": system, "coder": coder, "extent": "all", "sessions": known}
            )
    return passes


def sessions(course: Course, rng: np.random.Generator | None) -> list[dict[str, Any]]:
    """Return the held sessions with their talk, and the one to which a client who left did not come.

    Args:
        course: The client.
        rng: Draws the talk; without it two utterances a session are all.
    """
    held = [_session(course, t) for t in range(course.n)]
    if rng is None:
        for t, one in enumerate(held):
            one["interactions"] = _brief(course, t)
        return held
    draws = rng.random((course.n, _MOST, 4)).tolist()
    extra: dict[str, Any] = {"duration_s": DURATION_S, "attended": ["client", course.therapist]}
    for t, one in enumerate(held):
        one.update(extra, modality="in_person", goals=["g1"], interactions=_talk(course, t, draws[t]))
    if course.left:
        held.append(_session(course, course.n) | {"status": "no_show"})
    return held


def event_interaction(one: dict[str, Any]) -> int | None:
    """Return the index of the first utterance of a session that holds the event.

    Args:
        one: The session.
    """
    return next((x["index"] for x in one["interactions"] if _has_event(x)), None)


def _has_event(interaction: dict[str, Any]) -> bool:
    return any(c["code"] == "C" for c in interaction.get("codes", ()))


def _session(course: Course, t: int) -> dict[str, Any]:
    return {"id": f"s{t + 1}", "number": t + 1, "status": "held", "started_at": course.starts[t]}


def _brief(course: Course, t: int) -> list[dict[str, Any]]:
    event = course.processes[0][t] if course.coded else None
    client = _turn(1, "client", "N", 0.0)
    if event is not None:
        client["codes"] = [_code(SYSTEM, "C" if event else "N")]
    _mark(course, t, [client], [[0.0]])
    return [_turn(0, course.therapist, "Q", 0.0), client]


def _talk(course: Course, t: int, draws: list[list[float]]) -> list[dict[str, Any]]:
    """Return turns of therapist and client in turn; with an event, one or more of the client's hold it."""
    pairs = _FEWEST + int(draws[0][3] * (_MOST - _FEWEST + 1))
    event = course.processes[0][t] if course.coded else None
    sure = int(draws[1][3] * pairs)
    talk: list[dict[str, Any]] = []
    for k, (one, other, phrase, _) in enumerate(draws[:pairs]):
        asked = _THERAPIST[int(one * len(_THERAPIST))]
        told = "C" if event and (k == sure or other > 0.8) else _NO_EVENT[int(other * len(_NO_EVENT))]
        talk += [_turn(2 * k, course.therapist, asked, phrase), _turn(2 * k + 1, "client", told, phrase)]
        if event is not None:
            talk[-2]["codes"], talk[-1]["codes"] = [_code(SYSTEM, asked)], [_code(SYSTEM, told)]
    for k, x in enumerate(talk):
        x |= {"start_s": k * _TURN_S, "end_s": (k + 0.5 + draws[k // 2][2] / 2) * _TURN_S}
    _mark(course, t, talk[1::2], draws[2:])
    return talk


def _mark(course: Course, t: int, told: list[dict[str, Any]], draws: list[list[float]]) -> None:
    """Give the codes of the process variables after the first to an utterance each."""
    for k, process in enumerate(course.processes[1:] if course.coded else (), start=2):
        if process[t]:
            where = told[int(draws[k % len(draws)][-1] * len(told))]
            where.setdefault("codes", []).append(_code(FURTHER, f"event_{k}"))


def _turn(index: int, speaker: str, code: str, draw: float) -> dict[str, Any]:
    phrases = _SAID[code]
    return {"index": index, "kind": "speech", "speaker": speaker, "text": phrases[int(draw * len(phrases))]}


def _code(system: str, code: str) -> dict[str, str]:
    return {"coding_pass": f"pass-{system}", "system": system, "code": code}
