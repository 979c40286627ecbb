"""This room shows what was found: figures, and a report to open, read and print."""

from therapeutic_process.report.case_view import case_report
from therapeutic_process.report.cohort_view import cohort_report
from therapeutic_process.report.figures import (
    change_figure,
    code_profile_figure,
    event_course_figure,
    figure_svg,
    linked_timeline_figure,
    mechanism_forest,
    specification_figure,
    timeline_figure,
    transition_heatmap,
)
from therapeutic_process.report.theory_findings import TheoryFindings, theory_findings

__all__ = [
    "TheoryFindings",
    "case_report",
    "change_figure",
    "code_profile_figure",
    "cohort_report",
    "event_course_figure",
    "figure_svg",
    "linked_timeline_figure",
    "mechanism_forest",
    "specification_figure",
    "theory_findings",
    "timeline_figure",
    "transition_heatmap",
]
