"""Hold the library against published numbers: ``python tests/reference/published.py FILE``.

FILE is a list of worked examples of the form of worked_examples.json. One line per example that is not the
same, then the counts; the exit status is 1 if anything differs.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
for folder in (HERE.parent, HERE.parents[1] / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import polars as pl  # noqa: E402 - the paths come first

from reference.comparison import Cells, Outcome, number, read_json  # noqa: E402
from therapeutic_process import change_process as cp  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Example = dict[str, Any]


def _cutoff(facts: dict[str, Any], kind: Any) -> float:
    return cp.clinical_cutoff(
        kind,
        mean_clinical=facts.get("m_clinical"),
        sd_clinical=facts.get("sd_clinical"),
        mean_functional=facts.get("m_functional"),
        sd_functional=facts.get("sd_functional"),
        better=facts["better_is"],
    ).value


def _jacobson_truax(example: Example, cells: Cells) -> None:
    facts, expected = example["input"], example["expect"]
    sign = 1 if facts["better_is"] == "higher" else -1
    change = cp.reliable_change(
        facts["pre"], facts["post"], reliability=facts["reliability"], sd=facts["sd_clinical"],
        better=facts["better_is"],
    )  # fmt: skip
    sd, r = facts["sd_clinical"], facts["reliability"]
    got: dict[str, Any] = {f"cutoff_{k}": _cutoff(facts, k) for k in "abc"}
    got |= {
        "se_measurement": change.reference.se,
        "s_diff": change.reference.s_diff,
        "rc": change.index,
        "reliable_change_1.96": cp.reliable_change_points(sd=sd, reliability=r, critical=1.96),
        "reliably_improved": change.verdict == "improved",
    }
    got |= {f"past_cutoff_{k}": sign * (facts["post"] - _cutoff(facts, k)) > 0 for k in "abc"}
    for key, value in expected.items():
        cells.check(key, float(got[key]), float(value))


def _cutoff_b(example: Example, cells: Cells) -> None:
    cells.check("cutoff_b", _cutoff(example["input"], "b"), example["expect"]["cutoff_b"])


def _crit1(example: Example, cells: Cells) -> None:
    sd, r = example["input"]["sd"], example["input"]["reliability"]
    values = cp.ReferenceValues(sd=sd, reliability=r)
    got = {
        "standard_error_measurement": values.se,
        "standard_error_difference": values.s_diff,
        "reliable_change_value": cp.reliable_change_points(sd=sd, reliability=r, critical=1.96),
    }
    for key, value in example["expect"].items():
        cells.check(key, got[key], value)


def _critical_values(example: Example, cells: Cells) -> None:
    rule = cp.SuddenRule(cutoff=7)
    for key, value in example["expect"].items():
        df = int(key.rsplit("df ", 1)[1].rstrip(")"))
        cells.check(key, rule.critical_value(df), value)


def _check_interval(example: Example, cells: Cells) -> None:
    facts, expected = example["input"], example["expect"]
    scores = [*facts["pre"], *facts["post"]]
    frame = pl.DataFrame(
        {"client_id": [1] * 6, "session": list(range(1, 7)), "score": scores},
        schema_overrides={"score": pl.Float64},
    )
    result = cp.sudden_gains(
        frame,
        cutoff=None if facts["crit1"] is None else abs(facts["crit1"]),
        min_share=facts["pct"],
        alpha=facts["alpha"],
        kind=facts["direction"],
    )
    row = result.intervals().filter(pl.col("session") == 3).row(0, named=True)
    df = row["n_before"] + row["n_after"] - 2
    got: dict[str, Any] = {
        "sudden": float(row["verdict"] == facts["direction"]),
        "critical": result.rule.critical_value(df),
        "mean_pre": row["mean_before"],
        "mean_post": row["mean_after"],
        "n_pre": row["n_before"],
        "n_post": row["n_after"],
    }
    for key, value in expected.items():
        if key in got:
            tolerance = 5.01e-4 if key == "critical" else 1e-12  # the source prints three digits
            cells.check(key, got[key], number(value), abs_=tolerance)
        else:
            cells.not_offered(key)


def _attainment(example: Example, cells: Cells) -> None:
    facts = example["input"]
    t = cp.goal_attainment(facts["scores"], weights=facts["weights"]).t
    cells.check("T", t, example["expect"]["T"], abs_=0.05)


def _response(example: Example, cells: Cells) -> None:
    # the abstract gives rules, no numbers: a score that just meets each of them, and one that just does not
    cells.check("response", float(cp.response(18, 9) is True and cp.response(18, 9.5) is False), 1.0)
    cells.check(
        "remission", float(cp.remission(4, cutoff=5) is True and cp.remission(5, cutoff=5) is False), 1.0
    )


EXAMPLES: dict[str, Callable[[Example, Cells], None]] = {
    "jt1991_hypothetical": _jacobson_truax,
    "cutoff_b_unequal_sd": _cutoff_b,
    "define_crit1_cutoff_doc": _crit1,
    "tang_derubeis_crit3_critical_values": _critical_values,
    "check_interval_1": _check_interval,
    "check_interval_2": _check_interval,
    "check_interval_3": _check_interval,
    "mbc_response_remission": _response,
    "gas_t_score": _attainment,
}
WHY_NOT = {
    "vittengl2015_false_positives": "the file holds the rates, not the population they were drawn from; "
    "no declared population gives all of them (docs/reliability.md says how near one fitted to them comes)",
    "permutation_test_example": "the scores that were permuted are not in the file",
    "nhs_talking_therapies": "a service rule, which does not belong to this comparison",
    "oq_rci_table": "published thresholds: facts about instruments",
    "rdas_anderson2014": "published thresholds: the numbers they were computed from are not in the file",
}


def compare(path: Path) -> Iterator[Outcome]:
    """Compare every example of the file."""
    for example in read_json(path):
        cells = Cells(example["id"])
        adaptor = EXAMPLES.get(example["id"])
        if adaptor is None:
            cells.not_offered(WHY_NOT.get(example["id"], "no adaptor for this example"))
        else:
            adaptor(example, cells)
        yield cells.outcome()


def main(arguments: list[str]) -> int:
    """Run the comparison and return the exit status."""
    shared = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", HERE.parents[2] / "shared"))
    default = shared / "reference" / "change_process" / "worked_examples.json"
    path = Path(arguments[0]) if arguments else default
    if not path.is_file():
        print("published.py: there is no such file of worked examples", file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    for outcome in compare(path):
        counts[outcome.status] += 1
        if outcome.status != "same":
            print(f"{outcome.status}: {outcome.case}: {outcome.detail}")
    print(
        f"compared {counts.total()}, differ {counts['differ']}, "
        f"known deviations {counts['known deviation']}, not offered {counts['not offered']}"
    )
    return 1 if counts["differ"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
