"""The command ``describe``."""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from therapeutic_process.cli.console import EXIT_INVALID, stop, watched
from therapeutic_process.cli.described import described_rows, residual_rows
from therapeutic_process.cli.small_cells import rule_wanted, without_small_counts, without_small_parts
from therapeutic_process.errors import DocumentError, MissingExtra
from therapeutic_process.exchange import DocumentsSkippedWarning, read_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.cohort_sessions import SessionTally
from therapeutic_process.session_process import code_profile, talk_share, transitions
from therapeutic_process.tables import SuppressionRule

__all__ = ["describe"]

_SMALLEST_P = 0.001
_WIDE = 200
"""Columns of a table that goes to a file or another program, where no line has to be broken."""


def describe(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    each: Annotated[
        bool, typer.Option("--each", help="Describe each case by itself, not all together.")
    ] = False,
    top: Annotated[
        int, typer.Option(min=1, help="How many transitions to show: the most frequent and the strongest.")
    ] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with all transitions.")
    ] = False,
    small_cells: Annotated[
        str | None,
        typer.Option(help="Show no count behind which too few cases stand, by the rule cms, uk_llc or five."),
    ] = None,
) -> None:
    """Describe what happens in the sessions of cases: codes, who talks, what follows what, ratings and agreement.

    Describes only, without a theory of what helps; cases are numbered in the order of the file. Exit status: 0, or 1 if
    some documents could not be read, or 2 if nothing could be done.

    Example: therapeutic-process describe cases.jsonl
    """
    rule = _rule(small_cells, each=each)
    try:
        reader = read_cases(path, on_error="collect")
    except DocumentError as error:
        stop(error)
    found: list[_Sessions] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DocumentsSkippedWarning)
        for case in watched(reader, "reading"):
            if each or not found:
                found.append(_Sessions())
            found[-1].add(case)
    for failure in reader.errors:
        typer.echo(str(failure), err=True)
    if not found:
        stop("no case could be read")
    try:
        told = [one.told(rule) for one in found]
    except MissingExtra as error:
        stop(error)
    if as_json:
        typer.echo(json.dumps({"described": told, "unreadable": len(reader.errors)}))
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
        for number, one in enumerate(told, start=1):
            _show(one, console, f"case {number}: " if each else "", top)
    raise typer.Exit(EXIT_INVALID if reader.errors else 0)


def _rule(name: str | None, *, each: bool) -> SuppressionRule | None:
    if name is not None and each:
        stop("--small-cells is for counts over all cases, not for --each")
    return rule_wanted(name)


@attrs.define
class _Sessions:
    """Counts over the held sessions of one or more cases, added one case at a time."""

    cases: int = 0
    held: int = 0
    interactions: int = 0
    covered: int = 0
    coded: int = 0
    unknown: int = 0
    breaks: int = 0
    behind_codes: Counter[tuple[str, str | None, str]] = attrs.field(factory=Counter)
    behind_follows: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    behind_turns: Counter[tuple[str | None]] = attrs.field(factory=Counter)
    codes: Counter[tuple[str, str | None, str]] = attrs.field(factory=Counter)
    follows: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    turns: Counter[str | None] = attrs.field(factory=Counter)
    words: Counter[str | None] | None = attrs.field(factory=Counter)
    seconds: Counter[str | None] | None = attrs.field(factory=Counter)
    described: SessionTally = attrs.field(factory=SessionTally)

    def add(self, case: Case) -> None:
        """Count one case."""
        self.cases += 1
        self.described.add(case, builtin_catalogue())
        self.held += len(case.held_sessions)
        profile = code_profile(case)
        self.interactions += profile.n_interactions
        self.covered += profile.n_covered
        self.coded += profile.n_coded
        self.unknown += profile.n_unknown
        for row in profile.rows:
            self.codes[row.system, row.role, row.code] += row.count
        pairs: set[tuple[str, str, str]] = set()
        for one in case.coding_passes:
            found = transitions(case, coding_pass=one.id)
            self.breaks += found.n_uncoded + found.n_multiple
            self.follows.update({(one.system, r.given, r.target): r.count for r in found.rows if r.count})
            pairs |= {(one.system, r.given, r.target) for r in found.rows if r.count}
        self.behind_codes.update({(r.system, r.role, r.code) for r in profile.rows if r.count})
        self.behind_follows.update(pairs)
        self._add_talk(case)

    def _add_talk(self, case: Case) -> None:
        rows = talk_share(case).rows
        self.behind_turns.update({(row.role,) for row in rows if row.turns})
        for row in rows:
            self.turns[row.role] += row.turns
            for name in ("words", "seconds"):
                total, own = getattr(self, name), getattr(row, name)
                if own is None:  # a sum over some of the turns would be no total
                    setattr(self, name, None)
                elif total is not None:
                    total[row.role] += own

    def talk_rows(self) -> list[dict[str, Any]]:
        """Return turns, words and seconds by role, with their shares; None where they are not known of all speech."""
        rows = []
        for role, turns in self.turns.most_common():
            row: dict[str, Any] = {"role": role, "turns": turns, "share_of_turns": turns / self.turns.total()}
            for name in ("words", "seconds"):
                total = getattr(self, name)
                whole = 0 if total is None else sum(total.values())
                row[name] = None if total is None else total[role]
                row[f"share_of_{name}"] = total[role] / whole if whole else None
            rows.append(row)
        return rows

    def code_rows(self) -> list[dict[str, Any]]:
        """Return the counts by system, role and code, and the share among the codes of that role."""
        totals: Counter[tuple[str, str | None]] = Counter()
        for (system, role, _), n in self.codes.items():
            totals[system, role] += n
        rows = [
            {"system": system, "role": role, "code": code, "count": n, "share": n / totals[system, role]}
            for (system, role, code), n in self.codes.items()
        ]
        return sorted(rows, key=lambda r: (r["system"], r["role"] or "", -r["count"], r["code"]))

    def transition_rows(self) -> list[dict[str, Any]]:
        """Return what followed what, the most frequent first, and the share among all that followed the first."""
        totals: Counter[tuple[str, str]] = Counter()
        for (system, given, _), n in self.follows.items():
            totals[system, given] += n
        rows = [
            {
                "system": system,
                "given": given,
                "target": target,
                "count": n,
                "probability": n / totals[system, given],
            }
            for (system, given, target), n in self.follows.items()
        ]
        return sorted(rows, key=lambda r: (-r["count"], r["system"], r["given"], r["target"]))

    def told(self, rule: SuppressionRule | None) -> dict[str, Any]:
        """Return everything that was counted; under a rule, None for what too few cases stand behind."""
        whole: dict[str, Any] = {
            "cases": self.cases, "held_sessions": self.held, "interactions": self.interactions,
            "covered": self.covered, "coded": self.coded, "unknown": self.unknown, "talk": self.talk_rows(),
            "codes": self.code_rows(), "transitions": self.transition_rows(), "chain_breaks": self.breaks,
            "residuals": residual_rows(self.follows),
            **{name: rows for name, _, rows in described_rows(self.described)},
        }  # fmt: skip
        return whole if rule is None else whole | self._without_small(whole, rule)

    def _without_small(self, whole: dict[str, Any], rule: SuppressionRule) -> dict[str, Any]:
        parts = {
            "unknown": self.unknown,
            "coded": self.coded,
            "only covered": self.covered - self.coded,
            "not covered": self.interactions - self.covered - self.unknown,
        }
        shown = without_small_parts(parts, behind=self.cases, rule=rule)
        covered = None if shown["coded"] is None or shown["only covered"] is None else self.covered
        talk = [n for n in (whole["talk"] or [{}])[0] if n not in {"role", "turns"}]
        tables: tuple[tuple[str, tuple[str, ...], str, list[str], Counter[Any], str | None], ...] = (
            ("talk", ("role",), "turns", talk, self.behind_turns, None),
            ("codes", ("role", "code"), "count", ["share"], self.behind_codes, "system"),
            ("transitions", ("given", "target"), "count", ["probability"], self.behind_follows, "system"),
        )
        made = {
            name: without_small_counts(
                whole[name], by=by, count=count, derived=derived, behind=behind, rule=rule, apart=apart
            )
            for name, by, count, derived, behind, apart in tables
        }
        small = self.cases < rule.smallest
        few = {name: None if small or rule.is_small(whole[name]) else whole[name]
               for name in ("held_sessions", "interactions", "chain_breaks")}  # fmt: skip
        # of these it is not known how many cases stand behind a number
        left = dict.fromkeys(["residuals", *(name for name, _, _ in described_rows(self.described))])
        return {
            **made, **few, **left, "covered": covered, "coded": shown["coded"], "unknown": shown["unknown"],
        }  # fmt: skip


def _show(told: dict[str, Any], console: Console, head: str, top: int) -> None:
    """Print the counts as tables."""
    n = {name: "–" if value is None else value for name, value in told.items()}
    console.print(
        f"{head}{n['cases']} case{'s' * (n['cases'] != 1)}, {n['held_sessions']} held sessions, {n['interactions']} "
        f"interactions, {n['covered']} covered by a coding pass, {n['coded']} coded, {n['unknown']} unknown",
        style="bold",
        soft_wrap=True,
    )
    talk, codes, follows = told["talk"], told["codes"], told["transitions"]
    _print_table(console, "who talks", talk, "nobody speaks")
    _print_table(console, "codes, and their share of the speaker's codes", codes, "no codes")
    if follows:
        title = f"what follows what: the {min(top, len(follows))} most frequent of {len(follows)} transitions"
        _print_table(console, title, follows[:top], "")
        console.print(
            f"{n['chain_breaks']} interactions without a code or with several break the chain", style="dim"
        )
    if told["residuals"]:
        several = [
            {name: value for name, value in row.items() if name != "undefined_because"}
            for row in told["residuals"]
            if row["residual"] is not None
        ]
        title = f"departing most from chance: the {min(top, len(several))} strongest of {len(several)} transitions"
        _print_table(console, title, several[:top], "")
    for name, title, _ in described_rows(SessionTally()):
        if told[name]:
            _print_table(console, title, told[name], "")


def _print_table(console: Console, title: str, rows: list[dict[str, Any]], if_none: str) -> None:
    if not rows:
        console.print(if_none)
        return
    console.print(title, style="cyan", soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim")
    for name in rows[0]:
        is_number = any(isinstance(row[name], (int, float)) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(name, value)) for name, value in row.items()))
    console.print(table)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "unknown" if name == "role" else "–"
    if isinstance(value, float):
        if name.startswith("share") or name == "probability":
            return f"{value:.1%}"
        if name == "p" and value < _SMALLEST_P:
            return f"< {_SMALLEST_P}"
        return f"{value:.3f}" if name == "p" or abs(value) < 1 else f"{value:.1f}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
