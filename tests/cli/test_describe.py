"""``describe``: the counts are those of the library, and no value of a client is shown."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import example_cases, write_cases
from therapeutic_process.records import Case, Code, CodingPass, Interaction, Participant, Reporter, Session
from therapeutic_process.session_process import code_profile, talk_share, transitions

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def case_of(*codes: str | None, text: str | None = None) -> Case:
    people = Participant(id=CANARY, role="client"), Participant(id="t1", role="therapist")
    turns = tuple(
        Interaction(
            index=i, kind="speech", speaker=people[i % 2].id, text=text,
            codes=() if c is None else (Code(coding_pass="p", system="own", code=c),),
        )
        for i, c in enumerate(codes)
    )  # fmt: skip
    system: Any = {
        "id": "own",
        "name": CANARY,
        "codes": [{"id": c} for c in dict.fromkeys(filter(None, codes))],
    }
    return Case.model_validate({
        "id": CANARY, "participants": people, "coding_systems": [system],
        "sessions": (Session(id="s1", number=1, status="held", interactions=turns),),
        "coding_passes": (CodingPass(id="p", system="own", coder=Reporter(kind="observer", name=CANARY),
                                     extent="all", sessions=("s1",)),),
    })  # fmt: skip


def described(path: Path, *options: str) -> Any:
    result = call("describe", path, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)["described"]


class TestWhatIsCounted:
    def test_a_worked_example(self, tmp_path: Path) -> None:
        write_cases([case_of("a", "b", "a", None, "a", "b", text="two words")], tmp_path / "x.jsonl")
        [found] = described(tmp_path / "x.jsonl")
        assert (found["cases"], found["held_sessions"], found["interactions"]) == (1, 1, 6)
        assert (found["covered"], found["coded"], found["unknown"], found["chain_breaks"]) == (6, 5, 0, 1)
        assert found["codes"] == [
            {"system": "own", "role": "client", "code": "a", "count": 3, "share": 1.0},
            {"system": "own", "role": "therapist", "code": "b", "count": 2, "share": 1.0},
        ]
        assert found["transitions"] == [
            {"system": "own", "given": "a", "target": "b", "count": 2, "probability": 1.0},
            {"system": "own", "given": "b", "target": "a", "count": 1, "probability": 1.0},
        ]
        assert found["talk"] == [
            {"role": role, "turns": 3, "share_of_turns": 0.5, "words": 6, "share_of_words": 0.5, "seconds": None,
             "share_of_seconds": None}
            for role in ("client", "therapist")
        ]  # fmt: skip

    def test_each_case_gives_what_the_library_gives(self, tmp_path: Path) -> None:
        write_cases(example_cases(), tmp_path / "x.jsonl")
        several = described(tmp_path / "x.jsonl", "--each")
        for case, found in zip(example_cases(), several, strict=True):
            profile = code_profile(case)
            assert (found["interactions"], found["coded"]) == (profile.n_interactions, profile.n_coded)
            assert sum(r["count"] for r in found["codes"]) == sum(r.count for r in profile.rows)
            pairs = Counter[tuple[str, str]]()
            for one in case.coding_passes:
                rows = transitions(case, coding_pass=one.id).rows
                pairs.update({(r.given, r.target): r.count for r in rows if r.count})
            assert {(r["given"], r["target"]): r["count"] for r in found["transitions"]} == pairs
            assert sum(r["turns"] for r in found["talk"]) == talk_share(case).n_turns

    def test_together_is_the_sum_of_each(self, tmp_path: Path) -> None:
        write_cases(example_cases(), tmp_path / "x.jsonl")
        [together] = described(tmp_path / "x.jsonl")
        several = described(tmp_path / "x.jsonl", "--each")
        for name in ("cases", "held_sessions", "interactions", "covered", "coded", "unknown", "chain_breaks"):
            assert together[name] == sum(one[name] for one in several)
        for name, keys in (
            ("codes", ("system", "role", "code")),
            ("transitions", ("system", "given", "target")),
        ):
            total = Counter[tuple[str, ...]]()
            for one in several:
                total.update({tuple(r[k] for k in keys): r["count"] for r in one[name]})
            assert {tuple(r[k] for k in keys): r["count"] for r in together[name]} == total

    def test_words_of_some_are_no_total(self, tmp_path: Path) -> None:
        cases = [case_of("a", "b", text="x"), case_of("a", "b").with_changes(id="k2")]
        write_cases(cases, tmp_path / "x.jsonl")
        [found] = described(tmp_path / "x.jsonl")
        assert [r["words"] for r in found["talk"]] == [None, None]
        assert [r["share_of_turns"] for r in found["talk"]] == [0.5, 0.5]


class TestWhatIsShown:
    def test_tables_hold_the_counts_and_nothing_of_a_client(self, tmp_path: Path) -> None:
        write_cases([case_of("a", "b", "a", None, "[red]", "b\x1b", text=CANARY)], tmp_path / "x.jsonl")
        result = call("describe", tmp_path / "x.jsonl")
        assert result.exit_code == 0
        assert "1 case, 1 held sessions, 6 interactions, 6 covered by a coding pass, 5 coded" in result.output
        for part in ("who talks", "codes, and their share", "what follows what", "[red]", "66.7%", "unknown"):
            assert part in result.output
        assert CANARY not in result.output
        assert "\x1b" not in result.output

    def test_top_limits_what_is_shown_and_json_has_all(self, tmp_path: Path) -> None:
        write_cases([case_of(*"abcdeabcde")], tmp_path / "x.jsonl")
        assert (
            "the 2 most frequent of 5 transitions"
            in call("describe", tmp_path / "x.jsonl", "--top", "2").output
        )
        [found] = described(tmp_path / "x.jsonl", "--top", "2")
        assert len(found["transitions"]) == 5

    def test_a_case_without_talk(self, tmp_path: Path) -> None:
        write_cases([Case(id="k", participants=(Participant(id="c", role="client"),))], tmp_path / "x.json")
        result = call("describe", tmp_path / "x.json", "--each")
        assert result.exit_code == 0
        assert "case 1: 1 case, 0 held sessions" in result.output
        assert "nobody speaks" in result.output


class TestExits:
    def test_some_documents_cannot_be_read(self, tmp_path: Path) -> None:
        write_cases(example_cases()[:1], tmp_path / "x.jsonl")
        with (tmp_path / "x.jsonl").open("a") as stream:
            stream.write(f'{{"id": "{CANARY}"}}\n')
        result = call("describe", tmp_path / "x.jsonl", "--json")
        assert result.exit_code == 1
        assert CANARY not in result.output
        told = json.loads(result.stdout)
        assert (len(told["described"]), told["unreadable"]) == (1, 1)
        assert "x.jsonl:2: header_missing" in result.stderr

    @pytest.mark.parametrize("content", [None, "", f'{{"id": "{CANARY}"}}'])
    def test_nothing_can_be_read(self, content: str | None, tmp_path: Path) -> None:
        if content is not None:
            (tmp_path / "x.jsonl").write_text(content)
        result = call("describe", tmp_path / "x.jsonl")
        assert result.exit_code == 2
        assert CANARY not in result.output


def rated_case(n: int) -> Case:
    """Three sessions that client and therapist rated, with codes of two coders."""
    sides = {"client": CANARY, "therapist": "t1"}
    rated = [
        {"id": f"{side}{s}", "instrument": "wai_sr", "scale": "bond", "of": {"kind": "session", "id": f"s{s}"},
         "rater": {"kind": side, "participant": who}, "value": 8 + s + (n if side == "client" else 0)}
        for s in (1, 2, 3) for side, who in sides.items()
    ]  # fmt: skip
    names = ["s1", "s2", "s3"]
    talk = [
        {"index": i, "kind": "speech", "speaker": CANARY,
         "codes": [{"coding_pass": p, "system": "annomi", "code": code} for p in ("p1", "p2")]}
        for i, code in enumerate(("change", "neutral", "change"))
    ]  # fmt: skip
    passes = [
        {
            "id": p,
            "system": "annomi",
            "coder": {"kind": "observer", "name": p},
            "extent": "all",
            "sessions": names,
        }
        for p in ("p1", "p2")
    ]
    return Case.model_validate({
        "id": f"{CANARY}{n}", "participants": [{"id": who, "role": side} for side, who in sides.items()],
        "sessions": [{"id": s, "number": i, "status": "held", "interactions": talk} for i, s in enumerate(names, 1)],
        "ratings": rated, "coding_passes": passes,
    })  # fmt: skip


class TestWhatIsDescribed:
    def test_ratings_agreement_and_courses_are_those_of_the_library(self, tmp_path: Path) -> None:
        write_cases([rated_case(0), rated_case(3)], tmp_path / "x.jsonl")
        [found] = described(tmp_path / "x.jsonl")
        client, therapist = found["ratings"]
        assert (client["role"], client["series"], client["rated"], client["mean"]) == ("client", 2, 6, 11.5)
        assert (therapist["mean"], therapist["per_session"]) == (10.0, 1.0)
        measures = {r["measure"]: r for r in found["congruence"]}
        assert (measures["absolute_discrepancy"]["mean"], measures["discrepancy"]["left_out"]) == (1.5, 2)
        overall = found["agreement"][0]
        assert (overall["code"], overall["units"], overall["kappa"], overall["alpha"]) == (
            "all",
            18,
            1.0,
            1.0,
        )
        shares = {r["name"]: r for r in found["courses"] if r["measure"] == "code_share"}
        assert shares["change"]["n_clients"] == 2
        assert shares["change"]["n_thirds"] == 2
        assert shares["change"]["first_third"] == pytest.approx(2 / 3)
        assert found["collaboration"] == [
            {"recorded": "measure of collaboration", "cases": 2, "share_followed": None}
        ]
        assert {r["undefined_because"] for r in found["residuals"]} == {None}
        assert sum(r["count"] for r in found["residuals"]) == 24

    def test_thirds_say_how_many_stand_behind_them(self, place: Path) -> None:
        [found] = described(place / "cases.jsonl")
        turns = next(r for r in found["courses"] if r["measure"] == "talk_share")
        assert (turns["n_clients"], turns["n_thirds"], turns["first_third"]) == (4, 0, None)

    def test_text_shows_the_same_and_nobody(self, tmp_path: Path) -> None:
        write_cases([rated_case(0)], tmp_path / "x.jsonl")
        told = call("describe", tmp_path / "x.jsonl").output
        for title in ("departing most from chance", "how far coders agree", "ratings of the sessions"):
            assert title in told
        assert CANARY not in told


class TestSmallCells:
    def cohort(self, place: Path) -> Path:
        """Six cases say a and b; one alone says c, often; two say d and e once."""
        often = [case_of(*"abababab").with_changes(id=f"k{i}") for i in range(6)]
        alone = case_of(*"cbcbcbcbcb").with_changes(id="k7")
        few = [case_of(*"adae").with_changes(id=f"k{i}") for i in (8, 9)]
        write_cases([*often, alone, *few], place)
        return place

    def test_no_count_is_shown_behind_which_too_few_cases_stand(self, tmp_path: Path) -> None:
        place = self.cohort(tmp_path / "x.jsonl")
        [found] = described(place, "--small-cells", "five")
        codes = {r["code"]: r["count"] for r in found["codes"]}
        assert codes["c"] is None
        assert codes["d"] is None
        assert sum(n is not None for n in codes.values()) < len(codes)
        assert all(r["share"] is None for r in found["codes"] if r["count"] is None)
        # what is not shown stands last, in the order of names
        hidden = [(r["role"], r["code"]) for r in found["codes"] if r["count"] is None]
        assert [r["count"] is None for r in found["codes"]] == sorted(
            r["count"] is None for r in found["codes"]
        )
        assert hidden == sorted(hidden)

    def test_totals_do_not_tell_what_is_not_shown(self, tmp_path: Path) -> None:
        place = self.cohort(tmp_path / "x.jsonl")
        [whole], [found] = described(place), described(place, "--small-cells", "five")
        for name in ("codes", "transitions"):
            assert len(found[name]) == len(whole[name])
            hidden = [r for r in found[name] if r["count"] is None]
            shown = {tuple(r.values())[:3]: r["count"] for r in found[name] if r["count"] is not None}
            assert shown.items() <= {tuple(r.values())[:3]: r["count"] for r in whole[name]}.items()
            assert len(hidden) != 1

    def test_few_cases_show_nothing(self, tmp_path: Path) -> None:
        write_cases([case_of(*"abababab")], tmp_path / "x.jsonl")
        [found] = described(tmp_path / "x.jsonl", "--small-cells", "five")
        assert found["cases"] == 1
        assert {found[n] for n in ("held_sessions", "interactions", "covered", "coded", "chain_breaks")} == {
            None
        }
        assert {r["count"] for r in found["codes"] + found["transitions"]} == {None}
        assert {r["turns"] for r in found["talk"]} == {None}

    def test_a_rule_without_zeros_lists_the_combinations_that_are_left_out(self, tmp_path: Path) -> None:
        place = self.cohort(tmp_path / "x.jsonl")
        [found] = described(place, "--small-cells", "uk_llc")
        assert {(r["role"], r["code"]) for r in found["codes"]} >= {("client", "b"), ("therapist", "a")}
        printed = call("describe", place, "--small-cells", "uk_llc")
        assert printed.exit_code == 0
        assert "–" in printed.output

    @pytest.mark.parametrize("options", [("--small-cells", "three"), ("--small-cells", "five", "--each")])
    def test_what_makes_no_sense_is_refused(self, options: tuple[str, ...], tmp_path: Path) -> None:
        result = call("describe", self.cohort(tmp_path / "x.jsonl"), *options)
        assert result.exit_code == 2
        assert "--small-cells" in result.output
