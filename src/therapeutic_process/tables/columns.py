"""What the columns of a table mean: one contract per kind of table."""

from __future__ import annotations

from typing import Literal

import attrs

from therapeutic_process.errors import TableError

__all__ = [
    "CHANGE_EVENTS",
    "CODES",
    "CONTRACTS",
    "GOALS",
    "INTERACTIONS",
    "RATINGS",
    "SCORES",
    "SESSIONS",
    "TASKS",
    "Column",
    "Contract",
]

Family = Literal["number", "text", "key", "order", "time", "truth"]
Sensitivity = Literal["direct", "quasi", "free_text", "none"]


@attrs.frozen
class Column:
    """One column of a contract.

    Attributes:
        name: The name the library uses; every function takes a keyword to map another one.
        meaning: What a cell says, in the field's words.
        unit: The unit of a number, or ``""``.
        family: ``number`` (any numeric type), ``text``, ``key`` (text or whole number), ``order`` (number,
            date or time; unknown order is null), ``time``, ``truth``.
        required: Whether a table without this column breaks the contract.
        sensitivity: How the cells relate to a person; de-identification acts on it.
    """

    name: str
    meaning: str
    unit: str = ""
    family: Family = "text"
    required: bool = False
    sensitivity: Sensitivity = "none"


@attrs.frozen
class Contract:
    """The columns of one kind of table and what makes a row unique.

    Attributes:
        name: The kind of table.
        columns: Its columns, in order.
        key: Names of the columns that together are unique.
        order: The column that orders the rows of a client, if there is one.
        value: The column that holds the measured number, if there is one.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    order: str | None = None
    value: str | None = None

    def column(self, name: str) -> Column:
        """Return the column of that name.

        >>> SCORES.column("score").family
        'number'

        Raises:
            TableError: If the contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError("not_in_contract", needed=f"a column of {self.name}", found=f"no column {name!r}")

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that no table of this kind may lack."""
        return tuple(c.name for c in self.columns if c.required)


_CLIENT = Column("client_id", "whose course of therapy", family="key", required=True, sensitivity="direct")
_SESSION = Column("session", "number of the session", family="order", required=True)
_INTERACTION = Column("interaction", "index of the interaction in its session", family="order", required=True)
_AT = Column("occurred_at", "when it happened", family="time", sensitivity="quasi")

SCORES = Contract(
    "scores",
    (
        _CLIENT,
        _SESSION,
        Column("score", "total on the instrument", "scale points", "number", required=True),
        Column("instrument", "id of the instrument"),
        Column("subject", "whom the score is about", family="key", sensitivity="direct"),
        Column("respondent", "who answered", family="key", sensitivity="direct"),
        Column("timing", "before, after or between sessions, or unknown"),
        Column("measured_at", "when it was answered", family="time", sensitivity="quasi"),
        Column("missing_reason", "why there is no score"),
        Column("group", "arm, site or discipline", sensitivity="quasi"),
    ),
    ("client_id", "session"),
    "session",
    "score",
)
SESSIONS = Contract(
    "sessions",
    (
        _CLIENT,
        _SESSION,
        Column("status", "planned, held, cancelled or no_show"),
        Column("modality", "in person, video, telephone, text"),
        Column("started_at", "when it began", family="time", sensitivity="quasi"),
        Column("duration_s", "how long it lasted", "seconds", "number"),
    ),
    ("client_id", "session"),
    "session",
)
INTERACTIONS = Contract(
    "interactions",
    (
        _CLIENT,
        _SESSION,
        _INTERACTION,
        Column("speaker", "who acts", family="key", sensitivity="direct"),
        Column("role", "client, therapist or other"),
        Column("kind", "speech, silence, nonverbal or activity"),
        Column("start_s", "offset of its beginning in the session", "seconds", "number"),
        Column("end_s", "offset of its end in the session", "seconds", "number"),
        Column("text", "what was said", sensitivity="free_text"),
    ),
    ("client_id", "session", "interaction"),
    "interaction",
)
CODES = Contract(
    "codes",
    (
        _CLIENT,
        _SESSION,
        _INTERACTION,
        Column("system", "id of the coding system", required=True),
        Column("code", "the code given; null where a pass covered the unit and gave none", required=True),
        Column("pass_id", "which coding pass", family="key", required=True),
        Column("coder", "who coded", family="key", sensitivity="direct"),
        Column("role", "role of the speaker"),
        Column("strength", "strength of the code", "scale points", "number"),
    ),
    ("client_id", "session", "interaction", "pass_id", "code"),
    "interaction",
)
RATINGS = Contract(
    "ratings",
    (
        _CLIENT,
        _SESSION,
        Column("scale", "instrument or scale", required=True),
        Column("rater", "who rated", family="key", required=True, sensitivity="direct"),
        Column("role", "role of the rater: client, therapist, observer, software, other"),
        Column("target", "what was rated: session, segment, goal, interaction"),
        Column("value", "the rating", "scale points", "number", required=True),
    ),
    ("client_id", "session", "scale", "rater", "target"),
    "session",
    "value",
)
TASKS = Contract(
    "tasks",
    (
        _CLIENT,
        Column("task_id", "which task", family="key", required=True, sensitivity="quasi"),
        _SESSION,
        Column("kind", "journal, practice, exposure, …"),
        Column("status", "where the task stands"),
        Column("adherence", "how far it was done", "share or scale points", "number"),
        Column("adherence_rated_at", "when adherence was rated", family="time", sensitivity="quasi"),
        Column("due_at", "when it was due", family="time", sensitivity="quasi"),
    ),
    ("client_id", "task_id"),
    value="adherence",
)
GOALS = Contract(
    "goals",
    (
        _CLIENT,
        Column("goal_id", "which goal", family="key", required=True, sensitivity="quasi"),
        Column("statement", "the goal in words", sensitivity="free_text"),
        Column("domain", "area of life"),
        Column("level", "attainment reached", "-2 … +2", "number"),
        Column("baseline_level", "attainment at the beginning", "-2 … +2", "number"),
        Column("weight", "importance", "relative", "number"),
        Column("rater", "who rated", family="key", sensitivity="direct"),
        Column("rated_at", "when the level was rated", family="time", sensitivity="quasi"),
    ),
    ("client_id", "goal_id"),
    value="level",
)
CHANGE_EVENTS = Contract(
    "change_events",
    (
        _CLIENT,
        Column("event_id", "which event", family="key", required=True, sensitivity="quasi"),
        Column("locus", "in_session or out_of_session", required=True),
        Column("session", "the session it lies in, or after which it was reported", family="order"),
        _AT,
        Column("reported_at", "when it was reported", family="time", sensitivity="quasi"),
        Column("reporter", "who reported it", family="key", sensitivity="direct"),
        Column("domain", "area of life"),
        Column("direction", "improvement or deterioration"),
        Column("magnitude", "size of the change", "scale points", "number"),
    ),
    ("client_id", "event_id"),
    value="magnitude",
)

CONTRACTS: tuple[Contract, ...] = (
    SCORES,
    SESSIONS,
    INTERACTIONS,
    CODES,
    RATINGS,
    TASKS,
    GOALS,
    CHANGE_EVENTS,
)
