"""The command that links shows counts of what lies in the window before each change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import dump_case, example_cases
from therapeutic_process.process_outcome import link_events
from therapeutic_process.report.words import count

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
BAD = f'{{"kind":"case","schema_version":"1.0","id":"{CANARY}","participants":[]}}'


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["link", *(str(a) for a in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("options", "window", "shown"),
    [
        ((), 2, {"sessions": 2}),
        (("--window-sessions", "1"), 1, {"sessions": 1}),
        (("--window-days", "10.5"), timedelta(days=10.5), {"days": 10.5}),
    ],
)
def test_the_json_holds_what_the_function_says(
    place: Path, options: tuple[str, ...], window: Any, shown: dict[str, float]
) -> None:
    result = json.loads(call(place / "cases.jsonl", "--json", *options).output)
    assert (result["window"], result["unreadable"]) == (shown, 0)
    for told, case in zip(result["cases"], example_cases(), strict=True):
        links = link_events(case, window=window)
        assert (told["changes"], told["linked"], told["ambiguous"]) == (
            links.n_events,
            links.n_linked,
            links.n_ambiguous,
        )
        assert [len(x["sessions"]) for x in told["links"]] == [x.ambiguity for x in links.links]
        assert [x["tasks"] for x in told["links"]] == [len(x.tasks) for x in links.links]
        lags = [[s["lag"] for s in x["sessions"]] for x in told["links"]]
        assert lags == [[s.lag for s in x.sessions] for x in links.links]
        assert sum(told["unplaced"].values()) == len(links.unplaced)
        days = [[s["days"] and tuple(s["days"]) for s in x["sessions"]] for x in told["links"]]
        assert days == [[s.days for s in x.sessions] for x in links.links]
        assert [x["ambiguity"] for x in told["links"]] == [x.ambiguity for x in links.links]


def test_every_session_in_a_window_has_its_line(place: Path) -> None:
    lines = call(place / "cases.jsonl").output.splitlines()
    several = [s for c in example_cases() for x in link_events(c, window=2).links for s in x.sessions]
    told = [line.strip() for line in lines if line.startswith("    lag ")]
    assert len(told) == len(several)
    for line, session in zip(told, several, strict=True):
        assert line.startswith(f"lag {session.lag}")
        assert f", {count(len(session.interactions), 'interaction')}" in line
        assert ("days before" in line) == (session.days is not None)
        assert ("may have come later" in line) == (not session.certain)


def test_lines_count_what_is_there_and_end_with_a_sum(place: Path) -> None:
    result = call(place / "cases.jsonl")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    several = [link_events(c, window=2) for c in example_cases()]
    heads = [
        f"case {i}: {count(links.n_events, 'change outside sessions')}"
        for i, links in enumerate(several, start=1)
        if links.n_events
    ]
    assert [line for line in lines if line.startswith("case ")] == heads
    assert sum(line.startswith("  change ") for line in lines) == sum(len(x.links) for x in several) > 0
    assert lines[-1] == (
        f"{len(several)} cases, {count(sum(x.n_events for x in several), 'change outside sessions')}: of these, "
        f"{sum(x.n_linked for x in several)} with a session in the window before, "
        f"{sum(x.n_ambiguous for x in several)} with more than one, "
        f"{sum(len(x.unplaced) for x in several)} that cannot be placed"
    )


def test_no_id_is_shown(place: Path) -> None:
    shown = call(place / "cases.jsonl").output + call(place / "cases.jsonl", "--json").output
    for case in example_cases():
        assert case.id not in shown
        assert not [e.id for e in case.change_events if f'"{e.id}"' in shown]


def test_a_change_that_cannot_be_placed_is_counted_with_the_reason(tmp_path: Path) -> None:
    case = example_cases()[0]
    lost = [{"id": CANARY, "participant": case.clients[0].id, "locus": "out_of_session"}]
    (tmp_path / "one.json").write_text(dump_case(case.with_changes(change_events=lost)))
    result = call(tmp_path / "one.json")
    assert "  1 not placed: its order is not known" in result.output
    assert CANARY not in result.output
    unplaced = json.loads(call(tmp_path / "one.json", "--json").output)["cases"][0]["unplaced"]
    assert list(unplaced.values()) == [1]


@pytest.mark.parametrize(
    "options",
    [
        ("--window-sessions", "1", "--window-days", "1"),
        ("--window-sessions", "0"),
        ("--window-days", "0"),
        ("--window-days", "1e300"),
        ("--window-days", "nan"),
    ],
)
def test_a_window_that_makes_no_sense_is_2(place: Path, options: tuple[str, ...]) -> None:
    assert call(place / "cases.jsonl", *options).exit_code == 2


def test_what_cannot_be_read_is_1_and_nothing_to_read_is_2(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(f"{BAD}\n{dump_case(example_cases()[0])}\n")
    for form in ((), ("--json",)):
        result = call(mixed, *form)
        assert result.exit_code == 1
        assert "mixed.jsonl:1: invalid_record" in result.stderr
        assert CANARY not in result.output
    assert call(tmp_path / "none.jsonl").exit_code == 2
    mixed.write_text(BAD)
    assert call(mixed).exit_code == 2
