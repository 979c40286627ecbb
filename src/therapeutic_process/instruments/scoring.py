"""From the answers to a score, under the published rule for missing items, or the reason why not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real

import attrs

from therapeutic_process.errors import RecordError, Violation
from therapeutic_process.instruments.facts import MissingItemRule
from therapeutic_process.instruments.instrument import Instrument, Scoring, Subscale

__all__ = ["Answers", "ItemScore", "items_agree", "score_items"]

Answers = Sequence[float | None] | Mapping[int, float | None]
"""Answers in the order of the items, or by item number from 1; None, NaN and an absent number are missing."""

_MULTIPLIER: Mapping[Scoring, float] = {"sum": 1, "mean": 1, "mean_x10": 10, "sum_x4": 4}
_MEANS = frozenset({"mean", "mean_x10"})


@attrs.frozen(repr=False)
class ItemScore:
    """A score made of answers, or the reason why there is none. Its text form never shows the score.

    Attributes:
        instrument: Id of the instrument.
        subscale: Id of the subscale; None for the total.
        score: The score, not rounded; None if the answers cannot be scored.
        n_items: Items that make the score; None if the catalogue does not know them.
        n_missing: How many of them have no answer; None if the items are not known.
        reason: Why there is no score; None if there is one.
        rule: The rule for missing items that was followed; None if there is none.
        subscales: The scores of the subscales, for the total only.
    """

    instrument: str
    subscale: str | None
    score: float | None
    n_items: int | None
    n_missing: int | None
    reason: str | None
    rule: MissingItemRule | None
    subscales: tuple[ItemScore, ...] = ()

    def __repr__(self) -> str:
        name = self.instrument if self.subscale is None else f"{self.instrument}.{self.subscale}"
        return f"ItemScore({name}: {self.reason or f'scored, {self.n_missing} of {self.n_items} missing'})"

    def of(self, subscale: str) -> ItemScore | None:
        """Return the score of a subscale, or None if there is no such subscale."""
        return next((s for s in self.subscales if s.subscale == subscale), None)


@attrs.frozen
class _Part:
    subscale: str | None
    items: tuple[int, ...] | None
    scoring: Scoring
    rule: MissingItemRule | None


def score_items(instrument: Instrument, answers: Answers) -> ItemScore:
    """Score the answers to an instrument: its total and its subscales.

    A missing answer is never zero. It is bridged only as far as the published rule allows: ``prorate`` takes
    the mean of the answered items for the missing ones, which is what the manuals with such a rule ask for.

    >>> from therapeutic_process.instruments import builtin_catalogue
    >>> phq9 = builtin_catalogue().instrument("phq9")
    >>> score_items(phq9, [1, 2, 0, 3, 1, 1, 2, 0, 0]).score
    10.0
    >>> score_items(phq9, [1, 2, None, 3, 1, None, 2, 0, 0])
    ItemScore(phq9: cannot score: 2 of 9 missing)

    Args:
        instrument: Its items, their range, which are reversed, and the rules.
        answers: As given, before any item is reversed.

    Raises:
        RecordError: If there are more or fewer answers than items, an item that the instrument lacks, or an
            answer that is no number or outside the item's range.
    """
    given = _by_number(answers)
    violations = tuple(_broken_answers(instrument, answers, given))
    if violations:
        raise RecordError("Answers", violations)
    subscales = tuple(_subscale_score(instrument, s, given) for s in instrument.subscales)
    items = None if instrument.item_count is None else tuple(range(1, instrument.item_count + 1))
    total = _score(instrument, _Part(None, items, instrument.scoring, instrument.missing_items), given)
    return attrs.evolve(total, subscales=subscales)


def items_agree(
    instrument: Instrument, answers: Answers, score: float, *, subscale: str | None = None
) -> bool | None:
    """Return whether a stated score is the one that the answers make, to the decimals in which it is stated.

    >>> from therapeutic_process.instruments import builtin_catalogue
    >>> phq9 = builtin_catalogue().instrument("phq9")
    >>> items_agree(phq9, [1, 2, 0, 3, 1, 1, 2, 0, 0], 11)
    False
    >>> items_agree(phq9, [1, 2, None, 3, 1, None, 2, 0, 0], 11) is None
    True

    Args:
        instrument: As in ``score_items``.
        answers: As in ``score_items``.
        score: The total that is stated beside the answers, or the score of the subscale.
        subscale: The subscale's id; None: the total.

    Returns:
        None if the answers cannot be scored or the subscale is unknown: then nothing can be said.

    Raises:
        RecordError: As ``score_items``.
    """
    total = score_items(instrument, answers)
    made = total if subscale is None else total.of(subscale)
    if made is None or made.score is None:
        return None
    scoring = instrument.scoring
    if subscale is not None and (part := instrument.subscale(subscale)) is not None:
        scoring = part.scoring
    return abs(made.score - score) <= _half_last_decimal(score, least=1 if scoring == "mean" else 0)


def _half_last_decimal(score: float, *, least: int) -> float:
    """Return how far rounding can have moved a stated score; means are stated to at least one decimal."""
    decimals = next((d for d in range(least, 9) if round(score, d) == score), 9)
    return 0.5 * 10.0**-decimals + 1e-9


def _by_number(answers: Answers) -> dict[int, float | None]:
    pairs = answers.items() if isinstance(answers, Mapping) else enumerate(answers, start=1)
    return {n: None if a is None or a != a else a for n, a in pairs}  # noqa: PLR0124 - NaN alone differs from itself


def _broken_answers(
    instrument: Instrument, answers: Answers, given: dict[int, float | None]
) -> Iterator[Violation]:
    count = instrument.item_count
    if count is not None and not isinstance(answers, Mapping) and len(given) != count:
        found = "fewer" if len(given) < count else "more"
        yield Violation(
            "$", "list_length", f"{count} answers, null for a missing one", f"{found}: {len(given)}"
        )
    last = math.inf if count is None else count
    if any(type(n) is not int or not 1 <= n <= last for n in given):
        needed = "item numbers from 1" if count is None else f"item numbers from 1 to {count}"
        yield Violation("$", "item_unknown", needed, "another number")
        return
    for number, answer in given.items():
        if answer is not None:
            yield from _broken_answer(instrument, number, answer)


def _broken_answer(instrument: Instrument, number: int, answer: float) -> Iterator[Violation]:
    path = f"$[{number - 1}]"
    low, high = instrument.item_minimum, instrument.item_maximum
    allowed = next((v.values for v in instrument.item_values if number in v.items), None)
    if not _is_number(answer):
        yield Violation(path, "wrong_type", "a number or null", "something else")
    elif math.isinf(answer):
        yield Violation(path, "number_not_finite", "a finite number", "an infinite number")
    elif allowed is not None and answer not in allowed:
        yield Violation(
            path, "number_out_of_range", f"one of {', '.join(f'{v:g}' for v in allowed)}", "another number"
        )
    elif low is not None and answer < low:
        yield Violation(path, "number_out_of_range", f"at least {low:g}", "a smaller number")
    elif high is not None and answer > high:
        yield Violation(path, "number_out_of_range", f"at most {high:g}", "a larger number")


def _is_number(answer: object) -> bool:
    return isinstance(answer, Real) and not isinstance(answer, bool)


def _subscale_score(instrument: Instrument, part: Subscale, given: dict[int, float | None]) -> ItemScore:
    rule = part.missing_items or instrument.missing_items
    # A limit that the manual states for all items says nothing about how many of a part may be missing.
    if part.missing_items is None and rule is not None and rule.max_missing is not None:
        rule = None
    return _score(instrument, _Part(part.id, part.items or None, part.scoring, rule), given)


def _score(instrument: Instrument, part: _Part, given: dict[int, float | None]) -> ItemScore:
    items = part.items or ()
    answered = [_turned(instrument, n, a) for n in items if (a := given.get(n)) is not None]
    reason = _unscorable(instrument, part) or _too_many_missing(len(items), len(answered), part.rule)
    score = None if reason else _combined(answered, len(items), part.scoring)
    known = part.items is not None
    return ItemScore(
        instrument=instrument.id,
        subscale=part.subscale,
        score=score,
        n_items=len(items) if known else None,
        n_missing=len(items) - len(answered) if known else None,
        reason=reason,
        rule=part.rule,
    )


def _combined(answered: list[float], n_items: int, scoring: Scoring) -> float:
    total = math.fsum(answered)
    if scoring in _MEANS:
        return _MULTIPLIER[scoring] * total / len(answered)
    return _MULTIPLIER[scoring] * (total if len(answered) == n_items else total * n_items / len(answered))


def _turned(instrument: Instrument, number: int, answer: float) -> float:
    low, high = instrument.item_minimum, instrument.item_maximum
    if number not in (instrument.reversed_items or ()) or low is None or high is None:
        return float(answer)
    return low + high - answer


def _unscorable(instrument: Instrument, part: _Part) -> str | None:
    if part.scoring == "none":
        return "cannot score: only the subscales are scored"
    if part.scoring not in _MULTIPLIER:
        return "cannot score: not by a plain sum or mean, or it is not known how"
    if part.items is None:
        return "cannot score: the items are not known"
    if instrument.reversed_items is None:
        return "cannot score: which items are reversed is not known"
    if instrument.reversed_items and None in {instrument.item_minimum, instrument.item_maximum}:
        return "cannot score: the range of the reversed items is not known"
    return None


def _too_many_missing(n_items: int, n_answered: int, rule: MissingItemRule | None) -> str | None:
    n_missing, allowed = n_items - n_answered, 0
    if rule is not None and rule.method == "prorate":
        allowed = n_items - 1 if rule.max_missing is None else min(rule.max_missing, n_items - 1)
    return f"cannot score: {n_missing} of {n_items} missing" if n_missing > allowed else None
