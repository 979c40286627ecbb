"""Models side by side: their answers, and which of them to believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SpecificationEstimate", "SpecificationSensitivity"]

_FOOTER = "* default for inference, ° screen; the others can reject a true null in 60–100 % of cohorts"
Role = Literal["default", "screen", "usual"]


@attrs.frozen
class SpecificationEstimate:
    """What one model says.

    Attributes:
        name: The model.
        role: `default`, `screen`, or `usual`: one the field uses, shown for comparison.
        scale: What the estimate is.
        estimate: Per unit of the process; nan where the model gives only a test.
        standard_error: Theirs; nan likewise.
        interval: Of the declared level.
        p_value: Two-sided.
        classical_se: The standard error under independent errors, where the model has another; nan otherwise.
        n_clients: Clients used.
        n_rows: Sessions used.
        refused: Why there is no answer, or None.
    """

    name: str
    role: Role
    scale: str
    estimate: float = np.nan
    standard_error: float = np.nan
    interval: tuple[float, float] = (np.nan, np.nan)
    p_value: float = np.nan
    classical_se: float = np.nan
    n_clients: int = 0
    n_rows: int = 0
    refused: str | None = None


@attrs.frozen(eq=False, repr=False)
class SpecificationSensitivity:
    """All models side by side.

    Attributes:
        estimates: One per model, the default first.
        level: Level of the intervals.
    """

    estimates: tuple[SpecificationEstimate, ...]
    level: float

    def estimate(self, name: str) -> SpecificationEstimate:
        """Return one model's answer.

        Args:
            name: The model's name.
        """
        return next(e for e in self.estimates if e.name == name)

    def __repr__(self) -> str:
        answered = [e for e in self.estimates if e.refused is None]
        below = sum(e.p_value < 1 - self.level for e in answered)
        return f"<SpecificationSensitivity: {below} of {len(answered)} models reject, default marked>"

    def __str__(self) -> str:
        lines = [repr(self)]
        for e in self.estimates:
            mark = {"default": "*", "screen": "°", "usual": " "}[e.role]
            answer = e.refused or f"{e.estimate:9.3g}  p = {e.p_value:.2g}  ({e.scale})"
            lines.append(f"{mark} {e.name:42s} {answer}")
        return "\n".join([*lines, _FOOTER])

    def to_frame(self) -> pl.DataFrame:
        """Return one row per model."""
        import polars as pl

        rows = [attrs.asdict(e, recurse=False) for e in self.estimates]
        ends = [{"low": r["interval"][0], "high": r.pop("interval")[1]} for r in rows]
        return pl.DataFrame([r | e for r, e in zip(rows, ends, strict=True)], infer_schema_length=None)
