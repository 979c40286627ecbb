"""The forms of a REDCap project that collects the record: made from the record classes, field by field."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import attrs

from therapeutic_process.base import Record, Refers, Sensitive, leaves
from therapeutic_process.records import (
    AdherenceRating,
    Agreement,
    AttainmentLevel,
    AttainmentRating,
    BetweenSessionTask,
    Case,
    ChangeEvent,
    ContextEvent,
    Ending,
    Goal,
    GoalRating,
    GoalStep,
    Interval,
    JournalEntry,
    JournalRating,
    Measurement,
    Participant,
    PlannedIntervention,
    PlanStep,
    Problem,
    Rating,
    Reference,
    Reporter,
    Session,
    TaskStep,
    TreatmentPlan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.base import Leaf

__all__ = ["FORMS", "Field", "Form", "fields_of"]


@attrs.frozen
class Field:
    """One field of a form.

    Attributes:
        name: Its name in the project.
        path: Where its value stands in the part, by the names of the record's fields.
        kind: How a cell is read and written.
        label: What is asked.
        words: What may be chosen.
        refers: The kind of part whose number it holds.
        minimum: The smallest number.
        maximum: The largest number.
        identifier: Whether it bears on who somebody is.
        required: Whether the record requires it.
        only_if: When the field is shown.
    """

    name: str
    path: tuple[str, ...]
    kind: Literal[
        "text", "notes", "lines", "words", "truth", "integer", "number", "day", "until", "part", "parts"
    ]
    label: str
    words: tuple[str, ...] = ()
    refers: str = ""
    minimum: str = ""
    maximum: str = ""
    identifier: bool = False
    required: bool = False
    only_if: str = ""


@attrs.frozen
class Form:
    """One form.

    Attributes:
        name: Its name in the project, which its fields' names begin with.
        title: What it asks about.
        record: What a filled form becomes.
        home: The field of the case, or of the part above, that holds it.
        above: The form of the part that it belongs to; empty for a part of the case.
        kind: What references call such a part; empty where nothing refers to it.
        repeats: Whether it may be filled in more than once.
        skip: Fields that have no place here.
    """

    name: str
    title: str
    record: type[Record]
    home: str
    above: str = ""
    kind: str = ""
    repeats: bool = True
    skip: frozenset[str] = frozenset()


def _but(*names: str) -> frozenset[str]:
    return frozenset({"id", *names})


_COURSE = frozenset(Case.model_fields) - {"treatment_format", "setting", "started_at"}
FORMS: tuple[Form, ...] = (
    Form("client", "The client", Participant, "participants", repeats=False,
         skip=_but("role", "nature", "orientation")),
    Form("course", "The course of therapy", Case, "", repeats=False, skip=_COURSE),
    Form("ending", "How it ended", Ending, "ending", repeats=False),
    Form("person", "Others who take part", Participant, "participants", kind="participant", skip=_but()),
    Form("problem", "Problems", Problem, "problems", kind="problem", skip=_but()),
    Form("session", "Sessions", Session, "sessions", kind="session", skip=_but("interactions")),
    Form("measurement", "Measurements", Measurement, "measurements", skip=_but("items")),
    Form("rating", "Ratings of sessions and goals", Rating, "ratings", skip=_but("coding_pass")),
    Form("goal", "Goals", Goal, "goals", kind="goal",
         skip=_but("history", "agreements", "levels", "attainments", "ratings")),
    Form("goal_step", "Status of goals", GoalStep, "history", "goal"),
    Form("goal_agreement", "Agreement to goals", Agreement, "agreements", "goal"),
    Form("goal_level", "Levels of attainment", AttainmentLevel, "levels", "goal"),
    Form("attainment", "Attainment of goals", AttainmentRating, "attainments", "goal"),
    Form("goal_rating", "Progress towards goals", GoalRating, "ratings", "goal"),
    Form("plan", "Treatment plan", TreatmentPlan, "plans", kind="plan",
         skip=_but("history", "interventions", "agreements")),
    Form("plan_step", "Status of plans", PlanStep, "history", "plan"),
    Form("plan_agreement", "Agreement to plans", Agreement, "agreements", "plan"),
    Form("intervention", "Planned interventions", PlannedIntervention, "interventions", "plan"),
    Form("task", "Between-session tasks", BetweenSessionTask, "tasks", kind="task", skip=_but("history", "adherence")),
    Form("task_step", "Status of tasks", TaskStep, "history", "task"),
    Form("adherence", "Adherence to tasks", AdherenceRating, "adherence", "task"),
    Form("journal", "Journal", JournalEntry, "journal", kind="journal_entry", skip=_but("ratings")),
    Form("journal_rating", "Ratings in the journal", JournalRating, "ratings", "journal"),
    Form("change", "Changes", ChangeEvent, "change_events", skip=_but("evidence", "provenance")),
    Form("context", "Other events", ContextEvent, "context_events", skip=_but()),
)  # fmt: skip
"""All forms, in the order of the project: a form comes after the one above it."""

# Names that would be longer than REDCap recommends (26), and those that the first dictionaries had.
_SHORT = {
    "respondent": "resp", "planned_sessions": "sessions", "on_behalf_of": "for",
    "treatment_format": "format", "after_session": "after", "participants": "whose", "participant": "whose",
}  # fmt: skip
_REFERRED = ("session", "goal")
# Numbers and words that narrow down who somebody is, though no text.
_TELLING = {"birth_year", "gender"}
_BRANCHING = {
    "measurement_missing": "[measurement_score] = ''",
    "measurement_timing": "[measurement_session] <> ''",
    "journal_rating_missing": "[journal_rating_value] = ''",
    "person_orientation": "[person_role] = 'therapist'",
    "change_session": "[change_locus] = 'in_session'",
    "change_after": "[change_locus] = 'out_of_session'",
    "change_unit": "[change_magnitude] <> ''",
    "change_occurred_until": "[change_occurred] <> ''",
    "change_reported_until": "[change_reported] <> ''",
    "context_occurred_until": "[context_occurred] <> ''",
    "problem_since_until": "[problem_since] <> ''",
    "problem_coding_code": "[problem_coding_system] <> ''",
    "problem_coding_display": "[problem_coding_system] <> ''",
    "plan_replaces": "[plan_revision] > 1",
    "goal_achieved_at": "[goal_achievement] = 'achieved' or [goal_achievement] = 'sustaining'",
    "goal_agreement_for": "[goal_agreement_capacity] = 'guardian'",
    "plan_agreement_for": "[plan_agreement_capacity] = 'guardian'",
    "session_attended": "[session_status] = 'held'",
    "rating_goal": "[rating_session] = ''",
    "rating_session": "[rating_goal] = ''",
}


@cache
def fields_of(form: Form) -> tuple[Field, ...]:
    """Return the fields of a form, the number of the part above first."""
    own = tuple(_fields(form.record, form.name, (), form.skip, label="", optional=False))
    if not form.above:
        return own
    label = f"Number of the {form.above}"
    above = Field(
        f"{form.name}_{form.above}", (), "part", label, refers=form.above, minimum="1", required=True
    )
    return (above, *own)


def _fields(
    cls: type[Record], prefix: str, path: tuple[str, ...], skip: frozenset[str], *, label: str, optional: bool
) -> Iterator[Field]:
    for name, declared in cls.model_fields.items():
        if name in skip:
            continue
        mine = [leaf for leaf in leaves(cls) if leaf.name == name]
        asked = declared.description or name.replace("_", " ")
        asked = f"{label}: {asked}" if label else asked
        required = declared.is_required() and not optional
        records = [
            leaf.type for leaf in mine if isinstance(leaf.type, type) and issubclass(leaf.type, Record)
        ]
        full = _name(prefix, name)
        if records == [Reporter]:
            yield from _reporter(full, (*path, name), asked, required=required)
        elif records == [Reference]:
            yield from _rated(prefix, (*path, name), asked)
        elif records and records != [Interval]:
            inner = f"{prefix}_{name}"
            yield from _fields(
                records[0], inner, (*path, name), frozenset(), label=asked, optional=not required
            )
        else:
            made = _plain(full, (*path, name), asked, mine, declared.metadata, required=required)
            yield made
            if records:
                yield attrs.evolve(made, name=f"{full}_until", kind="until", label=f"{asked} Last day, if several.",
                                   required=False, only_if=_BRANCHING.get(f"{full}_until", ""))  # fmt: skip


def _name(prefix: str, name: str) -> str:
    full = f"{prefix}_{name}"
    short = f"{prefix}_{_SHORT.get(name, name)}"
    return full if full == "measurement_respondent" or name not in _SHORT else short


def _reporter(full: str, path: tuple[str, ...], label: str, *, required: bool) -> Iterator[Field]:
    """Yield who reports: the kind under the field's own name, then the person, or a label and version."""
    stem = full.replace("_respondent", "_resp")
    kinds = _words(leaves(Reporter)[0])
    yield Field(full, (*path, "kind"), "words", label, words=kinds, required=required)
    shown = f"[{full}] = 'client' or [{full}] = 'therapist' or [{full}] = 'other'"
    yield Field(f"{stem}_who", (*path, "participant"), "part", f"{label} Number of the person (0: the client).",
                refers="participant", minimum="0", only_if=shown)  # fmt: skip
    outside = f"[{full}] = 'observer' or [{full}] = 'software' or [{full}] = 'other'"
    yield Field(f"{stem}_name", (*path, "name"), "text", f"{label} A label, not a name.", identifier=True,
                only_if=outside)  # fmt: skip
    yield Field(f"{stem}_version", (*path, "version"), "text", f"{label} Version of the program.",
                only_if=f"[{full}] = 'software'")  # fmt: skip


def _rated(prefix: str, path: tuple[str, ...], label: str) -> Iterator[Field]:
    for kind in _REFERRED:
        name = f"{prefix}_{kind}"
        yield Field(name, (*path, kind), "part", f"{label} Number of the {kind}.", refers=kind, minimum="0",
                    only_if=_BRANCHING.get(name, ""))  # fmt: skip


def _plain(
    full: str, path: tuple[str, ...], label: str, mine: list[Leaf], metadata: list[Any], *, required: bool
) -> Field:
    first = mine[0]
    marks = [m for one in (*first.marks, *metadata) for m in (one, *getattr(one, "metadata", ()))]
    refers = next((m.kind for m in marks if isinstance(m, Refers)), "")
    sensitive = next((m.kind for m in marks if isinstance(m, Sensitive)), "none")
    low = next((str(m.ge) for m in marks if getattr(m, "ge", None) is not None), "")
    high = next((str(m.le) for m in marks if getattr(m, "le", None) is not None), "")
    common: dict[str, Any] = {
        "name": full, "path": path, "required": required and refers != "participant",
        "only_if": _BRANCHING.get(full, ""),
    }  # fmt: skip
    if refers:
        zero = " (0: the client)" if refers == "participant" else ""
        shown = f"{label} Number{'s, separated by commas' if first.many else ''}{zero}."
        return Field(kind="parts" if first.many else "part", label=shown, refers=refers, **common)
    telling = sensitive != "none" or path[-1] in _TELLING
    kind: Any = _kind(first, sensitive)
    levels = [a for a in get_args(first.type) if isinstance(a, int)] if kind == "integer" else []
    if levels:
        low, high = str(min(levels)), str(max(levels))
    words = _words(first) if kind == "words" else ()
    shown = f"{label} One on each line." if kind == "lines" else label
    return Field(kind=kind, label=shown, words=words, identifier=telling, minimum=low, maximum=high,
                 **common)  # fmt: skip


def _kind(leaf: Leaf, sensitive: str) -> Any:
    """Return how a cell of that type is read and written."""
    if get_origin(leaf.type) is Literal:
        return "integer" if isinstance(get_args(leaf.type)[0], int) else "words"
    if isinstance(leaf.type, type) and issubclass(leaf.type, date):
        return "day"
    plain = {bool: "truth", int: "integer", float: "number"}.get(leaf.type)
    text = "notes" if sensitive == "free_text" else "text"
    return plain or ("lines" if leaf.many else text)


def _words(leaf: Leaf) -> tuple[str, ...]:
    return tuple(map(str, get_args(leaf.type)))
