"""Who talks how much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from therapeutic_process.records import Case
from therapeutic_process.session_process import SpeakerTalk, talk_share
from therapeutic_process.testing import cases


def said(index: int, speaker: str | None, text: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"index": index, "kind": "speech", "speaker": speaker, "text": text, **fields}


def a_case(*sessions: list[dict[str, Any]]) -> Case:
    people = [{"id": "c", "role": "client"}, {"id": "d", "role": "client"}, {"id": "t", "role": "therapist"}]
    held = [
        {"id": f"s{n}", "number": n, "status": "held", "interactions": talk}
        for n, talk in enumerate(sessions, start=1)
    ]
    fields: dict[str, Any] = {"participants": people, "sessions": held}
    return Case(id="k", **fields)


def test_turns_words_and_seconds_by_hand() -> None:
    first = [
        said(0, "t", "How are you?", start_s=0, end_s=2),
        said(1, "c", "  Not \n too bad , you know ", start_s=1.5, end_s=4.5),
        {"index": 2, "kind": "silence", "start_s": 5, "end_s": 60},
        {"index": 3, "kind": "nonverbal", "speaker": "c", "text": "cries and cries"},
    ]
    second = [said(0, "c", "", start_s=0, end_s=5)]
    talk = talk_share(a_case(first, second))
    assert talk.rows == (
        SpeakerTalk("t", "therapist", 1, 3, 2.0, 1 / 3, 3 / 9, 0.2),
        SpeakerTalk("c", "client", 2, 6, 8.0, 2 / 3, 6 / 9, 0.8),
    )
    assert (talk.n_turns, talk.n_with_text, talk.n_with_offsets, talk.reasons) == (3, 3, 3, ())
    assert talk.share("client") == pytest.approx(2 / 3)
    assert talk.share("other") == 0
    assert repr(talk) == "TalkShare(2 speakers, 3 turns)"
    assert repr(talk.rows[0]) == "SpeakerTalk(therapist, 1 turns)"


def test_two_clients_stay_two_speakers_and_one_role() -> None:
    talk = talk_share(a_case([said(0, "c"), said(1, "d"), said(2, "t"), said(3, "d")]))
    assert [(r.speaker, r.turns) for r in talk.rows] == [("c", 1), ("d", 2), ("t", 1)]
    assert talk.share("client") == 0.75


def test_one_missing_text_or_offset_takes_the_measure_from_all() -> None:
    talk = talk_share(a_case([said(0, "t", "yes", start_s=0, end_s=1), said(1, "c", start_s=1)]))
    assert [(r.words, r.share_of_words, r.seconds, r.share_of_seconds) for r in talk.rows] == [
        (None,) * 4
    ] * 2
    assert talk.reasons == (
        "needs text on all 2 spoken interactions, found 1",
        "needs start_s and end_s on all 2 spoken interactions, found 1",
    )


def test_no_words_and_no_time_make_no_share() -> None:
    talk = talk_share(a_case([said(0, "t", "", start_s=3, end_s=3), said(1, "c", " ", start_s=3, end_s=3)]))
    assert [(r.words, r.share_of_words, r.seconds, r.share_of_seconds) for r in talk.rows] == [
        (0, None, 0.0, None)
    ] * 2
    assert talk.reasons == ("no words in all", "no seconds in all")


def test_speech_of_nobody_known_is_a_row_of_its_own_and_told() -> None:
    talk = talk_share(a_case([said(0, None, "a"), said(1, "c", "b", start_s=0, end_s=1)]))
    assert [(r.speaker, r.role, r.share_of_turns) for r in talk.rows] == [
        (None, None, 0.5),
        ("c", "client", 0.5),
    ]
    assert "needs speaker on all 2 spoken interactions, found 1" in talk.reasons
    assert repr(talk.rows[0]) == "SpeakerTalk(speaker not known, 1 turns)"


def test_without_speech_there_is_no_share() -> None:
    for case in (a_case(), a_case([]), a_case([{"index": 0, "kind": "silence"}])):
        talk = talk_share(case)
        assert (talk.rows, talk.n_turns, talk.reasons, talk.share("client")) == ((), 0, (), None)


@given(cases(max_interactions=6))
def test_shares_sum_to_one_and_turns_to_all_speech(case: Case) -> None:
    talk = talk_share(case)
    speech = [x for s in case.held_sessions for x in s.interactions if x.kind == "speech"]
    assert sum(r.turns for r in talk.rows) == talk.n_turns == len(speech)
    for values in (
        [r.share_of_turns for r in talk.rows],
        [r.share_of_words for r in talk.rows],
        [r.share_of_seconds for r in talk.rows],
    ):
        known = [v for v in values if v is not None]
        assert len(known) in {0, len(values)}
        if known:
            assert sum(known) == pytest.approx(1)
    missing = not speech or any(r.words is None for r in talk.rows)
    assert missing == (not speech or any(x.text is None for x in speech))


@given(cases(max_interactions=6))
def test_each_speaker_has_exactly_what_they_said(case: Case) -> None:
    speech = [x for s in case.held_sessions for x in s.interactions if x.kind == "speech"]
    for row in talk_share(case).rows:
        own = [x for x in speech if x.speaker == row.speaker]
        assert row.turns == len(own)
        if row.words is not None:
            assert row.words == sum(len(x.text.split()) for x in own if x.text is not None)
        if row.seconds is not None:
            assert row.seconds == pytest.approx(sum((x.end_s or 0) - (x.start_s or 0) for x in own))
