from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reference.compare_session_process import compare
from shared_data import SHARED, needs_shared

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = SHARED / "reference" / "session_process"


@needs_shared
def test_every_reference_file_is_met() -> None:
    outcomes = list(compare(FOLDER))
    assert [o for o in outcomes if o.status == "differ"] == []
    met = {o.case.partition(":")[0] for o in outcomes if o.status == "same"}
    files = {path.stem for path in FOLDER.glob("*.json")} - {"manifest", "published_examples"}
    assert met == files


@needs_shared
def test_what_is_not_offered_is_known_by_name() -> None:
    missing = {o.case.partition(": ")[2] for o in compare(FOLDER) if o.status == "not offered"}
    assert missing == {"irr::kendall(correct=TRUE)", "irr::meancor", "irr::robinson"}


@needs_shared
def test_a_wrong_expectation_of_every_kind_is_noticed() -> None:
    plain = {o.case: o.status for o in compare(FOLDER)}
    perturbed = {o.case: o.status for o in compare(FOLDER, perturb=True)}
    assert plain.keys() == perturbed.keys()
    kinds = {case.partition(": ")[2] for case, status in plain.items() if status == "same"}
    noticed = {case.partition(": ")[2] for case, status in perturbed.items() if status == "differ"}
    assert kinds == noticed


def test_an_unseen_sequence_is_compared_and_a_known_deviation_is_named(tmp_path: Path) -> None:
    document = {
        "id": "toy",
        "call": "bidirectional(data, tailed=1)",
        "input": {"sequence": [1, 2, 1, 2, 2, 1]},
        "output": {
            "freqs": [[0, 2], [2, 1]],
            "bifreqs": [[0, 4], [4, 2]],
            "expbifreqs": [[3, 3], [3, 99]],
            "kappas": [[-1.5, 0.5], [0.5, -0.5]],
            "z": [[0, 0], [0, 0]],
            "p": [[0, 0], [0, 0]],
        },
    }
    (tmp_path / "toy.json").write_text(json.dumps(document), "utf-8")
    said = {"files": [{"file": "toy.json", "known_deviations": {"expbifreqs": "a typing error"}}]}
    (tmp_path / "manifest.json").write_text(json.dumps(said), "utf-8")
    status = {o.case: o.status for o in compare(tmp_path)}
    assert status["toy: freqs"] == "same"
    assert status["toy: bifreqs"] == "same"
    assert status["toy: expbifreqs"] == "known deviation"
    assert status["toy: z"] == "differ"


def two_cells(tmp_path: Path, expected: float) -> dict[str, str]:
    document = {
        "call": "twocells(data, i=1, j=2, k=2, L=1, tailed=1)",
        "input": {"sequence": [1, 2, 1, 2, 2, 1]},
        "output": {
            "freqs": [[0, 2], [2, 1]],
            "twocellfreq": 4,
            "expfreqs": expected,
            "kappa": 0.5,
            "z": 1,
            "pk": 0.1,
        },
    }
    (tmp_path / "two.json").write_text(json.dumps(document), "utf-8")
    return {o.case: o.status for o in compare(tmp_path)}


def test_a_peer_that_counts_the_last_event_twice_is_recognised(tmp_path: Path) -> None:
    # Events 3 and 3 of 6; with the last counted twice, 4 and 3.
    assert set(two_cells(tmp_path, 2 * 4 * 3 / 6).values()) == {"known deviation"}
    right = two_cells(tmp_path, 2 * 3 * 3 / 6)
    assert right["two: expfreqs"] == "same"
    assert right["two: z"] == "differ"


def test_a_file_of_another_form_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / "strange.json").write_text('{"input": {}, "output": {}}', "utf-8")
    assert [o.status for o in compare(tmp_path)] == ["not offered"]


@pytest.mark.parametrize("text", ["[]", "{}"])
def test_an_empty_folder_has_no_outcomes(tmp_path: Path, text: str) -> None:
    (tmp_path / "published_examples.json").write_text(text, "utf-8")
    assert list(compare(tmp_path)) == []
