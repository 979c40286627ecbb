"""A FHIR R4 bundle as cases: takes what it understands, and accounts for everything it left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import earliest
from therapeutic_process.exchange.fhir import read_goals, read_people, read_scores, read_sessions
from therapeutic_process.exchange.fhir.elements import READ, checked, checked_entries
from therapeutic_process.exchange.fhir.grouping import Keys
from therapeutic_process.exchange.fhir.likeness import Patterns
from therapeutic_process.exchange.fhir.names import SYSTEM, code_in
from therapeutic_process.exchange.fhir.reading import Course, Entry, Sources, entry_of
from therapeutic_process.exchange.fhir.repair import case_of
from therapeutic_process.exchange.fhir.report import FhirImport, FhirReport
from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.instruments import builtin_catalogue

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from therapeutic_process.errors import Violation
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = ["from_bundle"]

_PEOPLE = frozenset({"Patient", "Practitioner", "RelatedPerson", "Device", "Group"})
_ORDER = (
    "EpisodeOfCare", "Condition", "Encounter", "Appointment", "Goal", "CarePlan", "Task", "Communication",
    "Basic", "Observation", "QuestionnaireResponse",
)  # fmt: skip
_OWNED = (("measurements", "subject"), ("context_events", "participant"), ("change_events", "participant"))
_ATTACHED = {"goal-progress", "goal-attainment"}
_NO_SUBJECT = "it does not say whose it is"
_ITEMS = "answers that belong to no measurement that was taken"


def from_bundle(bundle: Any, *, catalogue: Catalogue | None = None) -> FhirImport:
    """Read cases from a FHIR R4 bundle, ours or anybody's.

    Names, addresses and identifiers other than our own are never read. A year or a month becomes an interval where the
    record can hold one. What breaks a rule of the records is left out, alone, and named in the report.

    >>> from therapeutic_process.exchange.fhir import to_bundle
    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}])
    >>> from_bundle(to_bundle(case)).cases[0] == case
    True

    Args:
        bundle: The bundle, as ``json.load`` gives it.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.

    Returns:
        The cases, and a report in which every resource is either taken or left with a reason.

    Raises:
        DocumentError: If it is no bundle, or an element that is read has another type than R4 gives it; the paths name
            elements of R4, never a value.
    """
    known = builtin_catalogue() if catalogue is None else catalogue
    sources, left = _sources(bundle, known)
    courses = _courses(sources, left)
    gaps: list[Violation] = []
    cases = [case for course in courses if (case := _case(course, known, gaps)) is not None]
    report = FhirReport(
        n_resources=len(sources.entries) + sum(n for (_, why), n in left.items() if why in _UNREAD),
        taken=dict(sources.taken),
        left=tuple(ImportNote("not_taken", what, n, why) for (what, why), n in left.items()),
        notes=tuple(ImportNote(action, what, n, why) for (action, what, why), n in sources.notes.items()),
        gaps=tuple(gaps),
    )
    return FhirImport(tuple(cases), report)


_UNKNOWN = "a type of resource that has no place in a case"
_MODIFIED = "it has a modifier extension, which may turn its meaning round"
_UNREAD = frozenset({_UNKNOWN, _MODIFIED})
_Left = dict[tuple[str, str], int]


def _sources(bundle: Any, catalogue: Catalogue) -> tuple[Sources, _Left]:
    by_loinc = {i.loinc: i.id for i in catalogue.instruments.values() if i.loinc is not None}
    sources = Sources([], by_loinc)
    left: _Left = {}
    patterns = Patterns()
    for position, address, given in checked_entries(bundle):
        kind = given.get("resourceType")
        validator = READ.get(kind) if isinstance(kind, str) else None
        if validator is None or "modifierExtension" in given:
            shown = kind if validator is not None else "resource of another type"
            _leave(left, str(shown), _UNKNOWN if validator is None else _MODIFIED)
            continue
        like = patterns.find(given) if kind == "Observation" else None
        if like is not None:
            entry = like.entry(position, address, given)
        else:
            entry = _settled(entry_of(position, address, checked(given, validator, position)))
            if kind == "Observation":
                entry = patterns.learn(given, entry)
        sources.entries.append(entry)
        names = (address, f"{kind}/{given['id']}" if "id" in given else None)
        for name in names:
            if name is not None:
                sources.addresses.setdefault(name, entry)
    return sources, left


def _settled(entry: Entry) -> Entry:
    """Give a Device without our identifier no place among the participants: it is the software, not somebody."""
    if entry.resource["resourceType"] == "Device" and not entry.is_ours:
        return attrs.evolve(entry, kind="")
    return entry


def _leave(left: _Left, what: str, why: str) -> None:
    left[what, why] = left.get((what, why), 0) + 1


def _courses(sources: Sources, left: _Left) -> list[Course]:
    keys = Keys(sources)
    courses: dict[object, Course] = {}
    computed = _provenance(sources)
    by_type: dict[str, list[Entry]] = {}
    for entry in sources.entries:
        by_type.setdefault(entry.resource["resourceType"], []).append(entry)
    for entry in by_type.get("EpisodeOfCare", ()):
        if (key := keys.of(entry)) is not None:
            read_people.people_of(_course(courses, key, keys), entry)
    for entry in by_type.get("Patient", ()):
        _course(courses, keys.of(entry), keys).join(entry)
    for kind in _ORDER:
        for entry in by_type.get(kind, ()):
            _read(entry, courses, keys, computed, left)
    _account_for_others(by_type, courses.values(), sources, computed, left)
    return list(courses.values())


def _account_for_others(
    by_type: dict[str, list[Entry]],
    courses: Iterable[Course],
    sources: Sources,
    computed: dict[int, Entry],
    left: _Left,
) -> None:
    """Account for who takes part and for how changes were computed."""
    people = {number for c in courses for number in c.names}
    telling = {p.number for p in computed.values()}
    for kind in (*sorted(_PEOPLE), "Provenance"):
        for entry in by_type.get(kind, ()):
            if kind == "Provenance":
                why = None if entry.number in telling else "it tells of nothing that was taken"
            else:
                used = kind == "Group" or entry.number in people or (kind == "Device" and not entry.is_ours)
                why = None if used else "nobody in a case refers to it"
            _account(entry, why, sources.taken, left)


def _account(entry: Entry, why: str | None, taken: Counter[str], left: _Left) -> None:
    kind = entry.resource["resourceType"]
    if why is None:
        taken[kind] += 1
    else:
        _leave(left, kind, why)


def _provenance(sources: Sources) -> dict[int, Entry]:
    """Return which Provenance tells of which change."""
    found: dict[int, Entry] = {}
    for entry in sources.entries:
        if entry.resource["resourceType"] == "Provenance":
            for target in entry.resource.get("target", ()):
                told = sources.find(target)
                if told is not None and told.kind == "change_event":
                    found[told.number] = entry
    return found


def _course(courses: dict[object, Course], key: object, keys: Keys) -> Course:
    if key not in courses:
        courses[key] = Course(keys.sources, keys.names[key])
    return courses[key]


def _read(
    entry: Entry, courses: dict[object, Course], keys: Keys, computed: dict[int, Entry], left: _Left
) -> None:
    if entry.like is not None and entry.like.course is not None:
        read_scores.measurement_like(entry, entry.like, entry.like.course)
        keys.sources.taken["Observation"] += 1
        return
    key = keys.of(entry)
    if key is None:
        why: str | None = _NO_SUBJECT
    else:
        why = _into(_course(courses, key, keys), entry, computed)
    _account(entry, why, keys.sources.taken, left)


_READERS = {
    "EpisodeOfCare": read_people.episode,
    "Condition": read_people.problem,
    "Encounter": read_sessions.encounter,
    "Appointment": read_sessions.appointment,
    "Goal": read_goals.goal,
    "CarePlan": read_goals.care_plan,
    "Task": read_goals.task,
    "Communication": read_sessions.turn,
}
_BASICS = {
    "coding_pass": read_sessions.coding_pass,
    "segment": read_sessions.segment,
    "context_event": read_people.context_event,
}


def _into(course: Course, entry: Entry, computed: dict[int, Entry]) -> str | None:
    kind = entry.resource["resourceType"]
    if kind in _READERS:
        return _READERS[kind](course, entry)
    if kind == "Basic":
        reader = _BASICS.get(entry.kind)
        return "a record of a kind that is not known" if reader is None else reader(course, entry)
    if kind == "QuestionnaireResponse":
        if entry.is_ours:
            return read_scores.journal_entry(course, entry)
        return None if entry.number in course.sources.used else _ITEMS
    return _observation(course, entry, computed)


def _observation(course: Course, entry: Entry, computed: dict[int, Entry]) -> str | None:
    if entry.kind == "change_event":
        return read_scores.change_event(course, entry, computed.get(entry.number))
    instrument = read_scores.instrument_of(course, entry.resource)
    if instrument is None:
        return _of_process(course, entry)
    if entry.kind == "rating":
        return read_scores.rating(course, entry, instrument)
    before = course.sources.notes.total()
    why = read_scores.measurement(course, entry, instrument)
    if entry.like is not None and why is None and course.sources.notes.total() == before:
        entry.like.learn(course, course.parts["measurements"][-1])
    return why


def _of_process(course: Course, entry: Entry) -> str | None:
    concept = entry.resource.get("code")
    record = code_in(concept, f"{SYSTEM}record-kind")
    if record in _ATTACHED or _is_attainment(entry.resource):
        return read_goals.goal_rating(course, entry, record or "goal-attainment")
    if code_in(concept, f"{SYSTEM}coding-scheme") is not None:
        return read_sessions.code(course, entry)
    if code_in(concept, f"{SYSTEM}session-process") is not None:
        return "counts of a session cannot become its interactions again"
    return "its code is that of no instrument in the catalogue"


def _is_attainment(resource: Mapping[str, Any]) -> bool:
    codings = resource.get("valueCodeableConcept", {}).get("coding", ())
    return any(read_goals.level_in(c) is not None for c in codings)


def _case(course: Course, catalogue: Catalogue, gaps: list[Violation]) -> Case | None:
    if not course.people and not course.parts:
        return None  # a patient whom only resources that were left refer to
    if all(p["role"] != "client" for p in course.people.values()):
        course.people[course.id] = {"id": course.id, "role": "client"}
    data: dict[str, Any] = {k: v for k, v in course.fields.items() if not k.startswith("_")}
    data |= {"id": course.id, "participants": list(course.people.values()), **course.parts}
    _put_turns(course, data)
    data["sessions"] = _numbered(data.get("sessions", []))
    if course.has_foreign_scores:
        data["measurements"] = sorted(data["measurements"], key=lambda m: _first(m.get("measured_at")))
    _whose(data)
    mine: list[Violation] = []
    case = case_of(
        data,
        {"catalogue": catalogue, "gaps": mine},
        lambda what, code, n: course.sources.note("dropped", what, f"it breaks the rule {code}", n),
    )
    gaps += mine
    if case is None:
        course.sources.note("dropped", "case", "what is left of it makes no case")
    return case


def _whose(data: dict[str, Any]) -> None:
    """Say of parts that need an owner that they are the client's, where there is one client."""
    clients = [p["id"] for p in data["participants"] if p["role"] == "client"]
    for field, name in _OWNED:
        for part in data.get(field, ()):
            if part[name] is None and len(clients) == 1:
                part[name] = clients[0]


def _put_turns(course: Course, data: dict[str, Any]) -> None:
    sessions = {s["id"]: s for s in data.get("sessions", ())}
    for (session, _), turn in sorted(course.turns.items(), key=lambda t: t[0][1]):
        if session in sessions:
            sessions[session].setdefault("interactions", []).append(turn)


def _first(value: Any) -> datetime:
    return datetime.max.replace(tzinfo=UTC) if value is None else earliest(value)


def _numbered(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return sessions in their order; where not all have a number, in that of their times."""
    if all(isinstance(s.get("number"), int) for s in sessions):
        return sorted(sessions, key=lambda s: int(s["number"]))
    ordered = sorted(sessions, key=lambda s: _first(s.get("started_at")))
    return [{**one, "number": i} for i, one in enumerate(ordered, start=1)]
