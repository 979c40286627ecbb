"""Cases of the R package clinicalsignificance, made with the library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import polars as pl

from reference.comparison import Case, Cells, deviates, file_ending, number, read_csv, read_json
from therapeutic_process import change_process as cp

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["change_alone", "combined", "statistical"]

METHODS: dict[str, Any] = {
    "JT": "jacobson_truax",
    "GLN": "gulliksen_lord_novick",
    "HLL": "hsu_linn_lord",
    "EN": "edwards_nunnally",
    "NK": "nunnally_kotsch",
    "HA": "hageman_arrindell",
}
CLASSES = {
    "Recovered": {"recovered"},
    "Improved": {"improved", "better_than_average"},
    # the peer has no class for a crossing without reliable change
    "Unchanged": {"unchanged", "non_reliably_recovered", "like_average"},
    "Deteriorated": {"deteriorated", "worse_than_average"},
    "Harmed": {"deteriorated_into_clinical_range"},
}
EFFECTS = {
    "Statistically not significant": "not_significant",
    "Statistically significant": "significant_but_unimportant",
    "Not significantly": "not_significantly_below_threshold",
    "Probably clinically": "probably_important",
    "Large clinically": "large",
}


class _Cohort:
    """The pairs of one case, and what they are judged against."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.case, self.args = case, case["args"]
        a = self.args
        self.better = a.get("better_is", "lower")
        self.sign = 1 if self.better == "higher" else -1
        self.alpha = a.get("significance_level", 0.05)
        group = a.get("group")
        rows = read_csv(folder / case["data"])
        data: dict[str, list[Any]] = {
            "client_id": [r[a["id"]] for r in rows],
            "time": [_plain(r[a["time"]]) for r in rows],
            "score": [number(r[a["outcome"]]) for r in rows],
        }
        if group:
            data["group"] = [r[group] for r in rows]
        self.long = pl.DataFrame(data, schema_overrides={"score": pl.Float64})
        self.by = "group" if group else None
        keep = ["group"] if group else []
        at = (_plain(a["pre"]), _plain(a["post"])) if "pre" in a else None
        several = a.get("rci_method") == "HLM"
        self.pairs = None if several else cp.paired_scores(self.long, order="time", at=at, keep=keep)

    @property
    def table(self) -> pl.DataFrame:
        assert self.pairs is not None
        return self.pairs.table

    def reference(self, reliability: float | None) -> cp.ReferenceValues:
        a = self.args
        r = a.get("reliability", 1.0) if reliability is None else reliability
        return cp.reference_from_sample(
            self.table, reliability=r, reliability_after=a.get("reliability_post")
        )

    def change(self) -> Any:
        a = self.args
        if a.get("rci_method") == "HLM":
            numeric = self.long.with_columns(pl.col("time").cast(pl.Float64))
            return cp.random_slope_change(numeric, time="time", better=self.better, alpha=self.alpha)
        if "mid_improvement" in a:
            down = a.get("mid_deterioration")
            return cp.important_change_table(
                self.table, improvement=a["mid_improvement"], deterioration=down, better=self.better
            ), None
        if "pct_improvement" in a:
            return cp.percentage_change_table(
                self.table, improvement=a["pct_improvement"], deterioration=a.get("pct_deterioration"),
                better=self.better,
            ), None  # fmt: skip
        method = METHODS[a.get("rci_method", "JT")]
        return cp.reliable_change_table(
            self.table, reference=self.reference(None), method=method, better=self.better, alpha=self.alpha
        ), None

    def cutoffs(self, table: pl.DataFrame, *, true_scores: bool) -> tuple[Any, float]:
        """Return the cutoff by its definition, and the peer's (which takes the clinical spread for b)."""
        a = self.args
        kind, m1, s1 = a.get("cutoff_type", "a"), a.get("m_functional"), a.get("sd_functional")
        values = cp.reference_from_sample(table, reliability=a.get("reliability", 0.5))
        m0, s0 = values.mean_before, values.sd
        if true_scores:
            mine = cp.true_score_cutoff(
                kind, reference=self.reference(None), mean_functional=m1, sd_functional=s1, better=self.better
            )
            s0 *= math.sqrt(a["reliability"])
        else:
            mine = cp.clinical_cutoff(
                kind,
                mean_clinical=m0,
                sd_clinical=s0,
                mean_functional=m1,
                sd_functional=s1,
                better=self.better,
            )
        return mine, (m1 - self.sign * 2 * s0) if kind == "b" else mine.value


def _plain(occasion: Any) -> str:
    """Write an occasion as text, so that 1, 1.0 and "1" are the same."""
    try:
        value = float(occasion)
    except ValueError:
        return str(occasion)
    return str(int(value)) if value.is_integer() else str(value)


def _persons(folder: Path, case: Case) -> dict[str, dict[str, str]]:
    path = file_ending(folder, case, "persons.csv")
    return {r["id"]: r for r in read_csv(path)} if path else {}


def _check_persons(
    cohort: _Cohort, folder: Path, table: pl.DataFrame, cells: Cells, *, column: str, rel: float = 1e-9
) -> None:
    rows = {r["client_id"]: r for r in table.rows(named=True)}
    names = {
        "group": "group", "pre": "before", "post": "after", "change": "change", "rci": "index", "n":
        "n_scores", "pct_change": "share", "cs_indiv": "range_index",
    }  # fmt: skip
    persons = _persons(folder, cohort.case)
    judged = sum(r[column] is not None or _zero_before(r) for r in rows.values())
    cells.check("persons", judged, len(persons))
    for client, line in persons.items():
        got = rows.get(client)
        if got is None:
            cells.check(f"client {client}", 0.0, 1.0)
            continue
        for name, text in line.items():
            what = f"{name} of client {client}"
            if name in names and names[name] in got:
                expected = text if name == "group" else number(text)
                # the share is the change towards improvement in the peer's sign
                if isinstance(expected, float) and math.isinf(expected):
                    cells.check(f"score before of client {client}", got["before"], 0.0)
                    continue
                loose = name == "rci" and rel > 1e-9
                # an index is in units of its standard error: near 0 the tolerance is absolute
                cells.check(
                    what, got[names[name]], expected, rel=rel if loose else 1e-9, abs_=rel if loose else 1e-12
                )
            elif name == "category":
                _check_category(what, got[column], text, got, cells)
            elif name.lower() in {"recovered", "improved", "unchanged", "deteriorated", "harmed"}:
                flag = got[column] in CLASSES[name.capitalize()]
                if not _zero_before(got):
                    cells.check(what, float(flag), number(text))
            elif name in {"clinical_pre", "cut_clinical_pre"}:
                cells.check(what, float(got["range_before"] == "clinical"), number(text))
            elif name in {"functional_post", "cut_functional_post"}:
                crossed = (
                    got["range_before"] == "clinical" or "range_index" not in got or name != "functional_post"
                )
                cells.check(what, float(crossed and got["range_after"] == "functional"), number(text))
            elif name == "clinical_post":
                crossed = got["range_before"] != "clinical" and got["range_after"] == "clinical"
                cells.check(what, float(crossed), number(text))
            elif name == "cut_cs_indiv":
                cells.check(what, got["range_index"], number(text))
            elif name != "id":
                cells.not_offered(name)


def _zero_before(got: dict[str, Any]) -> bool:
    return "share" in got and got["share"] is None and got["before"] is not None and got["before"] <= 0


def _check_category(what: str, got: Any, text: str, row: dict[str, Any], cells: Cells) -> None:
    if _zero_before(row):
        # a share of zero is undefined; the peer divides by it
        cells.check(what, got, text, explained=True, because="the score before is 0")
    else:
        cells.check(what, text if got in CLASSES[text] else got, text)


def _check_summary(cohort: _Cohort, graded: Any, summary: Any, cells: Cells, n_original: int) -> None:
    counts = graded.counts(by=cohort.by)
    zeros = _peer_zeros(cohort, graded)
    if zeros:
        for (group, label), n in zeros.items():
            cells.check(
                f"{label} with a score of 0 before", 0, n, explained=True, because="a share of 0 is undefined"
            )
            cls = label.lower()
            counts[group, cls] = counts.get((group, cls), 0) + n
    n_used = sum(counts.values())
    sizes = summary.get("n") or {}
    cells.check("n_original", n_original, sizes.get("n_original"))
    cells.check("n_used", n_used, sizes.get("n_used"))
    judged_by_amount = graded.method in {"important_change", "percentage_change"}
    if "rci_stats" in summary and not judged_by_amount:
        cells.check("critical_value", graded.critical, summary["critical_value"])
    classes = summary["summary"]
    for entry in classes["individual"] if isinstance(classes, dict) else classes:
        group, label = entry.get("group"), entry["category"]
        found = sum(v for (g, c), v in counts.items() if g == group and c in CLASSES[label])
        cells.check(f"n {group or ''} {label}", found, entry["n"])
        in_group = sum(v for (g, _), v in counts.items() if g == group)
        _check_percent(
            f"percent {group or ''} {label}", found, in_group, n_used, entry["percent"], cohort, cells
        )


def _peer_zeros(cohort: _Cohort, graded: Any) -> dict[tuple[Any, str], int]:
    """Count, by what the peer says, the clients whose score before is 0."""
    if graded.method != "percentage_change":
        return {}
    sign = cohort.sign
    out: dict[tuple[Any, str], int] = {}
    for row in graded.table.rows(named=True):
        if _zero_before(row) and row["before"] == 0:
            moved = sign * row["change"]
            label = "Improved" if moved > 0 else "Deteriorated" if moved < 0 else "Unchanged"
            key = (row["group"] if cohort.by else None, label)
            out[key] = out.get(key, 0) + 1
    return out


def _check_percent(
    what: str, found: int, in_group: int, everybody: int, text: str, cohort: _Cohort, cells: Cells
) -> None:
    expected = float(text.rstrip("%"))
    peer = 100 * found / everybody
    excused = abs(peer - expected) <= 0.00501
    cells.check(what, 100 * found / in_group, expected, rel=0, abs_=0.00501, explained=excused,
                because="of all persons")  # fmt: skip


def _check_statistics(cohort: _Cohort, reference: Any, summary: Any, cells: Cells) -> None:
    got = {
        "s_diff": lambda: reference.s_diff,
        "se_measurement": lambda: reference.se,
        "se_prediction": lambda: reference.se_prediction,
        "m_pre": lambda: reference.mean_before,
        "sd_pre": lambda: reference.sd,
        "m_post": lambda: reference.mean_after,
        "sd_post": lambda: reference.sd_after,
        "r_dd": lambda: reference.reliability_of_difference,
        "reliability": lambda: reference.reliability,
        "reliability_post": lambda: reference.reliability_after,
    }
    for key, value in (summary.get("rci_stats") or {}).items():
        if key in got:
            cells.check(key, got[key](), value)
        else:
            cells.not_offered(f"rci_stats {key}")


def _check_model(model: Any, summary: Any, cells: Cells) -> None:
    lmer = summary.get("lmer")
    if not lmer or model is None:
        return
    cells.check("intercept", model.intercept, lmer["fixef"]["(Intercept)"], rel=1e-4)
    cells.check("slope", model.slope, lmer["fixef"]["time"], rel=1e-4)
    cells.check("REML", model.reml, lmer["REML"], rel=1e-4)
    for part in lmer["varcorr"]:
        key = (part["grp"], part["var1"], part["var2"])
        got = {
            ("id", "(Intercept)", None): model.var_intercept,
            ("id", "time", None): model.var_slope,
            ("id", "(Intercept)", "time"): model.covariance,
            ("Residual", None, None): model.var_residual,
        }[key]
        # a covariance near 0 is held against the variances it belongs to
        scale = math.sqrt(model.var_intercept * model.var_slope) if part["var2"] else 0.0
        cells.check(f"variance {key}", got, part["vcov"], rel=1e-4, abs_=1e-4 * scale)


def change_alone(folder: Path, case: Case, cells: Cells) -> None:
    """Distribution, percentage and individual anchor approaches."""
    cohort = _Cohort(folder, case)
    if case["args"].get("target") == "group":
        _cs_group(cohort, folder, cells)
        return
    graded, model = cohort.change()
    path = file_ending(folder, case, "summary.json")
    summary = read_json(path) if path else {}
    _check_persons(
        cohort,
        folder,
        _with_group(cohort, graded.table),
        cells,
        column="verdict",
        rel=1e-4 if model else 1e-9,
    )
    grouped = _with_table(graded, _with_group(cohort, graded.table))
    _check_summary(cohort, grouped, summary, cells, cohort.long["client_id"].n_unique())
    if graded.reference is not None:
        _check_statistics(cohort, graded.reference, summary, cells)
    _check_model(model, summary, cells)


def _with_group(cohort: _Cohort, table: pl.DataFrame) -> pl.DataFrame:
    if cohort.by is None or "group" in table.columns:
        return table
    groups = cohort.long.select("client_id", "group").unique()
    return table.join(groups, on="client_id", how="left")


def _with_table(graded: Any, table: pl.DataFrame) -> Any:
    """Return the same result over a table with further columns."""
    return attrs.evolve(graded, table=table)


def _check_cutoff(mine: Any, peer: float, summary: Any, case: Case, cells: Cells) -> bool:
    """Check the cutoff; return whether the peer's departs from the definition in the known way."""
    cutoff = summary["cutoff"]
    expected = cutoff["value"]
    excused = deviates(case, "cutoff b") and math.isclose(peer, expected, rel_tol=1e-9)
    cells.check("cutoff", mine.value, expected, explained=excused, because="spread of the clinical sample")
    for key, value in (
        ("m_clinical", mine.mean_clinical), ("sd_clinical", mine.sd_clinical),
        ("m_functional", mine.mean_functional), ("sd_functional", mine.sd_functional),
    ):  # fmt: skip
        if key in cutoff:
            cells.check(key, value, cutoff[key])
    return excused and not math.isclose(mine.value, expected, rel_tol=1e-9)


def combined(folder: Path, case: Case, cells: Cells) -> None:
    cohort = _Cohort(folder, case)
    path = file_ending(folder, case, "summary.json")
    summary = read_json(path) if path else {}
    graded, model = cohort.change()
    graded = _with_table(graded, _with_group(cohort, graded.table))
    true_scores = case["args"].get("rci_method") == "HA"
    table = graded.table if cohort.pairs is None else cohort.table
    mine, peer = cohort.cutoffs(table, true_scores=true_scores)
    if _check_cutoff(mine, peer, summary, case, cells):
        mine = attrs.evolve(mine, value=peer)
    result = cp.clinical_significance_table(
        graded, cutoff=mine, at_cutoff="neither", slope_as_change=model is not None
    )
    _check_persons(cohort, folder, result.table, cells, column="category", rel=1e-4 if model else 1e-9)
    _check_summary(cohort, result, summary, cells, cohort.long["client_id"].n_unique())
    if graded.reference is not None:
        _check_statistics(cohort, graded.reference, summary, cells)
    if true_scores:
        _check_group_shares(cohort, graded.reference, mine, summary, cells)
    _check_model(model, summary, cells)


def _check_group_shares(cohort: _Cohort, reference: Any, cutoff: Any, summary: Any, cells: Cells) -> None:
    shares = cp.true_change_shares(
        cohort.table, reference=reference, cutoff=cutoff, better=cohort.better, by=cohort.by
    )
    found = {s.group: {"Changed": s.changed, "Functional": s.functional} for s in shares}
    for entry in summary["summary"].get("group") or []:
        group, label = entry.get("group"), entry["category"]
        cells.check(f"share {group or ''} {label}", found[group][label], entry["percent"])


def statistical(folder: Path, case: Case, cells: Cells) -> None:
    cohort = _Cohort(folder, case)
    path = file_ending(folder, case, "summary.json")
    summary = read_json(path) if path else {}
    true_scores = case["args"].get("cutoff_method") == "HA"
    mine, peer = cohort.cutoffs(cohort.table, true_scores=true_scores)
    if _check_cutoff(mine, peer, summary, case, cells):
        mine = attrs.evolve(mine, value=peer)
    if true_scores:
        reference = cohort.reference(None)
        result = cp.true_score_range_table(cohort.table, cutoff=mine, reference=reference, alpha=cohort.alpha)
        cells.check("critical_value", result.critical, summary["critical_value"])
    else:
        result = cp.cutoff_crossing_table(cohort.table, cutoff=mine, at_cutoff="neither")
    _check_persons(cohort, folder, result.table, cells, column="verdict")
    _check_summary(cohort, result, summary, cells, cohort.long["client_id"].n_unique())


def _cs_group(cohort: _Cohort, folder: Path, cells: Cells) -> None:
    a, path = cohort.args, file_ending(folder, cohort.case, "group.csv")
    assert path is not None
    lines = read_csv(path)
    mid = a["mid_improvement"]
    if a.get("effect") == "between":
        base = lines[0]["reference"]
        found = cp.group_difference(
            cohort.table, by="group", reference=base, important=mid, better=cohort.better
        )
    else:
        found = cp.group_change(cohort.table, important=mid, better=cohort.better, by=cohort.by)
    for line in lines:
        group = line.get("comparison", line.get("group"))
        got = next(f for f in found if f.group == group)
        numbers = {"difference": got.difference, "lower": got.low, "upper": got.high, "ci": got.confidence,
        "n": got.n,
                   "n_reference": got.n_reference, "n_comparison": got.n}  # fmt: skip
        for name, text in line.items():
            if name in numbers:
                cells.check(f"{name} {group or ''}", numbers[name], number(text))
        label = next((v for k, v in EFFECTS.items() if line["category"].startswith(k)), line["category"])
        unset = line["category"] in {"", "NA"} and deviates(cohort.case, "category is NA")
        cells.check(
            f"category {group or ''}", got.effect, label, explained=unset and got.effect == "not_significant"
        )
