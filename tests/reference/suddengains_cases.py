"""Cases of the R package suddengains, made with the library."""

from __future__ import annotations

import math
from statistics import stdev
from typing import TYPE_CHECKING, Any

import polars as pl

from reference.comparison import Case, Cells, deviates, number, read_csv, read_json
from therapeutic_process import change_process as cp

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["count_intervals", "crit1_cutoff", "select_cases", "sudden"]


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
    excused = run.wrong_share and deviates(run.case, "criterion 2")
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
        reversal = name == "sg_reversal" and deviates(run.case, "sg_reversal", "N+2")
        explained = reversal and (_peer_reversal(run, event) or 0.0) == expected
        because = "N+2 skipped" if event["reversal_value"] is not None else "its threshold is unknown"
        cells.check(f"{name} of {got['id_sg']}", got[name], expected, explained=explained, because=because)


def _offers_whole_change(run: _Sudden) -> bool:
    return None not in {run.place("tx_start_var_name"), run.place("tx_end_var_name")}


def _events(run: _Sudden) -> tuple[list[dict[str, Any]], bool]:
    """Return the events to hold against the peer's, and whether they follow its defective criterion 2."""
    events = run.result.events
    if not (run.wrong_share and deviates(run.case, "criterion 2")):
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
    swapped = run.kind == "loss" and deviates(run.case, "largest")
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
            excused = swapped or departs  # nowhere else may the client's own event be another one
            cells.check(f"{choice} of client {client}", float(same), 1.0, explained=excused, because="losses")


def _summary(run: _Sudden, events: list[dict[str, Any]], clients: int | None) -> dict[str, Any]:
    sign = -1 if run.kind == "loss" else 1
    sizes = [sign * e["change"] for e in events if e["change"] is not None]
    n = len(events)
    peer = deviates(run.case, "sg_reversal", "N+2")
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
        swapped = run.kind == "loss" and deviates(run.case, "largest")
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


def sudden(folder: Path, case: Case, cells: Cells) -> None:
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


def count_intervals(folder: Path, case: Case, cells: Cells) -> None:
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
            explained = excused and deviates(case, "identify_sg_1to2")
            cells.check(
                f"{setting} {key}", got[key], value, explained=explained, because="one interval too many"
            )


def select_cases(folder: Path, case: Case, cells: Cells) -> None:
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
                explained = float(peer) == number(text) and deviates(case, "4 patterns")
                got = float(mine[client][2] > 0)
                cells.check(f"pattern of client {client}", got, number(text), explained=explained)


def _has_pattern(values: list[float | None], pattern: str) -> bool:
    scored = "".join("F" if v is None else "T" for v in values)
    return pattern in scored


def crit1_cutoff(folder: Path, case: Case, cells: Cells) -> None:
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
