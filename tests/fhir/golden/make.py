"""Write the golden bundles anew, after a deliberate change: PYTHONPATH=src python tests/fhir/golden/make.py."""

from __future__ import annotations

import json
from pathlib import Path

from therapeutic_process.exchange import load_case
from therapeutic_process.exchange.fhir import to_bundle

HERE = Path(__file__).parent


def main() -> None:
    """Write the bundles of ``case.json``."""
    case = load_case((HERE / "case.json").read_bytes())
    for name, everything in (("summary", False), ("full", True)):
        bundle = to_bundle(case, turns=everything, text=everything)
        text = json.dumps(bundle, indent=1, ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
