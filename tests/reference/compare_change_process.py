"""Hold change_process against suddengains and clinicalsignificance.

Where a manifest names a known deviation of the peer, the peer's departure is computed here and shown to be
the whole of the mismatch; only then does a mismatch count as known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference import clinicalsignificance_cases, suddengains_cases
from reference.comparison import Case, Cells, Outcome, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def compare(folder: Path, *, perturb: bool = False) -> Iterator[Outcome]:
    """Compare every case of the folder's manifest.

    Args:
        folder: A folder with a ``manifest.json`` of the form of change_process.
        perturb: Change one expected value per adaptor, so that the comparison must fail.
    """
    done: set[str] = set()
    for case in read_json(folder / "manifest.json")["cases"]:
        name = _adaptor_name(case)
        cells = Cells(str(case["id"]), perturb=perturb and name not in done)
        adaptor = ADAPTORS.get(name)
        absent = [f["file"] for f in case["files"] if not (folder / f["file"]).is_file()]
        if adaptor is None:
            cells.not_offered(f"{case['package']}: {case['call']}")
        elif absent:
            cells.not_offered(f"the folder holds no {', '.join(absent)}")
        else:
            done.add(name)
            try:
                adaptor(folder, case, cells)
            except Exception as error:
                cells.wrong.append(f"the comparison stopped with {type(error).__name__}: {error}")
        yield cells.outcome()


def _adaptor_name(case: Case) -> str:
    return f"{case['kind']} {str(case['call']).split('(')[0].split(' ')[0]}"


ADAPTORS: dict[str, Callable[[Path, Case, Cells], None]] = {
    "sudden identify_sg": suddengains_cases.sudden,
    "sudden identify_sl": suddengains_cases.sudden,
    "sudden_aux count_intervals": suddengains_cases.count_intervals,
    "sudden_aux select_cases": suddengains_cases.select_cases,
    "sudden_aux define_crit1_cutoff": suddengains_cases.crit1_cutoff,
    "cs cs_distribution": clinicalsignificance_cases.change_alone,
    "cs cs_percentage": clinicalsignificance_cases.change_alone,
    "cs cs_anchor": clinicalsignificance_cases.change_alone,
    "cs cs_combined": clinicalsignificance_cases.combined,
    "cs cs_statistical": clinicalsignificance_cases.statistical,
}
