"""The comparison program finds every reference, and notices when something is off."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared_data import SHARED, needs_shared

if TYPE_CHECKING:
    from types import ModuleType

REFERENCE = SHARED / "reference" / "process_outcome"
PROGRAM = Path(__file__).parents[1] / "reference" / "compare_process_outcome.py"
NOT_OFFERED = {
    "sgdata_cwc_lagy_rslope_lmer_reml",
    "sgdata_wb_lme_car1_reml",
    "sgdata_gee_exch",
    "sgdata_riclpm_s1_s5",
    "sgdata_riclpm_s1_s3_free",
}


def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_process_outcome", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_shared
def test_every_reference_is_the_same_or_named_as_not_offered() -> None:
    found = list(program().compare(REFERENCE))
    assert {o.case for o in found if o.status == "not offered"} == NOT_OFFERED
    assert [o for o in found if o.status not in {"same", "not offered"}] == []
    assert sum(o.status == "same" for o in found) >= 27


@needs_shared
def test_values_put_off_are_noticed_in_every_case_that_has_values() -> None:
    found = list(program().compare(REFERENCE, perturb=True))
    assert {o.case for o in found if o.status == "same"} == {"joint/pure_20x8_refused"}


@needs_shared
def test_a_folder_of_fits_alone_is_read_and_a_wrong_number_in_it_is_noticed(tmp_path: Path) -> None:
    for name in ("phases_50x8_d0", "pure_20x8_refused"):
        for end in (".csv", ".json"):
            shutil.copy(REFERENCE / "joint" / f"{name}{end}", tmp_path)
    assert [o.status for o in program().compare(tmp_path)] == ["same", "same"]
    path = tmp_path / "phases_50x8_d0.json"
    document = json.loads(path.read_text())
    document["result"]["state"]["se"] *= 1.01
    path.write_text(json.dumps(document))
    (outcome,) = [o for o in program().compare(tmp_path) if o.case.endswith("phases_50x8_d0")]
    assert outcome.status == "differ"
    assert "state standard error" in outcome.detail


@needs_shared
@pytest.mark.parametrize(
    ("said", "status"), [("no convergence", "differ"), ("fewer than 30 usable clients", "same")]
)
def test_refusals_are_compared_by_kind(tmp_path: Path, said: str, status: str) -> None:
    shutil.copy(REFERENCE / "joint" / "pure_20x8_refused.csv", tmp_path)
    document = {"data": "pure_20x8_refused.csv", "result": {"refused": said}}
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert [o.status for o in program().compare(tmp_path)] == [status]
