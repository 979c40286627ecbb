"""Hold change_process against suddengains and clinicalsignificance.

Where a manifest names a known deviation of the peer, the peer's departure is computed here and shown to be
the whole of the mismatch; only then does a mismatch count as known.
"""

from __future__ import annotations

import math
from statistics import stdev
from typing import TYPE_CHECKING, Any

import attrs
import polars as pl

from reference.comparison import Cells, Outcome, number, read_csv, read_json
from therapeutic_process import change_process as cp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Case = dict[str, Any]


def compare(folder: Path, *, perturb: bool = False) -> Iterator[Outcome]:
    """Compare every case of the folder's manifest.

    Args:
        folder: A folder with a ``manifest.json`` of the form of change_process.
        perturb: Change one expected value per adaptor, so that the comparison must fail.
    """
    done: set[str] = set()
    for case in read_json(folder / "manifest.json")["cases"]:
        name = _adaptor_name(case)
        cells = Cells(str(case["id"]), perturb=perturb and name not in done)
        adaptor = ADAPTORS.get(name)
        absent = [f["file"] for f in case["files"] if not (folder / f["file"]).is_file()]
        if adaptor is None:
            cells.not_offered(f"{case['package']}: {case['call']}")
        elif absent:
            cells.not_offered(f"the folder holds no {', '.join(absent)}")
        else:
            done.add(name)
            try:
                adaptor(folder, case, cells)
            except Exception as error:
                cells.wrong.append(f"the comparison stopped with {type(error).__name__}: {error}")
        yield cells.outcome()


def _adaptor_name(case: Case) -> str:
    return f"{case['kind']} {str(case['call']).split('(')[0].split(' ')[0]}"


def _deviates(case: Case, *words: str) -> bool:
    return any(all(w in str(d) for w in words) for d in case["known_deviations"])


def _file(folder: Path, case: Case, ending: str) -> Path | None:
    for entry in case["files"]:
        if entry["file"].endswith(ending):
            return folder / str(entry["file"])
    return None


# --- sudden gains -------------------------------------------------------------------------------------------


class _Sudden:
    """One call of the peer, made with the library."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.case, self.args = case, case["args"]
        self.columns = list(self.args["sg_var_list"])
        self.key = str(self.args.get("id_var_name", "id"))
        self.rows = read_csv(folder / case["data"])
        self.series = {r[self.key]: [number(r[c]) for c in self.columns] for r in self.rows}
        self.kind = "loss" if self.args.get("identify", "sg") == "sl" else "gain"
        self.cutoff = None if self.args.get("sg_crit1_cutoff") is None else abs(self.args["sg_crit1_cutoff"])
        share = self.args.get("sg_crit2_pct", 0.25)
        self.share = None if share is None else abs(share)
        # the peer asks, for a loss, whether pre − post ≤ pct·pre: with a positive pct that is no worsening
        self.wrong_share = self.kind == "loss" and share is not None and share > 0
        self.result = self.run(self.share)

    def long(self, values: dict[str, list[float | None]]) -> pl.DataFrame:
        triples = [(k, i + 1, x) for k, xs in values.items() for i, x in enumerate(xs)]
        schema = {"client": pl.String, "session": pl.Int64, "score": pl.Float64}
        return pl.DataFrame(triples, schema=schema, orient="row")

    def place(self, name: str) -> int | None:
        column = self.args.get(name)
        return self.columns.index(column) + 1 if column in self.columns else None

    def run(self, share: float | None) -> Any:
        args = self.args
        active = bool(args.get("sg_crit3", True))
        fixed = args.get("sg_crit3_critical_value", 2.776) if not args.get("sg_crit3_adjust", True) else None
        return cp.sudden_gains(
            self.long(self.series),
            cutoff=self.cutoff,
            min_share=share,
            stability="pooled_sd" if active else "none",
            kind="gain" if self.kind == "gain" else "loss",
            alpha=args.get("sg_crit3_alpha", 0.05),
            critical=fixed,
            min_sessions_before=2,
            min_sessions_after=2,
            start=self.place("tx_start_var_name"),
            end=self.place("tx_end_var_name"),
            client="client",
        )

    def peer_share(self, before: float | None, after: float | None) -> bool | None:
        """Whether the peer's criterion 2 for losses holds."""
        if before is None or after is None or self.args.get("sg_crit2_pct", 0.25) is None:
            return None
        return bool(before - after <= self.args.get("sg_crit2_pct", 0.25) * before)


def _as_flag(text: Any) -> float | None:
    return {"met": 1.0, "not_met": 0.0}.get(text) if text is not None else None


def _compare_intervals(run: _Sudden, path: Path, cells: Cells) -> None:
    rows = {(r["client"], r["place"]): r for r in run.result.intervals().rows(named=True)}
    prefix = "sl" if run.kind == "loss" else "sg"
    shift = 1 if run.args.get("identify_sg_1to2") else 0
    excused = run.wrong_share and _deviates(run.case, "criterion 2")
    for line in read_csv(path):
        client = line[run.key]
        for name, text in line.items():
            if name == run.key:
                continue
            what, _, span = name.removeprefix(prefix + "_").rpartition("_")
            got = rows[client, int(span.split("to")[0]) + shift]
            cell, explained = _interval_cell(run, got, what), False
            if excused and what in {"crit2", ""}:
                peer = _peer_loss_cell(run, got, what)
                explained = number(text) == peer
            cells.check(
                f"{name} of client {client}", cell, number(text), explained=explained, because="criterion 2"
            )


def _interval_cell(run: _Sudden, got: dict[str, Any], what: str) -> float | None:
    column = {"crit1": "size", "crit2": "share", "crit3": "stability"}.get(what)
    if column is not None:
        return _as_flag(got.get(column))
    return {None: None, run.kind: 1.0}.get(got["verdict"], 0.0)


def _peer_loss_cell(run: _Sudden, got: dict[str, Any], what: str) -> float | None:
    holds = run.peer_share(got["score"], got["score_next"])
    if what == "crit2":
        return None if holds is None else float(holds)
    flags = [holds] + [_as_flag(got[c]) for c in ("size", "stability") if c in got]
    return None if any(f is None for f in flags) else float(all(flags))


AROUND = {
    "2n": "score_n_minus_2",
    "1n": "score_n_minus_1",
    "n": "score",
    "n1": "score_next",
    "n2": "score_n_plus_2",
    "n3": "score_n_plus_3",
}


def _event_cells(run: _Sudden, event: dict[str, Any], measure: str) -> dict[str, Any]:
    shift = 1 if run.args.get("identify_sg_1to2") else 0
    sign = -1 if run.kind == "loss" else 1
    place = event["place"] - shift
    whole, share = event["whole_change"], event["share_of_whole_change"]
    out: dict[str, Any] = {f"sg_{measure}_{k}": event[v] for k, v in AROUND.items()}
    return out | {
        "id_sg": f"{event['client']}_sg_{place}",
        "sg_crit123": 1.0,
        "sg_session_n": float(place),
        "sg_freq_byperson": float(event["n_of_client"]),
        "sg_magnitude": None if event["change"] is None else sign * event["change"],
        f"sg_{measure}_tx_change": None if whole is None else sign * whole,
        # the peer relates the size of a loss to the improvement over the whole course
        "sg_change_proportion": None if share is None else sign * share,
        "sg_reversal_value": event["reversal_value"],
        "sg_reversal": None if event["reversal_value"] is None else float(event["reversal"] == "reversed"),
    }


def _peer_reversal(run: _Sudden, event: dict[str, Any]) -> float | None:
    """What the peer says of a reversal: for its default numbering it does not look at N+2."""
    if event["reversal_value"] is None:
        return None
    first = event["place"] + (1 if run.args.get("identify_sg_1to2") else 2)
    sign = -1 if run.kind == "loss" else 1
    later = [x for x in run.series[event["client"]][first:] if x is not None]
    return float(any(sign * x > sign * event["reversal_value"] for x in later))


def _compare_event(run: _Sudden, event: dict[str, Any], line: dict[str, str], cells: Cells) -> None:
    got = _event_cells(run, event, str(run.args["sg_measure_name"]))
    for name, text in line.items():
        if name == run.key or name in run.columns:
            continue
        if name not in got:
            cells.not_offered(name)
            continue
        expected = text if name == "id_sg" else number(text)
        if "change" in name and not _offers_whole_change(run):
            cells.not_offered(f"{name}: start or end of the course is not among the scores")
            continue
        if isinstance(expected, float) and math.isinf(expected):
            # a share of no change: the peer divides by zero, here it is undefined
            cells.check(f"whole change of {got['id_sg']}", event["whole_change"], 0.0)
            continue
        reversal = name == "sg_reversal" and _deviates(run.case, "sg_reversal", "N+2")
        explained = reversal and (_peer_reversal(run, event) or 0.0) == expected
        because = "N+2 skipped" if event["reversal_value"] is not None else "its threshold is unknown"
        cells.check(f"{name} of {got['id_sg']}", got[name], expected, explained=explained, because=because)


def _offers_whole_change(run: _Sudden) -> bool:
    return None not in {run.place("tx_start_var_name"), run.place("tx_end_var_name")}


def _events(run: _Sudden) -> tuple[list[dict[str, Any]], bool]:
    """Return the events to hold against the peer's, and whether they follow its defective criterion 2."""
    events = run.result.events
    if not (run.wrong_share and _deviates(run.case, "criterion 2")):
        return events.rows(named=True), False
    # the peer's losses are those of the other criteria that its own criterion 2 lets pass
    wide = run.run(None) if run.cutoff is not None or run.args.get("sg_crit3", True) else run.result
    kept = [e for e in wide.events.rows(named=True) if run.peer_share(e["score"], e["score_next"])]
    times = {e["client"]: sum(x["client"] == e["client"] for x in kept) for e in kept}
    kept = [e | {"n_of_client": times[e["client"]]} for e in kept]
    mine = {(e["client"], e["place"]) for e in events.rows(named=True)}
    return kept, mine != {(e["client"], e["place"]) for e in kept}


def _choose(events: list[dict[str, Any]], choice: str) -> dict[str, dict[str, Any]]:
    best: dict[str, dict[str, Any]] = {}
    if choice in {"largest", "smallest"}:
        unknown = {e["client"] for e in events if e["change"] is None}
        events = [e for e in events if e["client"] not in unknown]
    for e in sorted(events, key=lambda e: e["place"]):
        held = best.setdefault(e["client"], e)
        if (
            choice == "last"
            or (choice == "largest" and e["change"] > held["change"])
            or (choice == "smallest" and e["change"] < held["change"])
        ):
            best[e["client"]] = e
    return best


def _compare_by_person(
    run: _Sudden, path: Path, events: list[dict[str, Any]], departs: bool, cells: Cells
) -> None:
    choice = path.stem.rsplit("_", 1)[1]
    swapped = run.kind == "loss" and _deviates(run.case, "largest")
    mine = {e["client"]: e for e in run.result.by_client(choice).rows(named=True)}
    other = {"largest": "smallest", "smallest": "largest"}.get(choice, choice) if swapped else choice
    if departs:
        chosen = _choose(events, other)
    elif swapped:
        chosen = {e["client"]: e for e in run.result.by_client(other).rows(named=True)}
    else:
        chosen = mine
    for line in read_csv(path):
        client = line[run.key]
        if not line["id_sg"]:
            cells.check(f"{choice}: events of client {client}", 0.0 if client not in chosen else 1.0, 0.0)
        elif client not in chosen:
            cells.check(f"{choice}: events of client {client}", 0.0, 1.0)
        else:
            _compare_event(run, chosen[client], line, cells)
            same = mine.get(client, {}).get("place") == chosen[client]["place"]
            cells.check(f"{choice} of client {client}", float(same), 1.0, explained=True, because="losses")


def _summary(run: _Sudden, events: list[dict[str, Any]], clients: int | None) -> dict[str, Any]:
    sign = -1 if run.kind == "loss" else 1
    sizes = [sign * e["change"] for e in events if e["change"] is not None]
    n = len(events)
    peer = _deviates(run.case, "sg_reversal", "N+2")
    back = [(_peer_reversal(run, e) or 0.0) if peer else float(e["reversal"] == "reversed") for e in events]
    several = [e for e in events if e["n_of_client"] > 1]
    mean = sum(sizes) / len(sizes) if sizes else None
    of = clients if clients is not None else n
    out = {
        "total_n": of,
        "sg_total_n": n if clients is None else sum(e["n_of_client"] for e in events),
        "sg_pct": 100 * n / of if of else None,
        "sg_multiple_n": len(several),
        "sg_multiple_pct": 100 * len(several) / of if of else None,
        "sg_reversal_n": sum(back),
        "sg_reversal_pct": 100 * sum(back) / n if n else None,
        "sg_magnitude_m": mean,
        "sg_magnitude_sd": stdev(sizes) if len(sizes) > 1 else None,
    }
    return out | ({"sg_n": n} if clients is not None else {})


def _compare_summary(name: str, got: dict[str, Any], expected: dict[str, Any], cells: Cells) -> None:
    for key, value in expected.items():
        # the peer rounds these to two digits
        cells.check(f"{name} {key}", got.get(key), number(value), rel=0, abs_=0.00501)


def _compare_describe(
    run: _Sudden, path: Path, events: list[dict[str, Any]], departs: bool, cells: Cells
) -> None:
    expected = read_json(path)
    cells.check("n_events", len(events), expected["n_events"])
    if expected.get("bysg"):
        _compare_summary("bysg", _summary(run, events, None), expected["bysg"], cells)
    for choice, summary in (expected.get("byperson") or {}).items():
        swapped = run.kind == "loss" and _deviates(run.case, "largest")
        other = {"largest": "smallest", "smallest": "largest"}.get(choice, choice) if swapped else choice
        chosen = list(_choose(events, other).values())
        _compare_summary(f"byperson {choice}", _summary(run, chosen, len(run.series)), summary, cells)
    if not departs and expected.get("plot_sg_points"):
        for point in run.result.average_course():
            peer = expected["plot_sg_points"].get(point.place)
            for key in ("n", "mean", "sd", "se") if peer else ():
                cells.check(f"course {point.place} {key}", getattr(point, key), number(peer[key]))


def _compare_second(
    folder: Path, run: _Sudden, path: Path, events: list[dict[str, Any]], cells: Cells
) -> None:
    """Scores of another measure around the events of this one."""
    lines = read_csv(path)
    if not lines:
        return
    names = [n for n in lines[0] if n != "id_sg"]
    second = names[0].removeprefix("sg_").rsplit("_", 1)[0]
    columns = [c.replace(str(run.args["sg_measure_name"]), second) for c in run.columns]
    for candidate in sorted((folder / run.case["data"]).parent.glob("*.csv")) + sorted(
        (folder.parent / "inputs").glob("*.csv")
    ):
        rows = read_csv(candidate)
        named = columns if rows and all(c in rows[0] for c in columns) else run.columns
        if candidate.name == (folder / run.case["data"]).name and named == run.columns:
            continue
        if not rows or run.key not in rows[0] or not all(c in rows[0] for c in named):
            continue
        series = {r[run.key]: [number(r[c]) for c in named] for r in rows}
        got = {_event_cells(run, e, "x")["id_sg"]: (series.get(e["client"]), e["place"]) for e in events}
        trial = Cells(cells.case)
        for line in lines:
            values, place = got.get(line["id_sg"], (None, 0))
            for name, offset in zip(names, (-3, -2, -1, 0, 1, 2), strict=True):
                at = place + offset
                value = values[at] if values and 0 <= at < len(values) else None
                trial.check(f"{name} of {line['id_sg']}", value, number(line[name]))
        if not trial.wrong:
            cells.compared += trial.compared
            return
    cells.not_offered("extract_second: the folder does not say which data hold the second measure")


def _sudden(folder: Path, case: Case, cells: Cells) -> None:
    run = _Sudden(folder, case)
    events, departs = _events(run)
    for entry in case["files"]:
        path = folder / entry["file"]
        what = path.stem.rsplit("__", 1)[1]
        if what == "identify":
            _compare_intervals(run, path, cells)
        elif what == "bysg":
            lines = read_csv(path)
            cells.check("events", len(events), len(lines))
            found = {_event_cells(run, e, "x")["id_sg"]: e for e in events}
            for line in lines:
                if line["id_sg"] in found:
                    _compare_event(run, found[line["id_sg"]], line, cells)
                else:
                    cells.check(f"event {line['id_sg']}", 0.0, 1.0)
        elif what.startswith("byperson"):
            _compare_by_person(run, path, events, departs, cells)
        elif what == "describe":
            _compare_describe(run, path, events, departs, cells)
        elif what == "extract_second":
            _compare_second(folder, run, path, events, cells)
        else:
            cells.not_offered(what)
    if departs:
        cells.check(
            "events by the published criterion 2", len(run.result.events), len(events), explained=True
        )
    elif run.wrong_share and run.share is not None:
        cells.explained.append("criterion 2 of losses: the peer's departs, its events do not")


def _wide_to_long(folder: Path, case: Case) -> tuple[pl.DataFrame, list[str], dict[str, list[float | None]]]:
    columns = list(case["args"]["sg_var_list"])
    rows = read_csv(folder / case["data"])
    key = str(case["args"].get("id_var_name", "id"))
    series = {r[key]: [number(r[c]) for c in columns] for r in rows}
    triples = [(k, i + 1, x) for k, xs in series.items() for i, x in enumerate(xs)]
    schema = {"client": pl.String, "session": pl.Int64, "score": pl.Float64}
    return pl.DataFrame(triples, schema=schema, orient="row"), columns, series


def _count_intervals(folder: Path, case: Case, cells: Cells) -> None:
    frame, columns, series = _wide_to_long(folder, case)
    expected = read_json(folder / case["files"][0]["file"])
    counts = cp.interval_counts(frame, client="client")
    got = {
        "total_between_sess_intervals": counts.between_sessions,
        "total_between_sess_intervals_sg": counts.with_windows,
        "available_between_sess_intervals_sg": counts.judgeable,
        "not_available_between_sess_intervals_sg": counts.not_judgeable,
    }
    for setting, values in expected.items():
        for key, value in values.items():
            peer = len(series) * (len(columns) - 2)
            excused = setting.endswith("true") and key == "total_between_sess_intervals_sg" and value == peer
            explained = excused and _deviates(case, "identify_sg_1to2")
            cells.check(
                f"{setting} {key}", got[key], value, explained=explained, because="one interval too many"
            )


def _select_cases(folder: Path, case: Case, cells: Cells) -> None:
    frame, _, series = _wide_to_long(folder, case)
    mine = {r[0]: r for r in cp.enough_scores(frame, client="client").rows()}
    for line in read_csv(folder / case["files"][0]["file"]):
        client = line[str(case["args"].get("id_var_name", "id"))]
        for name, text in line.items():
            if name.startswith("min_sess_"):
                enough = mine[client][1] >= int(name.rsplit("_", 1)[1])
                cells.check(f"{name} of client {client}", float(enough), number(text))
            elif name == "pattern":
                peer = any(_has_pattern(series[client], p) for p in ("TTTT", "TTTFT", "TFTTT", "TFTTFT"))
                explained = float(peer) == number(text) and _deviates(case, "4 patterns")
                got = float(mine[client][2] > 0)
                cells.check(f"pattern of client {client}", got, number(text), explained=explained)


def _has_pattern(values: list[float | None], pattern: str) -> bool:
    scored = "".join("F" if v is None else "T" for v in values)
    return pattern in scored


def _crit1_cutoff(folder: Path, case: Case, cells: Cells) -> None:
    for i, entry in enumerate(read_json(folder / case["files"][0]["file"])):
        r, sd = entry["reliability"], entry.get("sd")
        if sd is None:
            sd = stdev([x for x in entry["data_sd"] if x is not None])
        reference = cp.ReferenceValues(sd=sd, reliability=r)
        got = {
            "sd": sd,
            "reliability": r,
            "standard_error_measurement": reference.se,
            "standard_error_difference": reference.s_diff,
            "reliable_change_value": cp.reliable_change_points(sd=sd, reliability=r, critical=1.96),
        }
        for key, value in entry["result"].items():
            cells.check(f"{key} of setting {i + 1}", got.get(key), value)


# --- clinical significance ----------------------------------------------------------------------------------

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
    path = _file(folder, case, "persons.csv")
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


def _cs_change(folder: Path, case: Case, cells: Cells) -> None:
    """Distribution, percentage and individual anchor approaches."""
    cohort = _Cohort(folder, case)
    if case["args"].get("target") == "group":
        _cs_group(cohort, folder, cells)
        return
    graded, model = cohort.change()
    path = _file(folder, case, "summary.json")
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
    excused = _deviates(case, "cutoff b") and math.isclose(peer, expected, rel_tol=1e-9)
    cells.check("cutoff", mine.value, expected, explained=excused, because="spread of the clinical sample")
    for key, value in (
        ("m_clinical", mine.mean_clinical), ("sd_clinical", mine.sd_clinical),
        ("m_functional", mine.mean_functional), ("sd_functional", mine.sd_functional),
    ):  # fmt: skip
        if key in cutoff:
            cells.check(key, value, cutoff[key])
    return excused and not math.isclose(mine.value, expected, rel_tol=1e-9)


def _cs_combined(folder: Path, case: Case, cells: Cells) -> None:
    cohort = _Cohort(folder, case)
    path = _file(folder, case, "summary.json")
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


def _cs_statistical(folder: Path, case: Case, cells: Cells) -> None:
    cohort = _Cohort(folder, case)
    path = _file(folder, case, "summary.json")
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
    a, path = cohort.args, _file(folder, cohort.case, "group.csv")
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
        unset = line["category"] in {"", "NA"} and _deviates(cohort.case, "category is NA")
        cells.check(
            f"category {group or ''}", got.effect, label, explained=unset and got.effect == "not_significant"
        )


ADAPTORS: dict[str, Callable[[Path, Case, Cells], None]] = {
    "sudden identify_sg": _sudden,
    "sudden identify_sl": _sudden,
    "sudden_aux count_intervals": _count_intervals,
    "sudden_aux select_cases": _select_cases,
    "sudden_aux define_crit1_cutoff": _crit1_cutoff,
    "cs cs_distribution": _cs_change,
    "cs cs_percentage": _cs_change,
    "cs cs_anchor": _cs_change,
    "cs cs_combined": _cs_combined,
    "cs cs_statistical": _cs_statistical,
}
