"""The page about this room says what the code does."""

import doctest
import os
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "instruments.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not here")
def test_the_examples_on_the_page_run() -> None:
    result = doctest.testfile(os.fspath(PAGE), module_relative=False, encoding="utf-8")
    assert result.failed == 0
    assert result.attempted >= 15
