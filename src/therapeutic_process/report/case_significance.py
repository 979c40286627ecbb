"""The part of a case view that says in which range scores lie: classes, response, remission, services' rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from therapeutic_process.change_process import ScorePair, TalkingTherapiesOutcome, talking_therapies_of
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, note, notes
from therapeutic_process.report.words import count, listed, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from therapeutic_process.instruments import Cutoff
    from therapeutic_process.records import Case, Measurement
    from therapeutic_process.report.graded_series import Answer, GradedSeries

__all__ = [
    "CLASS_WORDS",
    "PAIR",
    "SERVICE_ANSWERS",
    "answer_in_words",
    "class_label",
    "in_pair",
    "series_name",
    "service_parts",
    "significance_parts",
    "whose_series",
]

CLASS_WORDS: Final[dict[str, str]] = {
    "recovered": "recovered",
    "improved": "improved",
    "non_reliably_recovered": "crossed the cutoff, not reliably",
    "unchanged": "unchanged",
    "deteriorated": "deteriorated",
    "deteriorated_into_clinical_range": "deteriorated into the clinical range",
}
PAIR: Final = ("phq9", "gad7")
SERVICE_ANSWERS: Final[dict[str, str]] = {
    "at_caseness": "at caseness at the start",
    "recovery": "recovery",
    "reliable_improvement": "reliable improvement",
    "reliable_recovery": "reliable recovery",
    "reliable_deterioration": "reliable deterioration",
}
_GOOD: Final = frozenset({"recovered", "improved"})
_COLOURS: Final = {
    "deteriorated": "reliable_deterioration",
    "deteriorated_into_clinical_range": "reliable_deterioration",
}
_MEANING: Final = (
    "Recovered: reliably improved, from the clinical into the functional range. Improved, deteriorated: reliably, "
    "without this step. Crossed the cutoff, not reliably: from the clinical into the functional range by less than the "
    "threshold (Jacobson & Truax 1991)."
)
_NO_REMISSION: Final = "Remission: cannot say: no verified cutoff of remission is known for these scales."
_RESPONSE: Final = "Response: the last score is at most half of the first (doi 10.1176/appi.ps.201900295)."


def class_label(category: str | None) -> Html:
    """Return a class of clinical significance as a small label; None is "cannot say"."""
    if category is None:
        return tag("span", "cannot say", class_="verdict cannot_say")
    colour = "reliable_improvement" if category in _GOOD else _COLOURS.get(category, category)
    return tag("span", CLASS_WORDS[category], class_=f"verdict {colour}")


def answer_in_words(*, said: bool | None) -> str:
    """Return yes, no or "cannot say"."""
    return "cannot say" if said is None else "yes" if said else "no"


def series_name(view: View, one: Measurement) -> list[Content]:
    """Return what a series is called, and below it whose it is."""
    return [
        view.names.instrument(one.instrument, one.scale),
        tag("div", whose_series(view, one), class_="muted"),
    ]


def whose_series(view: View, one: Measurement) -> str:
    """Return whose scores a series holds, and by whom where that is somebody else."""
    subject, by = view.names.person(one.subject), view.names.reporter(one.respondent)
    return subject if subject == by else f"{subject}, by {by}"


def significance_parts(view: View, several: Sequence[GradedSeries]) -> Iterator[Html | None]:
    """Yield the class of every series, with response and remission; then what cannot be said, and why.

    Args:
        view: The case and how to show it.
        several: The case's series, graded.
    """
    told = [s for s in several if _has_an_answer(s)]
    with_remission = any(s.remission_cutoff for s in told)
    yield view.subheading("Clinical significance, response and remission")
    if told:
        columns: list[Column | str] = [
            "scale",
            "first score in",
            "last score in",
            "class",
            "response",
            *(["remission"] if with_remission else []),
            Column("by which cutoff, and what cannot be said", "wide"),
        ]
        rows = [_row(view, s, with_remission=with_remission) for s in told]
        yield table("Where the first and the last score of each series lie", columns, rows)
        yield notes([_MEANING, _RESPONSE, *([] if with_remission else [_NO_REMISSION])])
    silent = Counter(s.why or "" for s in several if not _has_an_answer(s))
    if silent:
        reasons = listed([f"{why} ({n})" for why, n in silent.most_common()])
        yield note(f"Cannot say for {count(silent.total(), 'series')}: {reasons}.")
    yield _sources(view, told)


def _has_an_answer(one: GradedSeries) -> bool:
    answers = (one.category, one.ranges, one.response.said, one.remission.said)
    return any(a is not None for a in answers)


def _row(view: View, one: GradedSeries, *, with_remission: bool) -> list[Content]:
    first, last = (None, None) if one.ranges is None else one.ranges
    return [
        series_name(view, one.measurements[0]),
        _range(clinical=first),
        _range(clinical=None if last is None else not last),
        class_label(one.category),
        answer_in_words(said=one.response.said),
        *([answer_in_words(said=one.remission.said)] if with_remission else []),
        [tag("div", line) for line in _how(one, with_remission=with_remission)] or "–",
    ]


def _range(*, clinical: bool | None) -> str:
    return "cannot say" if clinical is None else "clinical range" if clinical else "functional range"


def _how(one: GradedSeries, *, with_remission: bool) -> Iterator[str]:
    if one.cutoff is not None:
        yield f"Cutoff: {_cutoff_in_words(one.cutoff)}."
    if one.why is not None:
        yield f"Class: cannot say: {one.why}."
    yield from _unsaid("Response", one.response)
    if one.remission_cutoff is not None:
        yield f"Remission: {_cutoff_in_words(one.remission_cutoff)}."
    if with_remission:
        yield from _unsaid("Remission", one.remission)


def _unsaid(what: str, answer: Answer) -> Iterator[str]:
    if answer.said is None:
        yield f"{what}: cannot say: {answer.why}."


def _cutoff_in_words(cutoff: Cutoff) -> str:
    words = {">=": " or more", "<=": " or less", ">": ", more than that", "<": ", less than that", None: ""}
    side = words[cutoff.comparator]
    return f"{cutoff.value:g}{side}{' is clinical' if side else ''}"


def _sources(view: View, several: Sequence[GradedSeries]) -> Html | None:
    known: dict[str, Html] = {}
    for one in several:
        name = view.names.instrument(one.change.instrument, one.change.scale)
        for cutoff in (one.cutoff, one.remission_cutoff):
            if cutoff is not None:
                told = f"{name}, {cutoff.purpose}, {cutoff.value:g}: {cutoff.source}"
                known.setdefault(told, tag("li", told))
    if not known:
        return None
    return tag(
        "details", tag("summary", "Sources of the cutoffs"), tag("ul", known.values(), class_="note id")
    )


def in_pair(case: Case, client: str) -> set[str]:
    """Return which of the two measures of the services' rules were asked of a client, with a score or without."""
    return {m.instrument for m in case.measurements if m.subject == client and m.scale is None} & set(PAIR)


def service_parts(view: View) -> Iterator[Html | None]:
    """Yield the outcome under the rules of NHS Talking Therapies, for each client with one of its two measures.

    Args:
        view: The case and how to show it.
    """
    asked = [c.id for c in view.case.clients if in_pair(view.case, c.id)]
    if not asked:
        return
    yield view.subheading("Outcome under the rules of NHS Talking Therapies")
    try:
        found = {c: talking_therapies_of(view.case, client=c, catalogue=view.names.catalogue) for c in asked}
    except NotEnoughData as error:
        yield note(f"Cannot say: {error}.")
        return
    columns: list[Column | str] = ["whose", *SERVICE_ANSWERS.values(), Column("what cannot be said", "wide")]
    rows = [_service_row(view, client, outcome) for client, outcome in found.items()]
    yield table("The client's own first and last scores on PHQ-9 and GAD-7 together", columns, rows)
    yield _scores_used(view, found)
    last = next(iter(found.values()))
    yield tag("details", tag("summary", "Definitions of these rules"), notes(last.definitions))


def _service_row(view: View, client: str, outcome: TalkingTherapiesOutcome) -> list[Content]:
    answers = [answer_in_words(said=getattr(outcome, name)) for name in SERVICE_ANSWERS]
    return [
        view.names.person(client),
        *answers,
        [tag("div", f"{w[:1].upper()}{w[1:]}.") for w in outcome.why] or "–",
    ]


def _scores_used(view: View, found: dict[str, TalkingTherapiesOutcome]) -> Html:
    columns: list[Column | str] = [
        "measure",
        Column("first", "number"),
        Column("last", "number"),
        Column("caseness from", "number"),
        Column("reliable from", "number"),
        Column("source", "wide"),
    ]
    rows: list[list[Content]] = [
        [
            [view.names.instrument(rule.instrument), tag("div", view.names.person(client), class_="muted")],
            _score(pair, "first"),
            _score(pair, "last"),
            f"{rule.caseness:g}",
            f"{rule.reliable_change:g} points",
            tag("span", rule.source, class_="id"),
        ]
        for client, outcome in found.items()
        for rule, pair in zip(outcome.rules, (outcome.depression, outcome.anxiety), strict=True)
    ]
    inner = table("Scores and thresholds that were used", columns, rows)
    return tag("details", tag("summary", "Scores, dates, thresholds and their sources"), inner)


def _score(pair: ScorePair, end: str) -> list[Content]:
    score, at = getattr(pair, end), getattr(pair, f"{end}_at")
    return [
        "no score" if score is None else f"{score:g}",
        tag("div", when(at), class_="muted") if at else None,
    ]
