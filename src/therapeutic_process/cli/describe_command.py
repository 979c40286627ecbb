"""The command ``describe``."""

from __future__ import annotations

import json
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
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import DocumentsSkippedWarning, read_cases
from therapeutic_process.records import Case
from therapeutic_process.session_process import code_profile, talk_share, transitions

__all__ = ["describe"]


def describe(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    each: Annotated[
        bool, typer.Option("--each", help="Describe each case by itself, not all together.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many transitions to show: the most frequent.")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with all transitions.")
    ] = False,
) -> None:
    """Describe what happens in the sessions of cases: codes, who talks, what follows what.

    Counts only, without a theory of what helps; cases are numbered in the order of the file. Exit status: 0, or 1 if
    some documents could not be read, or 2 if nothing could be done.

    Example: therapeutic-process describe cases.jsonl
    """
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
    if as_json:
        typer.echo(json.dumps({"described": [d.as_json() for d in found], "unreadable": len(reader.errors)}))
    else:
        console = Console(highlight=False)
        for number, one in enumerate(found, start=1):
            one.show(console, f"case {number}: " if each else "", top)
    raise typer.Exit(EXIT_INVALID if reader.errors else 0)


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
    codes: Counter[tuple[str, str | None, str]] = attrs.field(factory=Counter)
    follows: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    turns: Counter[str | None] = attrs.field(factory=Counter)
    words: Counter[str | None] | None = attrs.field(factory=Counter)
    seconds: Counter[str | None] | None = attrs.field(factory=Counter)

    def add(self, case: Case) -> None:
        """Count one case."""
        self.cases += 1
        self.held += len(case.held_sessions)
        profile = code_profile(case)
        self.interactions += profile.n_interactions
        self.covered += profile.n_covered
        self.coded += profile.n_coded
        self.unknown += profile.n_unknown
        for row in profile.rows:
            self.codes[row.system, row.role, row.code] += row.count
        for one in case.coding_passes:
            found = transitions(case, coding_pass=one.id)
            self.breaks += found.n_uncoded + found.n_multiple
            self.follows.update({(one.system, r.given, r.target): r.count for r in found.rows if r.count})
        self._add_talk(case)

    def _add_talk(self, case: Case) -> None:
        for row in talk_share(case).rows:
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

    def as_json(self) -> dict[str, Any]:
        """Return everything that was counted."""
        return {
            "cases": self.cases, "held_sessions": self.held, "interactions": self.interactions,
            "covered": self.covered, "coded": self.coded, "unknown": self.unknown, "talk": self.talk_rows(),
            "codes": self.code_rows(), "transitions": self.transition_rows(), "chain_breaks": self.breaks,
        }  # fmt: skip

    def show(self, console: Console, head: str, top: int) -> None:
        """Print the counts as tables."""
        console.print(
            f"{head}{self.cases} case{'s' * (self.cases != 1)}, {self.held} held sessions, {self.interactions} "
            f"interactions, {self.covered} covered by a coding pass, {self.coded} coded, {self.unknown} unknown",
            style="bold",
            soft_wrap=True,
        )
        talk, codes, follows = self.talk_rows(), self.code_rows(), self.transition_rows()
        _print_table(console, "who talks", talk, "nobody speaks")
        _print_table(console, "codes, and their share of the speaker's codes", codes, "no codes")
        if follows:
            title = (
                f"what follows what: the {min(top, len(follows))} most frequent of {len(follows)} transitions"
            )
            _print_table(console, title, follows[:top], "")
            console.print(
                f"{self.breaks} interactions without a code or with several break the chain", style="dim"
            )


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
        return "unknown"
    if isinstance(value, float):
        return f"{value:.1%}" if name.startswith("share") or name == "probability" else f"{value:.1f}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
