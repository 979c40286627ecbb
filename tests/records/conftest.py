"""What the tests of the records share: a check that a document breaks one rule, and its repaired partner none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from therapeutic_process.base import Record
from therapeutic_process.errors import RecordError
from therapeutic_process.records import Case

# Every id and text of these documents holds this sign, which no message may show.
MARK = "×"
CASE = {"id": "case×1", "participants": [{"id": "c×1", "role": "client"}, {"id": "t×1", "role": "therapist"}]}

AssertBreaks = Callable[[type[Record], str, str, Mapping[str, Any], Mapping[str, Any]], None]


def _assert_breaks(
    record: type[Record], code: str, path: str, bad: Mapping[str, Any], good: Mapping[str, Any]
) -> None:
    whole = CASE if record is Case else {}
    with pytest.raises(RecordError) as caught:
        record.model_validate({**whole, **bad})
    error = caught.value
    assert [(v.code, v.path) for v in error.violations] == [(code, path)]
    assert error.total == 1
    assert error.record == record.__name__
    assert MARK not in f"{error}{error!r}{error.violations}{error.args}"
    with pytest.raises(RecordError) as from_keywords:
        record(**{**whole, **bad})
    assert from_keywords.value.violations == error.violations
    record.model_validate({**whole, **good})


@pytest.fixture(scope="session")
def assert_breaks() -> AssertBreaks:
    """Return the check: this document breaks exactly this rule at this place, and that one breaks none."""
    return _assert_breaks
