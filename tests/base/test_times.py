"""An instant and a day are two different values; neither is guessed from the other."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.base import earliest, later, latest
from therapeutic_process.errors import RecordError
from therapeutic_process.records import TaskStep
from therapeutic_process.testing.values import whens

PLUS_TWO = timezone(timedelta(hours=2))
LAST = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))
NAIVE = datetime.fromisoformat("2024-03-05T10:20")


def _at(value: Any) -> Any:
    return TaskStep(status="requested", at=value).at


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("2024-03-05", date(2024, 3, 5)),
        ("2024-03-05T10:20Z", datetime(2024, 3, 5, 10, 20, tzinfo=UTC)),
        ("2024-03-05T10:20:30.000001+02:00", datetime(2024, 3, 5, 10, 20, 30, 1, tzinfo=PLUS_TWO)),
        ("0001-01-01", date.min),
        (
            "9999-12-31T23:59:59.999999-12:00",
            LAST,
        ),
        (date(2024, 3, 5), date(2024, 3, 5)),
        (pd.Timestamp("2024-03-05T10:20", tz="Europe/Berlin"), datetime(2024, 3, 5, 9, 20, tzinfo=UTC)),
    ],
)
def test_days_and_instants_are_read_and_stored_as_plain_values(given_: Any, stored: date) -> None:
    read = _at(given_)
    assert read == stored
    assert type(read) is type(stored)
    assert TaskStep.model_validate({"status": "requested", "at": given_}).at == stored


def test_a_pandas_timestamp_is_stored_as_a_plain_datetime_with_a_fixed_offset() -> None:
    read = _at(pd.Timestamp("2024-07-05T10:20", tz="Europe/Berlin"))
    assert type(read) is datetime
    assert type(read.tzinfo) is timezone
    assert read.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-05T10:20",
        "2024-03-05 10:20Z",
        "20240305",
        "2024-02-30",
        "2024-03-05T24:00Z",
        "2024-03-05T10:20+25:00",
        "٢٠٢٤-03-05",
        "2024-03-05\n",
        "",
        "yesterday",
        NAIVE,
        pd.Timestamp("2024-03-05"),
        pd.NaT,
        datetime(2024, 3, 5, tzinfo=timezone(timedelta(seconds=90))),
        0,
        1.5,
        True,
        b"2024-03-05",
        ["2024-03-05"],
    ],
)
def test_whatever_is_no_day_and_no_instant_with_its_offset_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as caught:
        _at(value)
    assert [(v.code, v.path) for v in caught.value.violations] == [("time_invalid", "$.at")]
    assert "2024-0" not in str(caught.value)


@given(st.dates() | st.datetimes(timezones=st.sampled_from([UTC, PLUS_TWO])))
def test_every_time_survives_json_and_stays_what_it_is(value: date) -> None:
    step = TaskStep(status="requested", at=value)
    read = TaskStep.model_validate_json(step.model_dump_json())
    assert read == step
    assert type(read.at) is type(value)
    assert json.loads(step.model_dump_json())["at"] == step.model_dump(mode="json")["at"]


@given(
    st.datetimes(min_value=NAIVE.replace(year=2), max_value=NAIVE.replace(year=9998), timezones=st.just(UTC)),
    st.data(),
)
def test_a_day_holds_every_instant_that_it_can_mean(moment: datetime, data: st.DataObject) -> None:
    value = data.draw(whens(moment))
    assert earliest(value) <= moment <= latest(value)


@given(st.dates())
def test_a_day_is_never_wider_than_the_widest_offsets_make_it(day: date) -> None:
    assert latest(day) - earliest(day) <= timedelta(hours=50)


def test_later_ends_where_the_calendar_ends() -> None:
    assert later(datetime(2024, 3, 5, tzinfo=UTC), seconds=60) == datetime(2024, 3, 5, 0, 1, tzinfo=UTC)
    assert later(datetime(2024, 3, 5, tzinfo=PLUS_TWO), seconds=1e300) == datetime.max.replace(tzinfo=UTC)
