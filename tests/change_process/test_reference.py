"""The comparisons with peers and with published numbers hold, and notice when a number is wrong."""

from __future__ import annotations

import pytest

from reference import compare_change_process, published
from shared_data import SHARED, needs_shared

FOLDER = SHARED / "reference" / "change_process"


@needs_shared
@pytest.mark.shared
def test_nothing_differs_from_the_peers_but_what_is_known() -> None:
    outcomes = list(compare_change_process.compare(FOLDER))
    assert [o for o in outcomes if o.status == "differ"] == []
    assert sum(o.status == "same" for o in outcomes) > 100


@needs_shared
@pytest.mark.shared
def test_a_wrong_number_is_noticed_by_every_adaptor() -> None:
    outcomes = list(compare_change_process.compare(FOLDER, perturb=True))
    assert sum(o.status == "differ" for o in outcomes) == len(compare_change_process.ADAPTORS)


@needs_shared
@pytest.mark.shared
def test_published_examples_are_met() -> None:
    outcomes = list(published.compare(FOLDER / "worked_examples.json"))
    assert [o for o in outcomes if o.status == "differ"] == []
    assert sum(o.status == "same" for o in outcomes) >= 9
