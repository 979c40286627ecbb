"""The part of a cohort report that says who is in, and what was left out and why."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.small_cells import SMALLEST, without_small_cells
from therapeutic_process.report.view import bar, facts, note
from therapeutic_process.report.words import count, listed, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from therapeutic_process.errors import DocumentError
    from therapeutic_process.report.cohort_tally import CohortTally
    from therapeutic_process.report.names import Names

__all__ = ["cohort_numbers", "dropped", "who_is_in"]

_MAX_LISTED: Final = 50
_MAX_RULES: Final = 3


def cohort_numbers(tally: CohortTally, n_unreadable: int) -> Html:
    """Return the numbers of a cohort.

    Args:
        tally: What was counted.
        n_unreadable: Documents that could not be read.
    """
    numbers, missed = tally.numbers, sum(n for status, n in tally.sessions.items() if status != "held")
    missing = tally.missing.total()
    return facts(
        [
            (
                "cases",
                f"{numbers['cases']:,}",
                f"{count(n_unreadable, 'document')} not readable" if n_unreadable else "all documents read",
            ),
            ("clients", f"{numbers['clients']:,}", ""),
            (
                "sessions held",
                f"{tally.sessions['held']:,}",
                f"{missed:,} planned, cancelled or missed" if missed else "",
            ),
            ("interactions", f"{numbers['interactions']:,}", f"{numbers['coded']:,} with a code"),
            (
                "measurements",
                f"{numbers['measurements']:,}",
                f"{missing:,} without a score" if missing else "none without a score",
            ),
            (
                "recorded changes",
                f"{tally.views.n_inside + tally.views.n_outside:,}",
                f"{tally.views.n_inside:,} in, {tally.views.n_outside:,} outside sessions",
            ),
        ]
    )


def who_is_in(tally: CohortTally) -> list[Html]:
    """Return who the cohort consists of, by what is recorded of them; small cells are put together.

    Args:
        tally: What was counted.
    """
    known = {what: counts for what, counts in tally.by.items() if set(counts) != {"not recorded"}}
    alike = [f"{what}: {next(iter(counts))}" for what, counts in known.items() if _says_nothing_small(counts)]
    several = {what: counts for what, counts in known.items() if not _says_nothing_small(counts)}
    parts = [tag("p", f"All clients alike in {'; '.join(alike)}.")] if alike else []
    parts += [_breakdown(what, counts, tally.numbers["clients"]) for what, counts in several.items()]
    left = [what for what in tally.by if what not in known]
    if left:
        parts.append(note(f"Not recorded for anybody: {listed(left)}."))
    parts.append(_sessions(tally))
    return parts


def _sessions(tally: CohortTally) -> Html:
    total = tally.sessions.total()
    if not total or tally.sessions["held"] == total:
        return note(f"All {count(total, 'session')} were held." if total else "No session is recorded.")
    rows = ([plain(s), f"{n:,}", percent(n / total), bar(n / total)] for s, n in tally.sessions.most_common())
    return table(
        "Sessions by status",
        ["status", Column("sessions", "number"), Column("of all", "number"), Column("share", "bar")],
        rows,
    )


def _says_nothing_small(counts: dict[str, int]) -> bool:
    return len(counts) == 1 and sum(counts.values()) >= SMALLEST


def _breakdown(what: str, counts: dict[str, int], total: int) -> Html:
    cells = without_small_cells(counts)
    if cells.withheld:
        return note(f"Clients by {what} are not shown: some groups have fewer than {SMALLEST} clients.")
    rows: list[Sequence[Content]] = [
        (value, f"{n:,}", percent(n / total), bar(n / total)) for value, n in cells.rows
    ]
    if cells.n_together:
        title = f"{cells.n_together} values put together (fewer than {SMALLEST} clients in at least one)"
        rows.append(
            (title, f"{cells.together:,}", percent(cells.together / total), bar(cells.together / total))
        )
    columns: list[Column | str] = [
        what,
        Column("clients", "number"),
        Column("of all", "number"),
        Column("share", "bar"),
    ]
    return table(f"Clients by {what}", columns, rows)


def dropped(tally: CohortTally, unreadable: Sequence[DocumentError], names: Names) -> list[Html]:
    """Return what is not in the report and why: documents, measurements, talk that nobody coded.

    Args:
        tally: What was counted.
        unreadable: The documents that could not be read.
        names: What instruments are called.
    """
    return [*_documents(unreadable), *_measurements(tally, names), *_talk(tally)]


def _documents(unreadable: Sequence[DocumentError]) -> Iterator[Html]:
    if not unreadable:
        yield note("Every document was read.")
        return
    rows = [_document(error) for error in unreadable[:_MAX_LISTED]]
    n = f"{count(len(unreadable), 'document')} could not be read: not counted anywhere below"
    more = f"; the first {_MAX_LISTED} are listed" if len(unreadable) > _MAX_LISTED else ""
    yield table(f"{n}{more}", ["document", "rule", Column("what was needed, what was found", "wide")], rows)


def _document(error: DocumentError) -> list[Content]:
    place = PurePath(error.file).name if error.file else "–"
    told = [
        tag("div", f"{v.path}: {v.code}: needed {v.needed}, found {v.found}")
        for v in error.violations[:_MAX_RULES]
    ]
    more = error.total - len(told)
    if told and more > 0:
        told.append(tag("div", f"and {count(more, 'further violation')}", class_="muted"))
    line = "" if error.line is None else f", line {error.line}"
    return [
        f"{place}{line}",
        error.code,
        tag("div", told or f"needed {error.needed}, found {error.found}", class_="id"),
    ]


def _measurements(tally: CohortTally, names: Names) -> Iterator[Html]:
    if not tally.missing:
        yield note(
            "Every measurement has a score."
            if tally.numbers["measurements"]
            else "No measurement is recorded."
        )
        return
    rows = [
        [names.instrument(instrument, scale), plain(reason), f"{n:,}"]
        for (instrument, scale, reason), n in sorted(
            tally.missing.items(), key=lambda kn: (kn[0][0], kn[0][1] or "", -kn[1])
        )
    ]
    caption = "Measurements without a score, by reason; they enter no result and are never read as zero"
    yield table(caption, ["scale", "reason", Column("measurements", "number")], rows)


def _talk(tally: CohortTally) -> Iterator[Html]:
    n, covered, unknown = (tally.numbers[k] for k in ("interactions", "covered", "coverage_unknown"))
    if n:
        told = f"Of {count(n, 'interaction')}, {covered:,} were looked at by a coding pass"
        yield note(f"{told}; of {unknown:,} that is not known." if unknown else f"{told}.")
    if tally.numbers["without_sessions"]:
        yield note(f"Without a held session: {count(tally.numbers['without_sessions'], 'case')}.")
