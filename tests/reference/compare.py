"""Hold the library against results of peers: ``python tests/reference/compare.py FOLDER [--self-test]``.

The form of the folder decides which comparison runs. One line per mismatch, then the counts; the exit status
is 1 if anything differs. With ``--self-test`` one expected value per kind is changed, and the run must fail.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parents[1] / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reference.comparison import Outcome


def form_of(folder: Path) -> str:
    """Tell which comparison a folder is made for, by its manifest; fits beside their data need none."""
    if not (folder / "manifest.json").is_file():
        return "process_outcome"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    keys = set(manifest) if isinstance(manifest, dict) else set()
    if "cases" in keys and {str(c.get("kind")) for c in manifest["cases"]} <= {"sudden", "sudden_aux", "cs"}:
        return "change_process"
    if "files" in keys:
        return "session_process"
    return "process_outcome"


def comparison_for(form: str) -> Callable[..., Iterable[Outcome]]:
    """Load the comparison of that form, if it is there."""
    name = f"compare_{form}"
    if not (HERE / f"{name}.py").is_file():
        sys.exit(f"no comparison for folders of the form {form}")
    compare: Callable[..., Iterable[Outcome]] = importlib.import_module(f"reference.{name}").compare
    return compare


def main(arguments: list[str]) -> int:
    """Run the comparison and return the exit status."""
    folders = [a for a in arguments if not a.startswith("--")]
    if len(folders) != 1 or set(arguments) - set(folders) - {"--self-test"}:
        print("use: compare.py FOLDER [--self-test]", file=sys.stderr)
        return 2
    folder, perturb = Path(folders[0]), "--self-test" in arguments
    if not (folder / "manifest.json").is_file() and not any(folder.glob("*.json")):
        print("compare.py: the folder has no manifest.json and no fits", file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    for outcome in comparison_for(form_of(folder))(folder, perturb=perturb):
        counts[outcome.status] += 1
        if outcome.status != "same":
            print(f"{outcome.status}: {outcome.case}: {outcome.detail}")
    print(
        f"compared {counts.total()}, differ {counts['differ']}, "
        f"known deviations {counts['known deviation']}, not offered {counts['not offered']}"
    )
    return 1 if counts["differ"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
