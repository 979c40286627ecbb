"""Strategies for measurements and ratings, inside the ranges of their instruments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from therapeutic_process.instruments import Instrument, builtin_catalogue, score_items
from therapeutic_process.records import ItemAnswer, Measurement, Rating, Reference, Session
from therapeutic_process.testing.between_sessions import missing_reasons
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import reporters
from therapeutic_process.testing.values import START, built, finite, ids, maybe

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["item_answers", "measurements", "ratings", "usual_instruments"]

_USUAL = ("phq9", "gad7", "ors", "srs", "wai_sr", "core10")
_RATED = frozenset({"session", "segment", "goal", "interaction"})


def usual_instruments() -> tuple[Instrument, ...]:
    """Return a few questionnaires of the built-in catalogue that drawn cases use."""
    found = (builtin_catalogue().instrument(name) for name in _USUAL)
    return tuple(i for i in found if i is not None)


def item_answers(*, item: int | None = None) -> SearchStrategy[ItemAnswer]:
    """Answers to one item, or the reason why there is none.

    Args:
        item: The item's number; None: any.
    """
    number: dict[str, SearchStrategy[Any]] = {"item": st.integers(1, 20) if item is None else st.just(item)}
    answered = built(ItemAnswer, number | {"value": st.integers(0, 4)})
    return answered | built(ItemAnswer, number | {"missing": missing_reasons()})


@st.composite
def _answers(draw: DrawFn, instrument: Instrument) -> tuple[list[ItemAnswer], float | None]:
    """Draw an answer to every item, and the score that they make."""
    low, high = round(instrument.item_minimum or 0), round(instrument.item_maximum or 0)
    allowed = {n: v.values for v in instrument.item_values for n in v.items}
    made: list[ItemAnswer] = []
    for n in range(1, (instrument.item_count or 0) + 1):
        values: SearchStrategy[Any] = st.sampled_from(allowed[n]) if n in allowed else st.integers(low, high)
        given = draw(st.none() | values) if draw(st.integers(0, 9)) == 9 else draw(values)
        rest = {"value": st.just(given)} if given is not None else {"missing": missing_reasons()}
        made.append(draw(built(ItemAnswer, {"item": st.just(n), **rest})))
    return made, score_items(instrument, {a.item: a.value for a in made}).score


def _scorable(instrument: Instrument) -> bool:
    known = None not in {instrument.item_count, instrument.item_minimum, instrument.item_maximum}
    return known and instrument.reversed_items is not None and instrument.scoring not in {"none", "other"}


@st.composite
def measurements(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    session: Session | None = None,
    timing: Literal["before", "after", "between"] | None = None,
    moment: datetime = START,
    known: Known = ALONE,
) -> Measurement:
    """Scores of an instrument, with or without answers that make them, or the reason why they are missing.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        session: The session that the timing is seen from.
        timing: Seen from that session; None: not known.
        moment: The true instant at which it was taken.
        known: The case, and with it participants and instruments.
    """
    instrument = draw(st.sampled_from(known.instruments or usual_instruments()))
    scale = draw(st.sampled_from([None, *instrument.subscales]))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("m"),
        "instrument": st.just(instrument.id),
        "subject": st.sampled_from(known.clients),
        "respondent": reporters(known=known),
    }
    if scale is not None:
        required["scale"] = st.just(scale.id)
    if session is not None:
        required |= {"session": st.just(session.id), "timing": st.just(timing or "unknown")}
    if scale is None and _scorable(instrument) and draw(st.integers(0, 3)) == 3:
        answers, score = draw(_answers(instrument))
        required["items"] = st.just(answers)
        required |= {"missing": st.just("not_scorable")} if score is None else {"score": st.just(score)}
    elif draw(st.integers(0, 4)) == 4:
        required["missing"] = missing_reasons()
    else:
        whole = instrument if scale is None else scale
        required["score"] = within(whole.minimum, whole.maximum)
    return draw(built(Measurement, required, known.when(measured_at=moment)))


def within(low: float | None, high: float | None) -> SearchStrategy[float]:
    """Scores in a range, the whole numbers among them first."""
    whole = st.integers(round(low or 0), round(high if high is not None else (low or 0) + 100))
    return whole.map(float).filter(
        lambda x: (low is None or low <= x) and (high is None or x <= high)
    ) | finite(low, high)


@st.composite
def measurement_series(draw: DrawFn, *, known: Known, prefix: str = "") -> list[Measurement]:
    """The measurements of a case in the order in which they were taken, around its sessions.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it the sessions.
        prefix: What every id begins with.
    """
    made: list[Measurement] = []
    places: list[tuple[Session | None, Literal["before", "after", "between"] | None, datetime]] = [
        (None, None, START - timedelta(days=3))
    ]
    for session, start in zip(known.sessions, known.starts, strict=True):
        places.append((session, "before", start - timedelta(minutes=10)))
        places.append((session, "after", start + timedelta(hours=2)))
        places.append((session, "between", start + timedelta(days=1)))
    for where, timing, moment in places:
        part = measurements(
            id=f"{prefix}m{len(made) + 1}", session=where, timing=timing, moment=moment, known=known
        )
        one = draw(maybe(part)) if not made or draw(st.booleans()) else None
        if one is not None:
            made.append(one)
    return made


@st.composite
def ratings(draw: DrawFn, *, id: str | None = None, known: Known = ALONE) -> Rating:  # noqa: A002
    """Values on a scale, given to a session, a segment, a goal or an interaction.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it what can be rated, the instruments, the systems and the passes.
    """
    scales: list[tuple[str, str | None, float | None, float | None]] = []
    for instrument in known.instruments or usual_instruments():
        scales.append((instrument.id, None, instrument.minimum, instrument.maximum))
        scales += [(instrument.id, s.id, s.minimum, s.maximum) for s in instrument.subscales]
    scales += [(system.id, s.id, s.minimum, s.maximum) for system in known.systems for s in system.scales]
    name, scale, low, high = draw(st.sampled_from(scales))
    rated: tuple[Reference, ...] = tuple(r for r in known.references if r.kind in _RATED)
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("r"),
        "instrument": st.just(name),
        "of": st.sampled_from(rated),
        "rater": reporters(known=known),
        "value": within(low, high),
    }
    if scale is not None:
        required["scale"] = st.just(scale)
    passes = tuple(p.id for p in known.passes if p.system == name)
    optional = {**known.one_of(coding_pass=passes), **known.when(rated_at=START + timedelta(days=90))}
    return draw(built(Rating, required, optional))
