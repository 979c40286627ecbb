"""What the command ``change`` tells of all cases together, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from therapeutic_process.cli.change_facts import counted, plain
from therapeutic_process.report.case_significance import CLASS_WORDS, SERVICE_ANSWERS
from therapeutic_process.report.cohort_change_classes import classes_of
from therapeutic_process.report.cohort_change_groups import GroupTable, class_in_words, group_tables
from therapeutic_process.report.cohort_change_tally import CANNOT_SAY, ChangeTally, ScaleGrades, ScaleKey
from therapeutic_process.report.shares import HOW, Share, shares_of

__all__ = ["together_json", "together_lines"]

_SUDDEN = ("sudden_gain", "sudden_loss", "neither", "cannot_say")


def together_lines(tally: ChangeTally) -> Iterator[str]:
    """Yield counts over all cases as lines.

    Args:
        tally: What was counted.
    """
    for key, grades in tally.scales.items():
        yield f"{_name(key)}: {grades.n_series} series"
        yield from (f"  {line}" for line in _scale_lines(grades))
    if any(_judged(g) for g in tally.scales.values()):
        yield HOW
    yield from _group_lines(tally)
    yield from _service_lines(tally)
    yield from _goal_lines(tally)


def _judged(grades: ScaleGrades) -> int:
    return grades.classes.total() - grades.classes[CANNOT_SAY]


def _name(key: ScaleKey) -> str:
    return f"{key[0] if key[1] is None else f'{key[0]}/{key[1]}'} ({key[2]})"


def _interval(one: Share, grades: ScaleGrades) -> str:
    # where several series are about one person, they do not stand for persons
    return str(Share(one.n, one.of) if grades.n_repeated else one)


def _scale_lines(grades: ScaleGrades) -> Iterator[str]:
    some = {c: s for c, s in classes_of(grades).items() if s.n}
    told = [f"{s.n} {CLASS_WORDS[c]}, {_interval(s, grades)}" for c, s in some.items()]
    yield f"class: {'; '.join([*told, f'{grades.classes[CANNOT_SAY]} cannot say'])}"
    yield from (f"  cannot say: {why} ({n})" for why, n in grades.reasons.most_common())
    yield f"response: {counted(grades.response)}; remission: {counted(grades.remission)}"
    if grades.intervals:
        sudden = {v: grades.intervals[v] for v in _SUDDEN}
        judged = f"{grades.n_judged} series with one that can be judged"
        yield f"sudden, of {grades.intervals.total()} intervals, {judged}: {counted(sudden)}"
        both = f"with a sudden gain: {_with(grades, 'sudden_gain')}; with a sudden loss: {_with(grades, 'sudden_loss')}"
        yield f"  series {both}"
    yield from (f"sudden: cannot say: {why} ({n})" for why, n in grades.unruled.most_common())


def _with(grades: ScaleGrades, kind: str) -> str:
    n = grades.with_change[kind]
    return f"{n}, {_interval(shares_of([n, grades.n_judged - n])[0], grades)}"


def _group_lines(tally: ChangeTally) -> Iterator[str]:
    made, withheld = group_tables(tally)
    for one in made:
        yield f"{_name(one.key)} by {one.what}"
        for row in one.rows:
            cells = [f"{_shown(row.counts[c])} {_column(one, c)}" for c in one.columns]
            yield f"  {_printable(row.value)}: {_shown(row.total)} series: {', '.join(cells)}"
    for (key, what), why in withheld.items():
        yield f"{_name(key)} by {what}: not shown: {why}"


def _column(one: GroupTable, category: str) -> str:
    return class_in_words(category) if category in one.classes else one.rest_in_words


def _shown(n: int | None) -> str:
    return "(not shown)" if n is None else str(n)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _service_lines(tally: ChangeTally) -> Iterator[str]:
    services = tally.services
    if services.refused is not None:
        yield f"NHS Talking Therapies: cannot say: {services.refused}"
    if services.n_clients:
        yield f"NHS Talking Therapies: {services.n_clients} clients asked both measures"
        for name, words in SERVICE_ANSWERS.items():
            answers = {a: n for (k, a), n in services.answers.items() if k == name}
            yield f"  {words}: {counted(answers)}"
        yield from (f"  cannot say: {why} ({n})" for why, n in services.reasons.most_common())
    if services.n_one_measure:
        yield f"NHS Talking Therapies: left out, because only one of the two was asked: {services.n_one_measure}"


def _goal_lines(tally: ChangeTally) -> Iterator[str]:
    goals = tally.goals
    if goals.n_cases:
        yield f"goals in {goals.n_cases} cases: {counted(goals.standing)}"


def together_json(tally: ChangeTally) -> dict[str, Any]:
    """Return counts over all cases as JSON.

    Args:
        tally: What was counted.
    """
    made, withheld = group_tables(tally)
    services = tally.services
    return {
        "scales": [_scale_json(key, grades) for key, grades in tally.scales.items()],
        "groups": [_group_json(one) for one in made],
        "groups_not_shown": [{**_key_json(k), "by": what, "why": why} for (k, what), why in withheld.items()],
        "talking_therapies": {
            "clients": services.n_clients,
            "one_measure_only": services.n_one_measure,
            "why_none": services.refused,
            "answers": {
                name: {plain(a): n for (k, a), n in services.answers.items() if k == name}
                for name in SERVICE_ANSWERS
            },
            "reasons": dict(services.reasons),
        },
        "goals": {"cases": tally.goals.n_cases, **tally.goals.standing},
    }


def _key_json(key: ScaleKey) -> dict[str, Any]:
    return {"instrument": key[0], "scale": key[1], "respondent": key[2]}


def _scale_json(key: ScaleKey, grades: ScaleGrades) -> dict[str, Any]:
    return {
        **_key_json(key),
        "series": grades.n_series,
        "further_series_of_a_person": grades.n_repeated,
        "classes": {c: _share_json(s, grades) for c, s in classes_of(grades).items()},
        "cannot_say": grades.classes[CANNOT_SAY],
        "reasons": dict(grades.reasons),
        "cutoffs": dict(grades.cutoffs),
        "response": dict(grades.response),
        "remission": dict(grades.remission),
        "sudden": {v: grades.intervals[v] for v in _SUDDEN} if grades.intervals else None,
        "sudden_series_judged": grades.n_judged,
        "series_with": dict(grades.with_change),
        "sudden_reasons": dict(grades.interval_reasons),
        "sudden_not_judged": dict(grades.unruled),
    }


def _share_json(one: Share, grades: ScaleGrades) -> dict[str, Any]:
    ends = (None, None) if grades.n_repeated else (one.low, one.high)
    return {"n": one.n, "share": one.share, "low": ends[0], "high": ends[1]}


def _group_json(one: GroupTable) -> dict[str, Any]:
    rows = [{"value": r.value, "series": r.total, "classes": dict(r.counts)} for r in one.rows]
    return {**_key_json(one.key), "by": one.what, "put_together": list(one.rest), "rows": rows}
