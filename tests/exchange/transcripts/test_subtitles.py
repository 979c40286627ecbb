"""Subtitles: every word arrives or is counted, whatever stands in the file."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts import read_srt, read_webvtt, write_webvtt
from therapeutic_process.records import Case, Interaction, Participant, Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from therapeutic_process.exchange.imports import Imported

    Read = Callable[..., Imported]

ROLES: Any = {"Ann": "client", "Bob": "therapist"}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a text as WebVTT, or as SubRip."""

    def from_text(text: str | bytes, *, srt: bool = False, **options: Any) -> Imported:
        file = tmp_path / "talk.vtt"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_srt(file, **options) if srt else read_webvtt(file, **options)

    return from_text


def turns(imported: Imported) -> list[tuple[str | None, str | None, float | None, float | None]]:
    return [(x.speaker, x.text, x.start_s, x.end_s) for x in imported.cases[0].sessions[0].interactions]


def noted(imported: Imported) -> dict[str, int]:
    return {n.what.split(",")[0]: n.count for n in imported.report.notes}


def words_left(imported: Imported) -> int:
    return sum(
        int(found[1]) for n in imported.report.notes if (found := re.search(r", (\d+) words\Z", n.what))
    )


def words_kept(imported: Imported) -> int:
    return sum(len((text or "").split()) for _, text, *_ in turns(imported))


def vtt(*cues: str, head: str = "WEBVTT") -> str:
    return "\n\n".join([head, *cues]) + "\n"


class TestTheFormat:
    def test_times_with_and_without_hours(self, read: Read) -> None:
        one = "01:02:03.004 --> 01:02:05.000\n<v Ann>so"
        other = "62:06.5 --> 100:00:00.000 align:start\n<v Bob>yes"
        assert turns(read(vtt(one, other), roles=ROLES)) == [
            ("Ann", "so", 3723.004, 3725.0),
            ("Bob", "yes", 3726.5, 360_000.0),
        ]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_line_ends_and_encodings_with_a_mark(self, end: str, encoding: str, read: Read) -> None:
        text = vtt("00:01.000 --> 00:02.000\n<v Ann>schön\nso").replace("\n", end)
        assert turns(read(text.encode(encoding), roles=ROLES)) == [("Ann", "schön so", 1.0, 2.0)]

    def test_another_encoding_is_refused_until_it_is_named(self, read: Read) -> None:
        raw = vtt("00:01.000 --> 00:02.000\n<v Ann>schön").encode("latin-1")
        with pytest.raises(DocumentError) as caught:
            read(raw, roles=ROLES)
        assert caught.value.code == "wrong_encoding"
        assert turns(read(raw, roles=ROLES, encoding="latin-1"))[0][1] == "schön"

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_text_without_its_mark_is_no_text(self, encoding: str, read: Read) -> None:
        raw = vtt("00:01.000 --> 00:02.000\n<v Ann>so").encode(encoding)
        with pytest.raises(DocumentError) as caught:
            read(raw, roles=ROLES)
        assert caught.value.code == "wrong_encoding"
        assert turns(read(raw, roles=ROLES, encoding=encoding))[0][1] == "so"

    @pytest.mark.parametrize("name", ["no-such-codec", "hex", "idna"])
    def test_an_encoding_that_is_none_is_refused(self, name: str, read: Read) -> None:
        with pytest.raises(DocumentError, match="wrong_encoding"):
            read("WEBVTT \xfc" * 100, encoding=name)

    def test_voices_with_classes_references_and_blanks(self, read: Read) -> None:
        cues = (
            "00:01.000 --> 00:02.000\n<v.loud.fast  Ann  >a <i>b</i> <c.red>c</c> <00:01.500>d &lt;e&gt; &amp;lt; "
            "AT&T</v>",
            "00:02.000 --> 00:03.000\n<v\tR&amp;D>&#102;&#x67; &nosuch; &#0; &#xD800;",
        )
        imported = read(vtt(*cues), roles={"Ann": "client", "R&D": "other"})
        assert turns(imported) == [
            ("Ann", "a b c d <e> &lt; AT&T", 1.0, 2.0),
            ("R&D", "fg &nosuch; &#0; &#xD800;", 2.0, 3.0),
        ]

    def test_several_voices_in_a_cue_are_a_turn_each(self, read: Read) -> None:
        imported = read(vtt("00:01.000 --> 00:02.000\nhm <v Ann>yes\n<v Bob>no"), roles=ROLES)
        assert turns(imported) == [
            (None, "hm", 1.0, 2.0),
            ("Ann", "yes", 1.0, 2.0),
            ("Bob", "no", 1.0, 2.0),
        ]
        assert noted(imported)["cues with several voices"] == 1

    def test_a_cue_that_splits_a_turn_is_joined_if_asked(self, read: Read) -> None:
        cues = [
            f"00:0{i}.000 --> 00:0{i + 1}.000\n<v {who}>{i}" for i, who in enumerate(("Ann", "Ann", "Bob"))
        ]
        imported = read(vtt(*cues), roles=ROLES)
        assert turns(imported) == [("Ann", "0 1", 0.0, 2.0), ("Bob", "2", 2.0, 3.0)]
        [note] = [n for n in imported.report.notes if n.what == "cues of one speaker in a row"]
        assert (note.count, note.lines) == (1, (6,))
        assert len(turns(read(vtt(*cues), roles=ROLES, join_cues=False))) == 3

    def test_a_mark_for_the_place_on_the_screen_is_no_word_in_subrip(self, read: Read) -> None:
        text = "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Ann: so <i>it</i> is\n"
        assert turns(read(text, srt=True, roles=ROLES)) == [("Ann", "so it is", 1.0, 2.0)]


class TestNothingIsLost:
    @pytest.mark.parametrize("said", ["NOTE to self", "STYLE", "REGION", "WEBVTT", "12", "a --> b", "X: y"])
    def test_what_is_said_may_look_like_a_keyword(self, said: str, read: Read) -> None:
        cue = f"00:01.000 --> 00:02.000\n<v Ann>ah\n{said}"
        assert turns(read(vtt(cue), roles=ROLES))[0][1] == f"ah {said}"
        alone = f"00:01.000 --> 00:02.000\n{said}"
        assert turns(read(vtt(cue, alone), roles=ROLES))[1][1] == said

    def test_what_is_no_tag_of_the_format_stays(self, read: Read) -> None:
        cue = "00:01.000 --> 00:02.000\n<v Ann><laughs> 3 < 4 > 2 <v Bob"
        assert turns(read(vtt(cue), roles=ROLES))[0][1] == "<laughs> 3 < 4 > 2 <v Bob"

    def test_comments_styles_names_and_the_head_are_counted(self, read: Read) -> None:
        text = vtt(
            "NOTE two words",
            "STYLE\n::cue { color: red }",
            "a name\n00:01.000 --> 00:02.000\n<v Ann>so",
            "7\n00:02.000 --> 00:03.000\n<v Bob>yes",
            head="WEBVTT a title\nKind: captions",
        )
        imported = read(text, roles=ROLES)
        assert words_kept(imported) == 2
        assert words_left(imported) == 4 + 3 + 6 + 2
        assert noted(imported)["comment"] == 2

    def test_a_cue_with_damaged_times_is_kept_without_them(self, read: Read) -> None:
        text = vtt("00:01.000 --> 00:0\n<v Ann>so", "1:2:3:4 --> ,\n<v Bob>yes")
        imported = read(text, roles=ROLES)
        assert turns(imported) == [("Ann", "so", None, None), ("Bob", "yes", None, None)]
        assert noted(imported)["cues whose times cannot be read"] == 2

    def test_an_empty_line_inside_a_cue_cuts_nothing_off(self, read: Read) -> None:
        text = "1\n00:00:01,000 --> 00:00:02,000\nAnn: so\n\nit goes\n\n2\n00:00:03,000 --> 00:00:04,000\nBob: yes\n"
        imported = read(text, srt=True, roles=ROLES)
        assert [t[1] for t in turns(imported)] == ["so it goes", "yes"]
        assert noted(imported)["lines after an empty line inside a cue"] == 1

    def test_a_missing_empty_line_joins_no_cues(self, read: Read) -> None:
        text = "1\n00:00:01,000 --> 00:00:02,000\nAnn: so\n2\n00:00:03,000 --> 00:00:04,000\nBob: yes\n"
        assert [t[:2] for t in turns(read(text, srt=True, roles=ROLES))] == [("Ann", "so"), ("Bob", "yes")]
        directly = "WEBVTT\nKind: x\n00:01.000 --> 00:02.000\n<v Ann>so\n"
        assert turns(read(directly, roles=ROLES)) == [("Ann", "so", 1.0, 2.0)]

    @pytest.mark.parametrize("cut", range(0, 40, 3))
    def test_half_a_file_keeps_the_words_that_it_has(self, cut: int, read: Read) -> None:
        whole = (
            "1\n00:00:01,000 --> 00:00:02,000\nAnn: so it is\n\n2\n00:00:03,000 --> 00:00:04,000\nBob: yes\n"
        )
        half = whole[: len(whole) - cut]
        imported = read(half, srt=True, roles=ROLES)
        assert turns(imported)[0][:2] == ("Ann", "so it is")
        told = [t[1] for t in turns(imported)]
        assert ("yes" in " ".join(filter(None, told))) == ("yes" in half)

    def test_order_is_that_of_the_file_and_said_to_be(self, read: Read) -> None:
        times = [("05", "06"), ("01", "09"), ("02", "03")]
        cues = [
            f"00:{a}.000 --> 00:{b}.000\n<v {w}>x"
            for (a, b), w in zip(times, ("Ann", "Bob", "Ann"), strict=True)
        ]
        imported = read(vtt(*cues), roles=ROLES)
        assert [t[2] for t in turns(imported)] == [5.0, 1.0, 2.0]
        [note] = [n for n in imported.report.notes if n.what.startswith("place of turns")]
        assert (note.action, note.count, note.lines) == ("guessed", 2, (6, 9))

    def test_an_end_before_its_start_is_dropped_and_counted(self, read: Read) -> None:
        imported = read(vtt("00:05.000 --> 00:02.000\n<v Ann>so"), roles=ROLES)
        assert turns(imported) == [("Ann", "so", 5.0, None)]
        assert noted(imported)["end of a turn"] == 1

    def test_a_cue_without_a_word_is_counted(self, read: Read) -> None:
        imported = read(vtt("00:01.000 --> 00:02.000\n<v Ann>so", "00:02.000 --> 00:03.000\n"), roles=ROLES)
        assert len(turns(imported)) == 1
        assert noted(imported)["cues without a word"] == 1


class TestSpeakers:
    def test_roles_are_guessed_from_labels_and_that_is_told_with_lines(self, read: Read) -> None:
        text = vtt("00:01.000 --> 00:02.000\n<v Patient>so", "00:02.000 --> 00:03.000\n<v Dr X>yes")
        imported = read(text)
        assert [p.role for p in imported.cases[0].participants] == ["client", "other"]
        guesses = [(n.what, n.why, n.lines) for n in imported.report.notes if n.action == "guessed"]
        assert guesses == [
            ("role of a speaker: client", "from the label", (3,)),
            ("role of a speaker: other", "the label says nothing", (6,)),
        ]

    def test_who_is_not_named_is_told_and_a_name_nobody_has_too(self, read: Read) -> None:
        text = vtt("00:01.000 --> 00:02.000\n<v Ann>so", "00:02.000 --> 00:03.000\n<v Bob>yes")
        imported = read(text, roles={"Ann": "client", "Bop": "therapist"})
        assert [p.role for p in imported.cases[0].participants] == ["client", "other"]
        assert noted(imported) == {"speakers that `roles` does not name": 1, "roles of speakers": 1}

    def test_a_prefix_names_the_speaker_where_no_voice_does(self, read: Read) -> None:
        text = vtt(
            "00:01.000 --> 00:02.000\nAnn: it was 10:30, wasn't it: yes",
            "00:02.000 --> 00:03.000\n12:30 then",
        )
        imported = read(text, roles=ROLES)
        assert [t[:2] for t in turns(imported)] == [
            ("Ann", "it was 10:30, wasn't it: yes"),
            (None, "12:30 then"),
        ]
        assert noted(imported)["speaker of a cue"] == 1

    def test_without_a_client_there_is_no_case(self, read: Read) -> None:
        with pytest.raises(DocumentError, match=r"talk\.vtt: no_client: .* found 1 speakers"):
            read(vtt("00:01.000 --> 00:02.000\n<v X>so"))


class TestRefusals:
    CANARY = "Kanarienvogel-4711"

    @pytest.mark.parametrize(
        ("text", "srt", "code"),
        [
            ("", False, "not_this_format"), ("", True, "no_turns"), ("WEBVTT", False, "no_turns"),
            ("WEBVTTX", False, "not_this_format"), (CANARY, True, "no_turns"), (CANARY, False, "not_this_format"),
            (vtt(f"00:01.000 --> 00:02.000\n<v {CANARY}>{CANARY}"), False, "no_client"),
            (vtt(f"00:01.000 --> 00:02.000\n<v {CANARY * 20}>{CANARY}"), False, "no_client"),
            (vtt(f"00:01.000 --> 00:02.000\n<v client>{CANARY} <v {CANARY * 20}>x"), False, "invalid_record"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_refused_in_silence(
        self, text: str, srt: bool, code: str, read: Read
    ) -> None:
        with pytest.raises(DocumentError) as caught:
            read(text, srt=srt)
        assert caught.value.code == code
        assert self.CANARY not in str(caught.value) + repr(vars(caught.value))
        assert caught.value.__context__ is None

    def test_no_note_tells_what_was_said_or_by_whom(self, read: Read) -> None:
        word = self.CANARY
        text = vtt(
            f"NOTE {word}",
            f"{word}\n00:05.000 --> 00:02.000\n<v client>{word}\n<v {word}>{word}",
            f"00:01.000 --> 0\n{word}: {word}",
            f"{word} --> {word}",
            head=f"WEBVTT {word}",
        )
        imported = read(text)
        assert len(imported.report.notes) >= 7
        assert word not in str(imported.report) + repr(imported)

    def test_a_missing_file_and_a_folder_are_named(self, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "no"):
            with pytest.raises(DocumentError, match="no_such_file"):
                read_srt(path)


class TestSize:
    @pytest.mark.parametrize(
        "payload",
        ["<v ", "<v Ann", "<v.a", "<c", "</", "&#", "a:", "-->", "{\\an", "<v" + " " * 50, "<1:"],
    )
    def test_nothing_takes_the_square_of_its_length(self, payload: str, read: Read) -> None:
        text = vtt("00:01.000 --> 00:02.000\n<v Ann>so", "00:01.000 --> 00:02.000\n" + payload * 60_000)
        began = time.process_time()
        read(text, roles=ROLES)
        assert time.process_time() - began < 2.0

    def test_time_grows_with_the_number_of_cues(self, read: Read) -> None:
        def seconds(n: int, *, alternating: bool) -> float:
            who = ("Ann", "Bob" if alternating else "Ann")
            cues = [f"{i // 60:02d}:{i % 60:02d}.000 --> {i // 60:02d}:{i % 60:02d}.900\n<v {who[i % 2]}>word {i}"
                    for i in range(n)]  # fmt: skip
            text = vtt(*cues)
            began = time.process_time()
            read(text, roles=ROLES)
            return time.process_time() - began

        for alternating in (True, False):
            small = min(seconds(4_000, alternating=alternating) for _ in range(3))
            assert seconds(32_000, alternating=alternating) < 8 * small * 3


LABELS = st.text(min_size=1, max_size=20).filter(lambda t: "\0" not in t)
TEXTS = st.text(max_size=40).filter(lambda t: "\0" not in t)
MILLISECONDS = st.integers(0, 10**9)


@st.composite
def spoken(draw: st.DrawFn) -> Case:
    people = draw(st.lists(LABELS, min_size=1, max_size=3, unique=True))
    said = draw(
        st.lists(
            st.tuples(st.sampled_from([None, *people]), TEXTS, MILLISECONDS, st.integers(0, 9_999)),
            max_size=8,
        )
    )
    said = [(people[0], "so", 0, 1), *said]
    interactions = [
        Interaction(
            index=i,
            kind="speech",
            speaker=who,
            text=text,
            start_s=start / 1000,
            end_s=(start + length) / 1000,
        )
        for i, (who, text, start, length) in enumerate(said)
    ]
    return Case(
        id="k1",
        participants=tuple(Participant(id=p, role="client") for p in people),
        sessions=(Session(id="s1", number=1, status="held", interactions=tuple(interactions)),),
    )


@settings(deadline=None)
@given(case=spoken())
def test_what_is_written_is_read(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "round.vtt"
    before = [
        (x.speaker, " ".join((x.text or "").split()), x.start_s, x.end_s)
        for x in case.sessions[0].interactions
    ]
    roles: Any = {p.id: p.role for p in case.participants}
    assert write_webvtt(case, file, session="s1") == len(before)
    after = turns(read_webvtt(file, roles=roles, join_cues=False))
    assert after == [b for b in before if b[0] is not None or b[1]]
    joined = turns(read_webvtt(file, roles=roles))
    assert " ".join(t[1] or "" for t in joined).split() == " ".join(b[1] for b in before).split()


@settings(deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(
            ["", "", "word", "two words", "NOTE n", "STYLE", "7", "00:01.000 --> 00:02.000", "00:09 --> 0",
             "<v Ann>a", "<v Bob>b c", "a --> b", "Ann: d"]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_words_in_are_words_out_and_words_left(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "words.vtt"
    text = "\n".join(["WEBVTT", "", "00:00.000 --> 00:01.000", "<v Ann>first", *lines]) + "\n"
    file.write_text(text, encoding="utf-8")
    imported = read_webvtt(file, roles=ROLES)
    times = [x for x in text.splitlines() if re.match(r"[\d:.]+ --> ", x)]
    tags = text.count("<v ")  # "<v Ann>a" is two words of the file, of which one is said
    words = len(text.split()) - 1 - tags - sum(len(x.split()) for x in times)
    looks_like_times = sum(len(x.split()) for x in lines if x == "7" or "-->" in x)
    assert (
        words - lines.count("7")
        <= words_kept(imported) + words_left(imported)
        <= words + tags + looks_like_times
    )


def _session(name: str, number: int, *interactions: Interaction) -> Session:
    return Session(id=name, number=number, status="held", interactions=interactions)


class TestWriting:
    SAID = Interaction(
        index=0, kind="speech", speaker="c1", text="a -->\n\n<b> & c", start_s=3725.0004, end_s=3726
    )
    CASE = Case(
        id="k1",
        participants=(Participant(id="c1", role="client"),),
        sessions=(
            _session("s1", 1, SAID, Interaction(index=1, kind="silence", start_s=1, end_s=2)),
            _session("s2", 2, Interaction(index=0, kind="speech", text="x")),
        ),
    )

    def test_what_is_written(self, tmp_path: Path) -> None:
        assert write_webvtt(self.CASE, tmp_path / "x.vtt", session="s1") == 1
        expected = "WEBVTT\n\n01:02:05.000 --> 01:02:06.000\n<v c1>a --&gt; &lt;b&gt; &amp; c\n"
        assert (tmp_path / "x.vtt").read_bytes() == expected.encode()

    @pytest.mark.parametrize(("session", "code"), [("s2", "not_enough"), ("s3", "no_session")])
    def test_what_cannot_be_written_is_refused(self, session: str, code: str, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match=code):
            write_webvtt(self.CASE, tmp_path / "x.vtt", session=session)
        assert not (tmp_path / "x.vtt").exists()
