"""The part of a cohort report that shows classes of change by scale, and by arm, site and group."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.report.case_significance import CLASS_WORDS
from therapeutic_process.report.cohort_change_groups import GroupTable, class_in_words, group_tables
from therapeutic_process.report.cohort_change_tally import CANNOT_SAY, ChangeTally, ScaleGrades, ScaleKey
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.shares import HOW, Share, shares_of
from therapeutic_process.report.small_cells import SMALLEST
from therapeutic_process.report.view import note, notes
from therapeutic_process.report.words import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.report.names import Names

__all__ = ["class_parts", "classes_of", "scale_name", "share_cell"]


def scale_name(names: Names, key: ScaleKey) -> list[Content]:
    """Return what a scale is called, and below it who answered."""
    return [names.instrument(key[0], key[1]), tag("div", f"by {key[2]}", class_="muted")]


def share_cell(one: Share, *, repeated: bool = False) -> list[Content]:
    """Return a count with its share below it; without an interval where series do not stand for persons."""
    told = str(Share(one.n, one.of) if repeated else one)
    return [f"{one.n:,}", tag("div", _unbroken(told), class_="muted share") if one.of else None]


def _unbroken(share: str) -> str:
    """Return a share with spaces at which no line breaks, but for the one before its interval."""
    return share.replace(" %", "\N{NO-BREAK SPACE}%").replace(
        " to ", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}"
    )


def classes_of(grades: ScaleGrades) -> dict[str, Share]:
    """Return the classes of one scale as shares of the series that have one.

    Args:
        grades: What was counted.
    """
    return dict(zip(CLASS_WORDS, shares_of([grades.classes[c] for c in CLASS_WORDS]), strict=True))


def class_parts(tally: ChangeTally, names: Names) -> Iterator[Html | None]:
    """Yield classes of clinical significance and response by scale, then by group, and what cannot be said.

    Args:
        tally: What was counted.
        names: What instruments are called.
    """
    yield tag("h3", "Clinical significance and response")
    known = [(k, g) for k, g in tally.scales.items() if g.classes.total() > g.classes[CANNOT_SAY]]
    known.sort(key=lambda kg: -kg[1].n_series)
    if known:
        columns: list[Column | str] = ["scale", Column("with a class", "number")]
        columns += [Column(w, "number") for w in (*CLASS_WORDS.values(), "cannot say")]
        rows = [_class_row(scale_name(names, k), g) for k, g in known]
        yield table("Classes by scale and respondent; shares of the series that have one", columns, rows)
        yield notes([HOW, *_repeated(known, names)])
        items = [tag("li", told) for told in _cutoffs(known, names)]
        yield tag("details", tag("summary", "Sources of the cutoffs"), tag("ul", items, class_="note id"))
    yield _no_class(tally, names)
    yield from _by_group(tally, names)
    yield _responses(tally, names)


_Known = list[tuple[ScaleKey, ScaleGrades]]


def _class_row(name: list[Content], grades: ScaleGrades) -> list[Content]:
    shares = classes_of(grades)
    n = sum(s.n for s in shares.values())
    cells = [share_cell(s, repeated=bool(grades.n_repeated)) for s in shares.values()]
    return [name, f"{n:,}", *cells, f"{grades.classes[CANNOT_SAY]:,}"]


def _repeated(known: _Known, names: Names) -> Iterator[str]:
    for key, grades in known:
        if grades.n_repeated:
            told = f"{names.instrument(key[0], key[1])} by {key[2]}: {count(grades.n_repeated, 'series')}"
            yield f"{told} about somebody already counted, so that no interval over persons is given."


def _cutoffs(known: _Known, names: Names) -> Iterator[str]:
    for key, grades in known:
        several = sorted(set(grades.cutoffs.values()))
        told = listed([f"{c:g}" for c in several])
        more = " (they differ between cases)" if len(several) > 1 else ""
        yield f"{names.instrument(key[0], key[1])}, {told}{more}: {'; '.join(sorted(grades.cutoffs))}"


def _no_class(tally: ChangeTally, names: Names) -> Html | None:
    by_reason: dict[str, Counter[str]] = {}
    for key, grades in tally.scales.items():
        for reason, n in grades.reasons.items():
            by_reason.setdefault(reason, Counter())[names.instrument(key[0], key[1])] += n
    rows: list[list[Content]] = [
        [reason, ", ".join(f"{s} ({n:,})" for s, n in scales.most_common()), f"{scales.total():,}"]
        for reason, scales in sorted(by_reason.items(), key=lambda rs: -rs[1].total())
    ]
    columns: list[Column | str] = [
        Column("why", "wide"),
        Column("scales", "wide"),
        Column("series", "number"),
    ]
    return table("Where no class can be given, and why", columns, rows) if rows else None


def _by_group(tally: ChangeTally, names: Names) -> Iterator[Html | None]:
    made, withheld = group_tables(tally)
    for one in made:
        yield _group_table(one, names)
    if any(row.n_hidden for one in made for row in one.rows):
        told = f"A dash is a count that is not shown: it, or one that could be worked out from it, is below {SMALLEST}."
        yield note(told)
    for (key, what), several in withheld.items():
        told = f"{names.instrument(key[0], key[1])} by {key[2]}, by {what}: not shown"
        yield note(f"{told}: {several}.")


def _group_table(one: GroupTable, names: Names) -> Html:
    heads = [*(class_in_words(c) for c in one.classes), *([one.rest_in_words] if one.rest else [])]
    columns: list[Column | str] = [
        one.what,
        Column("series", "number"),
        *(Column(h, "number") for h in heads),
    ]
    rows: list[list[Content]] = [
        [row.value, _shown(row.total), *(_group_cell(row.counts[h], row.share(h)) for h in one.columns)]
        for row in one.rows
    ]
    key = one.key
    caption = (
        f"{names.instrument(key[0], key[1])} by {key[2]}: classes by {one.what}; shares of a group's series"
    )
    return table(caption, columns, rows, stacks=True)


def _group_cell(n: int | None, share: Share | None) -> list[Content]:
    return [_shown(n), tag("div", _unbroken(str(share)), class_="muted share") if share is not None else None]


def _shown(n: int | None) -> str:
    return "–" if n is None else f"{n:,}"


def _responses(tally: ChangeTally, names: Names) -> Html | None:
    known = [(k, g) for k, g in tally.scales.items() if g.response["yes"] + g.response["no"]]
    rows = []
    for key, grades in sorted(known, key=lambda kg: -kg[1].n_series):
        yes, no = shares_of([grades.response["yes"], grades.response["no"]])
        once = bool(grades.n_repeated)
        cells = [share_cell(one, repeated=once) for one in (yes, no)]
        rows.append(
            [scale_name(names, key), *cells, f"{grades.response['cannot say']:,}", *_remitted(grades)]
        )
    columns: list[Column | str] = [
        "scale",
        *(
            Column(h, "number")
            for h in ("response", "no response", "cannot say", "in remission, of those known")
        ),
    ]
    caption = "Response: the last score is at most half of the first (doi 10.1176/appi.ps.201900295)"
    return table(caption, columns, rows, stacks=True) if rows else None


def _remitted(grades: ScaleGrades) -> list[str]:
    known = grades.remission["yes"] + grades.remission["no"]
    return [f"{grades.remission['yes']:,} of {known:,}" if known else "cannot say"]
