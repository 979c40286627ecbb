"""Cases for the tests of what a report says about change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange import dump_case, load_case_lenient
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLIENT = {"kind": "client", "participant": "c1"}
THERAPIST = {"kind": "therapist", "participant": "t1"}
GAIN_AND_LOSS = (21, 22, 20, 21, 12, 11, 10, None, 9, 10, 18, 18, 19)


def series(
    instrument: str, scores: Sequence[float | None], *, who: str = "c1", **fields: Any
) -> list[dict[str, Any]]:
    """Return measurements as documents have them; None is a score that was declined."""
    by = fields.pop("respondent", {"kind": "client", "participant": who})
    one = {"instrument": instrument, "subject": who, "respondent": by, **fields}
    return [
        {**one, "id": f"{instrument}-{who}-{by['kind']}-{i}"}
        | ({"missing": "declined"} if s is None else {"score": s})
        for i, s in enumerate(scores)
    ]


def case_with(
    *measurements: Mapping[str, Any], clients: Sequence[Mapping[str, Any]] = (), **fields: Any
) -> Case:
    """Return a case with these measurements, a client ``c1`` unless told, and a therapist ``t1``."""
    people = [*(clients or [{"id": "c1", "role": "client"}]), {"id": "t1", "role": "therapist"}]
    data = {"id": "k", "participants": people, "measurements": list(measurements), **fields}
    return Case.model_validate(data)


def goal(name: str, **fields: Any) -> dict[str, Any]:
    """Return a goal of the client that is active, unless told."""
    return {
        "id": name,
        "participants": ["c1"],
        "history": [{"status": "proposed"}, {"status": "active"}],
        **fields,
    }


def of_unknown_instruments(*measurements: Mapping[str, Any]) -> Case:
    """Return a case as a lenient reading gives it, whose instruments nobody knows."""
    own = [{"id": name, "name": "A sheet"} for name in {str(m["instrument"]) for m in measurements}]
    document = json.loads(dump_case(case_with(*measurements, instruments=own)))
    del document["instruments"]
    return load_case_lenient(json.dumps(document)).case
