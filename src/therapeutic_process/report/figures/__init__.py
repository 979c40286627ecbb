"""Figures of the report, as Altair charts and as SVG."""

from therapeutic_process.report.figures.change import change_figure
from therapeutic_process.report.figures.codes import code_profile_figure
from therapeutic_process.report.figures.courses import rating_figure, therapy_figure
from therapeutic_process.report.figures.engine import figure_svg
from therapeutic_process.report.figures.event_course import event_course_figure
from therapeutic_process.report.figures.heatmap import transition_heatmap
from therapeutic_process.report.figures.linked import linked_timeline_figure
from therapeutic_process.report.figures.mechanisms import mechanism_forest
from therapeutic_process.report.figures.residuals import residual_heatmap
from therapeutic_process.report.figures.specifications import specification_figure
from therapeutic_process.report.figures.timeline import timeline_figure

__all__ = [
    "change_figure",
    "code_profile_figure",
    "event_course_figure",
    "figure_svg",
    "linked_timeline_figure",
    "mechanism_forest",
    "rating_figure",
    "residual_heatmap",
    "specification_figure",
    "therapy_figure",
    "timeline_figure",
    "transition_heatmap",
]
