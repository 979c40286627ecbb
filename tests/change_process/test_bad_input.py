"""Every public function against every kind of bad input.

Each meets a refusal that says what was needed and what was found, or the documented result. Neither shows a
client's words.
"""

from __future__ import annotations

import inspect
import math
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
import pytest

from therapeutic_process import change_process as cp
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import example_cases
from therapeutic_process.records import Measurement, Reporter

if TYPE_CHECKING:
    from collections.abc import Callable

Expected: TypeAlias = "str | Callable[[Any], bool]"
Rows: TypeAlias = dict[str, dict[str, Expected]]

NORM = cp.ReferenceValues(sd=7.5, reliability=0.8, mean_before=20, mean_after=12, sd_after=8, correlation=0.5)
CUTOFF = cp.published_cutoff(10, source="a test")
TRUE_CUTOFF = cp.true_score_cutoff("c", reference=NORM, mean_functional=5, sd_functional=4)
RULE = cp.SuddenRule(cutoff=6)
INF, NAN = math.inf, math.nan


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def check(run: Callable[[], Any], expected: Expected) -> None:
    """Run; a text is what the refusal must say, anything else is asked about the result."""
    if not isinstance(expected, str):
        assert expected(run())
        return
    with pytest.raises(TherapeuticProcessError, match=expected) as caught:
        run()
    said = str(caught.value)
    assert "need" in said
    assert "found" in said
    assert "Yes, I am" not in said


def cells(rows: Rows, functions: dict[str, Any]) -> pytest.MarkDecorator:
    """Return every function with every item, and make sure that none is left out."""
    assert all(set(row) == set(functions) for row in rows.values())
    return pytest.mark.parametrize(("item", "function"), [(i, f) for i in rows for f in rows[i]])


# tables with a row per client and session

LONG: dict[str, Callable[[Any], Any]] = {
    "sudden_gains": lambda f: cp.sudden_gains(f, cutoff=6),
    "sudden_gains_by_chance": lambda f: cp.sudden_gains_by_chance(f, RULE, rng=rng(), n_permutations=9),
    "paired_scores": cp.paired_scores,
    "interval_counts": cp.interval_counts,
    "enough_scores": lambda f: cp.enough_scores(f).lazy().collect().rows(),
    "random_slope_change": cp.random_slope_change,
}
GAIN = [32, 31, 33, 5, 6, 7]


def long(scores: list[Any], sessions: list[int] | None = None) -> pl.DataFrame:
    where = sessions or list(range(1, len(scores) + 1))
    frame = pl.DataFrame({"session": where, "score": scores}, schema_overrides={"session": pl.Int64})
    return frame.select(pl.lit(1).alias("client_id"), "session", "score")


LONG_TABLES = {
    "duplicate keys": long(GAIN, [1, 2, 2, 4, 5, 6]),
    "unsorted rows": long(GAIN[::-1], [6, 5, 4, 3, 2, 1]),
    "text": long(["32", "Yes, I am", "NA", "5", "6", "7"]),
    "infinite score": long([32.0, 31.0, INF, 5.0, 6.0, 7.0]),
    "zero variance": long([5] * 6),
    "fewer than four scores": long([32, 31, 5]),
    "no events": long([12, 11, 12, 11, 12, 11]),
    "all missing": long([None] * 6),
    "no rows": long([]),
}


def events(n: int) -> Callable[[Any], bool]:
    return lambda r: r.counts()["events"] == n


def same_for_all(refusal: str) -> dict[str, Expected]:
    return dict.fromkeys(LONG, refusal)


SLOPES = "too_few_scores: needed at least 3 clients with more than 2 scores each on average, found 1 clients"
LONG_CELLS: Rows = {
    "duplicate keys": same_for_all("duplicate_key: needed one row per .* found 2 rows"),
    "text": same_for_all("not_a_number: needed numbers in .*score.* found (text, )?2 "),
    "infinite score": same_for_all("not_a_number: needed (finite )?numbers in .*score.* found 1 "),
    "unsorted rows": {
        "sudden_gains": lambda r: events(1)(r) and r.events.lazy().collect()["session"].to_list() == [3],
        "sudden_gains_by_chance": lambda r: r.observed == 1,
        "paired_scores": lambda r: r.table.lazy().collect()["before"].to_list() == [32],
        "interval_counts": lambda r: r == cp.IntervalCounts(5, 3, 3),
        "enough_scores": lambda r: r == [(1, 6, 3)],
        "random_slope_change": SLOPES,
    },
    "zero variance": {
        "sudden_gains": lambda r: events(0)(r) and r.reasons()["below_cutoff"] == 3,
        "sudden_gains_by_chance": lambda r: (r.observed, r.p) == (0, 1),
        "paired_scores": lambda r: r.n_used == 1,
        "interval_counts": lambda r: r.judgeable == 3,
        "enough_scores": lambda r: r == [(1, 6, 3)],
        "random_slope_change": SLOPES,
    },
    "fewer than four scores": {
        "sudden_gains": lambda r: events(0)(r) and r.reasons()["too_few_scores"] == 2,
        "sudden_gains_by_chance": lambda r: r.observed == 0,
        "paired_scores": lambda r: r.n_used == 1,
        "interval_counts": lambda r: r == cp.IntervalCounts(2, 0, 0),
        "enough_scores": lambda r: r == [(1, 3, 0)],
        "random_slope_change": SLOPES,
    },
    "no events": {
        "sudden_gains": lambda r: (
            events(0)(r)
            and r.average_course()[0].mean is None
            and not len(r.by_client("largest").lazy().collect())
        ),
        "sudden_gains_by_chance": lambda r: (r.observed, r.p) == (0, 1),
        "paired_scores": lambda r: r.n_used == 1,
        "interval_counts": lambda r: r.judgeable == 3,
        "enough_scores": lambda r: r == [(1, 6, 3)],
        "random_slope_change": SLOPES,
    },
    "all missing": {
        "sudden_gains": lambda r: events(0)(r) and r.reasons()["score_missing"] == 5,
        "sudden_gains_by_chance": lambda r: (r.observed, r.p) == (0, 1),
        "paired_scores": lambda r: (r.n_used, r.dropped["no_score"]) == (0, 1),
        "interval_counts": lambda r: (r.between_sessions, r.judgeable) == (5, 0),
        "enough_scores": lambda r: r == [(1, 0, 0)],
        "random_slope_change": "too_few_scores: needed clients with at least 3 scores, found none",
    },
    "no rows": {
        "sudden_gains": lambda r: events(0)(r) and not sum(r.reasons().values()),
        "sudden_gains_by_chance": "needs scores, found 0",
        "paired_scores": lambda r: (r.n_clients, r.n_used) == (0, 0),
        "interval_counts": lambda r: r == cp.IntervalCounts(0, 0, 0),
        "enough_scores": lambda r: r == [],
        "random_slope_change": "too_few_scores: needed clients with at least 3 scores, found none",
    },
}


@cells(LONG_CELLS, LONG)
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_tables_of_scores(item: str, function: str, *, lazy: bool) -> None:
    frame = LONG_TABLES[item]
    check(lambda: LONG[function](frame.lazy() if lazy else frame), LONG_CELLS[item][function])


def test_the_rows_that_share_a_key_are_named() -> None:
    for function in ("sudden_gains", "paired_scores", "interval_counts", "random_slope_change"):
        with pytest.raises(TherapeuticProcessError, match=r"first rows 1, 2"):
            LONG[function](LONG_TABLES["duplicate keys"])


# tables with a row per client

PAIRS: dict[str, Callable[[Any], Any]] = {
    "reliable_change_table": lambda f: cp.reliable_change_table(f, reference=NORM),
    "important_change_table": lambda f: cp.important_change_table(f, improvement=5),
    "percentage_change_table": cp.percentage_change_table,
    "cutoff_crossing_table": lambda f: cp.cutoff_crossing_table(f, cutoff=CUTOFF),
    "true_score_range_table": lambda f: cp.true_score_range_table(f, cutoff=TRUE_CUTOFF, reference=NORM),
    "clinical_significance_table": lambda f: cp.clinical_significance_table(
        cp.reliable_change_table(f, reference=NORM), cutoff=CUTOFF
    ),
    "reference_from_sample": lambda f: cp.reference_from_sample(f, reliability=0.8),
    "group_change": lambda f: cp.group_change(f, important=5),
    "group_difference": lambda f: cp.group_difference(f, by="arm", reference="a", important=5),
    "true_change_shares": lambda f: cp.true_change_shares(f, reference=NORM, cutoff=TRUE_CUTOFF),
}
GRADED = (
    "reliable_change_table", "important_change_table", "percentage_change_table", "cutoff_crossing_table",
    "true_score_range_table", "clinical_significance_table",
)  # fmt: skip


def pairs(before: list[Any], after: list[Any]) -> pl.DataFrame:
    arms = ["ab"[i % 2] for i in range(len(before))]
    schema = {"before": None, "after": None, "arm": pl.String}
    return pl.DataFrame({"before": before, "after": after, "arm": arms}, schema=schema)


PAIR_TABLES = {
    "text": pairs(["20", "Yes, I am", "NA", "21"], [8, 11, 12, 10]),
    "infinite score": pairs([20.0, INF, 25.0, 21.0, 24.0, 22.0], [8.0, 11.0, 12.0, -INF, 13.0, 9.0]),
    "zero variance": pairs([20] * 4, [8] * 4),
    "one pair": pairs([20], [8]),
    "all missing": pairs([None] * 4, [NAN] * 4),
    "no rows": pairs([], []),
}


def all_graded(check_one: Callable[[Any], bool]) -> dict[str, Expected]:
    return dict.fromkeys(GRADED, check_one)


TWO_PAIRS = "needs at least 2 complete pairs"
PAIR_CELLS: Rows = {
    "text": dict.fromkeys(PAIRS, "not_a_number: needed numbers in .*before.* found text, 2 "),
    "infinite score": {
        **all_graded(lambda r: r.n_used == 4 and r.dropped == {"cannot_say": 0, "not_a_number": 2}),
        "reference_from_sample": lambda r: r.n == 4,
        "group_change": lambda r: r[0].n == 4,
        "group_difference": "needs at least 2 complete pairs in each group, found 1",
        "true_change_shares": lambda r: r[0].n == 4,
    },
    "zero variance": {
        **all_graded(lambda r: r.n_used == 4),
        "reference_from_sample": "scores before that vary, found zero variance",
        "group_change": lambda r: r[0].low == r[0].high == -12,
        "group_difference": lambda r: r[0].low == r[0].high == 0,
        "true_change_shares": "changes that vary in each group, found zero variance",
    },
    "one pair": {
        **all_graded(lambda r: r.n_used == 1),
        "reference_from_sample": TWO_PAIRS,
        "group_change": TWO_PAIRS,
        "group_difference": TWO_PAIRS,
        "true_change_shares": TWO_PAIRS,
    },
    "all missing": {
        **all_graded(lambda r: (r.n_used, r.dropped) == (0, {"cannot_say": 4})),
        "reference_from_sample": TWO_PAIRS,
        "group_change": TWO_PAIRS,
        "group_difference": TWO_PAIRS,
        "true_change_shares": TWO_PAIRS,
    },
    "no rows": {
        **all_graded(lambda r: (r.n_used, r.dropped) == (0, {"cannot_say": 0})),
        "reference_from_sample": TWO_PAIRS,
        "group_change": TWO_PAIRS,
        "group_difference": "needs at least one group, found no row",
        "true_change_shares": TWO_PAIRS,
    },
}


@cells(PAIR_CELLS, PAIRS)
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_tables_of_pairs(item: str, function: str, *, lazy: bool) -> None:
    frame = PAIR_TABLES[item]
    check(lambda: PAIRS[function](frame.lazy() if lazy else frame), PAIR_CELLS[item][function])


# the scores of one client

ONE: dict[str, Callable[[Any, Any], Any]] = {
    "reliable_change": lambda a, b: cp.reliable_change(a, b, reliability=0.8, sd=7),
    "important_change": lambda a, b: cp.important_change(a, b, improvement=5),
    "percentage_change": cp.percentage_change,
    "clinical_significance": lambda a, b: cp.clinical_significance(a, b, cutoff=CUTOFF, verdict="improved"),
    "response": cp.response,
    "remission": lambda _, b: cp.remission(b, cutoff=5),
    "reliable_change_index": lambda a, b: cp.reliable_change_index(
        a, b, reference=NORM, method="jacobson_truax"
    ),
    "cutoff_crossing": lambda a, b: cp.cutoff_crossing(a, b, cutoff=CUTOFF),
    "talking_therapies_outcome": lambda a, b: cp.talking_therapies_outcome(
        cp.ScorePair(a, b), cp.ScorePair(9, 4)
    ),
    "goal_attainment": lambda a, b: cp.goal_attainment([a, b]),
    "goal_attainment_change": lambda a, b: cp.goal_attainment_change([a, b]),
    "interval_reasons": lambda a, b: cp.interval_reasons([30, a, b, 31], RULE),
    "cutoff_c_interval": lambda a, b: cp.cutoff_c_interval(
        [a, b, 30, 31], mean_functional=8, sd_functional=4, rng=rng()
    ),
    "random_slopes": lambda a, b: cp.random_slopes(
        [0, 0, 0, 1, 1, 1, 2, 2, 2], range(9), [9, 8, 9, 5, 4, 5, a, b, 1]
    ),
}
VERDICTS = ("reliable_change", "important_change", "percentage_change")
NEEDS_NUMBERS = {
    "reliable_change_index": "needed a finite number, found",
    "cutoff_crossing": "needed a finite number, found",
    "random_slopes": "not_a_number: needed .* finite times and scores, found [12] others",
}


def cannot_say(reason: str) -> dict[str, Expected]:
    return {
        **dict.fromkeys(VERDICTS, lambda r: (r.verdict, r.reason) == (None, reason)),
        "clinical_significance": lambda r: (r.category, r.reason) == (None, reason),
        "response": lambda r: r is None,
        "remission": lambda r: r is None,
    }


NO_FINITE_SCORE = "needed a finite score or None, found an infinite one"
ONE_CELLS: Rows = {
    "text": {
        **dict.fromkeys(ONE, "needed a (score or None|finite number), found type str"),
        "random_slopes": "not_a_number: needed numbers for clients, times and scores",
    },
    "truth value": {
        **dict.fromkeys(ONE, "needed a (score or None|finite number), found type bool"),
        # an array has made numbers of them
        "random_slopes": lambda r: r.n_scores == 9,
    },
    "infinite score": {
        **cannot_say("score after is not a number"),
        **dict.fromkeys(sorted(set(ONE) - set(cannot_say(""))), NO_FINITE_SCORE),
        **NEEDS_NUMBERS,
    },
    "all missing": {
        **cannot_say("no score before and after"),
        "talking_therapies_outcome": lambda r: r.recovery is None and "found 0" in r.why[0],
        "goal_attainment": lambda r: (r.t, r.n_unrated) == (None, 2),
        "goal_attainment_change": lambda r: (r.change, r.now.n_unrated) == (None, 2),
        "interval_reasons": lambda r: r == ("score_missing",) * 3,
        "cutoff_c_interval": "needs at least 3 clinical scores, found 2",
        **NEEDS_NUMBERS,
    },
}
ONE_SCORES: dict[str, list[tuple[Any, Any]]] = {
    "text": [("Yes, I am", "NA")],
    "truth value": [(True, False)],
    "infinite score": [(1, INF), (1, -INF)],
    "all missing": [(None, None), (NAN, NAN), (None, NAN)],
}


@cells(ONE_CELLS, ONE)
def test_scores_of_one_client(item: str, function: str) -> None:
    for before, after in ONE_SCORES[item]:
        check(lambda a=before, b=after: ONE[function](a, b), ONE_CELLS[item][function])  # type: ignore[misc]


SERIES_CELLS: dict[str, tuple[Callable[[], Any], Expected]] = {
    "no scores": (lambda: cp.interval_reasons([], RULE), lambda r: r == ()),
    "fewer than four scores": (
        lambda: cp.interval_reasons([30, 20, 10], RULE),
        lambda r: r == ("too_few_scores",) * 2,
    ),
    "zero variance": (
        lambda: cp.interval_reasons([5] * 4, RULE),
        lambda r: r == ("too_few_scores", "below_cutoff", "too_few_scores"),
    ),
    "zero variance, cutoff c": (
        lambda: cp.cutoff_c_interval([5] * 4, mean_functional=3, sd_functional=2, rng=rng()),
        "clinical scores that vary, found zero variance",
    ),
    "zero variance around the lines": (
        lambda: cp.random_slopes([0] * 4 + [1] * 4 + [2] * 4, [*range(4)] * 3, [*range(4)] * 3),
        "no_variance: needed scores that vary around each client's own line",
    ),
    "zero variance, slopes": (
        lambda: cp.random_slopes([0] * 4 + [1] * 4 + [2] * 4, [*range(4)] * 3, [5] * 12),
        "no_variance: needed scores and times that vary",
    ),
    "too few clients, slopes": (lambda: cp.random_slopes([], [], []), "needed at least 3 clients"),
    "unequal lengths, slopes": (
        lambda: cp.random_slopes([0], [1, 2], [3]),
        "needed a client and a time for each score, found 1, 2 and 1",
    ),
    "nothing rated": (lambda: cp.goal_attainment([]), lambda r: (r.t, r.n_rated) == (None, 0)),
    "too few weights": (lambda: cp.goal_attainment([1, 0], weights=[1]), "needed 2, one per goal, found 1"),
    "a weight of 0": (
        lambda: cp.goal_attainment([1], weights=[0]),
        "weights: needed a number above 0, found 0",
    ),
    "no baseline": (
        lambda: cp.goal_attainment_change([1], baseline=NAN),
        "baseline: needed a finite number, found nan",
    ),
    "NaN then, rated now": (
        lambda: cp.goal_attainment_change([1, 0], baseline=[NAN, -1]),
        lambda r: (r.baseline.n_rated, r.now.n_rated) == (1, 1),
    ),
    "an unknown verdict": (
        lambda: cp.clinical_significance(20, 5, cutoff=CUTOFF, verdict="better"),
        "verdict: needed 'improved'.* found 'better'",
    ),
}


@pytest.mark.parametrize("item", SERIES_CELLS)
def test_courses_of_one_client(item: str) -> None:
    run, expected = SERIES_CELLS[item]
    check(run, expected)


# what a change is judged against

NUMBERS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "reliable_change": {
        "sd": lambda v: cp.reliable_change(20, 9, reliability=0.8, sd=v),
        "reliability": lambda v: cp.reliable_change(20, 9, reliability=v, sd=7),
        "reliability_after": lambda v: cp.reliable_change(20, 9, reliability=0.8, sd=7, reliability_after=v),
        "alpha": lambda v: cp.reliable_change(20, 9, reliability=0.8, sd=7, alpha=v),
    },
    "reliable_change_points": {
        "sd": lambda v: cp.reliable_change_points(sd=v, reliability=0.8),
        "reliability": lambda v: cp.reliable_change_points(sd=7, reliability=v),
        "critical": lambda v: cp.reliable_change_points(sd=7, reliability=0.8, critical=v),
    },
    "reference_from_sample": {
        "reliability": lambda v: cp.reference_from_sample(pairs([20, 22], [8, 9]), reliability=v),
    },
    "reliable_change_table": {
        "reliability": lambda v: cp.reliable_change_table(pairs([20, 22], [8, 9]), reliability=v),
        "alpha": lambda v: cp.reliable_change_table(pairs([20], [8]), reference=NORM, alpha=v),
    },
    "clinical_cutoff": {
        "sd_clinical": lambda v: cp.clinical_cutoff("a", mean_clinical=20, sd_clinical=v),
        "sd_functional": lambda v: cp.clinical_cutoff("b", mean_functional=5, sd_functional=v),
    },
    "true_score_cutoff": {
        "sd_functional": lambda v: cp.true_score_cutoff(
            "c", reference=NORM, mean_functional=5, sd_functional=v
        ),
    },
    "cutoff_c_interval": {
        "sd_functional": lambda v: cp.cutoff_c_interval(
            [9, 8, 7], mean_functional=3, sd_functional=v, rng=rng()
        ),
        "confidence": lambda v: cp.cutoff_c_interval(
            [9, 8, 7], mean_functional=3, sd_functional=1, confidence=v, rng=rng()
        ),
        "n_boot": lambda v: cp.cutoff_c_interval(
            [9, 8, 7], mean_functional=3, sd_functional=1, n_boot=v, rng=rng()
        ),
    },
    "sudden_gains": {
        "cutoff": lambda v: cp.sudden_gains(long(GAIN), cutoff=v),
        "min_share": lambda v: cp.sudden_gains(long(GAIN), cutoff=6, min_share=v),
        "alpha": lambda v: cp.sudden_gains(long(GAIN), cutoff=6, alpha=v),
        "min_sessions_before": lambda v: cp.sudden_gains(long(GAIN), cutoff=6, min_sessions_before=v),
    },
    "sudden_gains_by_chance": {
        "n_permutations": lambda v: cp.sudden_gains_by_chance(long(GAIN), RULE, rng=rng(), n_permutations=v),
    },
    "sudden_gains_false_positives": {
        "sd": lambda v: false_positives(sd=v),
        "reliability": lambda v: false_positives(reliability=v),
        "n_sessions": lambda v: false_positives(n_sessions=v),
        "n_clients": lambda v: false_positives(n_clients=v),
    },
    "important_change": {"improvement": lambda v: cp.important_change(20, 9, improvement=v)},
    "important_change_table": {
        "improvement": lambda v: cp.important_change_table(pairs([20], [8]), improvement=v)
    },
    "percentage_change": {"improvement": lambda v: cp.percentage_change(20, 9, improvement=v)},
    "percentage_change_table": {
        "improvement": lambda v: cp.percentage_change_table(pairs([20], [8]), improvement=v)
    },
    "response": {"share": lambda v: cp.response(20, 9, share=v)},
    "group_change": {
        "important": lambda v: cp.group_change(pairs([20, 22], [8, 9]), important=v),
        "confidence": lambda v: cp.group_change(pairs([20, 22], [8, 9]), important=5, confidence=v),
    },
    "random_slope_change": {
        "min_scores": lambda v: cp.random_slope_change(long(GAIN), min_scores=v),
        "alpha": lambda v: cp.random_slope_change(long(GAIN), alpha=v),
    },
    "goal_attainment": {"correlation": lambda v: cp.goal_attainment([1, 0], correlation=v)},
}


def false_positives(**other: Any) -> cp.FalsePositiveRate:
    facts: dict[str, Any] = {"n_sessions": 6, "mean": 28, "sd": 8, "reliability": 0.8, "n_clients": 10}
    return cp.sudden_gains_false_positives(RULE, rng=rng(), **facts | other)


@pytest.mark.parametrize("value", [-1, -0.1, NAN, INF, "0.8", True], ids=str)
@pytest.mark.parametrize(("function", "name"), [(f, n) for f in NUMBERS for n in NUMBERS[f]])
def test_impossible_numbers_are_refused_by_name(function: str, name: str, value: Any) -> None:
    found = f"type {type(value).__name__}" if isinstance(value, str | bool) else str(value)
    check(lambda: NUMBERS[function][name](value), rf"{name}: needed .*, found {found}")


@pytest.mark.parametrize("value", [1.01, 80])
def test_a_reliability_above_one_is_refused(value: float) -> None:
    for function, names in NUMBERS.items():
        for name in names:
            if name.startswith("reliability"):
                check(lambda f=function, n=name: NUMBERS[f][n](value), f"{name}: .* found {value}")  # type: ignore[misc]


def test_a_mean_that_is_no_number_is_refused() -> None:
    for value in (NAN, INF, "20", None):
        check(lambda v=value: false_positives(mean=v), "mean: needed a finite number")  # type: ignore[misc]
        check(lambda v=value: cp.published_cutoff(v, source="a test"), "value: needed a finite number")  # type: ignore[misc]
    check(lambda: cp.ReferenceValues(sd=7, reliability=0.8, mean_before=NAN), "mean_before: needed")
    check(
        lambda: cp.ReferenceValues(sd=7, reliability=0.8, correlation=1.2), "correlation: needed .* -1 to 1"
    )


# the records of a case cannot hold text, infinite scores or two measurements of one id; they can lack scores

CLIENT = Reporter(kind="client", participant="c1")


def measured(*scores: float | None) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(
            id=f"m{i}", instrument="phq9", subject="c1", respondent=CLIENT, score=s,
            missing=None if s is not None else "not_answered",
        )
        for i, s in enumerate(scores)
    )  # fmt: skip


def case_with(*scores: float | None) -> Any:
    plain = example_cases()[0]
    own = plain.clients[0].id
    kept = [
        m.with_changes(subject=own, respondent=Reporter(kind="client", participant=own))
        for m in measured(*scores)
    ]
    return plain.with_changes(measurements=tuple(kept), change_events=())


CASES: dict[str, Callable[[Any], Any]] = {
    "changes": lambda c: cp.changes(c).to_frame().rows(named=True),
    "detect_changes": lambda c: cp.detect_changes(c, at=date(2026, 1, 31)),
    "talking_therapies_of": cp.talking_therapies_of,
}
CASE_CELLS: Rows = {
    "no rows": {
        "changes": lambda r: r == [],
        "detect_changes": lambda r: (r.events, r.n_used, r.dropped) == ((), 0, {}),
        "talking_therapies_of": lambda r: r.recovery is None and "found 0" in r.why[0],
    },
    "all missing": {
        "changes": lambda r: (r[0]["verdict"], r[0]["n_missing"]) == ("cannot_say", 5),
        "detect_changes": lambda r: (r.events, r.dropped) == ((), {"too_few_scores": 3}),
        "talking_therapies_of": lambda r: r.recovery is None,
    },
    "fewer than four scores": {
        "changes": lambda r: r[0]["verdict"] == "reliable_improvement",
        "detect_changes": lambda r: (len(r.events), r.dropped) == (1, {"too_few_scores": 2}),
        "talking_therapies_of": lambda r: r.recovery is None and "gad7" in r.why[0],
    },
    "zero variance": {
        "changes": lambda r: r[0]["verdict"] == "no_reliable_change",
        "detect_changes": lambda r: (r.events, r.n_used) == ((), 3),
        "talking_therapies_of": lambda r: r.reliable_improvement is None,
    },
}
CASE_SCORES: dict[str, list[float | None]] = {
    "no rows": [],
    "all missing": [None] * 5,
    "fewer than four scores": [20, 19, 8],
    "zero variance": [12] * 6,
}


@cells(CASE_CELLS, CASES)
def test_cases(item: str, function: str) -> None:
    check(lambda: CASES[function](case_with(*CASE_SCORES[item])), CASE_CELLS[item][function])


def test_a_change_between_measurements_without_scores_cannot_be_said() -> None:
    first, last = measured(None, None)
    change = cp.change_between(first, last)
    assert (change.verdict, change.n_scores) == ("cannot_say", 0)
    assert change.why == "needs 2 scores, found 0 in 2 measurements (2 not answered)"
    check(lambda: cp.change_between(first, first), "needs two measurements, found one and the same")


def test_every_public_function_is_tried() -> None:
    tried = {*LONG, *PAIRS, *ONE, *NUMBERS, *CASES, "change_between", "published_cutoff"}
    # these take neither scores nor numbers
    without = {"fingerprint", "next_focus", "published_threshold"}
    public = {name for name in cp.__all__ if inspect.isfunction(getattr(cp, name))}
    assert public == tried | without
