"""This room shows what was found: figures, and a report to open, read and print."""

from therapeutic_process.report.case_view import case_report
from therapeutic_process.report.cohort_view import cohort_report
from therapeutic_process.report.figures import (
    change_figure,
    code_profile_figure,
    figure_svg,
    timeline_figure,
    transition_heatmap,
)

__all__ = [
    "case_report",
    "change_figure",
    "code_profile_figure",
    "cohort_report",
    "figure_svg",
    "timeline_figure",
    "transition_heatmap",
]
