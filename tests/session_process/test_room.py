from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
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
