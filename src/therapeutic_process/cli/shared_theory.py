"""What ``theory test`` tells under a small-cell rule: verdicts and intervals behind which enough clients stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.cli.theory_lines import head_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from therapeutic_process.process_outcome import LagTest, TheoryTest
    from therapeutic_process.report.small_cells import SmallCells

__all__ = ["shared_result_json", "shared_result_lines"]


def shared_result_json(
    found: TheoryTest, gate: SmallCells, *, n_cases: int, n_unreadable: int, timing: str
) -> dict[str, Any]:
    """Return a test as JSON, null for what too few clients stand behind; without reasons and losses, which count some.

    Args:
        found: The test.
        gate: Decides what may be shown.
        n_cases: Cases it was made with.
        n_unreadable: Documents that could not be read.
        timing: When the scores were taken.
    """
    return {
        **head_json(found, timing),
        "rule": gate.rule.source,
        "smallest": gate.rule.smallest,
        "cases": n_cases if gate.enough(n_cases) else None,
        "unreadable": n_unreadable if gate.enough(n_unreadable) else None,
        "mechanisms": [
            {"mechanism": one.mechanism.id, "lags": [_lag(lag, gate) for lag in one.lags]}
            for one in found.mechanisms
        ],
    }


def _lag(one: LagTest, gate: SmallCells) -> dict[str, Any]:
    told = {"verdict": one.verdict, "conditional": one.conditional, "interval": one.interval,
            "level": one.level, "p_holm": one.p_holm}  # fmt: skip
    # not testable is said of few as well, and is then of few
    shown = one.n_clients >= gate.rule.smallest
    return {"lag": one.lag, **(told if shown else dict.fromkeys(told))}


def shared_result_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield a result that may be shown as lines.

    Args:
        told: What `shared_result_json` returns.
    """
    n = f"fewer than {told['smallest']}" if told["cases"] is None else told["cases"]
    yield f"{n} cases; {told['declaration']}"
    yield f"fingerprint {told['fingerprint']}"
    for one in told["mechanisms"]:
        for lag in one["lags"]:
            name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in one["mechanism"])
            yield f"{name}, lag {lag['lag']}: {_lag_in_words(lag)}"
    yield f"not shown: what fewer than {told['smallest']} clients stand behind, and reasons, which count some"
    yield "supported means consistent with the mechanism: no such test shows a cause"


def _lag_in_words(lag: Mapping[str, Any]) -> str:
    if lag["verdict"] is None:
        return "not shown"
    condition = ", conditional on what the event follows" if lag["conditional"] else ""
    ends = lag["interval"]
    if ends is None:
        return f"{lag['verdict']}{condition}"
    interval = f"{ends[0]:.3g} to {ends[1]:.3g} ({lag['level']:.2%})"
    return f"{lag['verdict']}{condition}: {interval}, Holm p {lag['p_holm']:.2g}"
