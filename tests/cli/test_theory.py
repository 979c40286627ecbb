"""``theory check`` and ``theory test``: verdicts in a table, results that later tests are held to, no client shown."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
    fingerprint,
)
from therapeutic_process.cli.app import app
from therapeutic_process.exchange import dump_theory, read_cases, write_cases
from therapeutic_process.simulate import simulate_cohort, simulated_cases

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
TALK = CodePattern(system="automisc", codes=("C",), role="client")


def call(*arguments: str | Path) -> Any:
    """Run a command in this process; anything that is no orderly exit fails the test."""
    result = CliRunner().invoke(app, [str(a) for a in ("theory", *arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def a_mechanism(name: str = "talk", **fields: Any) -> Mechanism:
    defaults: dict[str, Any] = {
        "id": name, "cause": TALK, "effect": ScorePattern(instrument="simulated-outcome"), "direction": "improvement",
        "smallest_effect": 0.5, "lag": LagWindow(unit="sessions", shortest=1, longest=1),
    }  # fmt: skip
    return Mechanism(**(defaults | fields))


def a_theory(*mechanisms: Mechanism) -> TheoryOfChange:
    return TheoryOfChange(id="t", name="T", mechanisms=mechanisms or (a_mechanism(),))


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of sixty cases in which the code goes with a next score that is 3 points lower."""
    made = simulate_cohort("pure", n_clients=60, n_sessions=8, effect=3.0, rng=np.random.default_rng(1))
    place = tmp_path_factory.mktemp("cohort") / "cases.jsonl"
    write_cases(simulated_cases(made), place)
    return place


@pytest.fixture
def theory(tmp_path: Path) -> Path:
    (tmp_path / "theory.json").write_text(dump_theory(a_theory()))
    return tmp_path / "theory.json"


def test_a_theory_with_all_declared_is_shown_with_its_fingerprint(theory: Path) -> None:
    result = call("check", theory)
    assert result.exit_code == 0
    assert (
        "talk: any automisc C of the client goes with improvement of score simulated-outcome" in result.output
    )
    assert result.output.endswith(f"fingerprint {fingerprint(a_theory())}\n")
    told = json.loads(call("check", theory, "--json").output)
    assert told["fingerprint"] == fingerprint(a_theory())
    assert told["mechanisms"][0]["undeclared"] == []


def test_what_is_not_declared_is_named_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(dump_theory(a_theory(a_mechanism(lag=None, smallest_effect=None))))
    result = call("check", tmp_path / "t.json")
    assert result.exit_code == 1
    assert "NOT DECLARED, so not testable: lag, smallest_effect" in result.output


def test_the_verdicts_stand_in_a_table_and_as_json(theory: Path, cohort: Path) -> None:
    result = call("test", theory, cohort, "--timing", "before")
    assert result.exit_code == 0
    head, row = result.output.splitlines()[2:4]
    assert head.split()[:3] == ["mechanism", "lag", "verdict"]
    assert row.split()[:4] == ["talk", "1", "session", "supported"]
    assert "nothing shows that the theory came before the data" in result.output
    assert result.output.endswith("no such test shows a cause\n")
    told = json.loads(call("test", theory, cohort, "--timing", "before", "--json").output)
    (one,) = told["mechanisms"]
    assert (told["cases"], told["tests"], one["verdict"], one["standing"]) == (60, 1, "supported", "active")
    (lag,) = one["lags"]
    assert lag["interval"][0] < -3 < lag["interval"][1] < 0
    assert [r["reading"] for r in lag["readings"]] == ["score", "state"]


def test_a_result_holds_later_tests_to_the_theory(theory: Path, cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    assert call("test", theory, cohort, "--timing", "before", "-o", out).exit_code == 0
    assert call("test", theory, cohort, "--timing", "before", "-o", out).exit_code == 2
    same = call("test", theory, cohort, "--timing", "before", "--earlier", out)
    assert same.exit_code == 0
    assert "the theory has the fingerprint that was given" in same.output
    theory.write_text(dump_theory(a_theory(a_mechanism(smallest_effect=0.1))))
    changed = call("test", theory, cohort, "--timing", "before", "--earlier", out)
    assert changed.exit_code == 1
    assert "CHANGED" in changed.output.splitlines()[0]
    assert "supported" in changed.output
    checked = call("check", theory, "--earlier", out)
    assert (checked.exit_code, checked.output.splitlines()[-1][:3]) == (1, "NOT")
    told = fingerprint(a_theory(a_mechanism(smallest_effect=0.1))).upper()
    assert call("check", theory, "--fingerprint", told).exit_code == 0


def test_what_is_not_testable_is_told_and_exits_with_1(cohort: Path, tmp_path: Path) -> None:
    rivals = a_theory(a_mechanism(), a_mechanism("none", lag=None, rivals=("talk",)))
    (tmp_path / "t.json").write_text(dump_theory(rivals))
    result = call("test", tmp_path / "t.json", cohort, "--timing", "before")
    assert result.exit_code == 1
    assert "none: not declared: lag" in result.output
    assert "none: not testable" in next(x for x in result.output.splitlines() if x.startswith("talk"))


def test_a_report_shows_theory_models_and_courses(theory: Path, cohort: Path, tmp_path: Path) -> None:
    page = tmp_path / "theory.html"
    result = call("test", theory, cohort, "--timing", "before", "--report", page)
    assert result.exit_code == 0
    html = page.read_text(encoding="utf-8")
    for name in ("The theory tested", "Models side by side", "Scores around sessions", "Under the theory"):
        assert name in html
    assert "<script" not in html


def test_a_theory_shows_its_words_and_a_terminal_obeys_none(tmp_path: Path, cohort: Path) -> None:
    hostile = "m\x1b[31m\u202e"
    (tmp_path / "t.json").write_text(dump_theory(a_theory(a_mechanism(hostile))))
    for result in (
        call("check", tmp_path / "t.json"),
        call("test", tmp_path / "t.json", cohort, "--timing", "before"),
    ):
        assert result.exit_code == 0
        assert "\x1b" not in result.output
        assert "\u202e" not in result.output


def test_no_client_is_shown(theory: Path, cohort: Path, tmp_path: Path) -> None:
    cases = [case.with_changes(id=f"{CANARY}-{i}") for i, case in enumerate(read_cases(cohort))]
    spoiled = tmp_path / "spoiled.jsonl"
    write_cases(cases, spoiled)
    with spoiled.open("a") as stream:
        stream.write(json.dumps({"kind": "case", "schema_version": "1.0", "id": CANARY}) + "\n")
    for form in ((), ("--json",)):
        result = call("test", theory, spoiled, "--timing", "before", *form)
        assert result.exit_code == 1
        assert "spoiled.jsonl:61: invalid_record" in result.stderr
        assert CANARY not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        "test {t} {c}",
        "test {t} {c} --timing during",
        "test {t} nowhere.jsonl --timing before",
        "test {c} {c} --timing before",
        "test nowhere.json {c} --timing before",
        "test {t} {c} --timing before --fingerprint abc",
        "test {t} {c} --timing before --earlier {t}",
        "test {t} {c} --timing before --earlier nowhere.json",
        "test {t} {c} --timing before --coder-reliability talk",
        "test {t} {c} --timing before --coder-reliability talk=0.8",
        "test {t} {c} --timing before --coder-reliability other=0.5",
        "test {t} {c} --timing before --coder-reliability talk=1.5",
        "test {t} {c} --timing before --coder-reliability talk=nan",
        "test {t} {c} --timing before -o nowhere/r.json",
        "test {t} {c} --timing before --level 2",
        "check {c}",
        "check nowhere.json",
        "check {t} --earlier {c} --fingerprint abc",
    ],
)
def test_a_wrong_call_exits_with_2_and_shows_no_value(arguments: str, theory: Path, cohort: Path) -> None:
    result = call(*shlex.split(arguments.format(t=theory, c=cohort)))
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_an_empty_or_damaged_theory_is_refused(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("", "{}", "[]", "null", f'{{"kind": "{CANARY}"}}', "\x00" * 9, "[" * 99_999)
    ):
        file = tmp_path / f"{number}.json"
        file.write_text(text)
        result = call("check", file)
        assert result.exit_code == 2
        assert CANARY not in result.output
