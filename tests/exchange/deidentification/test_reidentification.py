"""Ways back that somebody might try, and that must not lead anywhere."""

from __future__ import annotations

import random
import stat
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from therapeutic_process.errors import DocumentError, NotEnoughData
from therapeutic_process.exchange import RandomPseudonyms, deidentify, dump_case, example_cases, load_case
from therapeutic_process.exchange.deidentification.own_words import own_ids
from therapeutic_process.instruments import CodingSystem, Instrument, builtin_catalogue
from therapeutic_process.records import Case, Measurement, Participant, Session
from therapeutic_process.testing import cases, coding_systems, instruments

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
PERSON = Participant(id="c1", role="client")
quick = settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)


def at_random() -> RandomPseudonyms:
    return RandomPseudonyms(random.Random(4711).randbytes)


def weekly() -> Case:
    """Sessions at ten in the morning, over the night in which clocks go forward."""
    winter, summer = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
    times = [datetime(2024, 3, day, 10, tzinfo=winter) for day in (15, 22, 29)]
    times += [datetime(2024, 4, day, 10, tzinfo=summer) for day in (5, 12)]
    several = tuple(
        Session(id=f"s{i}", number=i, status="held", started_at=t) for i, t in enumerate(times, start=1)
    )
    return Case(id="k1", participants=(PERSON,), sessions=several)


class TestClocks:
    def test_no_offset_from_utc_tells_where_or_when_it_was(self) -> None:
        moved = deidentify(weekly(), profile="limited", pseudonyms=at_random())
        times = [s.started_at for s in moved.case.sessions]
        assert all(isinstance(t, datetime) and t.tzinfo is UTC for t in times)
        assert any("times of day" in x for x in moved.report.remains)
        before = [s.started_at for s in weekly().sessions]
        assert len({a - b for a, b in zip(times, before, strict=True) if a and b}) == 1

    def test_whole_days_tell_no_change_of_the_clocks(self) -> None:
        done = deidentify(weekly(), profile="limited", pseudonyms=at_random(), whole_days=True)
        times = [s.started_at for s in done.case.sessions]
        assert {type(t) for t in times} == {date}
        assert {b - a for a, b in pairwise(times) if a and b} == {timedelta(days=7)}
        assert not any("times of day" in x for x in done.report.remains)

    @given(case=cases(times="any"))
    @quick
    def test_whole_days_keep_every_rule(self, case: Case) -> None:
        done = deidentify(case, profile="limited", pseudonyms=at_random(), whole_days=True).case
        assert load_case(dump_case(done)) == done
        assert "T" not in "".join(str(s.started_at) for s in done.sessions if s.started_at is not None)

    @pytest.mark.parametrize("edge", ["0001-01-02T00:00:00+14:00", "9999-12-30T23:00:00-12:00"])
    def test_a_time_that_would_leave_the_calendar_is_refused_in_silence(self, edge: str) -> None:
        case = Case.model_validate(
            {"id": "k", "participants": [{"id": "c", "role": "client"}], "started_at": edge}
        )

        def all_ways() -> None:
            for seed in range(20):
                names = RandomPseudonyms(random.Random(seed).randbytes)
                deidentify(case, profile="limited", pseudonyms=names, bound_days=2)

        with pytest.raises(NotEnoughData, match="one at its edge"):
            all_ways()


def own_instrument(**fields: Any) -> Instrument:
    known = builtin_catalogue().instruments["phq9"]
    return known.with_changes(id=f"{CANARY}-mood", name=f"{CANARY}'s own words", **fields)


class TestOwnWords:
    def case(self, instrument: Instrument) -> Case:
        score = Measurement.model_validate(
            {
                "id": "m",
                "instrument": instrument.id,
                "subject": "c1",
                "respondent": {"kind": "client"},
                "score": 3,
            }
        )
        return Case(id="k1", participants=(PERSON,), measurements=(score,), instruments=(instrument,))

    def test_safe_harbor_takes_out_the_words_of_instruments_that_are_no_public_ones(self) -> None:
        case = self.case(own_instrument(notes=CANARY, measures=CANARY))
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random())
        assert CANARY not in dump_case(done.case)
        assert done.case.measurements[0].instrument == done.case.instruments[0].id
        assert done.case.measurements[0].score == 3
        assert done.case.instruments[0].name == "[removed]"
        assert dict(done.report.removed)["Instrument.name"] == 1

    def test_limited_keeps_them_and_says_so(self) -> None:
        done = deidentify(self.case(own_instrument()), profile="limited", pseudonyms=at_random())
        assert CANARY in dump_case(done.case)
        assert any("brought along" in x for x in done.report.remains)

    def test_what_the_catalogue_has_is_public(self) -> None:
        public = builtin_catalogue().instruments["phq9"]
        case = self.case(public)
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case
        assert done.instruments == (public,)
        mine = own_instrument()
        done = deidentify(
            self.case(mine),
            profile="safe_harbor",
            pseudonyms=at_random(),
            catalogue=builtin_catalogue().with_(mine),
        ).case
        assert done.instruments == (mine,)

    def test_an_instrument_that_only_borrows_a_public_name_is_none(self) -> None:
        changed = builtin_catalogue().instruments["phq9"].with_changes(notes=CANARY)
        case = self.case(changed)
        assert own_ids(case, None) == {"phq9"}
        assert CANARY not in dump_case(deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case)

    @given(one=instruments())
    @quick
    def test_any_instrument_stays_one(self, one: Instrument) -> None:
        case = Case(id="k1", participants=(PERSON,), instruments=(one,))
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case
        assert load_case(dump_case(done)) == done
        if own_ids(case, None):
            assert done.instruments[0].id != one.id

    @given(one=coding_systems())
    @quick
    def test_any_coding_system_stays_one(self, one: CodingSystem) -> None:
        case = Case(id="k1", participants=(PERSON,), coding_systems=(one,))
        done = deidentify(case, profile="safe_harbor", pseudonyms=at_random()).case
        assert load_case(dump_case(done)) == done
        assert [c.id for c in done.coding_systems[0].codes] == [c.id for c in one.codes]


class TestSavedTable:
    def drawn(self) -> RandomPseudonyms:
        names = at_random()
        for case in example_cases():
            deidentify(case, profile="limited", pseudonyms=names)
        names.of("participant", f"{CANARY}\ud800")
        return names

    def test_it_leads_back_and_goes_on(self, tmp_path: Path) -> None:
        names = self.drawn()
        assert names.save(tmp_path / "table") == len(names.table)
        again = RandomPseudonyms.load(tmp_path / "table", random.Random(1).randbytes)
        assert again.table == names.table
        first = deidentify(example_cases()[0], profile="limited", pseudonyms=names).case
        assert deidentify(example_cases()[0], profile="limited", pseudonyms=again).case == first

    def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        file = tmp_path / "table"
        self.drawn().save(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o666)
        self.drawn().save(file, force=True)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_an_existing_file_is_kept(self, tmp_path: Path) -> None:
        file = tmp_path / "table"
        file.write_text("old")
        with pytest.raises(FileExistsError):
            self.drawn().save(file)
        assert file.read_text() == "old"

    @pytest.mark.parametrize(
        "text",
        ["", "[]", CANARY, f'{{"kind": "{CANARY}", "entries": []}}', '{"kind": "pseudonym_table"}',
         f'{{"kind": "pseudonym_table", "entries": [["{CANARY}", "x"]]}}',
         f'{{"kind": "pseudonym_table", "entries": [["days", "{CANARY}", "soon"]]}}',
         f'{{"kind": "pseudonym_table", "entries": [["a", "{CANARY}", 1]]}}', "[" * 5000],
    )  # fmt: skip
    def test_what_is_no_table_is_refused_in_silence(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "table").write_text(text)
        with pytest.raises(DocumentError) as caught:
            RandomPseudonyms.load(tmp_path / "table", random.Random(1).randbytes)
        assert caught.value.code == "not_this_format"
        assert CANARY not in str(caught.value)
        assert caught.value.__context__ is None

    def test_no_table_is_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError) as caught:
            RandomPseudonyms.load(tmp_path / "none", random.Random(1).randbytes)
        assert caught.value.code == "no_such_file"
