from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from therapeutic_process.records import Interval
from therapeutic_process.report.words import count, listed, percent, when, window_in_words


@pytest.mark.parametrize(
    ("n", "noun", "told"),
    [
        (0, "session", "0 sessions"),
        (1, "journal entry", "1 journal entry"),
        (2, "coding pass", "2 coding passes"),
        (3, "change outside sessions", "3 changes outside sessions"),
        (1, "change outside sessions", "1 change outside sessions"),
        (12_345, "interaction", "12,345 interactions"),
    ],
)
def test_a_number_and_its_noun_agree(n: int, noun: str, told: str) -> None:
    assert count(n, noun) == told


def test_a_share_that_is_not_known_is_no_zero() -> None:
    assert percent(None) == "–"
    assert percent(0.0) == "0 %"
    assert percent(0.004) == "< 1 %"


def test_times_are_written_as_they_are_known() -> None:
    summer = timezone(timedelta(hours=2))
    assert when(date(2024, 3, 5)) == "2024-03-05"
    assert when(datetime(2024, 3, 5, 9, 30, 15, tzinfo=summer)) == "2024-03-05 09:30+02:00"
    assert when(Interval(start=date(2024, 3, 5), end=date(2024, 3, 9))) == "2024-03-05 to 2024-03-09"


def test_a_window_says_its_unit() -> None:
    assert window_in_words(1) == "the last held session"
    assert window_in_words(timedelta(days=1)) == "the last day"
    assert window_in_words(timedelta(hours=36)) == "the last 1.5 days"


def test_words_are_listed_as_in_a_sentence() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"])] == ["", "a", "a and b"]
