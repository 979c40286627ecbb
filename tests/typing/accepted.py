"""What a user's type checker must accept."""

from datetime import date, datetime
from typing import Literal, assert_type

from hypothesis.strategies import SearchStrategy

from therapeutic_process.base import safe_errors
from therapeutic_process.errors import RecordError, Violation
from therapeutic_process.instruments import Catalogue, Instrument, builtin_catalogue
from therapeutic_process.records import Case, Goal, GoalStatus, Interval, Participant, Session
from therapeutic_process.testing import cases, round_trip

client = Participant(id="c1", role="client")
case = Case(id="k1", participants=(client,), sessions=(Session(id="s1", number=1, status="held"),))

assert_type(case.clients, tuple[Participant, ...])
assert_type(case.held_sessions, tuple[Session, ...])
assert_type(case.sessions[0].started_at, datetime | date | None)
assert_type(case.treatment_format, Literal["individual", "couple", "family", "group"])
assert_type(case.with_changes(id="k2"), Case)
assert_type(Case.model_validate({}), Case)
assert_type(Case.model_validate_json("{}"), Case)
assert_type(Goal.model_validate({}).status, GoalStatus)
assert_type(case.change_events[0].occurred, datetime | date | Interval | None)

catalogue = builtin_catalogue()
assert_type(catalogue, Catalogue)
assert_type(catalogue.instrument("phq9"), Instrument | None)

try:
    Goal.model_validate({})
except RecordError as error:
    assert_type(error.violations, tuple[Violation, ...])
    assert_type(error.total, int)

assert_type(safe_errors(ValueError()), tuple[Violation, ...])
assert_type(cases(), SearchStrategy[Case])
assert_type(round_trip(client), Participant)
