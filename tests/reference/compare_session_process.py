"""Compare the session statistics with a folder of reference results made by other programs.

A reference file holds its input and what another program made of it; each of its quantities is an outcome.
Differences above 1e-9 (relative) are differences; 1e-6 where the reference is itself iterative.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from scipy import special

from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.session_process import (
    Agreement,
    Form,
    IntraclassCorrelation,
    Level,
    SequentialStatistics,
    TransitionTables,
    as_ratings,
    bidirectional_kappa,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    homogeneity_test,
    intraclass_correlation,
    kappa_of_table,
    krippendorff_alpha,
    light_kappa,
    parallel_dominance,
    percent_agreement,
    sequence_complexity,
    sequential_statistics,
    transition_tables,
    two_cell_test,
    unanimous_share,
)

Status: TypeAlias = Literal["same", "differ", "known deviation", "not offered"]
Document: TypeAlias = dict[str, Any]

EXACT, ITERATIVE = 1e-9, 1e-6
# R prints 15 digits, and 1 - pnorm(z) cannot be nearer to the truth than one unit of double precision.
SUBTRACTED = 4e-16


class Outcome(NamedTuple):
    """What became of one quantity of one reference file."""

    case: str
    status: Status
    detail: str


class Checker:
    """Compares quantities of one file; perturbs the first of each kind if asked, to show that it notices."""

    def __init__(self, folder: Path, *, perturb: bool) -> None:
        self.folder = folder
        self.known: dict[str, str] = {}
        self.perturb = perturb
        self.perturbed: set[str] = set()
        self.case = ""

    def check(
        self,
        kind: str,
        expected: Any,
        found: Any,
        *,
        rtol: float = EXACT,
        atol: float = 1e-12,
        where: Any = None,
        scale: Any = 1.0,
    ) -> Outcome:
        """Compare one quantity; undefined must meet undefined."""
        want, have = _numbers(expected), np.asarray(found, dtype=float)
        if want.shape != have.shape:
            return Outcome(self._name(kind), "differ", f"shape {want.shape} expected, {have.shape} found")
        if where is not None:
            want, have = np.where(where, want, np.nan), np.where(where, have, np.nan)
        if self.perturb and kind not in self.perturbed:
            want = self._perturbed(kind, want)
        limit = atol + rtol * np.abs(want) * scale
        one_sided = np.isnan(want) != np.isnan(have)
        off = np.abs(want - have)
        with np.errstate(invalid="ignore"):
            same_infinity = np.isinf(want) & (want == have)
            bad = one_sided | ((off > limit) & ~same_infinity & ~np.isnan(off))
        if not bad.any():
            worst = (
                float(np.nanmax(off / np.maximum(np.abs(want), 1e-300))) if np.isfinite(off).any() else 0.0
            )
            return Outcome(
                self._name(kind), "same", f"{want.size} values, largest relative difference {worst:.1e}"
            )
        said = self.known.get(kind) or self.known.get(kind.rpartition("/")[2])
        if said is not None and kind not in self.perturbed:
            return Outcome(self._name(kind), "known deviation", said)
        at = tuple(int(i) for i in np.argwhere(bad)[0]) if want.ndim else ()
        detail = (
            f"{int(bad.sum())} of {want.size} values; first at {at}: {want[at]} expected, {have[at]} found"
        )
        return Outcome(self._name(kind), "differ", detail)

    def _perturbed(self, kind: str, want: Any) -> Any:
        usable = np.argwhere(np.isfinite(want))
        if not len(usable):
            return want
        at = tuple(usable[0])
        changed = want.copy()
        changed[at] = changed[at] * 1.01 + 0.02
        self.perturbed.add(kind)
        return changed

    def _name(self, kind: str) -> str:
        return f"{self.case}: {kind.rpartition('/')[2]}"

    def not_offered(self, kind: str, why: str) -> Outcome:
        return Outcome(self._name(kind), "not offered", why)

    def deviates(self, kind: str, why: str) -> Outcome:
        return Outcome(self._name(kind), "known deviation", why)


def _numbers(values: Any, sentinel: float = -9999.0) -> Any:
    def one(x: Any) -> float:
        if x is None or isinstance(x, str):
            return math.inf if x == "Inf" else (-math.inf if x == "-Inf" else math.nan)
        return math.nan if float(x) == sentinel else float(x)

    def deep(x: Any) -> Any:
        return [deep(y) for y in x] if isinstance(x, list) else one(x)

    return np.asarray(deep(values), dtype=float)


# ---------------------------------------------------------------- sequential analysis


def _turns(sequences: Sequence[Sequence[Any]]) -> pl.DataFrame:
    rows = [(s, t, c) for s, one in enumerate(sequences) for t, c in enumerate(one)]
    return pl.DataFrame(rows, schema=["session_id", "index", "code"], orient="row", strict=False)


def _code_order(codes: Sequence[Any]) -> list[Any]:
    if all(isinstance(c, int) for c in codes):
        return list(range(1, max(codes) + 1))
    return list(dict.fromkeys(codes))


def _zeros(given: Document) -> Any:
    mask = given.get("onezero")
    if mask:
        return np.asarray(mask) == 0
    return "diagonal" if given.get("adjacent") is False else None


def _tables(given: Document) -> TransitionTables:
    tails = given.get("tailed", 2)
    if "sequence" in given:
        sequence = given["sequence"]
        lag = given.get("lag", 1)
        result = sequential_statistics(
            _turns([sequence]),
            codes=_code_order(sequence),
            lags=[lag],
            structural_zeros=_zeros(given),
            tails=tails,
        )
        assert isinstance(result, SequentialStatistics)
        return result
    return transition_tables(given["matrix"], structural_zeros=_zeros(given), tails=tails)


def _df_of_peer(tables: TransitionTables) -> int:
    k = len(tables.codes)
    return (k - 1) ** 2 - int((~tables.possible[0]).sum())


def _sequential(document: Document, checker: Checker) -> Iterator[Outcome]:
    given, output = document["input"], document["output"]
    tables = _tables(given)
    free = bool(tables.possible.all())
    yield checker.check("sequential/freqs", output["freqs"], tables.frequency[0])
    yield checker.check("sequential/probs", output["probs"], tables.probability[0])
    yield from _fit(output, tables, checker, free=free)
    can = tables.possible[0]
    kappa, defined = tables.unidirectional, ~np.isnan(tables.unidirectional.kappa[0])
    yield checker.check("sequential/YulesQ", output["YulesQ"], tables.yules_q[0], where=can)
    if np.isnan(kappa.kappa).all() and not free:
        yield checker.deviates("sequential/kappas", "the peer has no expectation for zeros off the diagonal")
    else:
        # Above lag 1 the peer can exceed 1, where a count exceeds the events it knows of; undefined here.
        sound = can & ~(_numbers(output["kappas"]) > 1 + EXACT)
        yield checker.check("sequential/kappas", output["kappas"], kappa.kappa[0], where=sound)
        yield checker.check("sequential/z_kappa", output["z_kappa"], kappa.z[0], where=can)
        yield checker.check(
            "sequential/p_kappa", output["p_kappa"], kappa.p[0], where=defined, atol=SUBTRACTED
        )


def _fit(output: Document, tables: TransitionTables, checker: Checker, *, free: bool) -> Iterator[Outcome]:
    if free:
        yield checker.check("sequential/expfreqs", output["expfreqs"], tables.expected[0])
        yield checker.check("sequential/adjres", output["adjres"], tables.residual[0])
        defined = ~np.isnan(tables.residual[0])
        yield checker.check("sequential/p", output["p"], tables.p[0], where=defined, atol=SUBTRACTED)
        yield from _whole_table("sequential/chi", output["chi"], tables, checker)
    elif "output_glm" in output:
        yield checker.deviates(
            "sequential/expfreqs, adjres, p, chi", "the peer stops its fit at 1e-4; see output_glm"
        )
    else:
        yield checker.check(
            "sequential/expfreqs",
            output["expfreqs"],
            tables.expected[0],
            rtol=1e-3,
            atol=1e-3,
            where=tables.possible[0],
        )
        yield checker.check(
            "sequential/adjres",
            output["adjres"],
            tables.residual[0],
            rtol=1e-3,
            atol=1e-3,
            where=tables.possible[0],
        )
    if "output_glm" in output:
        yield from _glm(output["output_glm"], tables, checker)


def _glm(glm: Document, tables: TransitionTables, checker: Checker) -> Iterator[Outcome]:
    test, z = tables.likelihood_ratio, tables.residual[0]
    table = tables.frequency[0]
    # The Poisson model creeps towards 0 in rows and columns that never occur, and calls that an estimate.
    live = (table.sum(1) > 0)[:, None] & (table.sum(0) > 0)[None, :]
    # A relative error d of z makes one of about z² d in p.
    width = 1 + np.where(np.isnan(z), 0.0, z) ** 2
    two = tables.p[0] * (2 / tables.tails)
    loose: dict[str, Any] = {"rtol": ITERATIVE, "where": live}
    yield checker.check("glm/expfreqs", glm["expfreqs"], tables.expected[0], atol=ITERATIVE, **loose)
    yield checker.check("glm/adjres", glm["adjres"], z, atol=ITERATIVE, **loose)
    yield checker.check("glm/p_two_sided", glm["p_two_sided"], two, scale=width, **loose)
    yield checker.check("glm/G2", glm["G2"], test.statistic[0], rtol=ITERATIVE)
    if int(glm["df"]) != int(test.df[0]) and not live.all():
        yield checker.deviates(
            "glm/df, p_G2", "the model counts degrees of freedom of codes that never occur"
        )
        return
    yield checker.check("glm/df", glm["df"], test.df[0])
    # Likewise p of G2, whose exponent is G2/2.
    yield checker.check("glm/p_G2", glm["p_G2"], test.p[0], rtol=ITERATIVE, atol=1e-300, scale=1 + glm["G2"])


def _whole_table(kind: str, chi: Any, tables: TransitionTables, checker: Checker) -> Iterator[Outcome]:
    test = tables.likelihood_ratio
    statistic, df, p = np.ravel(_numbers(chi))
    if int(test.df[0]) == 0 and int(df) == _df_of_peer(tables):
        yield checker.deviates(kind, "nothing varies here, and what the peer calls 0 is undefined")
        return
    yield checker.check(kind + " statistic", statistic, test.statistic[0])
    if int(df) != int(test.df[0]) and int(df) == _df_of_peer(tables):
        yield checker.deviates(kind + " df", "the peer counts degrees of freedom of codes that never occur")
        return
    yield checker.check(kind + " df", df, test.df[0])
    yield checker.check(kind + " p", p, test.p[0], atol=SUBTRACTED)


def _ends(given: Document) -> Any:
    """Give the events counts of the peer: the last event of the sequence, which no transition starts from."""
    if "sequence" not in given:
        return None
    order = _code_order(given["sequence"])
    return np.bincount([order.index(given["sequence"][-1])], minlength=len(order))


def _tails(call: str) -> Literal[1, 2]:
    return 2 if "tailed=2" in call.replace(" ", "") else 1


def _as_called(document: Document) -> TransitionTables:
    """Count the transitions of a test of patterns, whose lag stands in its call."""
    lag = _argument(document["call"], "lag")
    given = {"lag": 1 if lag is None else lag + 1} | document["input"] | {"adjacent": True, "onezero": {}}
    return _tables(given)


def _bidirectional(document: Document, checker: Checker) -> Iterator[Outcome]:
    output = document["output"]
    frequency = _as_called(document).frequency[0]
    tails = _tails(document["call"])
    result = bidirectional_kappa(frequency, ends=_ends(document["input"]), tails=tails)
    yield checker.check("bidirectional/freqs", output["freqs"], frequency)
    yield checker.check("bidirectional/bifreqs", output["bifreqs"], result.observed)
    yield checker.check("bidirectional/expbifreqs", output["expbifreqs"], result.expected)
    yield checker.check("bidirectional/kappas", output["kappas"], result.kappa)
    yield checker.check("bidirectional/z", output["z"], result.z)
    p = output.get("p", output.get("pk"))
    yield checker.check("bidirectional/p", p, result.p, where=~np.isnan(result.z), atol=SUBTRACTED)


def _dominance(document: Document, checker: Checker) -> Iterator[Outcome]:
    output = document["output"]
    frequency = _as_called(document).frequency[0]
    tails = _tails(document["call"])
    result = parallel_dominance(frequency, ends=_ends(document["input"]), tails=tails)
    defined = ~np.isnan(result.z)
    # The peer multiplies z by the sign of kappa (and by 0 where the count is as expected).
    turned = result.z * np.sign(np.where(np.isnan(result.kappa), 0, result.kappa)) * (result.case > 0)
    yield checker.check("dominance/domfreqs", output["domfreqs"], result.observed)
    yield checker.check("dominance/expdomfreqs", output["expdomfreqs"], result.expected)
    yield checker.check("dominance/domtypes", output["domtypes"], result.case)
    yield checker.check("dominance/kappas", output["kappas"], result.kappa)
    yield checker.check("dominance/z", output["z"], turned, where=defined)
    p = output.get("p", output.get("pk"))
    yield checker.check("dominance/p", p, result.p, where=defined, atol=SUBTRACTED)


def _argument(call: str, name: str) -> int | None:
    for part in call.replace(")", ",").replace("(", ",").split(","):
        key, _, value = part.partition("=")
        if key.strip() == name and value.strip().isdigit():
            return int(value) - 1
    return None


def _two_cells(document: Document, checker: Checker) -> Iterator[Outcome]:
    given, output = document["input"], document["output"]
    places = [given[name] - 1 if name in given else _argument(document["call"], name) for name in "ijkL"]
    if any(place is None for place in places):
        yield checker.not_offered("two cells", "the file does not say which cells")
        return
    i, j, k, l = (int(place) for place in places if place is not None)
    frequency = _as_called(document).frequency[0]
    tails = _tails(document["call"])
    ends = _ends(given)
    result = two_cell_test(frequency, (i, j), (k, l), ends=ends, tails=tails)
    if ends is not None and np.isclose(
        output["expfreqs"], _counted_twice(frequency, ends, (i, j, k, l)), rtol=EXACT
    ):
        yield checker.deviates("two cells/expfreqs, kappa, z, pk", "the peer counts the last event twice")
        return
    for theirs, ours in {"expfreqs": "expected", "kappa": "kappa", "z": "z", "pk": "p"}.items():
        yield checker.check(f"two cells/{theirs}", output[theirs], getattr(result, ours), atol=SUBTRACTED)


def _counted_twice(frequency: Any, ends: Any, cells: tuple[int, int, int, int]) -> float:
    n = frequency.sum(1) + 2 * ends
    i, j, k, l = cells
    return float((n[i] * n[j] + n[k] * n[l]) / (frequency.sum() + 1))


def _rectangle(document: Document, checker: Checker) -> Iterator[Outcome]:
    given, output = document["input"], document["output"]
    tables = transition_tables(given["matrix"], codes=given["row_labels"], targets=given["col_labels"])
    test = tables.pearson
    yield checker.check("rectangle/expected", output["expected"], tables.expected[0])
    yield checker.check("rectangle/stdres", output["stdres"], tables.residual[0])
    yield checker.check("rectangle/X2", output["X2"], test.statistic[0])
    yield checker.check("rectangle/df", output["df"], test.df[0])
    yield checker.check("rectangle/p", output["p"], test.p[0])


def _segments(stream: Sequence[Any]) -> list[list[Any]]:
    cut = [
        i for i, code in enumerate(stream) if code == "segment" or (isinstance(code, int) and code >= 1000)
    ]
    bounds = [*cut, len(stream)]
    return [list(stream[a + 1 : b]) for a, b in pairwise(bounds) if b > a + 1]


def _groups(document: Document, checker: Checker) -> Iterator[Outcome]:
    value = document["output"]["value"]
    segments = _segments(document["input"]["stream"])
    order = _code_order([code for one in segments for code in one])
    call = document["call"].replace(" ", "")
    lag = (_argument(call, "lag") or 0) + 1
    zeros: Literal["diagonal"] | None = "diagonal" if "adjacent=F" in call else None
    stationary = "stationarity" in call
    # For stationarity the peer joins the segments end to end, and counts across their borders.
    parts = [[code for one in segments for code in one]] if stationary else segments
    result = sequential_statistics(_turns(parts), codes=order, lags=[lag], structural_zeros=zeros)
    # With zeros it stops its fit at 1e-4.
    limit = EXACT if zeros is None else 1e-3
    can = result.possible[0]
    yield checker.check("groups/freqs", value["freqs"], result.frequency[0])
    yield checker.check("groups/expfreqs", value["expfreqs"], result.expected[0], rtol=limit, where=can)
    yield checker.check("groups/probs", value["probs"], result.probability[0])
    yield checker.check("groups/adjres", value["adjres"], result.residual[0], rtol=limit, where=can)
    if zeros is None:
        defined = ~np.isnan(result.residual[0])
        yield checker.check("groups/p", value["p"], result.p[0], where=defined, atol=SUBTRACTED)
    else:
        yield checker.deviates("groups/p", "the peer keeps the p of the residuals it replaces")
    yield checker.check("groups/YulesQ", value["YulesQ"], result.yules_q[0], where=can)
    if stationary:
        why = "the peer compares segments with a pool that has transitions across their borders"
        yield checker.deviates("groups/chi", why)
    else:
        yield from _homogeneity(value["chi"], result, checker)
    # Pooled, the peer adds the last event of the last segment only.
    ends = np.bincount([order.index(segments[-1][-1])], minlength=len(order))
    kappa = transition_tables(result.frequency[0], ends=ends, structural_zeros=zeros).unidirectional
    yield checker.check("groups/kappas", value["kappas"], kappa.kappa[0], where=can)
    yield checker.check("groups/z", value["z"], kappa.z[0], where=can)
    yield checker.check(
        "groups/pk", value["pk"], kappa.p[0], where=~np.isnan(kappa.kappa[0]), atol=SUBTRACTED
    )


def _homogeneity(chi: Any, result: SequentialStatistics, checker: Checker) -> Iterator[Outcome]:
    statistic, df, p = np.ravel(_numbers(chi))
    test = homogeneity_test(result.per_session().frequency)
    yield checker.check("groups/homogeneity", statistic, test.statistic)
    k = len(result.codes)
    if int(df) != test.df and int(df) == k * (k - 1) * (len(result.turns.sessions) - 1):
        yield checker.deviates("groups/homogeneity df", "the peer counts rows that a segment does not have")
        return
    yield checker.check("groups/homogeneity df", df, test.df)
    yield checker.check("groups/homogeneity p", p, test.p, atol=SUBTRACTED)


# ---------------------------------------------------------------- agreement

FORMS: dict[str, Form] = {
    "oneway,consistency,single": "1,1",
    "oneway,consistency,average": "1,k",
    "twoway,consistency,single": "C,1",
    "twoway,consistency,average": "C,k",
    "twoway,agreement,single": "A,1",
    "twoway,agreement,average": "A,k",
}
TYPES: dict[str, Form] = {
    "ICC1": "1,1",
    "ICC2": "A,1",
    "ICC3": "C,1",
    "ICC1k": "1,k",
    "ICC2k": "A,k",
    "ICC3k": "C,k",
}
PRINTED = 5e-4 + 1e-9


def _units(document: Document) -> Any:
    table = document["input"]["matrix"]
    by_rater = document["input"].get("layout", "").startswith("raters")
    return [list(row) for row in zip(*table, strict=True)] if by_rater else table


def _agreement(document: Document, checker: Checker) -> Iterator[Outcome]:
    results, given = document["results"], document["input"]
    if "table" in given:
        yield from _psych_kappa(results["psych::cohen.kappa"], given["table"], checker)
        return
    units = _units(document)
    for name, expected in results.items():
        yield from _coefficient(name, expected, units, document, checker)
    for name, expected in document.get("python_results", {}).items():
        yield from _python_coefficient(name, expected, units, checker)


def _psych_kappa(expected: Document, table: Any, checker: Checker) -> Iterator[Outcome]:
    plain, squared = kappa_of_table(table), kappa_of_table(table, weights="quadratic")
    yield checker.check("agree/kappa", expected["kappa"], plain.value)
    yield checker.check("agree/weighted kappa", expected["weighted_quadratic"], squared.value)
    yield checker.check("agree/var", expected["var_kappa"], plain.se**2)
    yield checker.check("agree/confid", expected["confid"][0], [plain.low, plain.value, plain.high])
    if np.isclose(expected["var_weighted"], _psych_variance(np.asarray(table, dtype=float)), rtol=EXACT):
        why = (
            "psych before 2.2.10 weights rows by rowSums(w * rs), where Fleiss, Cohen & Everitt have colSums"
        )
        yield checker.deviates("agree/var weighted, confid weighted", why)
        return
    yield checker.check("agree/var weighted", expected["var_weighted"], squared.se**2)
    yield checker.check(
        "agree/confid weighted", expected["confid"][1], [squared.low, squared.value, squared.high]
    )


def _psych_variance(table: Any) -> float:
    """Give the variance of weighted kappa as psych 2.2.9 computes it, to know its defect from another."""
    n, k = table.sum(), len(table)
    p, apart = table / n, np.subtract.outer(np.arange(k), np.arange(k))
    w = 1 - apart**2 / (k - 1) ** 2
    row, column = p.sum(1), p.sum(0)
    po, pc = (w * p).sum(), (w * np.outer(row, column)).sum()
    both = (w @ column)[:, None] + row * w.sum(1)
    spread = (p * (w * (1 - pc) - both * (1 - po)) ** 2).sum() - (po * pc - 2 * pc + po) ** 2
    return float(spread / (n * (1 - pc) ** 4))


def _coefficient(
    name: str, expected: Any, units: Any, document: Document, checker: Checker
) -> Iterator[Outcome]:
    kind = f"agree/{name}"
    inside = name[name.find("(") + 1 : name.rfind(")")] if "(" in name else ""
    if name.startswith("irr::icc"):
        yield from _irr_icc(kind, expected, intraclass_correlation(units, form=FORMS[inside]), checker)
    elif name.startswith("psych::ICC"):
        yield from _psych_icc(kind, expected, units, checker)
    elif name.startswith("psych::cohen.kappa"):
        pair = as_ratings([row[:2] for row in units]).complete()
        k = int(pair.max()) + 1
        table = np.bincount(pair[:, 0] * k + pair[:, 1], minlength=k * k).reshape(k, k)
        yield from _psych_kappa(expected, table.tolist(), checker)
    elif name.startswith("irr::kripp.alpha"):
        yield _irr_alpha(kind, expected, krippendorff_alpha(units, level=_level(inside)), document, checker)
    elif name.startswith("irr::kappa2"):
        first_two = [row[:2] for row in units]
        scheme: Any = {"unweighted": None, "equal": "linear", "squared": "quadratic"}[inside]
        yield from _tested(kind, expected, cohen_kappa(first_two, weights=scheme), checker)
    elif name.startswith("irr::kappam.fleiss(exact"):
        yield checker.check(kind, expected, conger_kappa(units).value)
    elif name == "irr::kappam.fleiss":
        yield from _fleiss(kind, expected, units, checker)
    elif name == "irr::kappam.light":
        value = expected["value"] if isinstance(expected, dict) else expected
        yield checker.check(kind, value, light_kappa(units).value)
    elif name.startswith("pairwise irr::kappa2"):
        pairs = combinations(range(len(units[0])), 2)
        found = [cohen_kappa([[row[a], row[b]] for row in units]).value for a, b in pairs]
        yield checker.check(kind, expected, found)
    elif name == "irr::agree":
        yield checker.check(kind, expected, 100 * unanimous_share(units).value)
    elif name == "irrCAC raw":
        yield from _gwet(kind, expected, units, checker)
    else:
        yield checker.not_offered(kind, "no such coefficient here")


def _level(name: str) -> Level:
    levels: dict[str, Level] = {
        "nominal": "nominal",
        "ordinal": "ordinal",
        "interval": "interval",
        "ratio": "ratio",
    }
    return levels[name]


def _irr_alpha(kind: str, expected: float, found: Agreement, document: Document, checker: Checker) -> Outcome:
    raters, missing = len(_units(document)[0]), any(x is None for row in _units(document) for x in row)
    noted = "irr_kripp_alpha" in (document.get("notes") or {})
    if noted and raters > 2 and not missing:
        return checker.deviates(kind, "irr does not divide coincidences by m - 1 here; see python_results")
    return checker.check(kind, expected, found.value)


def _tested(kind: str, expected: Any, found: Agreement, checker: Checker) -> Iterator[Outcome]:
    if not isinstance(expected, dict):
        yield checker.check(kind, expected, found.value)
        return
    yield checker.check(kind, expected["value"], found.value)
    yield checker.check(kind + " z", expected["z"], found.z)
    # The peer takes p from 1 - pnorm.
    yield checker.check(kind + " p", expected["p"], found.p, atol=SUBTRACTED)


def _fleiss(kind: str, expected: Any, units: Any, checker: Checker) -> Iterator[Outcome]:
    found = fleiss_kappa(units)
    yield checker.check(kind, expected["value"], found.value)
    yield checker.check(kind + " z", expected["z"], found.z)
    if "detail" in expected:
        ratings = as_ratings(units)
        each = [fleiss_kappa(ratings.one_against_rest(k)) for k in range(len(ratings.categories))]
        detail = expected["detail"]
        yield checker.check(
            kind + " per code", [d["Kappa"] for d in detail], [e.value for e in each], atol=PRINTED
        )
        yield checker.check(kind + " z per code", [d["z"] for d in detail], [e.z for e in each], atol=PRINTED)


def _gwet(kind: str, expected: Document, units: Any, checker: Checker) -> Iterator[Outcome]:
    ours = {
        "gwet_ac1": gwet_ac1,
        "fleiss": fleiss_kappa,
        "conger": conger_kappa,
        "bp": brennan_prediger,
        "pa": percent_agreement,
        "kripp": krippendorff_alpha,
    }
    for name, rows in expected.items():
        if name not in ours:
            yield checker.not_offered(f"{kind} {name}", "no such coefficient here")
            continue
        if name != "kripp" and any(x is None for row in units for x in row):
            yield checker.not_offered(
                f"{kind} {name}", "irrCAC spreads units with a rating missing; here they drop"
            )
            continue
        found = ours[name](units)
        # The peer prints its coefficients to five digits, its chance agreement in full.
        yield checker.check(f"{kind} {name}", rows[0]["coeff.val"], found.value, atol=5.1e-6)
        # Of alpha, irrCAC splits observed and expected in a way of its own; the coefficient is the same.
        if name != "kripp":
            yield checker.check(f"{kind} {name} pe", rows[0]["pe"], found.expected)
            yield checker.check(f"{kind} {name} pa", rows[0]["pa"], found.observed)


def _irr_icc(
    kind: str, expected: Document, found: IntraclassCorrelation, checker: Checker
) -> Iterator[Outcome]:
    yield checker.check(kind, expected["value"], found.value)
    yield checker.check(kind + " F", expected["F"], found.f)
    if found.form == "A,k" and np.isclose(expected["lower"], _irr_average_bound(found), rtol=EXACT):
        why = "irr multiplies the mean's coefficient by k in Satterthwaite's df (McGraw & Wong do not)"
        yield checker.deviates(kind + " interval, df2, p", why)
        return
    bounds = [expected["lower"], expected["upper"]]
    yield checker.check(kind + " interval", bounds, [found.low, found.high], rtol=ITERATIVE)
    if found.form.startswith("A"):
        # irr tests with the df of the interval; under the null hypothesis they are (n - 1)(k - 1).
        yield checker.check(kind + " df2", expected["df2"], found.interval_df)
        yield checker.deviates(
            kind + " p", "irr tests with the interval's df; psych agrees with the definition"
        )
        return
    yield checker.check(kind + " df", [expected["df1"], expected["df2"]], list(found.df))
    yield checker.check(kind + " p", expected["p"], found.p, rtol=1e-8)


def _irr_average_bound(found: IntraclassCorrelation) -> float:
    """Give the lower bound as irr 0.84.1 computes it, to know its defect from another."""
    between, columns, rest, _ = found.mean_squares
    n, k, r = found.n_units, found.n_raters, found.value
    a, b = k * r / (n * (1 - r)), 1 + k * r * (n - 1) / (n * (1 - r))
    below = (a * columns) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    limit = special.fdtri(n - 1, (a * columns + b * rest) ** 2 / below, 0.975)
    return float(n * (between - limit * rest) / (limit * (columns - rest) + n * between))


def _psych_icc(kind: str, expected: Any, units: Any, checker: Checker) -> Iterator[Outcome]:
    for row in expected:
        found = intraclass_correlation(units, form=TYPES[row["type"]])
        name = f"{kind} {row['type']}"
        yield checker.check(name, row["ICC"], found.value)
        yield checker.check(f"{name} F", row["F"], found.f)
        yield checker.check(f"{name} df", [row["df1"], row["df2"]], list(found.df))
        yield checker.check(f"{name} p", row["p"], found.p, rtol=1e-8)
        bounds = [row["lower bound"], row["upper bound"]]
        yield checker.check(f"{name} interval", bounds, [found.low, found.high], rtol=ITERATIVE)


def _python_coefficient(name: str, expected: Any, units: Any, checker: Checker) -> Iterator[Outcome]:
    kind, (library, _, what) = f"agree/{name}", name.partition(" ")
    if library == "krippendorff":
        yield checker.check(kind, expected, krippendorff_alpha(units, level=_level(what)).value)
    elif name == "statsmodels fleiss":
        yield checker.check(kind, expected, fleiss_kappa(units).value)
    elif library == "sklearn":
        scheme: Any = None if what == "None" else what
        yield checker.check(kind, expected, cohen_kappa([row[:2] for row in units], weights=scheme).value)
    elif name.startswith("pingouin CI"):
        found = intraclass_correlation(units, form=_pingouin_form(name))
        yield checker.check(kind, expected, [found.low, found.high], atol=0.005 + 1e-9)
    elif library == "pingouin":
        yield checker.check(kind, expected, intraclass_correlation(units, form=_pingouin_form(name)).value)
    else:
        yield checker.not_offered(kind, "no such coefficient here")


def _pingouin_form(name: str) -> Form:
    wanted = name[name.find("(") + 1 : name.find(")")]
    return next(form for form in FORMS.values() if form == wanted)


# ---------------------------------------------------------------- descriptives of whole sequences


def _annomi(folder: Path, transcripts: Sequence[int]) -> pl.DataFrame | None:
    """Read the labels of the named transcripts, if the data lie beside the reference folder."""
    shared = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", folder.parent.parent))
    for place in (folder, folder.parent.parent / "data" / "annomi", shared / "data" / "annomi"):
        for path in sorted(place.glob("annomi*.csv")):
            table = pl.read_csv(path, null_values="n/a", columns=ANNOMI)
            if set(transcripts) <= set(table["transcript_id"].to_list()):
                return table.filter(pl.col("transcript_id").is_in(list(transcripts)))
    return None


ANNOMI = ["transcript_id", "utterance_id", "main_therapist_behaviour", "client_talk_type"]


def _labelled(table: pl.DataFrame) -> pl.DataFrame:
    therapist, client = pl.col("main_therapist_behaviour"), pl.col("client_talk_type")
    code = pl.coalesce("T:" + therapist, "C:" + client)
    return table.select(session_id="transcript_id", index="utterance_id", code=code)


def _traminer(document: Document, checker: Checker) -> Iterator[Outcome]:
    transcripts, alphabet = document["transcripts"], document["alphabet"]
    if "sequences" in document:
        turns = _turns(document["sequences"])
    else:
        table = _annomi(checker.folder, transcripts)
        if table is None:
            yield checker.not_offered("file", "the transcripts of this file are not beside the folder")
            return
        turns = _labelled(table)
    for lag in sorted(int(key.removeprefix("count_lag")) for key in document if key.startswith("count_lag")):
        result = sequential_statistics(turns, codes=alphabet, lags=[lag])
        yield checker.check(f"traminer/count_lag{lag}", document[f"count_lag{lag}"], result.frequency[0])
        yield checker.check(f"traminer/prob_lag{lag}", document[f"prob_lag{lag}"], result.probability[0])
    found = sequence_complexity(turns, codes=alphabet)
    at = [
        found.sessions.index(t) for t in (range(len(transcripts)) if "sequences" in document else transcripts)
    ]
    yield checker.check("traminer/n", document["n"], found.n[at])
    yield checker.check("traminer/entropy_nats", document["entropy_nats"], found.entropy[at])
    yield checker.check("traminer/complexity", document["complexity"], found.complexity[at])
    yield checker.check("traminer/n_transitions", document["n_transitions"], found.n_transitions[at])
    yield checker.check("traminer/turbulence", document["turbulence"], found.turbulence[at])


# ---------------------------------------------------------------- the folder

Handler: TypeAlias = Callable[[Document, Checker], Iterator[Outcome]]


def _handler(document: Document) -> Handler | None:
    output = document.get("output", {})
    given = document.get("input", {})
    if "results" in document:
        return _agreement
    if "turbulence" in document:
        return _traminer
    if "stream" in given:
        return _groups
    if "row_labels" in given:
        return _rectangle
    if "bifreqs" in output:
        return _bidirectional
    if "domtypes" in output:
        return _dominance
    if "twocellfreq" in output:
        return _two_cells
    return _sequential if "adjres" in output else None


def _known(entry: Document) -> dict[str, str]:
    """Give the quantities that the manifest itself says are wrong in the peer."""
    said = entry.get("known_deviations") or {}
    return (
        {str(k): str(v) for k, v in said.items()}
        if isinstance(said, dict)
        else {str(k): str(k) for k in said}
    )


def compare(folder: Path, *, perturb: bool = False) -> Iterator[Outcome]:
    """Compare every reference file of a folder, quantity by quantity.

    Args:
        folder: The folder, with its manifest.json if it has one.
        perturb: Change one expected value of each kind of quantity; each change must then be reported.
    """
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text("utf-8")).get("files", []) if manifest.is_file() else []
    by_file = {entry["file"]: entry for entry in entries}
    checker = Checker(folder, perturb=perturb)
    for path in sorted(folder.glob("*.json")):
        if path.name in {"manifest.json", "published_examples.json"}:
            continue
        document = json.loads(path.read_text("utf-8"))
        checker.case, checker.known = path.stem, _known(by_file.get(path.name, {}))
        handler = _handler(document)
        if handler is None:
            yield checker.not_offered("file", "no function here answers this kind of file")
            continue
        try:
            yield from handler(document, checker)
        except TherapeuticProcessError as refusal:
            yield checker.not_offered("file", f"refused: {refusal}")


def main(arguments: Sequence[str]) -> int:
    """Print the outcomes of a folder; the exit status is 1 if anything differs."""
    outcomes = list(compare(Path(arguments[0]), perturb="--perturb" in arguments))
    for outcome in outcomes:
        print(f"{outcome.status:16} {outcome.case}: {outcome.detail}")
    for status in ("same", "differ", "known deviation", "not offered"):
        print(f"{sum(o.status == status for o in outcomes):6} {status}")
    return int(any(o.status == "differ" for o in outcomes))


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
