"""Which transitions depart from what the codes' frequencies let expect: a map, the strongest, what is undefined."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.figures.residuals import REASON_MARKS, residual_spec, why_undefined
from therapeutic_process.report.html import Column, Content, Html, join, table
from therapeutic_process.report.view import drawing, note, notes
from therapeutic_process.report.words import count, listed, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.session_process import Transitions, TransitionTables

__all__ = ["residual_parts", "tables_of"]

_STRONGEST = 10
_WORDS = {
    "cannot_occur": "the transition cannot occur",
    "given_code_never_occurs": "the first code is never followed by another",
    "target_never_occurs": "the second code never follows another",
    "no_variation": "one code is all that comes first or all that follows",
}
_POOLED = (
    "Residuals describe: turns of one session are not independent of one another, so that p is no test of a "
    "hypothesis about clients."
)


def tables_of(found: Transitions) -> TransitionTables:
    """Return the statistics of transitions that were counted.

    Args:
        found: Transitions of one case or pooled.

    Raises:
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    from therapeutic_process.session_process import transition_tables

    place = {code: i for i, code in enumerate(found.codes)}
    counts = [[0] * len(place) for _ in place]
    for row in found.rows:
        counts[place[row.given]][place[row.target]] = row.count
    return transition_tables(counts, codes=found.codes)


def residual_parts(found: Transitions, order: Sequence[str], *, name: str, what: str) -> Html:
    """Return the heat map of residuals, the strongest transitions as a table, and what is undefined and why.

    Args:
        found: Transitions of one case or pooled; at least one.
        order: The codes in the order wanted.
        name: Beginning of the ids inside the figure; unique in the page.
        what: What the transitions are of, in words.
    """
    try:
        tables = tables_of(found)
    except MissingExtra as missing:
        return note(f"Residuals: cannot say: needs the {missing.extra} extra, which is not installed.")
    caption = join(
        f"{what}. Adjusted residuals: by how many standard errors the code of the column followed the code of the row "
        "more often (blue-green) or less often (brown) than by chance; full colour from 10 on.",
        notes(_undefined(tables)),
    )
    label = f"Heat map of adjusted residuals. {what}. The table below holds the strongest transitions."
    drawn = drawing(residual_spec(tables, order), name=name, label=label, caption=caption)
    return join(drawn, _strongest(tables))


def _undefined(tables: TransitionTables) -> list[str]:
    why = Counter(why_undefined(tables).values())
    if not why:
        return []
    marks = listed(sorted({REASON_MARKS[reason] for reason in why}))
    told = listed([f"{_WORDS[reason]} ({count(n, 'cell')})" for reason, n in why.most_common()])
    return [f"{marks} marks a cell without a residual: {told}."]


def _strongest(tables: TransitionTables) -> Html:
    residual = tables.residual[0].ravel().tolist()
    k = len(tables.codes)
    order = sorted((i for i, z in enumerate(residual) if z == z), key=lambda i: -abs(residual[i]))  # noqa: PLR0124
    columns: list[Column | str] = [
        Column("first → then", "name"),
        Column("residual", "number"),
        Column("p", "number"),
        Column("count", "number"),
        Column("expected", "number"),
        Column("of what follows", "number"),
    ]
    rows = [_row(tables, i // k, i % k) for i in order[:_STRONGEST]]
    if not rows:
        return note("Strongest transitions: cannot say: no cell has a residual.")
    shown = f"The {len(rows)} strongest" if len(order) > len(rows) else "All"
    caption = f"{shown} of {count(len(order), 'transition')} with a residual, by its size. {_POOLED}"
    return table(caption, columns, rows, stacks=False)


def _row(tables: TransitionTables, i: int, j: int) -> list[Content]:
    return [
        f"{tables.codes[i]} → {tables.targets[j]}",
        f"{float(tables.residual[0, i, j]):+.1f}".replace("-", "−"),
        small_p(float(tables.p[0, i, j])),
        f"{int(tables.frequency[0, i, j]):,}",
        f"{float(tables.expected[0, i, j]):,.1f}",
        percent(float(tables.probability[0, i, j])),
    ]


def small_p(p: float) -> str:
    """Return a p as it is printed.

    >>> small_p(0.0321), small_p(1e-9)
    ('.032', '< .001')
    """
    return "< .001" if p < 0.0005 else f"{p:.3f}".removeprefix("0")
