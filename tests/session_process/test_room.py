from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import therapeutic_process.session_process as room

SOURCE = Path(room.__file__).parent

# Names that coding systems give to what therapists and clients do; the room must compute with any of them.
OF_SCHOOLS = re.compile(
    r"\b(reflections?|sustain|change.talk|confront\w*|MI-consistent|MICO|MIIN|interpretation|resistance|rupture"
    r"|MITI|MISC|SCOPE|insight|transference|affirm\w*|motivational)\b",
    re.IGNORECASE,
)


def test_no_code_of_any_school_stands_in_the_room() -> None:
    found = [
        (path.name, hit)
        for path in SOURCE.glob("*.py")
        for hit in OF_SCHOOLS.findall(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("name", room.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(room, name)
    assert not hasattr(value, "__path__")
    assert type(value).__name__ != "module"
    assert name in dir(room)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_here"):
        room.nothing_here  # noqa: B018


def test_without_the_extra_the_room_opens_and_the_statistics_name_what_is_missing() -> None:
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "import therapeutic_process.session_process as room\n"
        "from therapeutic_process.errors import MissingExtra\n"
        "try:\n    room.sequential_statistics\n"
        "except MissingExtra as missing:\n    print(missing.extra, missing.package)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["analysis", "numpy"]


def test_opening_the_room_imports_no_extra() -> None:
    script = (
        "import sys, therapeutic_process.session_process\n"
        "print([m for m in ('numpy', 'scipy', 'polars', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_result_shows_its_values() -> None:
    tables = room.transition_tables([[731, 5], [6, 977]])
    pair = np.array([731]), np.array([977])
    average = room.random_effects(np.array([[0.731], [0.977]]), np.array([[0.1], [0.1]]))
    results = [tables, tables.unidirectional, tables.bidirectional(), tables.parallel_dominance()]
    for result in (*results, tables.likelihood_ratio, room.guarded_ratio(*pair), average):
        assert not re.search("731|977", repr(result).replace("[1708]", "")), type(result).__name__


def test_no_result_shows_a_label() -> None:
    """Labels are often ids or words of a record; representations hold counts only."""
    turns = pl.DataFrame(
        {
            "client_id": ["anna"] * 6 + ["berta"] * 6,
            "session_id": ["first"] * 12,
            "index": [*range(6), *range(6)],
            "code": ["blue", "green"] * 6,
            "speaker": ["clara", "dora"] * 6,
            "rater_id": ["edna", "fritz"] * 6,
            "onset_s": list(range(12)),
            "start_s": list(range(12)),
            "end_s": list(range(1, 13)),
            "offset_s": list(range(1, 13)),
        }
    )
    rng = np.random.default_rng(1)
    found = room.sequential_statistics(turns, client="client_id")
    ratings = room.read_ratings(turns, unit=["client_id", "index"], value="code")
    results = [
        found,
        found.turns,
        found.per_session(),
        found.homogeneity(),
        found.permutation_test(rng=rng, permutations=9),
        room.transition_effects(found, rng=rng, flips=9),
        room.code_share_table(turns, client="client_id", ratios={"r": (["blue"], ["green"])}),
        room.session_course(turns, client="client_id"),
        room.session_course(turns, client="client_id", minutes=1, onset_s="onset_s"),
        room.sequence_complexity(turns, client="client_id"),
        room.talk_profile(turns),
        room.time_budget(turns),
        room.time_unit_kappa(turns, unit_s=1),
        room.alignment_kappa(turns, tolerance_s=1),
        ratings,
    ]
    for result in results:
        shown = repr(result)
        assert shown.startswith(("<", "HomogeneityTest("))
        assert not re.search("anna|berta|first|blue|green|clara|dora|edna|fritz", shown), type(
            result
        ).__name__
