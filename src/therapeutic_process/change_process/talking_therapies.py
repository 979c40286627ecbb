"""The outcome rules of NHS Talking Therapies: recovery and reliable change on a pair of measures.

Definitions: Gyani et al. 2013, Behav Res Ther 51:597; NHS Digital, Psychological Therapies, Report on the use of IAPT
services, December 2020; Clark 2018, Annu Rev Clin Psychol. What the sources do not settle is said in the answer.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process.arguments import known_score
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from therapeutic_process.records import Case, Measurement

__all__ = [
    "MeasureRule",
    "ScorePair",
    "TalkingTherapiesOutcome",
    "talking_therapies_of",
    "talking_therapies_outcome",
]

_METHOD = "NHS Talking Therapies published threshold"
DEFINITIONS = (
    "At caseness: the first score of at least one of the two measures is at or above its cutoff.",
    "Recovery: at caseness at the start and below the cutoff on both measures at the end.",
    "Reliable improvement: a reliable decrease on at least one measure and no reliable increase on the other. "
    "Published tables differ in whether the second half is asked for.",
    "Reliable deterioration: a reliable increase on at least one measure and no reliable decrease on the other; the "
    "wording of this definition was not verified.",
    "Each measure is taken from its first to its last recorded score; whether follow-up appointments are left out was "
    "not verified.",
)


@attrs.frozen
class MeasureRule:
    """The thresholds of one measure.

    Attributes:
        instrument: The measure.
        caseness: A score of at least this is at caseness.
        reliable_change: A change of at least this many points is reliable.
        source: Where both come from.
    """

    instrument: str
    caseness: float
    reliable_change: float
    source: str


def _or_none(score: float | None) -> float | None:
    return known_score("ScorePair", score)


@attrs.frozen(repr=False)
class ScorePair:
    """First and last score of one measure; None (or NaN, which is kept as None) where there is none.

    What is no finite number is refused.

    Attributes:
        first: First recorded score.
        last: Last recorded score, of another measurement than the first.
        first_at: When the first was taken.
        last_at: When the last was taken.
    """

    first: float | None = attrs.field(converter=_or_none)
    last: float | None = attrs.field(converter=_or_none)
    first_at: date | None = None
    last_at: date | None = None

    def __repr__(self) -> str:
        return f"ScorePair({sum(x is not None for x in (self.first, self.last))} scores)"


@attrs.frozen(repr=False)
class TalkingTherapiesOutcome:
    """The outcome of one course of therapy under the rules; None means that it cannot be said.

    Attributes:
        at_caseness: Whether the course began at caseness.
        recovery: Whether it reached recovery; None too where it did not begin at caseness.
        reliable_improvement: Whether there was reliable improvement.
        reliable_deterioration: Whether there was reliable deterioration.
        reliable_recovery: Recovery and reliable improvement.
        in_recovery_denominator: Whether the course counts where recovery rates are formed.
        why: What could not be said, and the reason.
        depression: Scores of the depression measure.
        anxiety: Scores of the anxiety measure.
        rules: The thresholds used, with their sources.
        definitions: The definitions used.
    """

    at_caseness: bool | None
    recovery: bool | None
    reliable_improvement: bool | None
    reliable_deterioration: bool | None
    reliable_recovery: bool | None
    in_recovery_denominator: bool | None
    why: tuple[str, ...]
    depression: ScorePair
    anxiety: ScorePair
    rules: tuple[MeasureRule, MeasureRule]
    definitions: tuple[str, ...] = DEFINITIONS

    def __repr__(self) -> str:
        said = {
            name: getattr(self, name) for name in ("recovery", "reliable_improvement", "reliable_deterioration")
        }  # fmt: skip
        words = ", ".join(f"{k.replace('_', ' ')}: {_word(answer=v)}" for k, v in said.items())
        return f"TalkingTherapiesOutcome({words})"

    def explain(self) -> str:
        """Say how the answer came about, with scores, dates, thresholds and their sources."""
        lines = [
            f"{rule.instrument}: {_score(pair.first, pair.first_at)} to {_score(pair.last, pair.last_at)}; caseness at "
            f"{rule.caseness:g} or above, reliable change from {rule.reliable_change:g} points ({rule.source})"
            for rule, pair in zip(self.rules, (self.depression, self.anxiety), strict=True)
        ]
        return "\n".join([*lines, *self.why, *self.definitions])


def _word(*, answer: bool | None) -> str:
    return "cannot say" if answer is None else "yes" if answer else "no"


def _score(score: float | None, when: date | None) -> str:
    return ("no score" if score is None else f"{score:g}") + (
        "" if when is None else f" ({when.isoformat()})"
    )


def talking_therapies_outcome(
    depression: ScorePair,
    anxiety: ScorePair,
    *,
    measures: tuple[str, str] = ("phq9", "gad7"),
    confirmed: Mapping[str, MeasureRule] | None = None,
    catalogue: Catalogue | None = None,
) -> TalkingTherapiesOutcome:
    """Apply the outcome rules of NHS Talking Therapies to a pair of measures.

    >>> talking_therapies_outcome(ScorePair(10, 9), ScorePair(7, 7))
    TalkingTherapiesOutcome(recovery: yes, reliable improvement: no, reliable deterioration: no)
    >>> talking_therapies_outcome(ScorePair(10, None), ScorePair(7, 7)).recovery is None
    True

    Args:
        depression: First and last score of the depression measure.
        anxiety: First and last score of the anxiety measure, or of the measure specific to the disorder.
        measures: The two instruments.
        confirmed: Thresholds that the caller has confirmed, by instrument; needed where none is verified.
        catalogue: Where to look up verified thresholds; by default the built-in catalogue.

    Returns:
        The outcome; what cannot be said is None, with the reason in ``why``.

    Raises:
        NotEnoughData: If a measure has no verified thresholds and none were confirmed.
    """
    known = catalogue or builtin_catalogue()
    rules = _rule(measures[0], confirmed or {}, known), _rule(measures[1], confirmed or {}, known)
    pairs = (depression, anxiety)
    start = _any([_at_caseness(p.first, r) for p, r in zip(pairs, rules, strict=True)])
    end = _any([_at_caseness(p.last, r) for p, r in zip(pairs, rules, strict=True)])
    moves = [_move(p, r) for p, r in zip(pairs, rules, strict=True)]
    better, worse = _reliable(moves, -1), _reliable(moves, +1)
    complete = all(p.first is not None and p.last is not None for p in pairs)
    recovery = None if not complete or not start or end is None else not end
    return TalkingTherapiesOutcome(
        at_caseness=start,
        recovery=recovery,
        reliable_improvement=better,
        reliable_deterioration=worse,
        reliable_recovery=None if recovery is None or better is None else recovery and better,
        in_recovery_denominator=start if complete else None,
        why=tuple(_why(pairs, measures, start=start)),
        depression=depression,
        anxiety=anxiety,
        rules=rules,
    )


def _rule(instrument: str, confirmed: Mapping[str, MeasureRule], catalogue: Catalogue) -> MeasureRule:
    if instrument in confirmed:
        return confirmed[instrument]
    entry = catalogue.instrument(instrument)
    found = () if entry is None else entry.cutoffs_for(purpose="caseness")
    cutoffs = [c for c in found if c.subscale is None and c.metric is None and c.comparator == ">="]
    several = () if entry is None else entry.change_thresholds_for(kind="reliable_change", method=_METHOD)
    changes = [t for t in several if t.comparator == ">="]
    if len(cutoffs) != 1 or len(changes) != 1:
        needed = "verified caseness and reliable-change thresholds of each measure, or confirmed ones (`confirmed`)"
        amount = f"{len(cutoffs)} and {len(changes)} for one measure"
        raise NotEnoughData("talking_therapies_outcome", needed=needed, found=amount)
    return MeasureRule(
        instrument, cutoffs[0].value, changes[0].value, f"{cutoffs[0].source}; {changes[0].source}"
    )


def _at_caseness(score: float | None, rule: MeasureRule) -> bool | None:
    return None if score is None else score >= rule.caseness


def _any(answers: list[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def _move(pair: ScorePair, rule: MeasureRule) -> int | None:
    """Return +1 for a reliable increase of symptoms, -1 for a reliable decrease, 0 for neither."""
    if pair.first is None or pair.last is None:
        return None
    change = pair.last - pair.first
    # scores may be decimals: 2.3 − 1.8 falls short of 0.5 by the rounding of floats only
    reached = abs(change) > rule.reliable_change or math.isclose(abs(change), rule.reliable_change)
    return 0 if not reached else 1 if change > 0 else -1


def _reliable(moves: list[int | None], sign: int) -> bool | None:
    if None in moves:
        return None
    return sign in moves and -sign not in moves


def _why(pairs: tuple[ScorePair, ScorePair], measures: tuple[str, str], *, start: bool | None) -> list[str]:
    reasons = []
    for pair, name in zip(pairs, measures, strict=True):
        n = sum(x is not None for x in (pair.first, pair.last))
        if n < 2:
            reasons.append(f"{name}: needs a first and a last score, found {n}")
    if start is False and not reasons:
        reasons.append("not at caseness at the start: outside the denominator of recovery")
    return reasons


def talking_therapies_of(
    case: Case,
    *,
    client: str | None = None,
    measures: tuple[str, str] = ("phq9", "gad7"),
    confirmed: Mapping[str, MeasureRule] | None = None,
    catalogue: Catalogue | None = None,
) -> TalkingTherapiesOutcome:
    """Apply the rules to the client's own first and last scores in a case.

    >>> from therapeutic_process.exchange import example_cases
    >>> talking_therapies_of(example_cases()[0])
    TalkingTherapiesOutcome(recovery: yes, reliable improvement: yes, reliable deterioration: no)

    Args:
        case: The case.
        client: The client, where there are several.
        measures: As in `talking_therapies_outcome`.
        confirmed: As in `talking_therapies_outcome`.
        catalogue: As in `talking_therapies_outcome`.

    Raises:
        NotEnoughData: If there are several clients and none is named, if nobody of that id is a client, or as
            `talking_therapies_outcome`.
    """
    if client is None and len(case.clients) > 1:
        needed = "the client, where a case has several"
        raise NotEnoughData("talking_therapies_of", needed=needed, found=f"{len(case.clients)} clients")
    who = case.clients[0].id if client is None else client
    if all(c.id != who for c in case.clients):
        raise NotEnoughData(
            "talking_therapies_of", needed="the id of a client of the case", found="another id"
        )
    own = [m for m in case.measurements if _own(m, who)]
    pairs = [_pair([m for m in own if m.instrument == name and m.score is not None]) for name in measures]
    return talking_therapies_outcome(
        pairs[0], pairs[1], measures=measures, confirmed=confirmed, catalogue=catalogue
    )  # fmt: skip


def _own(one: Measurement, who: str) -> bool:
    """Whether it is what the client said of herself or himself, on the whole measure."""
    told = one.respondent.kind == "client" and one.respondent.participant in {None, who}
    return told and one.subject == who and one.scale is None


def _pair(scored: list[Measurement]) -> ScorePair:
    if not scored:
        return ScorePair(None, None)
    first, last = scored[0], scored[-1] if len(scored) > 1 else None
    return ScorePair(
        first.score, last.score if last else None, first.measured_at, last.measured_at if last else None
    )
