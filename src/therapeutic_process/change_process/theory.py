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

    kind: Literal["code"] = "code"
    system: PublicId
    codes: Many[PublicId] = Field(min_length=1, description="Any of them.")
    role: Literal["client", "therapist", "other"] | None = Field(
        default=None, description="Whose speech; None: anybody's."
    )
    amount: Literal["any", "count", "share"] = Field(default="any", description="What is taken of a session.")


class RatingPattern(Record, frozen=True):
    """A rating of the session: alliance, openness, empathy."""

    kind: Literal["rating"] = "rating"
    instrument: PublicId
    scale: PublicId | None = None
    rater: Literal["client", "therapist", "observer", "software", "other"] | None = None


class TaskPattern(Record, frozen=True):
    """A task between sessions: that it was assigned, or how far it was done."""

    kind: Literal["task"] = "task"
    tasks: Many[PublicId] = Field(default=(), description="Kinds of task; empty: any kind.")
    amount: Literal["assigned", "completed", "adherence"] = "adherence"


class EventPattern(Record, frozen=True):
    """A significant event or a change recorded in the session."""

    kind: Literal["event"] = "event"
    what: Literal["helpful", "hindering", "change"] = "change"
    domain: PublicText | None = Field(default=None, description="Of a change: the domain; None: any.")


class ScorePattern(Record, frozen=True):
    """The next score of an instrument."""

    kind: Literal["score"] = "score"
    instrument: PublicId
    scale: PublicId | None = None


class GoalPattern(Record, frozen=True):
    """The next rating of progress towards goals, or their attainment (the T score), higher is better."""

    kind: Literal["goal"] = "goal"
    domain: PublicText | None = None
    measure: Literal["rating", "attainment"] = Field(
        default="rating", description="Ratings from 0 to 10, or the T score of attainment levels."
    )


class ChangePattern(Record, frozen=True):
    """A change outside sessions: described by its rate after sessions with the cause, and given no verdict."""

    kind: Literal["change"] = "change"
    domain: PublicText | None = None
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

    unit: Literal["sessions", "days"]
    shortest: float = Field(ge=0)
    longest: float = Field(ge=0)

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

    lower: float = Field(lt=0)
    upper: float = Field(gt=0)


class Mechanism(Record, frozen=True):
    """One claim of a theory: this in sessions goes with that afterwards.

    What is not declared cannot be tested: a mechanism without lag, direction or smallest effect is reported as not
    testable.
    """

    id: Id
    label: PublicText | None = None
    cause: CausePattern
    effect: EffectPattern
    lag: LagWindow | None = None
    direction: Literal["improvement", "deterioration"] | None = Field(
        default=None, description="What more of the cause than usual goes with."
    )
    smallest_effect: float | None = Field(
        default=None, gt=0, description="Smallest effect of interest, in points."
    )
    inert_bounds: InertBounds | None = None
    rivals: Many[Id] = Field(
        default=(), description="Mechanisms of the theory that would explain the same change."
    )
    rationale: PublicText | None = None
    references: Many[PublicText] = ()

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

    kind: Literal["theory_of_change"] = "theory_of_change"
    schema_version: Literal["1.0"] = SCHEMA_VERSION
    id: Id
    name: PublicText
    mechanisms: Many[Mechanism] = Field(min_length=1)
    declared_at: When | None = None
    references: Many[PublicText] = ()

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
