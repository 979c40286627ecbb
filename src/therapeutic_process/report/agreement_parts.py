"""How far coders of the same talk agree: coefficients with intervals, overall and code by code."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.html import Column, Content, Html, clean, table, tag
from therapeutic_process.report.view import note, notes
from therapeutic_process.report.words import count, percent
from therapeutic_process.session_process import covers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import Case, CodingPass
    from therapeutic_process.report.names import Names
    from therapeutic_process.session_process import Agreement, AgreementReport

__all__ = ["DoubleCoded", "agreement_parts"]

_DRAWS = 500
_SEED = 1
_MIXED = 5


@attrs.define(eq=False, repr=False)
class DoubleCoded:
    """Interactions that several coders looked at with one system; grows case by case.

    Attributes:
        units: Cluster, and the code of each coder who gave one; None where the coder looked and gave none.
        n_several: Interactions to which a coder gave several codes, which are left out.
        n_cases: Cases with such interactions.
        by_session: Whether the clusters are sessions of one case instead of cases.
    """

    by_session: bool = False
    units: list[tuple[str, dict[str, str | None]]] = attrs.field(factory=list)
    n_several: int = 0
    n_cases: int = 0

    def add(self, case: Case, passes: list[CodingPass]) -> None:
        """Count the interactions of a case that at least two of some passes looked at.

        Args:
            case: The case.
            passes: Passes of one system; those by consensus are no independent coding and are passed over.
        """
        chosen = [p for p in passes if p.procedure != "consensus"]
        if len(chosen) < 2:
            return
        names, before = _coders(chosen), len(self.units)
        for session in case.held_sessions:
            looking = [p for p in chosen if p.extent != "all" or session.id in p.sessions]
            for one in session.interactions if len(looking) > 1 else ():
                given: dict[str, str | None] = {}
                for p in looking:
                    own = [c.code for c in one.codes if c.coding_pass == p.id]
                    if len(own) > 1:
                        self.n_several += 1
                    elif own or covers(p, session, one):
                        given[names[p.id]] = own[0] if own else None
                if len(given) > 1:
                    self.units.append((session.id if self.by_session else str(self.n_cases), given))
        self.n_cases += len(self.units) > before

    def agreement(self) -> AgreementReport | None:
        """Measure how far the coders agree; None where no interaction was given one code by each of two.

        Raises:
            MissingExtra: If the ``analysis`` extra is not installed.
        """
        # The room says which extra is missing, so it comes first.
        from therapeutic_process.session_process import Ratings, agreement, as_ratings  # isort: skip

        import numpy as np

        raters = sorted({rater for _, given in self.units for rater in given})
        cells = [[given.get(rater) for rater in raters] for _, given in self.units]
        codes = sorted({code for row in cells for code in row if code is not None})
        if not codes or not any(sum(code is not None for code in row) > 1 for row in cells):
            return None
        places = as_ratings(np.array(cells, dtype=object), categories=codes).places
        clusters = sorted({cluster for cluster, _ in self.units})
        several = len(clusters) > 1
        own = np.array([clusters.index(c) for c, _ in self.units], dtype=np.int64) if several else None
        ratings = Ratings(places, tuple(codes), own, len(clusters) if several else None)
        return agreement(ratings, rng=np.random.default_rng(_SEED), draws=_DRAWS)


def _coders(passes: list[CodingPass]) -> dict[str, str]:
    """Name the coder of each pass; passes of coders that nobody named are numbered."""
    told = {p.id: p.coder.participant or p.coder.name or "" for p in passes}
    often = Counter(told.values())
    return {
        p.id: told[p.id] if told[p.id] and often[told[p.id]] == 1 else f"{p.coder.kind} {i}"
        for i, p in enumerate(passes, start=1)
    }


def agreement_parts(found: DoubleCoded, system: str, names: Names) -> Iterator[Html | None]:
    """Yield agreement overall and per code, and what is taken for what.

    Args:
        found: What several coders coded.
        system: The coding system.
        names: What systems and codes are called.
    """
    if not found.units:
        return
    try:
        report = found.agreement()
    except MissingExtra as missing:
        yield note(f"Agreement: cannot say: needs the {missing.extra} extra, which is not installed.")
        return
    if report is None:
        yield note("Agreement: cannot say: no interaction was given one code by each of two coders.")
        return
    raters, over = report.ratings.n_raters, "sessions" if found.by_session else "cases"
    caption = (
        f"Agreement of {count(raters, 'coder')} on {count(report.ratings.n_units, 'interaction')}, coded with "
        f"{names.system(system)}"
    )
    columns: list[Column | str] = [
        Column("code", "name"),
        Column("agreed", "number"),
        Column("kappa", "number"),
        Column("95 % interval", "number"),
        Column("alpha", "number"),
        Column("95 % interval", "number"),
    ]
    rows = [_row("all codes together", report.kappa, report.alpha, report.percent)]
    rows += [_row(names.code(system, str(c)), k, a, k) for c, k, a in report.per_code]
    yield table(caption, columns, rows)
    yield notes(_remarks(found, report, over))
    yield _mixed(report, names, system)


def _row(name: str, kappa: Agreement, alpha: Agreement, observed: Agreement) -> list[Content]:
    agreed = None if math.isnan(observed.observed) else observed.observed
    return [name, percent(agreed), *_told(kappa), *_told(alpha)]


def _told(one: Agreement) -> tuple[Content, Content]:
    if math.isnan(one.value):
        return tag(
            "span", f"undefined: {(one.reason or 'no variation').replace('_', ' ')}", class_="muted"
        ), "–"
    interval = "–" if one.interval is None else f"{_two(one.low)} to {_two(one.high)}"
    return _two(one.value), interval


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _remarks(found: DoubleCoded, report: AgreementReport, over: str) -> list[str]:
    clusters = report.ratings.n_clusters
    drawn = f"whole {over}" if clusters else "interactions, for there is one cluster only"
    told = [
        f"Intervals: bootstrap of {drawn}, {_DRAWS} draws. Kappa is {report.kappa.method}; alpha is Krippendorff's, "
        "nominal. Per code: that code against all others."
    ]
    if found.n_several:
        told.append(f"Left out: {count(found.n_several, 'interaction')} to which a coder gave several codes.")
    return told


def _mixed(report: AgreementReport, names: Names, system: str) -> Html | None:
    rows = report.disagreements().head(_MIXED).to_dicts()
    if not rows:
        return None
    columns: list[Column | str] = [
        Column("one coder says", "name"),
        Column("the other says", "name"),
        Column("pairs", "number"),
        Column("of all pairs", "number"),
    ]
    told = [
        [
            names.code(system, clean(r["one"])),
            names.code(system, clean(r["other"])),
            f"{r['pairs']:,}",
            percent(r["share"]),
        ]
        for r in rows
    ]
    return table("What coders take for what, most frequent first", columns, told)
