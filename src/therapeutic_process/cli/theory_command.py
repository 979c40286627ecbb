"""The commands ``theory check`` and ``theory test``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from therapeutic_process.change_process import Mechanism, TheoryOfChange, fingerprint
from therapeutic_process.cli.console import (
    EXIT_INVALID,
    refuse_source,
    refuse_to_replace,
    require_place,
    stop,
    write_text,
)
from therapeutic_process.cli.reading import described, told_unreadable
from therapeutic_process.cli.shared_theory import shared_result_json, shared_result_lines
from therapeutic_process.cli.small_cells import SmallCellsOption, rule_wanted
from therapeutic_process.cli.theory_lines import MOST_BYTES, mechanism_lines, result_json, result_lines
from therapeutic_process.errors import DocumentError, TherapeuticProcessError
from therapeutic_process.exchange import load_theory
from therapeutic_process.report.small_cells import SmallCells

if TYPE_CHECKING:
    from therapeutic_process.process_outcome import TheoryTest
    from therapeutic_process.records import Case
    from therapeutic_process.tables import SuppressionRule

__all__ = ["theory"]

theory = typer.Typer(
    name="theory",
    help="Check a theory of change, or put it to the test.\n\nExample: therapeutic-process theory check theory.json",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class TimingName(StrEnum):
    """When scores were taken, relative to their session."""

    before = "before"
    after = "after"
    both = "both"


class RespondentName(StrEnum):
    """Who gave the scores."""

    client = "client"
    therapist = "therapist"
    observer = "observer"
    software = "software"
    other = "other"


_Theory = Annotated[Path, typer.Argument(help="The JSON document of the theory.")]
_Fingerprint = Annotated[
    str | None,
    typer.Option("--fingerprint", help="The fingerprint that was registered before the data were seen."),
]
_Earlier = Annotated[
    Path | None,
    typer.Option(help="The JSON result of an earlier test, to see whether the theory was changed since."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")]


@theory.command()
def check(
    document: _Theory,
    registered: _Fingerprint = None,
    earlier: _Earlier = None,
    as_json: _Json = False,
) -> None:
    """Show what a theory declares, what it lacks to be tested, and its fingerprint.

    Exit status: 0, or 1 if something is not declared or the theory is not the one that was registered or tested, or 2
    if the document cannot be read.

    Example: therapeutic-process theory check theory.json
    """
    declared = _read_theory(document)
    now, before = fingerprint(declared), _registered(registered, earlier)
    lacking = sum(bool(m.undeclared) for m in declared.mechanisms)
    if as_json:
        rows = [_declared_json(m) for m in declared.mechanisms]
        same = None if before is None else before == now
        whole = {"fingerprint": now, "registered": before, "as_registered": same, "mechanisms": rows}
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        for mechanism in declared.mechanisms:
            for line in mechanism_lines(mechanism):
                typer.echo(line)
        typer.echo(f"{len(declared.mechanisms)} mechanisms, {lacking} lack a declaration")
        typer.echo(f"fingerprint {now}")
        if before is not None:
            typer.echo(
                "the fingerprint is the one that was given"
                if before == now
                else "NOT the theory whose fingerprint was given"
            )
    raise typer.Exit(EXIT_INVALID if lacking or before not in {None, now} else 0)


@theory.command("test")
def put_to_the_test(
    document: _Theory,
    paths: Annotated[
        list[Path], typer.Argument(help="Files (.json, .jsonl, .jsonl.gz) or folders of cases.")
    ],
    timing: Annotated[TimingName, typer.Option(help="When scores were taken, relative to their session.")],
    registered: _Fingerprint = None,
    earlier: _Earlier = None,
    respondent: Annotated[RespondentName, typer.Option(help="Who gave the scores.")] = RespondentName.client,
    complete: Annotated[
        bool,
        typer.Option("--complete", help="All tasks and events were recorded: a session without one holds 0."),
    ] = False,
    reliability: Annotated[
        list[str] | None,
        typer.Option(
            "--coder-reliability",
            metavar="MECHANISM=SHARE",
            help="Share of a process's variance within clients that is no coding error; repeatable. Needed, with "
            "--seed, to test whether a process is inert.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the simulation behind that test.")] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Level before Holm's correction.")] = 0.95,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file to write the result to.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML file to write a report of cohort and theory to.")
    ] = None,
    as_json: _Json = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    small_cells: SmallCellsOption = None,
) -> None:
    """Test every mechanism of a theory on cases; supported means consistent with it, no test shows a cause.

    What is not declared is not tested, and a theory that is not the one registered or tested before is told. Counts and
    estimates are shown, nothing of a client; under a small-cell rule, none that few clients stand behind. Exit status:
    0 if every mechanism was tested and everything read, 1 if not or if the theory was changed, or 2 if nothing could be
    done.

    Example: therapeutic-process theory test theory.json cases.jsonl --timing before
    """
    rule = rule_wanted(small_cells)
    for target in filter(None, (output, report)):
        refuse_to_replace(target, force=force)
        require_place(target)
        for source in (document, *paths):
            refuse_source(target, source, inside=False)
    declared, before = _read_theory(document), _registered(registered, earlier)
    shares = _reliabilities(reliability or [], declared)
    if shares and seed is None:
        stop("--coder-reliability needs --seed: whether the design could tell inert is simulated")
    cases, unreadable = _cases(paths)
    try:
        found = _tested(declared, cases, timing, before, shares, seed, respondent, level, complete=complete)
        if report is not None:
            write_text(report, _report(found, cases, timing, respondent, rule, complete=complete))
    except TherapeuticProcessError as error:
        stop(error)
    sizes = {"n_cases": len(cases), "n_unreadable": len(unreadable)}
    told = (
        result_json(found, **sizes, timing=timing.value)
        if rule is None
        else shared_result_json(found, SmallCells(rule), **sizes, timing=timing.value)
    )
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    if output is not None:
        write_text(output, f"{text}\n")
    if as_json:
        typer.echo(text)
    else:
        plain = result_lines(found, n_cases=len(cases)) if rule is None else shared_result_lines(told)
        for line in plain:
            typer.echo(line)
        for target in filter(None, (output, report)):
            typer.echo(f"written to {target}")
    told_unreadable(unreadable)
    whole = all(m.verdict != "not testable" for m in found.mechanisms) and found.as_registered is not False
    raise typer.Exit(0 if whole and not unreadable else EXIT_INVALID)


def _read_theory(document: Path) -> TheoryOfChange:
    try:
        if document.stat().st_size > MOST_BYTES:
            stop(f"{document.name!r} is too large for a theory")
        return load_theory(document.read_bytes())
    except OSError as error:
        stop(f"{document.name!r} cannot be read: {error.strerror}")
    except TherapeuticProcessError as error:
        stop(error)


def _registered(given: str | None, earlier: Path | None) -> str | None:
    """Return the fingerprint that was registered, or that an earlier result holds."""
    if given is not None and earlier is not None:
        stop("give --fingerprint or --earlier, not both")
    found: object = given
    if earlier is not None:
        try:
            found = json.loads(earlier.read_bytes()).get("fingerprint")
        except OSError as error:
            stop(f"{earlier.name!r} cannot be read: {error.strerror}")
        except (ValueError, AttributeError, RecursionError):
            stop(f"{earlier.name!r} is no result of a test")
    if found is None and earlier is None:
        return None
    if not isinstance(found, str) or len(found) != 64 or not set(found.lower()) <= set("0123456789abcdef"):
        stop("needed a fingerprint of 64 hexadecimal digits, found none")
    return found.lower()


def _reliabilities(given: list[str], declared: TheoryOfChange) -> dict[str, float]:
    ids, shares = {m.id for m in declared.mechanisms}, {}
    for one in given:
        name, _, share = one.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            stop("--coder-reliability: needed MECHANISM=SHARE, found something else")
        if name not in ids or not 0 < value <= 1:
            stop("--coder-reliability: needed the id of a mechanism and a share above 0, at most 1")
        shares[name] = value
    return shares


def _cases(paths: list[Path]) -> tuple[list[Case], list[DocumentError]]:
    cases: list[Case] = []
    unreadable: list[DocumentError] = []
    for path in paths:
        found, lost = described(path, lambda case: case)
        cases += found
        unreadable += lost
    return cases, unreadable


def _tested(
    declared: TheoryOfChange,
    cases: list[Case],
    timing: TimingName,
    registered: str | None,
    shares: dict[str, float],
    seed: int | None,
    respondent: RespondentName,
    level: float,
    *,
    complete: bool,
) -> TheoryTest:
    from therapeutic_process.process_outcome import test_theory

    rng = None
    if seed is not None:
        import numpy as np

        rng = np.random.default_rng(seed)
    return test_theory(
        declared,
        cases,
        timing=timing.value,
        registered=registered,
        coder_reliability=shares,
        rng=rng,
        respondent=respondent.value,
        complete=complete,
        level=level,
    )


def _report(
    found: TheoryTest,
    cases: list[Case],
    timing: TimingName,
    respondent: RespondentName,
    rule: SuppressionRule | None,
    *,
    complete: bool,
) -> str:
    from therapeutic_process.report import TheoryFindings, cohort_report, theory_findings

    if rule is not None:  # models and courses are left out
        return cohort_report(cases, theory=TheoryFindings(found), small_cells=rule)
    findings = theory_findings(
        found, cases, timing=timing.value, respondent=respondent.value, complete=complete
    )
    return cohort_report(cases, theory=findings, max_case_views=0)


def _declared_json(one: Mechanism) -> dict[str, object]:
    told: dict[str, object] = one.model_dump(mode="json", exclude_none=True)
    return told | {"undeclared": list(one.undeclared)}
