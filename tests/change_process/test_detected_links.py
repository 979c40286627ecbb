"""Changes that were detected can be linked with the sessions before them."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given

from therapeutic_process.change_process import detect_changes
from therapeutic_process.process_outcome import link_events
from therapeutic_process.records import Case
from therapeutic_process.testing import cases

AT = date(2026, 1, 31)
START = date(2024, 3, 4)


def treated(*scores: float, dated: bool) -> Case:
    days = [START + timedelta(days=7 * i) if dated else None for i in range(len(scores))]
    who = {"kind": "client", "participant": "c"}
    return Case.model_validate(
        {
            "id": "k",
            "participants": [{"id": "c", "role": "client"}],
            "sessions": [
                {"id": f"s{i}", "number": i, "status": "held", "started_at": at} for i, at in enumerate(days)
            ],
            "measurements": [
                {
                    "id": f"m{i}", "instrument": "phq9", "subject": "c", "respondent": who, "score": score,
                    "session": f"s{i}", "timing": "before", "measured_at": at,
                }
                for i, (at, score) in enumerate(zip(days, scores, strict=True))
            ],
        }
    )  # fmt: skip


def test_a_sudden_gain_is_linked_with_the_session_before_it() -> None:
    for dated in (True, False):
        case = treated(20, 21, 20, 8, 7, 8, dated=dated)
        (gain,) = detect_changes(case, at=AT, methods=["sudden_gain"]).events
        (link,) = link_events(case.with_changes(change_events=[gain]), window=1).links
        assert [(s.session, s.lag, s.certain) for s in link.sessions] == [("s2", 1, True)]


@given(cases())
def test_no_detected_change_contradicts_the_order_of_the_case(case: Case) -> None:
    events = detect_changes(case, at=AT, stability="none").events
    links = link_events(case.with_changes(change_events=events), window=2)
    assert links.n_events == len(events) == len(links.links) + len(links.unplaced)
    if all(s.started_at is None for s in case.sessions):
        assert not any("contradict" in u.reason for u in links.unplaced)
