"""The tables of a cohort that may be shown under a small-cell rule, as numbers: for a page, for lines and for JSON."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.report.case_significance import CLASS_WORDS
from therapeutic_process.report.cohort_change_tally import CANNOT_SAY
from therapeutic_process.report.figures.change import VERDICTS
from therapeutic_process.report.rating_parts import number as in_words
from therapeutic_process.report.shared_counts import NONE, SEVERAL
from therapeutic_process.report.words import percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence  # noqa: TC004  attrs does not evaluate annotations

    from therapeutic_process.report.names import Names
    from therapeutic_process.report.shared_counts import Key, SharedCounts
    from therapeutic_process.report.small_cells import SmallCells

__all__ = ["LEFT_OUT_OF_IT", "SharedRow", "SharedTable", "said", "shared_tables"]

LEFT_OUT_OF_IT: Final = (
    "What is not in the table occurs in too few cases or in none, or would tell of what does."
)

_CLASSES: Final = {**CLASS_WORDS, CANNOT_SAY: "cannot say"}
_ANSWERS: Final = {
    "yes": "yes",
    "no": "no",
    "outside the denominator": "outside the denominator",
    "cannot say": "cannot say, or not one client who was asked both",
}
# who is treated together is likely to have several series, and several arms
_ALIKE: Final = {NONE: NONE, **dict.fromkeys((SEVERAL, "couple", "family", "group"), SEVERAL)}
_COUNTED: Final = {"cases": "count", "of all": "share"}
_LINKS: Final = {
    "one": "with one session in the window",
    "several": "ambiguous: more than one session in the window",
    "nothing": "no session in the window",
    "unplaced": "cannot be placed",
}
_GOALS: Final = {
    "t_now": "goal attainment T, now",
    "t_change": "change in T since the start",
    "progress": "goal-based outcome, last minus first (0 to 10)",
}


@attrs.frozen
class SharedRow:
    """A row that may be shown.

    Attributes:
        levels: What it is of; several in one row where parts were put together.
        numbers: Its numbers.
    """

    levels: tuple[str, ...]
    numbers: tuple[float, ...]


@attrs.frozen
class SharedTable:
    """A table that may be shown.

    Attributes:
        part: The part of the page that it belongs to.
        title: What it shows.
        by: What its rows are of.
        numbers: What its numbers are, and whether each is a ``count``, a ``share`` or a ``value``.
        rows: The rows that may be shown.
        left_out: Whether something is left out or put together, because it is of few.
    """

    part: str
    title: str
    by: tuple[str, ...]
    numbers: Mapping[str, str]
    rows: Sequence[SharedRow]
    left_out: bool = False


def said(number: float, kind: str) -> str:
    """Return a number of a table in words.

    >>> said(1200, "count"), said(0.25, "share"), said(-1.5, "value")
    ('1,200', '25 %', '−1.5')

    Args:
        number: The number.
        kind: Whether it is a ``count``, a ``share`` or a ``value``.
    """
    if kind == "count":
        return f"{number:,}"
    return percent(number) if kind == "share" else in_words(number)


def shared_tables(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    """Yield the tables that may be shown; none where there are too few cases for anything.

    Args:
        counts: What was counted.
        gate: Decides what may be shown.
        names: What instruments, systems and codes are called.
    """
    if counts.n_cases < gate.rule.smallest:
        return
    yield from _in_parts(counts, gate, names)
    yield from _differences(counts, gate, names)
    yield from _goals(counts, gate)
    yield from _counted(counts, gate, names)
    yield from _codes(counts, gate, names)
    yield from _over_cases(counts, gate, names)
    yield from _views(counts, gate)


def _in_parts(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    """Yield all cases by what each is in: all have the same total, and are looked at together for what they share."""
    wanted = {name: _levels(name) for name in counts.divided if _is_told(counts, name)}
    tables = {name: {**dict.fromkeys(fixed, 0), **counts.cases_by(name)} for name, fixed in wanted.items()}
    for name, own in tables.items():
        # a part that a table has by its nature is known to be empty where the others hold everybody
        tables[name] = {p: n for p, n in own.items() if n or (wanted[name] and not gate.rule.zeros_shown)}
    for name, shown in gate.linked(tables, _ALIKE).items():
        words = wanted[name]
        kept = [(words.get(p, p), n) for p, n in shown.items() if n]
        if not words:
            kept.sort(key=lambda pn: (-pn[1], pn[0]))
        hidden = [words.get(p, p) for p, n in shown.items() if n is None]
        together = counts.n_cases - sum(n for _, n in kept)
        rows = [SharedRow((word,), (n, n / counts.n_cases)) for word, n in kept]
        if hidden and kept:
            told = ", ".join(hidden) if words else f"{len(hidden)} values"
            rows.append(SharedRow((f"put together: {told}",), (together, together / counts.n_cases)))
        part, title, head = _title(name, names)
        yield SharedTable(part, title, (head,), _COUNTED, rows, left_out=bool(hidden))


def _is_told(counts: SharedCounts, name: Key) -> bool:
    """Return whether a table is told: classes where there are any, else verdicts, which classes would tell of."""
    if name[0] == "class":
        return counts.has_classes(name)
    if name[0] == "verdict":
        return not any(
            counts.has_classes(o) for o in counts.divided if o[0] == "class" and o[1:3] == name[1:3]
        )
    return True


def _levels(name: Key) -> dict[str, str]:
    """Return the parts that a table has by its nature, with their words; none where the records name them."""
    fixed = {"class": _CLASSES, "verdict": VERDICTS, "recovery": _ANSWERS}.get(name[0])
    if fixed is None:
        return {}
    return fixed if name[0] == "recovery" else {**fixed, NONE: "no such series", SEVERAL: "several series"}


def _title(name: Key, names: Names) -> tuple[str, str, str]:
    match name:
        case ("people", what):
            return "who", f"Cases by {what}", what
        case ("recovery",):
            return "change", "Cases by recovery under the rules of NHS Talking Therapies", "recovery"
        case ("class", instrument, scale, respondent):
            called = names.instrument(instrument, scale or None)
            return "change", f"Cases by class of change: {called}, answered by: {respondent}", "class"
        case _:
            return (
                "change",
                f"Cases by verdict on change: {names.instrument(name[1], name[2] or None)}",
                "verdict",
            )


def _differences(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    found = [(k, v) for k, v in counts.values.items() if k[0] == "difference"]
    rows = [
        SharedRow((names.instrument(k[1], k[2] or None),), (median(v),)) for k, v in found if _many(gate, v)
    ]
    title = "Last minus first score, over cases with both"
    yield from _told(
        gate,
        SharedTable("change", title, ("scale",), {"median": "value"}, rows, left_out=len(rows) < len(found)),
    )


def _goals(counts: SharedCounts, gate: SmallCells) -> Iterator[SharedTable]:
    yield from _events(
        "change",
        "Goals",
        "goal",
        "goals",
        ("goals",),
        {"achieved": "achieved", "remaining": "agreed and remaining"},
        counts,
        gate,
    )
    found = [(k, v) for k, v in counts.values.items() if k[0] == "goal"]
    rows = [SharedRow((_GOALS[k[1]], k[2]), (median(v),)) for k, v in found if _many(gate, v)]
    title = "Outcome of goals, over cases, by who rated"
    yield from _told(
        gate,
        SharedTable(
            "change", title, ("what", "by"), {"median": "value"}, rows, left_out=len(rows) < len(found)
        ),
    )


def _counted(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    statuses = {k[0]: plain(k[0]) for k in counts.of("sessions")[0]}
    yield from _events(
        "who", "Sessions by status", "status", "sessions", ("sessions",), statuses, counts, gate
    )
    both = {"interactions": "interactions in held sessions", "measurements": "measurements"}
    yield from _events("who", "Recorded in all", "what", "number", ("all",), both, counts, gate)
    found, behind = counts.of("missing")
    shown = gate.events(found, behind)
    rows = [
        SharedRow((names.instrument(k[0], k[1] or None), plain(k[2])), (n,)) for k, n in sorted(shown.items())
    ]
    title = "Measurements without a score, by reason; they enter no result and are never read as zero"
    heads = ("scale", "reason")
    yield from _told(
        gate,
        SharedTable(
            "dropped", title, heads, {"measurements": "count"}, rows, left_out=len(shown) < len(found)
        ),
    )
    yield from _events(
        "links",
        "Changes outside sessions",
        "change outside sessions",
        "changes",
        ("links",),
        _LINKS,
        counts,
        gate,
    )


def _codes(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    for name, found in counts.events.items():
        if name[0] not in {"codes", "transitions"}:
            continue
        behind, system = counts.behind[name], name[1]
        # with one code each, there are as many as interactions, and one transition fewer in each session
        shown, whole = gate.events(found, behind, total_known=True), gate.whole(found, behind)
        first = (
            0  # of both, the shares are of what has the same first level: the role, the code that came first
        )
        totals: dict[str, int] = {}
        for key, n in found.items():
            totals[key[first]] = totals.get(key[first], 0) + n
        order = sorted(shown.items(), key=lambda kn: (kn[0][first], -kn[1], kn[0]))
        coded = name[0] == "codes"
        rows = [
            SharedRow(
                (k[0], names.code(system, k[1])) if coded else k, (n, n / totals[k[first]]) if whole else (n,)
            )
            for k, n in order
        ]
        heads = ("speaker", "code") if coded else ("first", "then")
        told = "given" if coded else "times"
        share = "of role's codes" if coded else "of what follows"
        numbers = {told: "count", share: "share"} if whole else {told: "count"}
        title = f"{'Codes given' if coded else 'What follows what'}: {names.system(system)}"
        yield from _told(
            gate,
            SharedTable(
                "codes", title, heads, numbers, rows, left_out=len(shown) < sum(n > 0 for n in found.values())
            ),
        )


def _over_cases(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[SharedTable]:
    """Yield means over cases, each counted once."""
    thirds = [k[:-1] for k in counts.values if k[0] == "third" and k[-1] == "0"]
    few = {k[1] for k in thirds if k[2] != "ratio" and not _in_many(counts, gate, k)}
    # shares of one system add up to all: what a share leaves is the share that is not there
    shown = [k for k in thirds if (_in_many(counts, gate, k) if k[2] == "ratio" else k[1] not in few)]
    for ratios in (False, True):
        rows = [
            SharedRow(
                (_measure(k, names), names.system(k[1]) if k[1] else "–"),
                tuple(fmean(counts.values[*k, str(i)]) for i in range(3)),
            )
            for k in shown
            if (k[2] == "ratio") is ratios
        ]
        heads = dict.fromkeys(("first third", "middle", "last third"), "value" if ratios else "share")
        title = f"{'Ratios' if ratios else 'Shares'} by thirds of the sessions held, means over cases"
        left = sum((k[2] == "ratio") is ratios for k in thirds) > len(rows)
        yield from _told(gate, SharedTable("codes", title, ("measure", "system"), heads, rows, left_out=left))
    rated = [(k, v) for k, v in counts.values.items() if k[0] == "rating"]
    rows = [
        SharedRow((names.measure(k[1], k[2] or None), k[3]), (fmean(v),)) for k, v in rated if _many(gate, v)
    ]
    title = "Ratings of the sessions, means over cases"
    yield from _told(
        gate,
        SharedTable(
            "codes", title, ("scale", "rated by"), {"mean": "value"}, rows, left_out=len(rows) < len(rated)
        ),
    )
    plans = [
        SharedRow((what,), (fmean(counts.values["plan", k]),))
        for k, what in (("held", "planned sessions held"), ("adherence", "task adherence"))
        if _many(gate, counts.values.get(("plan", k), []))
    ]
    yield from _told(
        gate,
        SharedTable(
            "codes",
            "Plans in force, means over cases",
            ("what",),
            {"mean share": "share"},
            plans,
            left_out=False,
        ),
    )


def _in_many(counts: SharedCounts, gate: SmallCells, name: Key) -> bool:
    """Return whether enough cases have a measure; a share that is nothing throughout is no case's own."""
    per_case = zip(*(counts.values[*name, str(i)] for i in range(3)), strict=True)
    own = [three for three in per_case if name[2] == "ratio" or any(three)]
    return len(own) >= gate.rule.smallest


def _measure(name: Key, names: Names) -> str:
    called = {"talk_share": f"turns of the {name[3]}", "ratio": f"ratio {name[3]}"}
    return called.get(name[2]) or names.code(name[1], name[3])


def _views(counts: SharedCounts, gate: SmallCells) -> Iterator[SharedTable]:
    parts, behind = counts.of("views")
    words = {"claimed": "cited by a recorded change", "unclaimed": "cited by no recorded change"}
    if gate.whole(parts, behind):
        yield from _events(
            "perspectives",
            "Interactions in held sessions",
            "which",
            "interactions",
            ("views",),
            words,
            counts,
            gate,
        )
    elif parts:
        title = "Interactions in held sessions"
        none = SharedTable("perspectives", title, ("which",), {"interactions": "count"}, (), left_out=True)
        yield from _told(gate, none)


def _events(
    part: str,
    title: str,
    head: str,
    unit: str,
    name: Key,
    words: Mapping[str, str],
    counts: SharedCounts,
    gate: SmallCells,
) -> Iterator[SharedTable]:
    found, behind = counts.of(*name)
    shown = gate.events(found, behind)
    rows = [SharedRow((word,), (shown[key,],)) for key, word in words.items() if (key,) in shown]
    yield from _told(
        gate, SharedTable(part, title, (head,), {unit: "count"}, rows, left_out=len(shown) < len(found))
    )


def _told(gate: SmallCells, one: SharedTable) -> Iterator[SharedTable]:
    # where zeros are not shown, neither a table that is not there nor one that is complete may tell of them
    left_out = one.left_out or not gate.rule.zeros_shown
    if one.rows or (left_out and gate.rule.zeros_shown):
        yield attrs.evolve(one, left_out=left_out)


def _many(gate: SmallCells, values: list[float]) -> bool:
    return len(values) >= gate.rule.smallest
