"""Brings a case back into its rules where something that they need went."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import Counter

__all__ = ["REMOVED", "settle"]

REMOVED = "[removed]"


def settle(data: dict[str, Any], done: Counter[str], removed: Counter[str]) -> None:
    """Mark or take out what cannot stand without the texts and times that went.

    A problem without a label and the reason why a goal was taken up again get a mark that something was there. An
    adherence rating without its time, and how a change was computed without the time of that, go. Characters are
    counted in a text that went or is another one now: a span of them becomes the whole interaction, and for a
    coding pass one that says that a part of it was looked at.

    Args:
        data: The fields of a case; changed in place.
        done: Counts of what was done, by kind.
        removed: Counts of what was taken out, by field.
    """
    for problem in data.get("problems", ()):
        if "label" not in problem and "coding" not in problem:
            problem["label"] = REMOVED
    for goal in data.get("goals", ()):
        _mark_reopening(goal["history"])
    for task in data.get("tasks", ()):
        rated = task.get("adherence", ())
        task["adherence"] = tuple(a for a in rated if "rated_at" in a or "session" in a)
        removed["BetweenSessionTask.adherence"] += len(rated) - len(task["adherence"])
    for event in data.get("change_events", ()):
        if "provenance" in event and "computed_at" not in event["provenance"]:
            del event["provenance"]
            removed["ChangeEvent.provenance"] += 1
    for segment in data.get("segments", ()):
        segment["spans"] = tuple(_widened(span, done) for span in segment["spans"])
    texts = {
        (session["id"], one["index"]): one["text"]
        for session in data.get("sessions", ())
        for one in session.get("interactions", ())
        if "text" in one
    }
    for coding_pass in data.get("coding_passes", ()):
        coding_pass["spans"] = _part_only(coding_pass.get("spans", ()), texts, done)
    for name in [name for name, n in removed.items() if not n]:
        del removed[name]


def _mark_reopening(history: tuple[dict[str, Any], ...]) -> None:
    for before, step in pairwise(history):
        if (before["status"], step["status"]) == ("completed", "active"):
            step.setdefault("reason", REMOVED)


def _widened(span: dict[str, Any], done: Counter[str]) -> dict[str, Any]:
    if span["unit"] != "character":
        return span
    done["coarsened"] += 1
    index = span["interaction"]
    return {"session": span["session"], "unit": "interaction", "start": float(index), "end": float(index)}


def _part_only(spans: tuple[dict[str, Any], ...], texts: dict[Any, str], done: Counter[str]) -> Any:
    """Let spans of characters say no more than that a part of the text was looked at: how much cannot be said."""
    found = []
    for span in spans:
        if span["unit"] == "character":
            long_enough = len(texts.get((span["session"], span["interaction"]), "  ")) > 1
            part = {**span, "start": 0.0, "end": 1.0} if long_enough else _widened(span, done)
            done["coarsened"] += long_enough
            found.append(part)
        else:
            found.append(span)
    return tuple(part for i, part in enumerate(found) if part not in found[:i])
