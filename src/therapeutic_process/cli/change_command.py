"""The command ``change``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from therapeutic_process.cli.change_facts import graded_case, plain
from therapeutic_process.cli.change_json import case_json
from therapeutic_process.cli.change_lines import Sources, case_lines
from therapeutic_process.cli.change_together import together_json, together_lines
from therapeutic_process.cli.console import stop
from therapeutic_process.cli.reading import described, finish
from therapeutic_process.cli.shared_lines import tell_shared
from therapeutic_process.cli.small_cells import SmallCellsOption, rule_wanted
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.cohort_change_tally import ChangeTally

__all__ = ["change"]


def change(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    scores: Annotated[
        bool, typer.Option("--scores", help="Show clients' scores, and since when goals are achieved, too.")
    ] = False,
    together: Annotated[
        bool, typer.Option("--together", help="Count all cases together, not each by itself.")
    ] = False,
    small_cells: SmallCellsOption = None,
) -> None:
    """Grade the change in each case: verdicts and classes and why, sudden gains, services' rules, goals, plans.

    Cases are named by their place, and counts and verdicts are shown; clients' scores only with --scores. Together,
    shares come with intervals, and no arm, site or group is shown with fewer than five; under a small-cell rule, no
    number rests on few cases. Exit status: 0, or 1 if some
    documents could not be read, or 2 if nothing could be done.

    Example: therapeutic-process change cases.jsonl
    """
    rule = rule_wanted(small_cells)
    if rule is not None and not together:
        stop("--small-cells is for counts over all cases: give --together")
    if together:
        if scores:
            stop("give --together or --scores, not both: counts of all cases hold no scores")
        if rule is not None:
            tell_shared(path, rule, part="change", as_json=as_json)
        _together(path, as_json=as_json)
    rows, unreadable = described(path, graded_case)
    if as_json:
        cases = [case_json(g, place, scores=scores) for place, g in enumerate(rows, start=1)]
        typer.echo(json.dumps({"cases": cases, "unreadable": len(unreadable)}, ensure_ascii=False))
        finish(unreadable)
    sources = Sources()
    for place, graded in enumerate(rows, start=1):
        typer.echo(f"case {place}")
        for line in case_lines(graded, sources, scores=scores):
            typer.echo(f"  {line}")
    for line in sources.lines():
        typer.echo(line)
    verdicts = Counter(plain(one.change.verdict) for g in rows for one in g.series)
    told = ", ".join(f"{n} {v}" for v, n in sorted(verdicts.items())) or "no scores"
    typer.echo(f"{len(rows)} cases, {verdicts.total()} series of scores: {told}")
    finish(unreadable)


def _together(path: Path, *, as_json: bool) -> NoReturn:
    tally, known = ChangeTally(), builtin_catalogue()

    def count(case: Case) -> None:
        tally.add(case, known)

    rows, unreadable = described(path, count)
    if as_json:
        found = {"cases": len(rows), **together_json(tally), "unreadable": len(unreadable)}
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo(f"{len(rows)} cases, {sum(g.n_series for g in tally.scales.values())} series of scores")
        for line in together_lines(tally):
            typer.echo(line)
    finish(unreadable)
