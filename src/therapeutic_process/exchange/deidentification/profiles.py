"""De-identification of whole cases: pseudonyms, moved or coarsened dates, texts taken out, and a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.exchange.deidentification.own_words import is_own_text, names_own, own_ids
from therapeutic_process.exchange.deidentification.pseudonyms import KeyedPseudonyms, RandomPseudonyms
from therapeutic_process.exchange.deidentification.reports import DeidentificationReport, Deidentified
from therapeutic_process.exchange.deidentification.settling import REMOVED, settle
from therapeutic_process.exchange.deidentification.walk import Field, rebuilt
from therapeutic_process.records import (
    BetweenSessionTask,
    Case,
    ChangeEvent,
    CodingPass,
    ContextEvent,
    Goal,
    JournalEntry,
    Measurement,
    Participant,
    Problem,
    Rating,
    Record,
    Reference,
    Segment,
    Session,
    TreatmentPlan,
)

if TYPE_CHECKING:
    from therapeutic_process.instruments import Catalogue

__all__ = ["Profile", "deidentify", "pseudonymise", "shift_dates"]

Profile = Literal["safe_harbor", "limited"]
Pseudonyms = KeyedPseudonyms | RandomPseudonyms
_OLDEST_AGE = 90

# The kind of identifier that the `id` of a record is, as references call it.
_KINDS: dict[type[Record], str] = {
    Case: "case",
    Participant: "participant",
    Problem: "problem",
    TreatmentPlan: "plan",
    Goal: "goal",
    Session: "session",
    Segment: "segment",
    CodingPass: "coding_pass",
    Rating: "rating",
    Measurement: "measurement",
    BetweenSessionTask: "task",
    JournalEntry: "journal_entry",
    ChangeEvent: "change_event",
    ContextEvent: "context_event",
}


def deidentify(
    case: Case,
    *,
    profile: Profile,
    pseudonyms: Pseudonyms,
    text: Callable[[str], str | None] | None = None,
    bound_days: int = 365,
    whole_days: bool = False,
    catalogue: Catalogue | None = None,
) -> Deidentified:
    """Take out of a case what tells who it is about.

    ``limited``: identifiers become pseudonyms, all times of the case move by one number of whole days (not zero,
    bounded, the same for every time, so that order and distances stay) and are told in UTC, free text goes; spans of
    characters in it become the interaction. ``safe_harbor``: besides, times become the year they lie in, or go where
    the record has no place for a year; a birth year that makes somebody 90 or older becomes the year of turning 90;
    texts that narrow down who it is go too, and so do the words of instruments and coding systems that are no public
    ones; pseudonyms must be random (45 CFR 164.514(b)(2), (c)). Neither looks into texts: a `text` function may rewrite
    them instead of dropping them, and answers for it.

    >>> from therapeutic_process.exchange import example_cases
    >>> names = KeyedPseudonyms(b"a secret of 16 or more bytes")
    >>> deidentify(example_cases()[0], profile="limited", pseudonyms=names)
    Deidentified(Case(participants=2, problems=1, plans=2, goals=2, sessions=8, segments=1, coding_passes=1,
    measurements=12, tasks=2, journal=2, change_events=2, context_events=1), limited)

    Args:
        case: The case.
        profile: How much goes.
        pseudonyms: Makes the pseudonyms and the number of days.
        text: Rewrites a free text; None drops it, and so does an answer of None.
        bound_days: Most days that times move, either way.
        whole_days: For ``limited``: whether times become days. A weekly rhythm that jumps by an hour tells when clocks
            were changed, and so how far times moved.
        catalogue: Where to look up instruments, as when the case was read.

    Returns:
        The case and the report.

    Raises:
        DocumentError: If a field is not marked with its sensitivity: then nothing is let through.
        NotEnoughData: If `bound_days` is below 1, or pseudonyms for ``safe_harbor`` are not random.
    """
    if profile == "safe_harbor" and isinstance(pseudonyms, KeyedPseudonyms):
        needed = "random pseudonyms: codes made from identifiers are not allowed by this profile"
        raise NotEnoughData("deidentify", needed=needed, found="keyed ones")
    if bound_days < 1:
        raise NotEnoughData("deidentify", needed="a bound of at least 1 day", found=bound_days)
    days = pseudonyms.days(case.id, bound=bound_days)
    work = _Work(case, profile, pseudonyms, text, days, whole_days=whole_days, own=own_ids(case, catalogue))
    data = rebuilt(case, work.change)
    work.coarsen_ages(data)
    settle(data, work.done, work.removed)
    context = None if catalogue is None else {"catalogue": catalogue}
    return Deidentified(Case.model_validate(data, context=context), work.report())


@attrs.define(repr=False)
class _Work:
    case: Case
    profile: Profile
    pseudonyms: Pseudonyms
    text: Callable[[str], str | None] | None
    days: int
    whole_days: bool = False
    own: frozenset[str] = frozenset()
    done: Counter[str] = attrs.field(factory=Counter)
    removed: Counter[str] = attrs.field(factory=Counter)

    def change(self, field: Field, value: Any) -> Any:
        """Return what becomes of one text or time; None takes it out."""
        if isinstance(value, date):
            return self._time(field, value)
        if field.sensitivity == "direct":
            return self._pseudonym(field, value)
        if field.sensitivity == "free_text":
            return self._free_text(field, value)
        if field.sensitivity == "quasi" and self.profile == "safe_harbor":
            self._out(field)
            return None
        if self.profile == "safe_harbor" and self.own:
            return self._in_own_words(field, value)
        return value

    def _in_own_words(self, field: Field, value: str) -> str | None:
        """Return a public name or text, unless it stands in an instrument or system that somebody made up."""
        if names_own(field, value, self.own):
            self.done["pseudonymised"] += 1
            return self.pseudonyms.of("instrument", value)
        if not is_own_text(field, self.own):
            return value
        self._out(field)
        return REMOVED if field.record.model_fields[field.name].is_required() else None

    def identifiers_only(self, field: Field, value: Any) -> Any:
        """Return the pseudonym of an identifier, and everything else as it is."""
        return (
            self._pseudonym(field, value)
            if field.sensitivity == "direct" and isinstance(value, str)
            else value
        )

    def _pseudonym(self, field: Field, value: str) -> str:
        kind = field.refers
        if isinstance(field.owner, Reference):
            kind = "session" if field.owner.kind == "interaction" else field.owner.kind
        self.done["pseudonymised"] += 1
        own = next((_KINDS[cls] for cls in field.record.__mro__ if cls in _KINDS), field.record.__name__)
        return self.pseudonyms.of(kind or own, value)

    def _free_text(self, field: Field, value: str) -> str | None:
        rewritten = None if self.text is None else self.text(value)
        if rewritten is None:
            self._out(field)
            return None
        self.done["replaced"] += 1
        return rewritten

    def _time(self, field: Field, value: date) -> Any:
        if self.profile == "limited":
            self.done["moved"] += 1
            return self._shifted(value)
        if field.name in {"occurred", "reported", "since", "start", "end"}:
            self.done["coarsened"] += 1
            return _year_of(field.name, value)
        self._out(field)
        return None

    def _shifted(self, value: date) -> date:
        """Return a time moved; its offset from UTC would tell where, and in which half of the year, it was taken."""
        if not isinstance(value, datetime):
            return _moved(value, self.days)
        if self.whole_days:
            return _moved(value.date(), self.days)
        moved = _moved(value, self.days)
        assert isinstance(moved, datetime)
        try:
            return moved.astimezone(UTC)
        except OverflowError:
            raise _edge() from None

    def _out(self, field: Field) -> None:
        self.removed[f"{field.record.__name__}.{field.name}"] += 1

    def coarsen_ages(self, data: dict[str, Any]) -> None:
        """Let nobody be older than 90; without any date in the case an age cannot be told, and the year goes."""
        if self.profile != "safe_harbor":
            return
        last = max((t.year for t in _times(self.case)), default=None)
        for person in data["participants"]:
            born = person.get("birth_year")
            if born is not None and last is None:
                self.removed["Participant.birth_year"] += 1
                del person["birth_year"]
            elif born is not None and last is not None and last - born >= _OLDEST_AGE:
                self.done["coarsened"] += 1
                person["birth_year"] = last - _OLDEST_AGE

    def report(self) -> DeidentificationReport:
        remains = [
            "vocabularies such as gender, roles and kinds",
            "scores, codes, offsets in seconds, and their order",
            "texts marked as public (names of instruments, systems and interventions, terms, versions, methods)",
        ]
        if self.profile == "limited":
            remains.append("texts that narrow down who it is (site, setting, domain), and birth years")
            if self.done["moved"] and not self.whole_days:
                remains.append(
                    "times of day, which may tell when clocks were changed, and so how far times moved"
                )
            if self.own:
                remains.append(
                    "the names and words of instruments and coding systems that cases brought along"
                )
        if self.text is not None:
            remains.append("free text as the caller's function rewrote it")
        return DeidentificationReport(
            profile=self.profile,
            pseudonymised=self.done["pseudonymised"],
            removed=tuple(sorted(self.removed.items())),
            replaced=self.done["replaced"],
            moved=self.done["moved"],
            coarsened=self.done["coarsened"],
            remains=tuple(remains),
        )


def _times(case: Case) -> Iterator[date]:
    """Yield every time in a case."""
    found: list[date] = []

    def note(_: Field, value: Any) -> Any:
        if isinstance(value, date):
            found.append(value)
        return value

    rebuilt(case, note)
    yield from found


def _moved(value: date, days: int) -> date:
    try:
        return value + timedelta(days=days)
    except OverflowError:
        raise _edge() from None


def _edge() -> NotEnoughData:
    needed = "times that stay in the calendar when they move"
    return NotEnoughData("shift_dates", needed=needed, found="one at its edge")


def _year_of(name: str, value: date) -> Any:
    first, last = date(value.year, 1, 1), date(value.year, 12, 31)
    if name == "start":
        return first
    return last if name == "end" else {"start": first, "end": last}


def shift_dates(case: Case, days: int, *, catalogue: Catalogue | None = None) -> Case:
    """Return the case with every time moved by the same number of whole days; order and distances stay.

    Args:
        case: The case.
        days: The number of days, not zero.
        catalogue: Where to look up instruments, as when the case was read.

    Raises:
        NotEnoughData: If `days` is zero, or a time would leave the calendar.
        DocumentError: If a field is not marked with its sensitivity.
    """
    if days == 0:
        raise NotEnoughData("shift_dates", needed="a number of days that is not zero", found=0)
    data = rebuilt(case, lambda _, value: _moved(value, days) if isinstance(value, date) else value)
    return Case.model_validate(data, context=None if catalogue is None else {"catalogue": catalogue})


def pseudonymise(
    cases: Iterable[Case], pseudonyms: Pseudonyms, *, catalogue: Catalogue | None = None
) -> Iterator[Case]:
    """Yield the cases with pseudonyms for identifiers and everything else as it was.

    The same identifier gets the same pseudonym in every case, so that a therapist's cases stay together.

    Args:
        cases: The cases.
        pseudonyms: Makes the pseudonyms.
        catalogue: Where to look up instruments, as when the cases were read.
    """
    for case in cases:
        work = _Work(case, "limited", pseudonyms, None, 0)
        data = rebuilt(case, work.identifiers_only)
        yield Case.model_validate(data, context=None if catalogue is None else {"catalogue": catalogue})
