"""The catalogue: read when first asked, never changed, extended by making another one."""

import subprocess
import sys

import pytest

from therapeutic_process.instruments import (
    Catalogue,
    CodingSystem,
    Instrument,
    UnverifiedFactWarning,
    builtin_catalogue,
)

MOOD = Instrument(id="mood", name="Mood", minimum=0, maximum=10)


def test_the_built_in_catalogue_is_read_once() -> None:
    assert builtin_catalogue() is builtin_catalogue()


def test_importing_the_room_reads_no_data() -> None:
    program = (
        "import therapeutic_process.instruments as room\n"
        "from therapeutic_process.instruments import catalogue\n"
        "print(catalogue._checked.cache_info().currsize, catalogue._everything.cache_info().currsize); "
        "room.builtin_catalogue(); print(catalogue._checked.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", "1"]


def test_importing_the_room_needs_no_table_library() -> None:
    program = (
        "import sys, therapeutic_process.instruments; "
        "print(sorted({'numpy', 'polars', 'pandas', 'narwhals', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_entry_is_added_to_a_new_catalogue_only() -> None:
    mine = builtin_catalogue().with_(MOOD, CodingSystem(id="stance", name="Stance"))
    assert mine.instrument("mood") == MOOD
    assert mine.coding_system("stance") is not None
    assert mine.instrument("phq9") is builtin_catalogue().instrument("phq9")
    assert builtin_catalogue().instrument("mood") is None
    assert builtin_catalogue().coding_system("stance") is None


def test_a_later_entry_replaces_an_earlier_one_of_the_same_id() -> None:
    other = Instrument(id="mood", name="Other", minimum=0, maximum=4)
    assert Catalogue.of([MOOD, other]).instrument("mood") == other
    assert len(list(Catalogue.of([MOOD, other]))) == 1


def test_a_system_that_a_user_adds_is_there_even_if_unverified() -> None:
    mine = builtin_catalogue().with_(CodingSystem(id="draft", name="Draft", verified=False))
    assert mine.coding_system("draft") is not None


def test_unverified_entries_are_only_in_the_catalogue_that_is_asked_for() -> None:
    for _ in range(2):
        with pytest.warns(UnverifiedFactWarning) as caught:
            everything = builtin_catalogue(include_unverified=True)
        assert caught[0].filename == __file__
    assert len(everything.coding_systems) > len(builtin_catalogue().coding_systems)
    assert builtin_catalogue().coding_system("hcvrcs") is None
    assert everything.coding_system("hcvrcs") is not None


def test_the_mappings_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        builtin_catalogue().instruments["mood"] = MOOD  # type: ignore[index]


def test_the_text_form_counts() -> None:
    assert repr(Catalogue.of([MOOD])) == "Catalogue(instruments=1, coding_systems=0)"
