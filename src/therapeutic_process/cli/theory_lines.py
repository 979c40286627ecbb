"""What the theory commands print, as lines and as JSON: declarations, verdicts, counts; nothing of a client."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.change_process import (
    CodePattern,
    EventPattern,
    GoalPattern,
    RatingPattern,
    ScorePattern,
    TaskPattern,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.change_process import CausePattern, EffectPattern, Mechanism
    from therapeutic_process.process_outcome import LagTest, MechanismTest, TheoryTest

__all__ = ["MOST_BYTES", "head_json", "mechanism_lines", "result_json", "result_lines"]

MOST_BYTES = 16 * 1024 * 1024
_HEAD = ("mechanism", "lag", "verdict", "robust interval", "level", "Holm p", "clients", "rivals")


def _shown(text: str) -> str:
    """Return a text with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else "�" for c in text)


def mechanism_lines(one: Mechanism) -> Iterator[str]:
    """Yield what a mechanism declares.

    Args:
        one: The mechanism.
    """
    yield _shown(
        f"{one.id}: {_cause(one.cause)} goes with {one.direction or 'change'} of {_effect(one.effect)}"
    )
    lag = one.lag
    if lag is not None:
        ends = f"{lag.shortest:g}" if lag.shortest == lag.longest else f"{lag.shortest:g} to {lag.longest:g}"
        yield f"  lag: {ends} {lag.unit}"
    if one.smallest_effect is not None:
        yield f"  smallest effect of interest: {one.smallest_effect:g} points"
    if one.inert_bounds is not None:
        yield f"  inert within {one.inert_bounds.lower:g} to {one.inert_bounds.upper:g} points"
    if one.rivals:
        yield _shown(f"  rivals: {', '.join(one.rivals)}")
    if one.undeclared:
        yield f"  NOT DECLARED, so not testable: {', '.join(one.undeclared)}"


def _cause(cause: CausePattern) -> str:
    match cause:
        case CodePattern():
            whose = f" of the {cause.role}" if cause.role else ""
            return f"{cause.amount} {cause.system} {' or '.join(cause.codes)}{whose}"
        case RatingPattern():
            scale = f", {cause.scale}" if cause.scale else ""
            return f"rating {cause.instrument}{scale}{f' by {cause.rater}' if cause.rater else ''}"
        case TaskPattern():
            return f"task {' or '.join(cause.tasks) or 'of any kind'}, {cause.amount}"
        case EventPattern():
            return f"event in session, {cause.what}{f', {cause.domain}' if cause.domain else ''}"


def _effect(effect: EffectPattern) -> str:
    match effect:
        case ScorePattern():
            return f"score {effect.instrument}{f', {effect.scale}' if effect.scale else ''}"
        case GoalPattern():
            return f"goals, {effect.measure}{f', {effect.domain}' if effect.domain else ''}"
        case _:
            domain = f", {effect.domain}" if effect.domain else ""
            return f"changes outside sessions, {effect.source}{domain}"


def result_lines(found: TheoryTest, *, n_cases: int) -> Iterator[str]:
    """Yield a test as a table and what is to be said of it.

    Args:
        found: The test.
        n_cases: Cases it was made with.
    """
    yield f"{n_cases} cases; {found.declaration}"
    yield f"fingerprint {found.fingerprint}"
    rows = [_HEAD, *(row for one in found.mechanisms for row in _rows(found, one))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEAD))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for one in found.mechanisms:
        name = _shown(one.mechanism.id)
        yield from (f"{name}: {_shown(reason)}" for reason in one.reasons)
        if one.described is not None:
            yield from (f"{name}: {line}" for line in str(one.described).splitlines())
        yield from (f"{name}: dropped: {n} × {reason}" for reason, n in one.dropped)
        yield from (f"{name}: warning: {text}" for text in one.warnings)
        if one.effect is not None:
            yield f"{name}: {one.effect.placebo}"
    if any(one.conditional for one in found.mechanisms):
        yield "* conditional on what the event follows: the placebo lead rejects"
    yield "supported means consistent with the mechanism: no such test shows a cause"


def _rows(found: TheoryTest, one: MechanismTest) -> Iterator[tuple[str, ...]]:
    rivals = ", ".join(f"{r.mechanism.id}: {r.verdict}" for r in found.rivals_of(one.mechanism.id))
    for number, lag in enumerate(one.lags):
        yield _row(one, lag, rivals if number == 0 else "")


def _row(one: MechanismTest, lag: LagTest, rivals: str) -> tuple[str, ...]:
    mark = "*" if lag.conditional else ""
    interval = "" if lag.interval is None else f"{lag.interval[0]:.3g} to {lag.interval[1]:.3g}"
    level = "" if lag.level is None else f"{lag.level:.2%}"
    p = "" if lag.p_holm is None else f"{lag.p_holm:.2g}"
    clients = str(lag.n_clients or "")
    return (
        _shown(one.mechanism.id), lag.lag, f"{lag.verdict}{mark}", interval, level, p, clients, _shown(rivals),
    )  # fmt: skip


def result_json(found: TheoryTest, *, n_cases: int, n_unreadable: int, timing: str) -> dict[str, Any]:
    """Return a test as JSON; what is not a number is null.

    Args:
        found: The test.
        n_cases: Cases it was made with.
        n_unreadable: Documents that could not be read.
        timing: When the scores were taken.
    """
    return {
        **head_json(found, timing),
        "tests": found.n_tested,
        "cases": n_cases,
        "unreadable": n_unreadable,
        "mechanisms": [_mechanism_json(found, one) for one in found.mechanisms],
    }


def head_json(found: TheoryTest, timing: str) -> dict[str, Any]:
    """Return which theory was tested and how, which tells nothing of a client.

    Args:
        found: The test.
        timing: When the scores were taken.
    """
    return {
        "fingerprint": found.fingerprint,
        "registered": found.registered,
        "as_registered": found.as_registered,
        "declaration": found.declaration,
        "method": found.method,
        "timing": timing,
        "level": found.level,
    }


def _mechanism_json(found: TheoryTest, one: MechanismTest) -> dict[str, Any]:
    return {
        "mechanism": one.mechanism.id,
        "verdict": one.verdict,
        "standing": one.standing,
        "conditional": one.conditional,
        "reasons": list(one.reasons),
        "smallest_effect": one.mechanism.smallest_effect,
        "expected_sign": one.expected_sign,
        "lags": [_lag_json(lag) for lag in one.lags],
        "rivals": {r.mechanism.id: r.verdict for r in found.rivals_of(one.mechanism.id)},
        "described": None if one.described is None else _described_json(one),
        "dropped": dict(one.dropped),
        "warnings": list(one.warnings),
    }


def _lag_json(one: LagTest) -> dict[str, Any]:
    effect = one.effect
    told: dict[str, Any] = {
        "lag": one.lag,
        "verdict": one.verdict,
        "conditional": one.conditional,
        "reasons": list(one.reasons),
        "interval": one.interval,
        "level": one.level,
        "p_holm": one.p_holm,
        "clients": one.n_clients,
        "inert": None if one.inert is None else one.inert.verdict,
    }
    if effect is None:
        return told
    readings = [
        {
            "reading": r.reading,
            "kept": r.reading in effect.kept,
            "effect": _number(r.effect),
            "standard_error": _number(r.standard_error),
            "p": _number(r.p_value),
        }
        for r in effect.readings
    ]
    placebo = {"estimate": _number(effect.placebo.estimate), "p": _number(effect.placebo.p_value)}
    return told | {"readings": readings, "placebo_lead": placebo, "sessions": effect.n_sessions}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _described_json(one: MechanismTest) -> dict[str, Any]:
    rate = one.described
    assert rate is not None
    fields = ("window", "n_after", "days_after", "n_other", "days_other", "expected", "n_clients")
    return attrs.asdict(rate, filter=lambda field, _: field.name in fields, recurse=False)
