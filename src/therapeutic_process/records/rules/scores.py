"""Rules on scores and ratings: known instrument, inside its range, in agreement with items and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from therapeutic_process.base import broken, earliest, latest
from therapeutic_process.errors import RecordError, Violation
from therapeutic_process.instruments import Instrument, items_agree
from therapeutic_process.records.rating import Measurement
from therapeutic_process.records.rules.index import CaseIndex

__all__ = ["measurements_are_ordered", "ratings_fit_their_scale", "scores_fit_their_instrument"]


def scores_fit_their_instrument(index: CaseIndex) -> Iterator[Violation]:
    """A score lies in its instrument's range, an item answer in the item's; timing does not contradict known times."""
    ranges: dict[tuple[str, str | None], tuple[float, float] | str | None] = {}
    for i, one in enumerate(index.case.measurements):
        scale = (one.instrument, one.scale)
        if scale not in ranges:
            ranges[scale] = index.scale_range(*scale)
        limits, score = ranges[scale], one.score
        # there may be thousands: look closer only where something may be amiss
        if isinstance(limits, str) or (limits and score is not None and not limits[0] <= score <= limits[1]):
            yield from _in_range(index, ("measurements", i), *scale, score, "score")
        if one.items:
            yield from _items_fit(index, i, one)
        if one.session is not None:
            yield from _timing(index, i, one)


def ratings_fit_their_scale(index: CaseIndex) -> Iterator[Violation]:
    """A rating lies in the range of its scale, and belongs to a pass of the same system."""
    for i, one in enumerate(index.case.ratings):
        yield from _in_range(index, ("ratings", i), one.instrument, one.scale, one.value, "value")
        coding_pass = index.get("coding_pass", one.coding_pass)
        if coding_pass is not None and coding_pass.system != one.instrument:
            needed = "a pass of the system that the rating belongs to"
            yield broken(
                "code_system", "ratings", i, "coding_pass", needed=needed, found="a pass of another system"
            )


def measurements_are_ordered(index: CaseIndex) -> Iterator[Violation]:
    """Known times of one series (instrument, scale, subject, respondent) follow the order in which it stands."""
    last: dict[object, date] = {}
    for i, one in enumerate(index.case.measurements):
        when = one.measured_at
        if when is None:
            continue
        by = one.respondent
        series = (one.instrument, one.scale, one.subject, by.kind, by.participant, by.name, by.version)
        before = last.get(series)
        if before is not None and _is_before(when, before):
            needed = "times that follow the order of the series"
            yield broken(
                "measurement_order", "measurements", i, "measured_at", needed=needed, found="an earlier time"
            )
        last[series] = when


def _is_before(one: date, other: date) -> bool:
    """Whether a time lies before another, whatever instant of its day a day stands for."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return latest(one) < earliest(other)


def _in_range(
    index: CaseIndex,
    place: tuple[str, int],
    instrument: str,
    scale: str | None,
    value: float | None,
    name: str,
) -> Iterator[Violation]:
    limits = index.scale_range(instrument, scale)
    if isinstance(limits, str):
        field = "instrument" if limits == "instrument" else "scale"
        gap = broken(f"{limits}_unknown", *place, field, needed=f"an {limits}" if limits == "instrument" else "a scale",
                     found="one that neither catalogue nor case knows")  # fmt: skip
        if index.gaps is None:
            yield gap
        else:
            index.gaps.append(gap)
    elif limits is not None and value is not None and not limits[0] <= value <= limits[1]:
        found = "a smaller number" if value < limits[0] else "a larger number"
        needed = f"a number from {limits[0]:g} to {limits[1]:g}"
        yield broken("score_range", *place, name, needed=needed, found=found)


def _items_fit(index: CaseIndex, i: int, one: Measurement) -> Iterator[Violation]:
    instrument = index.catalogue.instrument(one.instrument)
    if instrument is None or not one.items:
        return
    amiss = list(_item_violations(instrument, one))
    if not amiss and one.score is not None:
        answers = {a.item: a.value for a in one.items}
        try:
            agree = items_agree(instrument, answers, one.score, subscale=one.scale)
        except RecordError:  # an answer that the item does not offer, though inside its range
            needed = "answers that the items offer"
            amiss = [broken("score_range", "items", needed=needed, found="another number")]
        else:
            if agree is False:
                needed = "the score that the items make under the instrument's scoring rule"
                amiss = [broken("items_agree", "score", needed=needed, found="another number")]
    yield from (v.under(f"$.measurements[{i}]") for v in amiss)


def _item_violations(instrument: Instrument, one: Measurement) -> Iterator[Violation]:
    low, high, count = instrument.item_minimum, instrument.item_maximum, instrument.item_count
    for j, answer in enumerate(one.items):
        if count is not None and answer.item > count:
            needed = f"an item number up to {count}"
            yield broken("item_unknown", "items", j, "item", needed=needed, found="a larger number")
        if (
            answer.value is not None
            and low is not None
            and high is not None
            and not low <= answer.value <= high
        ):
            needed = f"an answer from {low:g} to {high:g}"
            found = "a smaller number" if answer.value < low else "a larger number"
            yield broken("score_range", "items", j, "value", needed=needed, found=found)


def _timing(index: CaseIndex, i: int, one: Measurement) -> Iterator[Violation]:
    session = index.get("session", one.session)
    if session is None or session.started_at is None or one.measured_at is None:
        return
    if one.timing == "before" and earliest(one.measured_at) > latest(session.started_at):
        needed = "a time not after the session's start, for a measurement before it"
        yield broken("timing_time", "measurements", i, "measured_at", needed=needed, found="a later time")
    if one.timing in {"after", "between"} and latest(one.measured_at) < earliest(session.started_at):
        needed = "a time not before the session's start, for a measurement after it"
        yield broken("timing_time", "measurements", i, "measured_at", needed=needed, found="an earlier time")
