"""Whatever the schema allows either loads, or breaks a rule that docs/reference/rules lists."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from from_schema import Drawer
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import json_schema, load_case, load_theory

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = set(
    re.findall(r"`([a-z_]+)`", (Path(__file__).parents[2] / "docs/reference/rules.md").read_text("utf-8"))
)
N = 1000


def outcomes(kind: Any, load: Callable[[str], object], share: float) -> Counter[str]:
    """Return how many drawn documents loaded, and which rules the others broke."""
    schema = json_schema(kind)
    valid = Draft202012Validator(schema)
    found: Counter[str] = Counter()
    for seed in range(N):
        document = Drawer(schema, Random(seed), share).document()
        assert valid.is_valid(document), "the drawer keeps the schema"
        found.update(outcome(load, document))
    return found


def outcome(load: Callable[[str], object], document: Any) -> set[str]:
    """Return the rules that a document breaks, ``loaded`` if none; any other error is not caught."""
    try:
        load(json.dumps(document))
    except DocumentError as error:
        return {v.code for v in error.violations} or {error.code}
    return {"loaded"}


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_a_schema_valid_case_loads_or_breaks_a_listed_rule(share: float) -> None:
    found = outcomes("case", load_case, share)
    assert set(found) - {"loaded"} <= RULES
    assert len(found) > (20 if share > 0.1 else 3), "many rules are met"
    if share < 0.1:
        assert found["loaded"] > N / 100


def test_a_schema_valid_theory_loads_or_breaks_a_listed_rule() -> None:
    found = outcomes("theory_of_change", load_theory, 0.4)
    assert set(found) - {"loaded"} <= RULES
    assert found["loaded"] > N / 20
    assert len(found) > 1
