"""Compare process–outcome estimators with reference results kept in a folder.

Two forms of folder are read: a manifest with R calls, data and results (estimators must agree to 1e-6, those
that iterate to 1e-4, relative), and fits of the joint model beside their data (to 1e-3 of the larger of value
and standard error). What the library does not have is reported as `not offered`, by name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import polars as pl
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import lagged_within_client_effect, self_controlled_event_effect
from therapeutic_process.process_outcome.conditional import arrange, fit_conditional
from therapeutic_process.process_outcome.differences import difference_gmm, first_difference
from therapeutic_process.process_outcome.events import co_occurrence, mantel_haenszel, permute_within_clients
from therapeutic_process.process_outcome.multilevel import random_intercept
from therapeutic_process.process_outcome.sweep import least_squares, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EXACT, ITERATIVE, JOINT = 1e-6, 1e-4, 1e-3
REFUSALS = {
    "usable clients": "too_few_clients",
    "outcome occasions": "too_few_occasions",
    "varies": "too_few_varying_clients",
    "converge": "not_converged",
    "hessian": "hessian_not_positive",
    "phi": "carry_over_too_strong",
}


class Outcome(NamedTuple):
    """What became of one case."""

    case: str
    status: Literal["same", "differ", "known deviation", "not offered"]
    detail: str


class Pair(NamedTuple):
    """A value of ours beside the reference's; `scale` is what a difference is measured by."""

    name: str
    ours: float
    theirs: float
    scale: float


class NotOffered(Exception):
    """The library has no such estimator."""


def compare(folder: Path, *, perturb: bool = False) -> Iterator[Outcome]:
    """Compare every case of a folder.

    Args:
        folder: A folder with a manifest, or one with fits of the joint model beside their data.
        perturb: Put our values off by one hundredth of their scale, to see that a difference is noticed.
    """
    manifest = folder / "manifest.json"
    if manifest.is_file():
        yield from _compare_manifest(folder, json.loads(manifest.read_text()), perturb=perturb)
        if (folder / "joint").is_dir():
            yield from _compare_joint(folder / "joint", perturb=perturb)
    else:
        yield from _compare_joint(folder, perturb=perturb)


def _judged(case: str, pairs: list[Pair], tolerance: float, *, perturb: bool, known: Any = None) -> Outcome:
    worst = 0.0
    off = []
    for pair in pairs:
        ours = pair.ours + (0.01 * pair.scale if perturb else 0.0)
        distance = abs(ours - pair.theirs) / max(pair.scale, 1e-12)
        worst = max(worst, distance) if np.isfinite(distance) else np.inf
        if not distance <= tolerance:
            off.append(pair.name)
    if not off:
        return Outcome(
            case, "same", f"{len(pairs)} values within {tolerance:g}, largest difference {worst:.1e}"
        )
    detail = f"{len(off)} of {len(pairs)} values off by up to {worst:.1e}: {', '.join(off[:5])}"
    named = json.dumps(known) if known else ""
    return Outcome(case, "known deviation" if named and all(n in named for n in off) else "differ", detail)


# --- fits of the joint model -------------------------------------------------------------------------------


def _compare_joint(folder: Path, *, perturb: bool) -> Iterator[Outcome]:
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text())
        if "result" in document and "data" in document:
            yield _joint_case(folder, f"joint/{path.stem}", document, perturb=perturb)


def _joint_case(folder: Path, case: str, document: dict[str, Any], *, perturb: bool) -> Outcome:
    expected = document["result"]
    table = pl.read_csv(folder / document["data"], null_values=["", "NA"])
    try:
        found = lagged_within_client_effect(table, timing="before")
    except CannotEstimate as refusal:
        return _refused(case, refusal, expected)
    if "refused" in expected:
        return Outcome(case, "differ", "the reference refuses, the library answers")
    pairs = []
    for name in ("score", "state"):
        ours, theirs = found.reading(name), expected[name]
        se = theirs["se"]
        for what, value, key in (
            ("effect", ours.effect, "b"),
            ("standard error", ours.standard_error, "se"),
            ("low", ours.interval[0], "lo"),
            ("high", ours.interval[1], "hi"),
        ):
            pairs.append(Pair(f"{name} {what}", value, theirs[key], max(abs(theirs[key]), se)))
    widest = max(expected[name]["se"] for name in ("score", "state"))
    for end, value in zip(("lo", "hi"), found.interval, strict=True):
        theirs = expected["robust"][end]
        pairs.append(Pair(f"robust {end}", value, theirs, max(abs(theirs), widest)))
    if sorted(found.kept) != sorted(expected["robust"]["readings"]):
        return Outcome(case, "differ", f"kept readings {', '.join(found.kept)}")
    return _judged(case, pairs, JOINT, perturb=perturb)


def _refused(case: str, refusal: CannotEstimate, expected: dict[str, Any]) -> Outcome:
    if "refused" not in expected:
        return Outcome(case, "differ", f"the library refuses ({refusal.code}), the reference answers")
    said = str(expected["refused"]).lower()
    codes = [code for words, code in REFUSALS.items() if words in said]
    if codes and refusal.code not in codes:
        return Outcome(case, "differ", f"refused as {refusal.code}, the reference as {codes[0]}")
    return Outcome(case, "same", f"both refuse: {refusal.code}")


# --- R results ---------------------------------------------------------------------------------------------


def _compare_manifest(folder: Path, manifest: dict[str, Any], *, perturb: bool) -> Iterator[Outcome]:
    before = ""
    for entry in manifest["entries"]:
        call = _resolved(entry["call"], before)
        before = call
        result = json.loads((folder / entry["file"]).read_text())["result"]
        table = pl.read_csv(folder / entry["data"], null_values=["NA", ""], infer_schema_length=None)
        known = entry.get("known_deviations")
        try:
            pairs, tolerance = _offered(call)(call, table, result)
        except NotOffered as missing:
            yield Outcome(entry["id"], "not offered", str(missing))
        except Exception as error:
            yield Outcome(entry["id"], "differ", f"could not be compared: {type(error).__name__}")
        else:
            yield _judged(entry["id"], pairs, tolerance, perturb=perturb, known=known)


def _resolved(call: str, before: str) -> str:
    """Spell out a call that says `same, ...` or `...` for arguments of the one before."""
    if call.startswith("same"):
        for argument in re.findall(r"(\w+)=('?\w+'?)", call):
            before = re.sub(rf"{argument[0]}=('?\w+'?)", f"{argument[0]}={argument[1]}", before)
        return before
    if "..." in call and before.startswith("standardsccs"):
        head, tail = call.split("...", 1)
        kept = re.findall(r"(?:indiv|astart|aend|aevent|adrug|aedrug)=[^,)]+", before)
        return head + ", ".join(kept) + tail
    return call


def _offered(call: str) -> Callable[[str, pl.DataFrame, Any], tuple[list[Pair], float]]:
    for pattern, method in (
        (r"^lmer\(.*\(1\|", _multilevel),
        (r"^plm\(.*model='within', effect='individual'", _client_effects),
        (r"^lm\(.*id:session.*vcovCL", _client_trends),
        (r"^plm\(.*model='fd'", _first_difference),
        (r"^chisq\.test\(table", _chi_square),
        (r"^mantelhaen\.test", _strata_test),
        (r"independence_test\(", _permutation),
        (r"clogit\(", _clogit),
        (r"^glm\(.*factor\(id\), poisson", _poisson),
        (r"^standardsccs\(", _case_series),
        (r"^pgmm\(", _gmm),
    ):
        if re.search(pattern, call):
            return method
    raise NotOffered(re.split(r"[(;]", call)[0].strip() + ": no such estimator here")


def _column(table: pl.DataFrame, name: str) -> Array:
    if name == "dy" and name not in table.columns:
        return _column(table, "y_next") - _column(table, "y")
    return table[name].cast(pl.Float64).to_numpy()


def _codes(table: pl.DataFrame, name: str) -> NDArray[np.intp]:
    return np.unique(table[name].to_numpy(), return_inverse=True)[1].ravel()


def _pair(name: str, ours: float, theirs: float) -> Pair:
    return Pair(name, float(ours), float(theirs), abs(float(theirs)))


def _terms(formula: str) -> list[str]:
    return [term.strip() for term in re.split(r"\+(?![^(]*\))", formula)]


def _multilevel(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    found = re.match(r"lmer\((\w+) ~ (.*?)\+\s*\(1\|(\w+)\), REML=(TRUE|FALSE)", call)
    if not found:
        raise NotOffered("lmer: only a random intercept")
    target, formula, client, restricted = found.groups()
    terms = [t for t in _terms(formula) if t]
    order = ["(Intercept)", *terms]
    design = np.column_stack([np.ones(len(table)), *(_column(table, t) for t in terms)])
    fit = random_intercept(
        _column(table, target), design, _codes(table, client), restricted=restricted == "TRUE"
    )
    pairs = []
    for row in result["coef"]:
        k = order.index(row["term"])
        pairs.append(_pair(row["term"], fit.coefficients[k], row["Estimate"]))
        pairs.append(_pair(f"se {row['term']}", fit.standard_errors[k], row["Std. Error"]))
    pairs.append(_pair("logLik", fit.log_likelihood, result["logLik"]))
    pairs.append(_pair("residual variance", fit.residual_variance, result["varcomp"][-1]["vcov"]))
    pairs.append(_pair("intercept variance", fit.intercept_variance, result["varcomp"][0]["vcov"]))
    return pairs, ITERATIVE


def _grid(table: pl.DataFrame, names: list[str]) -> tuple[list[Array], NDArray[np.bool_]]:
    client, time = _codes(table, table.columns[0]), table[table.columns[1]].to_numpy().astype(np.int64)
    time = time - time.min()
    shape = (int(client.max()) + 1, int(time.max()) + 1)
    grids = []
    for name in names:
        grid = np.full(shape, np.nan)
        grid[client, time] = _column(table, name)
        grids.append(grid)
    return grids, ~np.isnan(np.sum(grids, axis=0))


def _is_session(term: str) -> bool:
    return bool(re.fullmatch(r"sessionf|factor\(\w+\)", term))


def _client_effects(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    target, formula = re.findall(r"plm\(\s*(\w+)\s*~\s*([^,]+),", call)[0]
    terms = _terms(formula)
    names = [t for t in terms if not _is_session(t)]
    (y, *x), used = _grid(table, [target, *names])
    fit = least_squares(y, x, sweep(used, trends=False, sessions=len(names) < len(terms)))
    robust, clients = fit.clustered_se(correct=False)
    errors = {"coef_classical": fit.classical_se, "coef_cluster_HC0": robust}
    pairs = [_pair("nobs", fit.n_rows, result["nobs"]), _pair("clients", clients, result["n_clients"])]
    for key, found in errors.items():
        for row in result.get(key, []):
            k = names.index(row["term"])
            pairs.append(_pair(f"{key} {row['term']}", fit.coefficients[k], row["Estimate"]))
            pairs.append(_pair(f"{key} se {row['term']}", found[k], row["Std. Error"]))
    return pairs, EXACT


def _client_trends(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    target, formula = re.findall(r"lm\((\w+)\s*~\s*(.*?id:session)\)", call)[0]
    names = [t for t in _terms(formula) if not _is_session(t) and t not in {"id", "id:session"}]
    (y, *x), used = _grid(table, [target, *names])
    fit = least_squares(y, x, sweep(used, trends=True))
    plain, clients = fit.clustered_se(correct=False)
    corrected = fit.clustered_se()[0]
    pairs = [_pair("G", clients, result["G"]), _pair("nobs", fit.n_rows, result["nobs"])]
    pairs.append(_pair("rank", fit.rank, result["rank"]))
    for k, name in enumerate(names):
        p = 2 * stats.t.sf(abs(fit.coefficients[k] / corrected[k]), clients - 1)
        pairs += [
            _pair(name, fit.coefficients[k], result["coef"][name]),
            _pair(f"se {name}", plain[k], result["se_CR0"][name]),
            _pair(f"corrected se {name}", corrected[k], result["se_CR0*sqrt(G/(G-1))"][name]),
            _pair(f"p {name}", p, result["p_t_Gminus1"][name]),
        ]
    return pairs, EXACT


def _first_difference(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    target, formula = re.findall(r"plm\(\s*(\w+)\s*~\s*([^,]+),", call)[0]
    names = _terms(formula)
    ordered = table.sort(table.columns[:2])
    columns = np.column_stack([_column(ordered, n) for n in names])
    fit = first_difference(_column(ordered, target), columns, _codes(ordered, table.columns[0]))
    pairs = [_pair("nobs", fit.n_rows, result["nobs"])]
    for row in result["coef"]:
        k = ["(Intercept)", *names].index(row["term"])
        pairs.append(_pair(row["term"], fit.coefficients[k], row["Estimate"]))
        pairs.append(_pair(f"se {row['term']}", fit.standard_errors[k], row["Std. Error"]))
    return pairs, EXACT


def _chi_square(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    one, other = re.findall(r"table\((\w+),\s*(\w+)\)", call)[0]
    found = co_occurrence(_column(table, one), _column(table, other))
    return [_pair("X2", found.chi_square, result["X2"]), _pair("p", found.p_value, result["p"])], EXACT


def _strata_test(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    one, other = re.findall(r"\((\w+) x (\w+) x", call)[0]
    found = mantel_haenszel(_column(table, one), _column(table, other), _codes(table, table.columns[0]))
    theirs = [result["X2"], result["p"], result["common_OR"], *result["ci"]]
    ours = [found.chi_square, found.p_value, found.odds_ratio, *found.interval]
    names = ("X2", "p", "odds ratio", "low", "high")
    return [_pair(n, o, t) for n, o, t in zip(names, ours, theirs, strict=True)], EXACT


def _permutation(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    del call
    outcomes = {"gain": _column(table, "gain"), "change": _column(table, "y") - _column(table, "y_next")}
    pairs = []
    for name, expected in result.items():
        found = permute_within_clients(
            _column(table, "event"), outcomes[name], _codes(table, table.columns[0])
        )
        ours = (found.statistic, found.expectation, found.variance, found.chi_square, found.p_value)
        keys = ("linear_statistic", "expectation", "variance", "chi2", "p")
        pairs += [_pair(f"{name} {k}", o, expected[k]) for k, o in zip(keys, ours, strict=True)]
    return pairs, EXACT


def _clogit(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    case, formula, stratum = re.findall(r"clogit\((\w+)\s*~\s*(.*?)\+\s*strata\((\w+)\)", call)[0]
    names = [t for t in _terms(formula) if t]
    columns, plain = [], [t for t in names if not _is_session(t)]
    columns += [_column(table, t) for t in plain]
    for term in names:
        if _is_session(term):
            values = _column(table, term[7:-1])
            columns += [(values == v).astype(np.float64) for v in np.unique(values)[1:]]
    data = arrange(
        _column(table, case) == 1, np.column_stack(columns), _codes(table, stratum), np.zeros(len(table))
    )
    fit = fit_conditional(data)
    pairs = [
        _pair("null loglik", fit.null_log_likelihood, result["loglik"][0]),
        _pair("loglik", fit.log_likelihood, result["loglik"][1]),
    ]
    for row in result["coef"]:
        k = plain.index(row["term"])
        pairs.append(_pair(row["term"], fit.coefficients[k], row["coef"]))
        pairs.append(_pair(f"se {row['term']}", fit.standard_errors[k], row["se(coef)"]))
    return pairs, ITERATIVE


def _poisson(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    case, name = re.findall(r"glm\((\w+)\s*~\s*(\w+)\s*\+", call)[0]
    hit, client = _column(table, case) == 1, _codes(table, table.columns[0])
    rows = [(k, np.flatnonzero(client == client[k])) for k in np.flatnonzero(hit)]
    index = np.concatenate([own for _, own in rows])
    stratum = np.repeat(np.arange(len(rows)), [len(own) for _, own in rows])
    chosen = np.concatenate([own == k for k, own in rows])
    data = arrange(chosen, _column(table, name)[index][:, None], stratum, np.zeros(len(index)))
    fit, row = fit_conditional(data), result["coef"][0]
    return [
        _pair(name, fit.coefficients[0], row["Estimate"]),
        _pair(f"se {name}", fit.standard_errors[0], row["Std. Error"]),
    ], ITERATIVE


def _case_series(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    given = dict(re.findall(r"(indiv|astart|aend|aevent|adrug|aedrug)=([^,)]+)", call))
    exposure = given["adrug"]
    width = re.fullmatch(rf"{exposure}\s*\+\s*(\d+)", given["aedrug"].strip())
    if not width or exposure not in table.columns:
        raise NotOffered("standardsccs: exposures other than one window of fixed length")
    last = int(width.group(1))
    starts = [int(v) for v in _vector(call, "expogrp")] or [0]
    windows = list(zip(starts, [*(s - 1 for s in starts[1:]), last], strict=True))
    client = given["indiv"]
    found = self_controlled_event_effect(
        table.select(client_id=client, start=given["astart"], end=given["aend"]).unique(),
        table.select(client_id=client, day=exposure).drop_nulls().unique(),
        table.select(client_id=client, day=given["aevent"]).drop_nulls(),
        windows=windows,
        pre_window=None,
        bands=[int(v) for v in _vector(call, "agegrp")],
    )
    pairs = []
    for k, row in enumerate(result["coef"]):
        pairs.append(_pair(row["term"], found.log_rate_ratio[k], row["coef"]))
        pairs.append(_pair(f"se {row['term']}", found.standard_error[k], row["se(coef)"]))
    return pairs, ITERATIVE


def _vector(call: str, name: str) -> list[str]:
    found = re.search(rf"{name}=c\(([^)]*)\)", call)
    return found.group(1).split(",") if found else []


def _gmm(call: str, table: pl.DataFrame, result: Any) -> tuple[list[Pair], float]:
    formula = re.findall(r"pgmm\((.*?)\|", call)[0]
    target, right = formula.split("~")
    outcome = _logged(table, target)
    lags, columns, names = 0, [], []
    for term in _terms(right):
        lagged = re.fullmatch(r"lag\((.*),\s*(\d+):(\d+)\)", term)
        inner = lagged.group(1) if lagged else term
        low, high = (int(lagged.group(2)), int(lagged.group(3))) if lagged else (0, 0)
        if inner == target.strip():
            lags = high
            names += [f"{term}{k}" for k in range(low, high + 1)]
            continue
        for k in range(low, high + 1):
            columns.append(_shifted(_logged(table, inner), k))
            names.append(f"{term}{k}" if lagged else term)
    two_steps = "twosteps" in call
    fit = difference_gmm(outcome, np.stack(columns), lags=lags, two_steps=two_steps)
    pairs = []
    for row in result["coef"]:
        name = row["term"].replace(" ", "")
        if name in [n.replace(" ", "") for n in names]:
            k = [n.replace(" ", "") for n in names].index(name)
            pairs.append(_pair(name, fit.coefficients[k], row["Estimate"]))
            pairs.append(_pair(f"se {name}", fit.standard_errors[k], row["Std. Error"]))
    return pairs, EXACT


def _logged(table: pl.DataFrame, term: str) -> Array:
    found = re.fullmatch(r"\s*log\((\w+)\)\s*", term)
    (grid,), _ = _grid(table, [found.group(1) if found else term.strip()])
    return np.log(grid) if found else grid


def _shifted(grid: Array, by: int) -> Array:
    moved = np.full(grid.shape, np.nan)
    moved[:, by:] = grid[:, : grid.shape[1] - by]
    return moved
