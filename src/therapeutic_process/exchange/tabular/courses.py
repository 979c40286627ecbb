"""From scores to courses of therapy: a case per client, from records that are made once and shared."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, cast

import attrs

from therapeutic_process.errors import RecordError, TableError
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.records import Case, Measurement, Participant, Reporter, Session, Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import MissingReason

__all__ = ["CLIENT", "Courses", "Occasion", "RespondentKind", "Scale", "Scales"]

RespondentKind = Literal["client", "therapist", "observer", "software", "other"]
CLIENT = "client"


@attrs.frozen
class Scale:
    """What a score is a score of, with the range that is published for it."""

    instrument: str
    scale: str | None
    minimum: float | None
    maximum: float | None

    def holds(self, score: float) -> bool:
        """Whether a score lies in the range, as far as there is one."""
        above = self.minimum is None or score >= self.minimum
        return above and (self.maximum is None or score <= self.maximum)


@attrs.frozen(cache_hash=True)
class Occasion:
    """When and how a score was taken: all of a measurement but the score and whose it is."""

    scale: Scale
    session: int | None
    timing: Timing = "unknown"
    respondent: RespondentKind = "client"
    measured_at: date | None = None


class Scales:
    """Looks instruments up, once each, and remembers those that a document must carry to be read alone.

    Args:
        catalogue: Where to look; by default the built-in one.
        given: The caller's instruments or ids, by the text that the table has for them.
        strict: Whether an instrument that nobody knows is an error; otherwise it is taken without a range.
    """

    def __init__(
        self, catalogue: Catalogue | None, given: Mapping[str, Instrument | str] | None, *, strict: bool
    ) -> None:
        self.catalogue = catalogue or builtin_catalogue()
        self.given = given or {}
        self.strict = strict
        self.carried: dict[str, Instrument] = {}
        self.unknown: set[str] = set()

    def of(self, instrument: Instrument | str, scale: str | None = None) -> Scale | None:
        """Return the scale of an instrument; None if nobody knows the instrument or it has no such scale."""
        if isinstance(instrument, str):
            instrument = self.given.get(instrument, self.given.get(instrument.strip(), instrument))
        if isinstance(instrument, str):
            found = self.catalogue.instrument(instrument) or self.catalogue.instrument(instrument.strip())
            system = builtin_catalogue().coding_system(instrument) if found is None else None
            rating = None if system is None or scale is None else system.scale(scale)
            if rating is not None:
                return Scale(instrument, scale, rating.minimum, rating.maximum)
            if found is None and self.strict:
                return None
            if found is None:
                self.unknown.add(instrument)
            instrument = found or Instrument(id=instrument, name=instrument, minimum=None, maximum=None)
        part = instrument if scale is None else instrument.subscale(scale)
        if part is None:
            return None
        if builtin_catalogue().instrument(instrument.id) != instrument:
            self.carried[instrument.id] = instrument
        limits = (part.minimum, part.maximum) if None not in {part.minimum, part.maximum} else (None, None)
        return Scale(instrument.id, scale, *limits)

    def one(self, instrument: Instrument | str) -> Scale:
        """Return the scale of the caller's one instrument.

        Raises:
            TableError: ``instrument_unknown``.
        """
        scale = self.of(instrument)
        if scale is None:
            needed = "an Instrument, or the id of one in the catalogue"
            raise TableError("instrument_unknown", needed=needed, found="an id that the catalogue lacks")
        return scale


class Courses:
    """Makes cases. Records are frozen, so that clients with the same score share the measurement.

    Two clients measured on the same occasions differ by ids and scores only, and every score was compared with its
    range before: what one such case keeps, all keep. So the rules of a whole case run once per pattern of occasions.
    """

    def __init__(self, scales: Scales) -> None:
        self.scales = scales
        self._measurements: dict[tuple[int, Occasion, float | str], Measurement] = {}
        self._checked: dict[tuple[int, Occasion], Measurement] = {}
        self._sessions: dict[int, Session] = {}
        self._people: dict[str | None, tuple[Participant, ...]] = {}
        self._patterns: dict[tuple[tuple[Occasion, ...], str | None], Case] = {}

    def case(
        self,
        name: str,
        occasions: tuple[Occasion, ...],
        values: list[float | str],
        *,
        group: str | None,
        row: int,
    ) -> Case:
        """Return the case of one client.

        Args:
            name: The client's id in the table; it becomes the id of the case.
            occasions: When and how, in the order of the course.
            values: The scores, or the reasons why they are missing.
            group: The client's group.
            row: The row with which the client begins, for an error.

        Raises:
            TableError: If the case breaks a rule, with the rule's own code.
        """
        measurements = tuple(map(self._measurement, range(1, len(values) + 1), occasions, values))
        pattern = self._patterns.get((occasions, group))
        if pattern is not None:
            return pattern.model_copy(update={"id": name, "measurements": measurements})
        case = self._whole(name, occasions, measurements, group, row)
        if not any(o.measured_at for o in occasions):
            self._patterns[occasions, group] = case
        return case

    def _whole(
        self,
        name: str,
        occasions: tuple[Occasion, ...],
        measurements: tuple[Measurement, ...],
        group: str | None,
        row: int,
    ) -> Case:
        numbers = sorted({o.session for o in occasions if o.session is not None})
        used = {o.scale.instrument for o in occasions}
        failure = None
        try:
            return Case(
                id=name, participants=self._person(group), sessions=tuple(map(self._session, numbers)),
                measurements=measurements,
                instruments=tuple(i for i in self.scales.carried.values() if i.id in used),
            )  # fmt: skip
        except RecordError as error:
            failure = error.violations[0]
        needed, found = f"{failure.needed} in the rows of each client", failure.found
        raise TableError(failure.code, needed=needed, found=found, rows=(row,))

    def _person(self, group: str | None) -> tuple[Participant, ...]:
        if group not in self._people:
            self._people[group] = (Participant(id=CLIENT, role="client", group=group),)
        return self._people[group]

    def _session(self, number: int) -> Session:
        if number not in self._sessions:
            self._sessions[number] = Session(id=f"session-{number}", number=number, status="held")
        return self._sessions[number]

    def _measurement(self, position: int, occasion: Occasion, value: float | str) -> Measurement:
        key = (position, occasion, value)
        found = self._measurements.get(key)
        if found is None:
            found = self._measurements[key] = self._like(position, occasion, value)
        return found

    def _like(self, position: int, occasion: Occasion, value: float | str) -> Measurement:
        """Return a measurement; the first on an occasion is checked, and the others differ by the score only."""
        first = self._checked.get((position, occasion))
        if first is None or isinstance(value, str) or first.score is None:
            made = _checked(position, occasion, value)
            if first is None or first.score is None:
                self._checked[position, occasion] = made
            return made
        return first.model_copy(update={"score": value})


def _checked(position: int, occasion: Occasion, value: float | str) -> Measurement:
    try:
        return _measured(position, occasion, value)
    except RecordError as error:
        failure = error.violations[0]
    raise TableError(failure.code, needed=failure.needed, found=failure.found)


def _measured(position: int, occasion: Occasion, value: float | str) -> Measurement:
    inside = CLIENT if occasion.respondent == CLIENT else None
    return Measurement(
        id=f"m{position}", instrument=occasion.scale.instrument, scale=occasion.scale.scale, subject=CLIENT,
        respondent=Reporter(kind=occasion.respondent, participant=inside),
        score=None if isinstance(value, str) else value,
        missing=cast("MissingReason", value) if isinstance(value, str) else None,
        session=None if occasion.session is None else f"session-{occasion.session}", timing=occasion.timing,
        measured_at=occasion.measured_at,
    )  # fmt: skip
