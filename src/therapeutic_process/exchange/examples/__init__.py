"""Synthetic cases that ship with the library: nobody's data, made to show the record."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from therapeutic_process.exchange.documents import load_case

if TYPE_CHECKING:
    from therapeutic_process.records import Case

__all__ = ["example_cases"]


@cache
def example_cases() -> tuple[Case, ...]:
    """Return the synthetic cases: an individual, one with a software counsellor, a couple and a group.

    >>> [case.treatment_format for case in example_cases()]
    ['individual', 'individual', 'couple', 'group']
    """
    text = files("therapeutic_process.exchange.examples").joinpath("cases.jsonl").read_bytes()
    return tuple(load_case(line) for line in text.splitlines() if line.strip())
