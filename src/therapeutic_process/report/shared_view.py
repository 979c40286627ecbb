"""The report of a cohort under a small-cell rule: an aggregate to pass on, with nothing of a single case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.report.figures.heatmap import transition_spec
from therapeutic_process.report.figures.interval_rows import said as end_in_words
from therapeutic_process.report.html import Column, Content, Html, join, table, tag
from therapeutic_process.report.page import navigation, page
from therapeutic_process.report.residual_parts import residual_parts
from therapeutic_process.report.shared_tables import LEFT_OUT_OF_IT, SharedTable, said, shared_tables
from therapeutic_process.report.view import bar, drawing, note, notes
from therapeutic_process.report.words import count, window_in_words
from therapeutic_process.session_process import Transition, Transitions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from therapeutic_process.process_outcome import TheoryTest
    from therapeutic_process.report.names import Names
    from therapeutic_process.report.shared_counts import SharedCounts
    from therapeutic_process.report.small_cells import SmallCells

__all__ = ["LEFT_OUT", "rule_in_words", "shared_page"]

_SECTIONS: Final = {
    "who": "Who is in",
    "dropped": "What was left out, and why",
    "change": "Change in scores, and goals",
    "codes": "Codes and what follows what",
    "links": "Changes outside sessions and what came before",
    "perspectives": "Two perspectives",
}
LEFT_OUT: Final = (
    "Left out of what is made under a rule, because a number of it would rest on few cases, or would tell of one that "
    "does: single cases; distributions, lowest and highest values; classes of change by arm, site or group; "
    "response and remission, sudden changes and reasons, which divide the same series once more; agreement of coders; "
    "congruence of client and therapist."
)
_FEW: Final = "Not shown: too few cases stand behind a part of it."
_MAX_FLOWS: Final = 6


def rule_in_words(gate: SmallCells) -> str:
    """Return what a rule does, and where it is from."""
    rule = gate.rule
    zero = "" if rule.zeros_shown else ", and none that is zero"
    return (
        f"No number of this page rests on fewer than {rule.smallest} cases{zero}; what would let such a number be "
        f"worked out is not shown either. Rule: {rule.source}."
    )


def shared_page(
    counts: SharedCounts,
    gate: SmallCells,
    *,
    n_unreadable: int,
    at: datetime | None,
    tested: TheoryTest | None,
) -> str:
    """Return the document.

    Args:
        counts: What was counted.
        gate: Decides what may be shown.
        n_unreadable: Documents that could not be read.
        at: When the report is made, if it is to say so.
        tested: The test of a theory, if any.
    """
    few = counts.n_cases < gate.rule.smallest
    title = "Cohort report" if few else f"Cohort report: {count(counts.n_cases, 'case')}"
    made = [f"Changes outside sessions were linked with {window_in_words(counts.window)} before them."]
    if few:
        told = f"There are fewer than {gate.rule.smallest} cases: nothing can be shown."
        return page(title, _head(counts, gate, few=True), note(told), made=made, at=at)
    names = counts.names()
    tables = list(shared_tables(counts, gate, names))
    sections = []
    for slug, heading in _SECTIONS.items():
        parts: list[Html | None] = [_laid_out(one) for one in tables if one.part == slug]
        if slug == "codes":
            parts += _maps(counts, gate, names)
        if slug == "dropped":
            parts.insert(0, _documents(gate, n_unreadable))
            parts.append(note(LEFT_OUT))
        sections.append(
            _section(slug, heading, *(parts or [note("Nothing of it can be shown, or nothing is recorded.")]))
        )
    if tested is not None:
        sections.append(_section("theory", "The theory tested", _theory(tested, gate)))
    return page(title, _head(counts, gate, few=False, theory=tested is not None), *sections, made=made, at=at)


def _head(counts: SharedCounts, gate: SmallCells, *, few: bool, theory: bool = False) -> Html:
    links = [*_SECTIONS.items(), *([("theory", "The theory tested")] if theory else [])]
    return tag(
        "header",
        tag("p", "Cohort report, to be shared", class_="kicker"),
        tag("h1", "Few cases" if few else count(counts.n_cases, "case")),
        tag("p", "Counts over cases under a small-cell rule; single cases are left out.", class_="lede"),
        note(rule_in_words(gate)),
        None if few else navigation(links),
    )


def _section(slug: str, title: str, *content: Content) -> Html:
    heading = tag("h2", title, id=f"{slug}-title")
    return tag("section", heading, *content, id=slug, aria_labelledby=f"{slug}-title")


def _documents(gate: SmallCells, n: int) -> Html:
    if not gate.enough(n):
        return note("How many documents could not be read is not shown.")
    return note(f"{count(n, 'document')} could not be read." if n else "Every document was read.")


def _laid_out(one: SharedTable) -> Html:
    if not one.rows:
        return note(f"{one.title}. {_FEW}")
    shares = [i for i, kind in enumerate(one.numbers.values()) if kind == "share"]
    barred = len(shares) == 1
    columns: list[Column | str] = [*one.by, *(Column(h, "number") for h in one.numbers)]
    columns += [Column("share", "bar")] if barred else []
    rows = [
        [
            *row.levels,
            *(said(n, kind) for n, kind in zip(row.numbers, one.numbers.values(), strict=True)),
            *([bar(row.numbers[shares[0]])] if barred else []),
        ]
        for row in one.rows
    ]
    counted = one.left_out and "of all" not in one.numbers
    return join(table(one.title, columns, rows), note(LEFT_OUT_OF_IT) if counted else None)


def _maps(counts: SharedCounts, gate: SmallCells, names: Names) -> Iterator[Html | None]:
    """Yield heat maps of the systems of which every transition that occurs may be shown."""
    drawn = [name for name in counts.events if name[0] == "transitions"]
    whole = [name for name in drawn if gate.whole(counts.events[name], counts.behind[name])]
    for i, name in enumerate(whole[:_MAX_FLOWS], start=1):
        found = _pooled({(k[0], k[1]): n for k, n in counts.events[name].items()})
        order = names.in_order(name[1], found.codes)
        told = f"Transitions coded with {names.system(name[1])}, pooled within sessions"
        caption = join(
            f"{told}: of all that followed a code (row), the share of each next code (column), in per cent."
        )
        label = f"Heat map. {told}; the table above holds the counts."
        yield drawing(transition_spec(found, order), name=f"flow-{i}", label=label, caption=caption)
        yield residual_parts(found, order, name=f"residual-{i}", what=told)
    if len(whole) < len(drawn):
        yield note(
            "Heat maps and residuals are drawn only where every transition that occurs, occurs in enough cases."
        )


def _pooled(pairs: dict[tuple[str, str], int]) -> Transitions:
    codes = tuple(dict.fromkeys(code for pair in sorted(pairs) for code in pair))
    totals = {a: sum(n for (given, _), n in pairs.items() if given == a) for a in codes}
    rows = tuple(
        Transition(a, b, pairs.get((a, b), 0), pairs.get((a, b), 0) / totals[a] if totals[a] else None)
        for a in codes
        for b in codes
    )
    return Transitions(codes, rows, 1, 0, sum(pairs.values()), 0, 0)


def _theory(tested: TheoryTest, gate: SmallCells) -> Html:
    columns: list[Column | str] = ["mechanism", "lag", "verdict", Column("robust interval", "number")]
    rows: list[list[Content]] = []
    for one in tested.mechanisms:
        for lag in one.lags:
            shown = lag.n_clients >= gate.rule.smallest
            ends = None if lag.interval is None or not shown else " to ".join(map(end_in_words, lag.interval))
            name = one.mechanism.label or one.mechanism.id
            rows.append([tag("span", name, class_="id"), lag.lag, lag.verdict if shown else "–", ends or "–"])
    told = "Mechanisms at every declared lag; a dash where too few clients stand behind it"
    remarks = notes(["Supported means consistent with the mechanism: no such test shows a cause."])
    return join(tag("p", f"{tested.declaration.capitalize()}."), table(told, columns, rows), remarks)
