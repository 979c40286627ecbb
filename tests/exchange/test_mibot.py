from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import Imported, dump_case, load_case, read_mibot, write_cases

if TYPE_CHECKING:
    from pathlib import Path

    from therapeutic_process.records import Case, Measurement

RULERS = ("Importance", "Confidence", "Readiness")
OCCASIONS = {"PreRuler": "before", "PostRuler": "after", "WeekLaterRuler": "week_later"}
CARE = [f"CAREQ{i}" for i in range(1, 11)]
TALK = (
    ("counsellor", "Hello!", "Other"),
    ("client", "I want to quit.", "C"),
    ("counsellor", "You want it.", "R"),
)


def row(name: str, **cells: object) -> dict[str, str]:
    one: dict[str, object] = {
        "ParticipantID": name,
        "HeavinessOfSmokingIndex": 3,
        "PreConvoNumQuitAttempts": 0,
    }
    one |= {f"{o}{r}": 5 for o in OCCASIONS for r in RULERS}
    one |= dict.fromkeys(CARE, 4) | {"WeekLaterNumQuitAttempts": 0}
    return {k: str(v) for k, v in (one | cells).items()}


def utterances(*talk: tuple[Any, Any, Any]) -> list[dict[str, Any]]:
    return [
        {
            "speaker": s,
            "volley_number": 900 + i,
            "utterance_number": 5_000 + i,
            "text": t,
            "auto_misc_label": label,
        }
        for i, (s, t, label) in enumerate(talk)
    ]


def folder(
    root: Path, rows: list[dict[str, str]], talks: dict[str, list[dict[str, Any]]], *, encoding: str = "utf-8"
) -> Path:
    """Write a folder of the data set's form."""
    (root / "transcripts").mkdir(parents=True)
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]) if rows else list(row("x")))
    writer.writeheader()
    writer.writerows(rows)
    (root / "data.csv").write_bytes(table.getvalue().encode(encoding))
    for i, (name, talk) in enumerate(talks.items()):
        document = json.dumps({"participant_id": name, "utterances": talk}, ensure_ascii=False)
        (root / "transcripts" / f"{i}.json").write_bytes(document.encode(encoding))
    return root


def refusal(root: Path) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_mibot(root)
    return caught.value


def score(case: Case, name: str) -> Measurement:
    return next(m for m in case.measurements if m.id == name)


def notes(imported: Imported, what: str) -> int:
    return sum(n.count for n in imported.report.notes if what in n.what)


class TestWhatBecomesOfIt:
    def test_a_conversation_becomes_a_case(self, tmp_path: Path) -> None:
        made = read_mibot(folder(tmp_path / "m", [row("p1", PreRulerReadiness=2)], {"p1": utterances(*TALK)}))
        (case,) = made.cases
        (session,) = case.sessions
        assert [(i.index, i.speaker, i.text, i.codes[0].code) for i in session.interactions] == [
            (i, *one) for i, one in enumerate(TALK)
        ]
        assert session.status == "held"
        assert score(case, "readiness-before").score == 2
        assert (score(case, "readiness-before").timing, score(case, "readiness-week_later").timing) == (
            "before",
            "between",
        )
        assert score(case, "care-after").score == 40
        assert case.change_events == ()
        assert load_case(dump_case(case)) == case
        assert (made.report.interactions_in, made.report.interactions_out) == (3, 3)
        assert (made.report.scores_in, made.report.scores_out) == (13, 13)
        assert repr(made) == f"Imported(1 case, {len(made.report.notes)} notes)"

    def test_quit_attempts_of_the_week_after_are_a_change_outside(self, tmp_path: Path) -> None:
        rows = [row("p1", WeekLaterNumQuitAttempts=2), row("p2", WeekLaterNumQuitAttempts=""), row("p3")]
        cases = read_mibot(folder(tmp_path / "m", rows, {"p1": utterances(*TALK)})).cases
        assert [len(c.change_events) for c in cases] == [1, 0, 0]
        (event,) = cases[0].change_events
        assert (event.locus, event.after_session, event.magnitude) == ("out_of_session", "session-1", 2)
        assert score(cases[0], event.evidence[0].id).score == 2

    def test_an_empty_cell_is_missing_never_zero(self, tmp_path: Path) -> None:
        made = read_mibot(folder(tmp_path / "m", [row("p1", PostRulerImportance=" ", CAREQ3="")], {"p1": []}))
        one = score(made.cases[0], "importance-after")
        assert (one.score, one.missing) == (None, "unknown")
        care = score(made.cases[0], "care-after")
        assert (care.score, care.missing, care.items[2].value) == (None, "not_scorable", None)
        assert made.report.scores_out == made.report.scores_in

    def test_an_item_of_zero_is_outside_its_range_and_said_to_be(self, tmp_path: Path) -> None:
        made = read_mibot(folder(tmp_path / "m", [row("p1", CAREQ1=0, CAREQ2=6)], {"p1": []}))
        assert notes(made, "CARE answers") == 2
        assert score(made.cases[0], "care-after").score is None

    def test_a_transcript_without_a_row_is_dropped_and_counted(self, tmp_path: Path) -> None:
        talks = {"p1": utterances(*TALK), "stranger": utterances(*TALK[:2])}
        made = read_mibot(folder(tmp_path / "m", [row("p1")], talks))
        assert (made.report.interactions_in, made.report.interactions_out) == (5, 3)
        assert notes(made, "utterances of such transcripts") == 2
        assert notes(made, "transcript of somebody who is not in data.csv") == 1

    def test_a_row_without_a_transcript_keeps_its_scores_and_is_covered_by_no_pass(
        self, tmp_path: Path
    ) -> None:
        made = read_mibot(folder(tmp_path / "m", [row("p1"), row("p2")], {"p1": utterances(*TALK)}))
        second = made.cases[1]
        assert notes(made, "without transcript") == 1
        assert second.sessions[0].interactions == ()
        assert second.coding_passes[0].sessions == ()
        assert len(second.measurements) == 13

    @pytest.mark.parametrize("label", ["", None])
    def test_an_empty_label_is_no_code(self, label: str | None, tmp_path: Path) -> None:
        talk = utterances(("client", "Mm.", label), ("client", "Yes.", "N"))
        made = read_mibot(folder(tmp_path / "m", [row("p1")], {"p1": talk}))
        assert [len(i.codes) for i in made.cases[0].sessions[0].interactions] == [0, 1]

    def test_another_speaker_is_unknown_and_counted(self, tmp_path: Path) -> None:
        talk = utterances(("moderator", "Begin.", None), *TALK)
        made = read_mibot(folder(tmp_path / "m", [row("p1")], {"p1": talk}))
        assert made.cases[0].sessions[0].interactions[0].speaker is None
        assert notes(made, "utterances of another speaker") == 1

    def test_files_with_a_byte_order_mark_are_read(self, tmp_path: Path) -> None:
        made = read_mibot(
            folder(tmp_path / "m", [row("p1")], {"p1": utterances(*TALK)}, encoding="utf-8-sig")
        )
        assert made.report.interactions_out == 3

    def test_a_table_without_rows_gives_no_case(self, tmp_path: Path) -> None:
        assert read_mibot(folder(tmp_path / "m", [], {"p1": []})).cases == ()


class TestWhatIsRefused:
    def test_a_folder_without_transcripts(self, tmp_path: Path) -> None:
        error = refusal(folder(tmp_path / "m", [row("p1")], {}))
        assert (error.code, str(error.file).endswith("transcripts")) == ("no_documents", True)

    def test_a_folder_without_the_table(self, tmp_path: Path) -> None:
        root = folder(tmp_path / "m", [row("p1")], {"p1": []})
        (root / "data.csv").unlink()
        assert refusal(root).code == "no_such_file"

    def test_a_table_without_a_column(self, tmp_path: Path) -> None:
        one = row("p1")
        del one["PostRulerConfidence"], one["CAREQ7"]
        error = refusal(folder(tmp_path / "m", [one], {"p1": []}))
        assert (error.code, error.needed) == ("column_missing", "the columns CAREQ7, PostRulerConfidence")

    def test_a_participant_with_two_rows(self, tmp_path: Path) -> None:
        error = refusal(folder(tmp_path / "m", [row("p1"), row("p2"), row("p1")], {"p1": []}))
        assert (error.code, error.line) == ("id_repeated", 4)

    def test_a_participant_with_two_transcripts(self, tmp_path: Path) -> None:
        root = folder(tmp_path / "m", [row("p1")], {"p1": utterances(*TALK)})
        (root / "transcripts" / "1.json").write_bytes((root / "transcripts" / "0.json").read_bytes())
        error = refusal(root)
        assert (error.code, str(error.file).endswith("1.json")) == ("id_repeated", True)

    @pytest.mark.parametrize("cell", ["high", "nan", "inf", "1e999", "5 points"])
    def test_something_else_than_a_number_in_a_column_of_scores(self, cell: str, tmp_path: Path) -> None:
        error = refusal(folder(tmp_path / "m", [row("p1"), row("p2", PreRulerReadiness=cell)], {"p1": []}))
        assert (error.code, error.line) == ("not_a_number", 3)
        assert cell not in str(error).split("data.csv")[1]

    @pytest.mark.parametrize(
        ("cells", "path", "code"),
        [
            ({"PostRulerReadiness": 11}, ".score", "score_range"),
            ({"ParticipantID": ""}, "$.id", "text_length"),
        ],
    )
    def test_a_row_that_breaks_a_rule_is_named_by_its_line(
        self, cells: dict[str, object], path: str, code: str, tmp_path: Path
    ) -> None:
        error = refusal(folder(tmp_path / "m", [row("p1"), row("p2", **cells)], {"p1": []}))
        assert (error.code, error.line) == ("invalid_record", 3)
        assert [(v.path.endswith(path), v.code) for v in error.violations] == [(True, code)]

    def test_a_label_that_the_system_does_not_know(self, tmp_path: Path) -> None:
        error = refusal(folder(tmp_path / "m", [row("p1")], {"p1": utterances(("client", "Yes.", "Ugh"))}))
        assert [v.code for v in error.violations] == ["code_unknown"]

    @pytest.mark.parametrize(
        "content",
        [
            "", "{", "[]", "3", "null", '{"utterances": []}', '{"participant_id": "p1"}',
            '{"participant_id": 7, "utterances": []}',
            '{"participant_id": "p1", "utterances": {}}', '{"participant_id": "p1", "utterances": [3]}',
            '{"participant_id": "p1", "utterances": [{"speaker": "client", "text": "x"}]}',
            '{"participant_id": "p1", "utterances": [{"speaker": [], "text": "x", "auto_misc_label": "N"}]}',
            '{"participant_id": "p1", "utterances": [{"speaker": "client", "text": null, "auto_misc_label": "N"}]}',
            '{"participant_id": "p1", "utterances": [{"speaker": "client", "text": "x", "auto_misc_label": 1}]}',
        ],
    )  # fmt: skip
    def test_a_transcript_of_another_form(self, content: str, tmp_path: Path) -> None:
        root = folder(tmp_path / "m", [row("p1")], {"p1": []})
        (root / "transcripts" / "0.json").write_text(content)
        error = refusal(root)
        assert (error.code, str(error.file).endswith("0.json")) == ("not_this_format", True)

    @pytest.mark.parametrize(
        "end",
        [
            b"p2,1,2\r\n",
            b"p2," + b"1," * 40 + b"\r\n",
            b'p2,"a quote that never ends\r\np3,1\r\n',
            b"p2,\xff\xfe\r\n",
            b'p2,"' + b"x" * 200_000 + b'"\r\n',
        ],
    )
    def test_a_table_that_is_broken(self, end: bytes, tmp_path: Path) -> None:
        root = folder(tmp_path / "m", [row("p1")], {"p1": []})
        (root / "data.csv").write_bytes((root / "data.csv").read_bytes() + end)
        error = refusal(root)
        assert (error.code, str(error.file).endswith("data.csv")) == ("not_this_format", True)
        assert error.__context__ is None


@pytest.fixture(scope="module")
def made(shared: Path) -> Imported:
    return read_mibot(shared / "data" / "mibot")


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[dict[str, str]]:
    with (shared / "data" / "mibot" / "data.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


class TestTheDataSet:
    def test_no_conversation_and_no_utterance_is_lost(self, made: Imported) -> None:
        assert len(made.cases) == made.report.n_cases == 106
        assert made.report.interactions_in == made.report.interactions_out == 8_555
        assert sum(len(c.sessions[0].interactions) for c in made.cases) == 8_555
        assert not [n for n in made.report.notes if n.action == "dropped"]

    def test_every_code_is_the_one_of_the_table_of_codes(self, made: Imported, shared: Path) -> None:
        with (shared / "data" / "mibot" / "mibot_codes.csv").open(encoding="utf-8-sig", newline="") as stream:
            table = list(csv.DictReader(stream))
        wanted: dict[str, list[tuple[str, str]]] = {}
        for one in sorted(table, key=lambda r: int(r["utterance"])):
            wanted.setdefault(one["participant_id"], []).append((one["speaker"], one["code"]))
        found = {
            c.id: [(str(i.speaker), i.codes[0].code if i.codes else "") for i in c.sessions[0].interactions]
            for c in made.cases
        }
        assert found == wanted
        assert Counter(x for talk in found.values() for x in talk).total() == 8_555

    def test_every_ruler_is_the_one_of_the_table(self, made: Imported, rows: list[dict[str, str]]) -> None:
        for case, one in zip(made.cases, rows, strict=True):
            assert case.id == one["ParticipantID"]
            for prefix, occasion in OCCASIONS.items():
                for ruler in RULERS:
                    found = score(case, f"{ruler.lower()}-{occasion}").score
                    assert found == (float(one[prefix + ruler]) if one[prefix + ruler] else None)

    def test_the_quit_attempts_are_those_of_the_table(
        self, made: Imported, rows: list[dict[str, str]]
    ) -> None:
        attempted = {r["ParticipantID"]: float(r["WeekLaterNumQuitAttempts"] or 0) for r in rows}
        found = {c.id: c.change_events[0].magnitude for c in made.cases if c.change_events}
        assert len(found) == 37
        assert found == {name: n for name, n in attempted.items() if n}

    def test_the_cases_survive_a_file(self, made: Imported, tmp_path: Path) -> None:
        assert write_cases(made.cases, tmp_path / "mibot.jsonl.gz") == 106
        assert all(load_case(dump_case(c)) == c for c in made.cases)

    def test_the_account_tells_what_was_left(self, made: Imported) -> None:
        assert {n.action for n in made.report.notes} <= {"converted", "not_taken", "guessed"}
        text = str(made.report)
        assert "interactions: 8555 read, 8555 kept" in text
        assert not any(c.id in text for c in made.cases)
