"""A theory of change: declared before it is tested, a document of its own kind, never a part of a case."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    SCHEMA_VERSION,
    Id,
    Many,
    PublicId,
    PublicText,
    Record,
    RuledRecord,
    When,
    broken,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from therapeutic_process.errors import Violation

__all__ = [
    "CausePattern",
    "ChangePattern",
    "CodePattern",
    "EffectPattern",
    "EventPattern",
    "GoalPattern",
    "InertBounds",
    "LagWindow",
    "Mechanism",
    "RatingPattern",
    "ScorePattern",
    "TaskPattern",
    "TheoryOfChange",
    "fingerprint",
]


class CodePattern(Record, frozen=True):
    """A session in which some codes were given; it is 0 only where a coding pass covered the session."""

    kind: Literal["code"] = Field(default="code", description="That it is about codes.")
    system: PublicId = Field(description="The coding system.")
    codes: Many[PublicId] = Field(min_length=1, description="Any of them.")
    role: Literal["client", "therapist", "other"] | None = Field(
        default=None, description="Whose speech; None: anybody's."
    )
    amount: Literal["any", "count", "share"] = Field(default="any", description="What is taken of a session.")


class RatingPattern(Record, frozen=True):
    """A rating of the session: alliance, openness, empathy."""

    kind: Literal["rating"] = Field(default="rating", description="That it is about ratings.")
    instrument: PublicId = Field(description="The instrument or coding system.")
    scale: PublicId | None = Field(default=None, description="The scale, where there are several.")
    rater: Literal["client", "therapist", "observer", "software", "other"] | None = Field(
        default=None, description="Whose ratings; None: anybody's."
    )


class TaskPattern(Record, frozen=True):
    """A task between sessions: that it was assigned, or how far it was done."""

    kind: Literal["task"] = Field(default="task", description="That it is about tasks between sessions.")
    tasks: Many[PublicId] = Field(default=(), description="Kinds of task; empty: any kind.")
    amount: Literal["assigned", "completed", "adherence"] = Field(
        default="adherence", description="What is taken of a task."
    )


class EventPattern(Record, frozen=True):
    """A significant event or a change recorded in the session."""

    kind: Literal["event"] = Field(default="event", description="That it is about events in sessions.")
    what: Literal["helpful", "hindering", "change"] = Field(default="change", description="Which events.")
    domain: PublicText | None = Field(default=None, description="Of a change: the domain; None: any.")


class ScorePattern(Record, frozen=True):
    """The next score of an instrument."""

    kind: Literal["score"] = Field(default="score", description="That it is about scores.")
    instrument: PublicId = Field(description="The instrument.")
    scale: PublicId | None = Field(default=None, description="The subscale; None: the total.")


class GoalPattern(Record, frozen=True):
    """The next rating of progress towards goals, or their attainment (the T score), higher is better."""

    kind: Literal["goal"] = Field(default="goal", description="That it is about goals.")
    domain: PublicText | None = Field(default=None, description="Goals of this domain; None: of any.")
    measure: Literal["rating", "attainment"] = Field(
        default="rating", description="Ratings from 0 to 10, or the T score of attainment levels."
    )


class ChangePattern(Record, frozen=True):
    """A change outside sessions: described by its rate after sessions with the cause, and given no verdict."""

    kind: Literal["change"] = Field(default="change", description="That it is about recorded changes.")
    domain: PublicText | None = Field(default=None, description="Changes of this domain; None: of any.")
    source: Literal["recorded", "detected"] = Field(
        default="recorded", description="What somebody reported, or what was computed from scores."
    )


CausePattern = Annotated[
    CodePattern | RatingPattern | TaskPattern | EventPattern, Field(discriminator="kind")
]
EffectPattern = Annotated[ScorePattern | GoalPattern | ChangePattern, Field(discriminator="kind")]


class LagWindow(RuledRecord, frozen=True):
    """How long after the cause the effect is expected.

    >>> LagWindow(unit="sessions", shortest=1, longest=1).longest
    1.0
    """

    unit: Literal["sessions", "days"] = Field(description="What the lag counts.")
    shortest: float = Field(ge=0, description="The shortest lag.")
    longest: float = Field(ge=0, description="The longest lag.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.longest < self.shortest:
            yield broken(
                "range_order", "longest", needed="a longest lag not below the shortest", found="a smaller one"
            )
        if self.unit == "sessions" and not (self.shortest.is_integer() and self.longest.is_integer()):
            yield broken("lag_whole", needed="whole numbers of sessions", found="a fraction")


class InertBounds(Record, frozen=True):
    """The effects that are too small to matter, in points of the outcome: the process is inert only inside them."""

    lower: float = Field(
        lt=0, description="The largest improvement or worsening downwards that does not matter."
    )
    upper: float = Field(gt=0, description="The largest upwards.")


class Mechanism(Record, frozen=True):
    """One claim of a theory: this in sessions goes with that afterwards.

    What is not declared cannot be tested: a mechanism without lag, direction or smallest effect is reported as not
    testable.
    """

    id: Id = Field(description="Names the mechanism in its theory.")
    label: PublicText | None = Field(default=None, description="The claim in words.")
    cause: CausePattern = Field(description="What happens in sessions, or is agreed there.")
    effect: EffectPattern = Field(description="What is said to change afterwards.")
    lag: LagWindow | None = Field(
        default=None, description="How long after the cause the effect is expected."
    )
    direction: Literal["improvement", "deterioration"] | None = Field(
        default=None, description="What more of the cause than usual goes with."
    )
    smallest_effect: float | None = Field(
        default=None, gt=0, description="Smallest effect of interest, in points."
    )
    inert_bounds: InertBounds | None = Field(
        default=None, description="Effects too small to matter: only inside them is the process inert."
    )
    rivals: Many[Id] = Field(
        default=(), description="Mechanisms of the theory that would explain the same change."
    )
    rationale: PublicText | None = Field(default=None, description="Why it should be so.")
    references: Many[PublicText] = Field(default=(), description="What it is drawn from.")

    @property
    def undeclared(self) -> tuple[str, ...]:
        """What must be declared before this can be tested, and is not."""
        return tuple(name for name in ("lag", "direction", "smallest_effect") if getattr(self, name) is None)


class TheoryOfChange(RuledRecord, frozen=True):
    """A conception of how clients change, as mechanisms that can be tested.

    >>> theory = TheoryOfChange(id="mi", name="Change talk", mechanisms=[Mechanism(id="m1",
    ...     cause=CodePattern(system="automisc", codes=["C"], role="client"), effect=ScorePattern(instrument="phq9"))])
    >>> theory.mechanisms[0].undeclared
    ('lag', 'direction', 'smallest_effect')
    """

    kind: Literal["theory_of_change"] = Field(
        default="theory_of_change", description="What kind of document it is."
    )
    schema_version: Literal["1.0"] = Field(
        default=SCHEMA_VERSION, description="The version of the schema that it keeps."
    )
    id: Id = Field(description="Names the theory.")
    name: PublicText = Field(description="What it is called.")
    mechanisms: Many[Mechanism] = Field(min_length=1, description="What it claims.")
    declared_at: When | None = Field(default=None, description="When it was declared: before the test.")
    references: Many[PublicText] = Field(default=(), description="What it is drawn from.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        ids = [m.id for m in self.mechanisms]
        if len(set(ids)) < len(ids):
            yield broken(
                "id_repeated", "mechanisms", needed="mechanisms with ids of their own", found="a repeated id"
            )
        for i, mechanism in enumerate(self.mechanisms):
            if mechanism.id in mechanism.rivals or not set(mechanism.rivals) <= set(ids):
                needed = "other mechanisms of the theory"
                yield broken(
                    "reference_resolves", "mechanisms", i, "rivals", needed=needed, found="another id"
                )


def fingerprint(theory: TheoryOfChange) -> str:
    """Return a fingerprint of what a theory claims: it changes with any word of it, and with nothing else.

    >>> theory = TheoryOfChange(id="mi", name="Change talk", mechanisms=[Mechanism(id="m1",
    ...     cause=CodePattern(system="automisc", codes=["C"]), effect=ScorePattern(instrument="phq9"))])
    >>> fingerprint(theory) == fingerprint(TheoryOfChange.model_validate_json(theory.model_dump_json()))
    True

    A field that holds its default counts as absent, so that a later schema with more fields changes nothing; what kind
    of pattern a pattern is never does.

    Returns:
        64 hexadecimal digits: SHA-256 over the theory's JSON with sorted keys.
    """
    content = json.dumps(_claims(theory), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _claims(record: Record) -> dict[str, Any]:
    """Return the fields of a record that hold no default, and its kind."""
    told = record.model_dump(mode="json", exclude_defaults=True)
    if "kind" in type(record).model_fields:
        told["kind"] = record.kind  # type: ignore[attr-defined]
    for name in type(record).model_fields:
        value = getattr(record, name)
        if name in told and isinstance(value, Record):
            told[name] = _claims(value)
        elif name in told and isinstance(value, tuple) and value and isinstance(value[0], Record):
            told[name] = [_claims(one) for one in value]
    return told
