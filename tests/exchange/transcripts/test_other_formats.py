"""Diarised speech, chats, ELAN, tables: what arrives, what is counted, what is refused."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts import (
    read_annomi,
    read_chat,
    read_diarised,
    read_elan,
    read_transcript_csv,
    write_transcript_csv,
)

if TYPE_CHECKING:
    from pathlib import Path

    from therapeutic_process.exchange.imports import Imported

CANARY = "Kanarienvogel-4711"
ROLES: Any = {"Ann": "client", "Bob": "therapist"}


def turns(imported: Imported) -> list[tuple[str | None, str | None]]:
    return [(x.speaker, x.text) for x in imported.cases[0].sessions[0].interactions]


def noted(imported: Imported) -> dict[str, int]:
    return {n.what: n.count for n in imported.report.notes}


def silent(error: DocumentError) -> bool:
    return CANARY not in str(error) + repr(vars(error)) and error.__context__ is None


def json_file(folder: Path, tree: Any) -> Path:
    (folder / "talk.json").write_text(json.dumps(tree), encoding="utf-8")
    return folder / "talk.json"


class TestDiarised:
    PIECES: tuple[dict[str, Any], ...] = (
        {"start": 0, "end": 1.5, "speaker": "Ann", "text": " so "},
        {"start": 1.5, "end": 2, "speaker": "Ann", "text": "it is"},
        {"start": 1.8, "end": 3, "speaker": 0, "text": "yes"},
        {"start": 3, "end": 4, "speaker": None, "text": "NOTE"},
    )

    def test_pieces_of_one_speaker_are_joined(self, tmp_path: Path) -> None:
        for tree in (self.PIECES, {"segments": self.PIECES}):
            imported = read_diarised(json_file(tmp_path, tree), roles={"Ann": "client", "0": "therapist"})
            assert turns(imported) == [("Ann", "so it is"), ("0", "yes"), (None, "NOTE")]
            [session] = imported.cases[0].sessions
            assert [(x.start_s, x.end_s) for x in session.interactions] == [(0, 2), (1.8, 3), (3, 4)]

    def test_stated_roles_are_taken_and_contradictions_told(self, tmp_path: Path) -> None:
        roles = ("patient", "therapist", "robot", None)
        tree = [p | {"role": r} for p, r in zip(self.PIECES, roles, strict=True)]
        imported = read_diarised(json_file(tmp_path, tree))
        assert [p.role for p in imported.cases[0].participants] == ["client", "other"]
        dropped = {n.why for n in imported.report.notes if n.what == "roles that pieces state"}
        assert dropped == {
            "another piece gave the speaker another one before",
            "neither client, therapist nor other",
        }

    @pytest.mark.parametrize(
        "change",
        [{"start": -1}, {"start": "1"}, {"end": float("inf")}, {"end": float("nan")}, {"start": True},
         {"text": None}, {"text": 1}, {"speaker": [CANARY]}, {"speaker": 1.5}],
    )  # fmt: skip
    def test_a_piece_of_another_form_is_refused_with_its_place(
        self, change: dict[str, Any], tmp_path: Path
    ) -> None:
        tree = [self.PIECES[0], self.PIECES[1] | {"text": CANARY} | change]
        with pytest.raises(DocumentError, match=r"not_this_format: .* in place 2 of the list") as caught:
            read_diarised(json_file(tmp_path, tree), roles=ROLES)
        assert silent(caught.value)

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "not_json"), (b'[{"text": "', "not_json"), (b"[" * 100_000, "not_json"), (b"1", "not_this_format"),
            (b"[1]", "not_this_format"), (b'{"segments": {}}', "not_this_format"), (b"[]", "no_turns"),
            (b'[{"text": "\xff"}]', "wrong_encoding"), (b'[{"speaker": "x", "text": "y"}]', "no_client"),
            (b'[{"speaker": "client", "text": "\\ud800"}]', "not_json"),
            (b'[{"speaker": "client", "text": "", "start": 1' + b"0" * 400 + b"}]", "invalid_record"),
        ],
    )  # fmt: skip
    def test_what_is_no_such_list_is_refused(self, raw: bytes, code: str, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_bytes(raw)
        with pytest.raises(DocumentError) as caught:
            read_diarised(tmp_path / "x.json")
        assert caught.value.code == code

    def test_a_mark_and_utf_16_are_read(self, tmp_path: Path) -> None:
        text = json.dumps(self.PIECES, ensure_ascii=False)
        for encoding in ("utf-8-sig", "utf-16"):
            (tmp_path / "x.json").write_bytes(text.encode(encoding))
            assert len(turns(read_diarised(tmp_path / "x.json", roles=ROLES))) == 3


class TestChat:
    MESSAGES: tuple[dict[str, Any], ...] = (
        {"role": "system", "content": "be kind now"},
        {"role": "user", "content": "I say <think>ing</think> hurts"},
        {"role": "assistant", "content": "<think>he hurts</think>Tell me <think>or</think> more <think>open"},
        {"role": "assistant", "content": "no tag opens here</think> Go on"},
        {"role": "assistant", "content": "<think>only thoughts</think>"},
        {"role": "assistant", "content": [{"type": "text", "text": "Well"}, {"type": "image"}, "then"]},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": None, "tool_calls": []},
    )

    def test_what_is_said_is_kept_and_the_rest_counted(self, tmp_path: Path) -> None:
        for tree in (self.MESSAGES, {"messages": self.MESSAGES}):
            imported = read_chat(json_file(tmp_path, tree))
            assert [(s, " ".join((t or "").split())) for s, t in turns(imported)] == [
                ("user", "I say <think>ing</think> hurts"),
                ("assistant", "Tell me more"),
                ("assistant", "Go on"),
                ("assistant", "Well then"),
            ]
            assert [(p.role, p.nature) for p in imported.cases[0].participants] == [
                ("client", "human"),
                ("therapist", "software"),
            ]
            assert noted(imported) == {
                "messages of the system and of tools, 4 words": 2,
                "thinking blocks, 10 words": 3,
                "parts of a message that are no text": 1,
                "messages without text": 1,
                "role of a speaker: client": 1,
                "role of a speaker: therapist": 1,
            }

    def test_roles_that_are_given_count(self, tmp_path: Path) -> None:
        tree = [{"role": "user", "content": "a<think>b</think>"}, {"role": "system", "content": "c"}]
        imported = read_chat(json_file(tmp_path, tree), roles={"user": "therapist", "system": "client"})
        assert turns(imported) == [("user", "a"), ("system", "c")]

    @pytest.mark.parametrize("message", [{}, {"role": 1, "content": CANARY}, {"role": "", "content": CANARY}])
    def test_a_message_without_a_role_is_refused(self, message: dict[str, Any], tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match="place 1") as caught:
            read_chat(json_file(tmp_path, [message]))
        assert silent(caught.value)

    @given(texts=st.lists(st.sampled_from(["<think>", "</think>", "a", "b c", "\n"]), max_size=8))
    @settings(deadline=None)
    def test_words_in_are_words_out_and_words_of_thinking(
        self, texts: list[str], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "chat.json"
        tree = [{"role": "user", "content": "hm"}, {"role": "assistant", "content": " ".join(texts)}]
        file.write_text(json.dumps(tree))
        imported = read_chat(file)
        said = sum(len((t or "").split()) for _, t in turns(imported))
        left = sum(int(n) for note in imported.report.notes for n in re.findall(r", (\d+) words", note.what))
        stray = sum(t.count("think>") for _, text in turns(imported) for t in (text or "").split())
        words = 1 + len(" ".join(t for t in texts if "think" not in t).split())
        assert said - stray + left == words


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT>
 <HEADER><MEDIA_DESCRIPTOR MEDIA_URL="a" TIME_ORIGIN="1000"/><MEDIA_DESCRIPTOR TIME_ORIGIN="9"/></HEADER>
 <TIME_ORDER>
  <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>
  <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="ts4"/>
 </TIME_ORDER>
 <TIER TIER_ID="one" PARTICIPANT="Ann">
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
   <ANNOTATION_VALUE>so &amp; so</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="none">
   <ANNOTATION_VALUE>later</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
 </TIER>
 <TIER TIER_ID="Bob">
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts1">
   <ANNOTATION_VALUE>yes</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
 </TIER>
 <TIER TIER_ID="gloss" PARENT_REF="one">
  <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a1">
   <ANNOTATION_VALUE>two words</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
 </TIER>
</ANNOTATION_DOCUMENT>
"""


class TestElan:
    @pytest.fixture
    def eaf(self, tmp_path: Path) -> Path:
        (tmp_path / "talk.eaf").write_text(EAF, encoding="utf-8")
        return tmp_path / "talk.eaf"

    def test_tiers_are_speakers_in_order_of_time(self, eaf: Path) -> None:
        imported = read_elan(eaf, roles=ROLES)
        assert turns(imported) == [("Bob", "yes"), ("Ann", "so & so"), ("Ann", "later")]
        [session] = imported.cases[0].sessions
        assert [x.start_s for x in session.interactions] == [1.1, 1.5, None]
        assert noted(imported) == {
            "times": 4,
            "annotations of dependent tiers, 2 words": 1,
            "annotations without a time": 1,
        }
        assert [n.lines for n in imported.report.notes] == [(), (11,), (19,)]

    def test_the_clock_of_the_annotation(self, eaf: Path) -> None:
        [session] = read_elan(eaf, roles=ROLES, clock="annotation").cases[0].sessions
        assert session.interactions[0].start_s == 0.1

    def test_tiers_that_the_caller_names(self, eaf: Path) -> None:
        imported = read_elan(eaf, tiers={"one": "client", "gloss": "therapist", "no": "x"})
        assert turns(imported) == [("client", "so & so"), ("client", "later"), ("therapist", "two words")]
        assert noted(imported)["annotations of other tiers, 1 words"] == 1
        assert noted(imported)["tiers that the caller named"] == 1

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (("<ANNOTATION_DOCUMENT>", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ANNOTATION_DOCUMENT>'),
             "unsafe_xml"),
            (("<ANNOTATION_DOCUMENT>", f'<!DOCTYPE x SYSTEM "file:///{CANARY}"><ANNOTATION_DOCUMENT>'), "unsafe_xml"),
            (("ANNOTATION_DOCUMENT", CANARY), "not_this_format"),
            (("so &amp; so", f"&{CANARY};"), "not_xml"),
            (("</ANNOTATION_DOCUMENT>", ""), "not_xml"),
            (('encoding="UTF-8"', f'encoding="{CANARY}"'), "wrong_encoding"),
            (('encoding="UTF-8"', 'encoding="gb2312"'), "wrong_encoding"),
            (('ID="ts2"', 'ID="ts1"'), "id_repeated"),
            (('TIER_ID="Bob"', 'TIER_ID="one"'), "id_repeated"),
            (("ALIGNABLE_ANNOTATION", "X"), "no_turns"),
        ],
    )  # fmt: skip
    def test_what_is_unsafe_or_broken_is_refused(self, change: tuple[str, str], code: str, eaf: Path) -> None:
        text = EAF.replace(*change)
        if code == "no_turns":
            text = text.replace("REF_ANNOTATION", "Y")
        eaf.write_text(text, encoding="utf-8")
        with pytest.raises(DocumentError) as caught:
            read_elan(eaf, roles=ROLES)
        assert caught.value.code == code
        assert silent(caught.value)

    def test_an_empty_file_and_a_latin_one(self, eaf: Path) -> None:
        eaf.write_bytes(b"")
        with pytest.raises(DocumentError, match="not_xml"):
            read_elan(eaf)
        eaf.write_bytes(EAF.replace("UTF-8", "iso-8859-1").replace("yes", "schön").encode("latin-1"))
        assert turns(read_elan(eaf, roles=ROLES))[0][1] == "schön"

    @pytest.mark.parametrize("value", ["9" * 40, "-5000", "x"])
    def test_a_strange_time_stops_nothing(self, value: str, eaf: Path) -> None:
        eaf.write_text(EAF.replace('"500"', f'"{value}"'), encoding="utf-8")
        assert {t[1] for t in turns(read_elan(eaf, roles=ROLES))} == {"so & so", "yes", "later"}


TABLE = 'who,what,from,to,more\nAnn,"so,\nit is",0,1.5,x\n\nBob,yes,1.5,,\n,"NOTE ""n""",,,y\n'


class TestTables:
    def table(self, folder: Path, text: str, encoding: str = "utf-8") -> Path:
        (folder / "talk.csv").write_bytes(text.encode(encoding))
        return folder / "talk.csv"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_columns_are_named(self, encoding: str, end: str, tmp_path: Path) -> None:
        file = self.table(tmp_path, TABLE.replace("\n", end), encoding)
        imported = read_transcript_csv(
            file, speaker="who", text="what", start_s="from", end_s="to", roles=ROLES
        )
        assert turns(imported) == [("Ann", "so,\nit is"), ("Bob", "yes"), (None, 'NOTE "n"')]
        assert noted(imported) == {"1 other columns": 3, "turns without a speaker": 1}
        assert imported.report.notes[1].lines == (6,)

    def test_without_a_column_of_words_there_are_none(self, tmp_path: Path) -> None:
        imported = read_transcript_csv(self.table(tmp_path, TABLE), speaker="who", roles=ROLES)
        assert [t for _, t in turns(imported)] == [None, None, None]

    @pytest.mark.parametrize(
        ("text", "code", "line"),
        [
            ("", "column_missing", None), ("who\n", "column_missing", None), ("who,what\n", "no_turns", None),
            (f"who,what,who\n{CANARY},b,c\n", "ambiguous_column", None),
            (f"who,what\nclient,a\n{CANARY}\n", "row_length", 3),
            (f'who,what\nclient,a\nclient,"{CANARY}\nclient,b\n', "not_this_format", 3),
            (f'who,what\nclient,"a"{CANARY}\n', "not_this_format", 2),
            (f"who,what\n{CANARY},a\n", "no_client", None),
            (f"who,what\nclient,a\n{CANARY * 20},a\n", "invalid_record", None),
        ],
    )  # fmt: skip
    def test_what_is_no_such_table_is_refused(
        self, text: str, code: str, line: int | None, tmp_path: Path
    ) -> None:
        with pytest.raises(DocumentError) as caught:
            read_transcript_csv(self.table(tmp_path, text), speaker="who", text="what")
        assert (caught.value.code, caught.value.line) == (code, line)
        assert silent(caught.value)

    @pytest.mark.parametrize("cell", ["-1", "nan", "inf", CANARY, "00:01"])
    def test_a_time_that_is_no_number_of_seconds_is_refused(self, cell: str, tmp_path: Path) -> None:
        file = self.table(tmp_path, f'who,from\n"client",0\n"client",{cell}\n')
        with pytest.raises(DocumentError, match=r"talk\.csv:3: not_a_number") as caught:
            read_transcript_csv(file, speaker="who", start_s="from")
        assert silent(caught.value)

    def test_other_delimiters_and_none(self, tmp_path: Path) -> None:
        file = self.table(tmp_path, "who;what\nAnn;a,b\n")
        found = read_transcript_csv(file, speaker="who", text="what", delimiter=";", roles=ROLES)
        assert turns(found) == [("Ann", "a,b")]
        for wrong in ("", ";;", '"', "\n"):
            with pytest.raises(DocumentError, match="not_this_format"):
                read_transcript_csv(file, speaker="who", delimiter=wrong)

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        imported = read_transcript_csv(
            self.table(tmp_path, TABLE), speaker="who", text="what", start_s="from", end_s="to", roles=ROLES
        )
        assert write_transcript_csv(imported.cases[0], tmp_path / "out.csv") == 3
        again = read_transcript_csv(
            tmp_path / "out.csv", speaker="speaker", text="text", start_s="start_s", end_s="end_s",
            roles=ROLES, case_id="talk",
        )  # fmt: skip
        assert again.cases == imported.cases


SIMPLE = (
    "transcript_id", "mi_quality", "topic", "utterance_id", "interlocutor", "timestamp", "utterance_text",
    "main_therapist_behaviour", "client_talk_type",
)  # fmt: skip


def annomi(folder: Path, columns: tuple[str, ...], *rows: tuple[str, ...]) -> Path:
    with (folder / "annomi.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return folder / "annomi.csv"


class TestAnnomi:
    ROWS = (
        ("0", "high", "t ", "1", "client", "00:00:01", "Yes", "n/a", "change"),
        ("0", "high", "t ", "0", "therapist", "00:00:01", "Well?", "question", "n/a"),
        ("0", "high", "t ", "2", "nurse", "00:00:00", "NOTE", "n/a", "n/a"),
        ("2", "low", "", "0", "therapist", "00:00:00", "", "other", "n/a"),
    )

    def test_the_order_is_the_utterance_id(self, tmp_path: Path) -> None:
        imported = read_annomi(annomi(tmp_path, SIMPLE, *self.ROWS))
        assert [c.id for c in imported.cases] == ["annomi-0", "annomi-2"]
        assert turns(imported) == [("therapist", "Well?"), ("client", "Yes"), (None, "NOTE")]
        assert [p.group for p in imported.cases[0].participants] == [None, "high quality"]
        assert imported.cases[0].problems[0].label == "t"
        assert (imported.report.interactions_in, imported.report.interactions_out) == (4, 4)

    def test_the_full_layout_has_a_pass_for_each_annotator(self, tmp_path: Path) -> None:
        columns = (*SIMPLE, "annotator_id", "reflection_exists", "reflection_subtype", "question_exists",
                   "question_subtype", "therapist_input_exists", "therapist_input_subtype")  # fmt: skip
        one = self.ROWS[1]
        imported = read_annomi(annomi(
            tmp_path, columns,
            (*one, "3", "True", "complex", "TRUE", "open", "False", "n/a"),
            (*one[:6], "Well!", *one[7:], "4", "False", "n/a", "True", "n/a", "True", "advice"),
        ))  # fmt: skip
        [turn] = imported.cases[0].sessions[0].interactions
        assert [(c.coding_pass, c.code) for c in turn.codes] == [
            ("annomi-3", "question"), ("annomi_full-3", "reflection.complex"), ("annomi_full-3", "question.open"),
            ("annomi-4", "question"), ("annomi_full-4", "question"), ("annomi_full-4", "therapist_input.advice"),
        ]  # fmt: skip
        assert {p.procedure for p in imported.cases[0].coding_passes} == {"independent"}
        assert noted(imported)["speaker or text of an utterance"] == 1

    @pytest.mark.parametrize(
        ("row", "code", "line"),
        [
            (("0", "high", "t", "1", "client", "", CANARY, "n/a", "change"), "id_repeated", 6),
            (("0", "high", "t", "x", "client", "", CANARY, "n/a", "change"), "not_a_number", 6),
            (("0", "high", "t", "-1", "client", "", CANARY, "n/a", "change"), "not_a_number", 6),
            (("0", "high", "t", "9", "client", "", CANARY, "n/a", CANARY), "invalid_record", None),
            (("0", "high", "t", "9", "client", "", CANARY, "question", "n/a"), "invalid_record", None),
            ((CANARY * 20, "high", "t", "9", "client", "", "", "n/a", "n/a"), "invalid_record", None),
        ],
    )  # fmt: skip
    def test_a_row_that_does_not_fit_is_refused(
        self, row: tuple[str, ...], code: str, line: int | None, tmp_path: Path
    ) -> None:
        with pytest.raises(DocumentError) as caught:
            read_annomi(annomi(tmp_path, SIMPLE, *self.ROWS, row))
        assert (caught.value.code, caught.value.line) == (code, line)
        assert silent(caught.value)

    def test_missing_columns_and_rows(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match="column_missing: needed the columns utterance_id,"):
            read_annomi(annomi(tmp_path, ("transcript_id",), ("0",)))
        with pytest.raises(DocumentError, match="no_turns"):
            read_annomi(annomi(tmp_path, SIMPLE))

    @needs_shared
    def test_the_even_numbered_transcripts(self) -> None:
        imported = read_annomi(SHARED / "data" / "annomi" / "annomi_simple_labels_even.csv")
        cases = imported.cases
        assert len(cases) == 67
        assert imported.report.interactions_out == imported.report.interactions_in == 5_065
        high = [c for c in cases if c.participants[1].group == "high quality"]
        pairs = [
            (a.codes[0].code, b.codes[0].code)
            for c in high
            for a, b in zip(c.sessions[0].interactions, c.sessions[0].interactions[1:], strict=False)
            if a.codes and b.codes
        ]
        assert pairs.count(("question", "change")) == 169
