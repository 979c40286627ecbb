"""This room grades the change that clients undergo: reliable, clinically significant, sudden; alone and in cohorts."""

from therapeutic_process.change_process.attainment import (
    AttainmentChange,
    GoalAttainment,
    goal_attainment,
    goal_attainment_change,
)
from therapeutic_process.change_process.bootstrap import CutoffInterval, cutoff_c_interval
from therapeutic_process.change_process.change import (
    Change,
    ChangeRow,
    Changes,
    ChangeVerdict,
    Threshold,
    change_between,
    changes,
    published_threshold,
)
from therapeutic_process.change_process.cohort import (
    important_change_table,
    percentage_change_table,
    reliable_change_table,
)
from therapeutic_process.change_process.cohort_significance import (
    clinical_significance_table,
    cutoff_crossing_table,
    true_score_range_table,
)
from therapeutic_process.change_process.cutoffs import (
    ClinicalCutoff,
    clinical_cutoff,
    published_cutoff,
    true_score_cutoff,
)
from therapeutic_process.change_process.detect import (
    DETECTION_METHODS,
    DetectedChanges,
    DetectionMethod,
    detect_changes,
)
from therapeutic_process.change_process.focus import NextFocus, next_focus
from therapeutic_process.change_process.graded_change import ClassShare, GradedChange
from therapeutic_process.change_process.group_change import (
    GroupChange,
    TrueChangeShare,
    group_change,
    group_difference,
    true_change_shares,
)
from therapeutic_process.change_process.important_change import (
    GradedAmount,
    important_change,
    percentage_change,
    remission,
    response,
)
from therapeutic_process.change_process.paired_scores import PairedScores, paired_scores
from therapeutic_process.change_process.random_slopes import RandomSlopes, random_slope_change, random_slopes
from therapeutic_process.change_process.reference_values import ReferenceValues, reference_from_sample
from therapeutic_process.change_process.reliable_change import (
    ReliableChange,
    reliable_change,
    reliable_change_index,
    reliable_change_points,
)
from therapeutic_process.change_process.significance import (
    CLASSES,
    ClinicalSignificance,
    clinical_significance,
    cutoff_crossing,
)
from therapeutic_process.change_process.sudden_chance import (
    ChanceLevel,
    FalsePositiveRate,
    sudden_gains_by_chance,
    sudden_gains_false_positives,
)
from therapeutic_process.change_process.sudden_course import interval_reasons
from therapeutic_process.change_process.sudden_coverage import IntervalCounts, enough_scores, interval_counts
from therapeutic_process.change_process.sudden_gains import CoursePoint, SuddenGains, sudden_gains
from therapeutic_process.change_process.sudden_intervals import REASONS
from therapeutic_process.change_process.sudden_rule import STABILITY_NEEDS, SuddenRule
from therapeutic_process.change_process.talking_therapies import (
    MeasureRule,
    ScorePair,
    TalkingTherapiesOutcome,
    talking_therapies_of,
    talking_therapies_outcome,
)
from therapeutic_process.change_process.theory import (
    CausePattern,
    ChangePattern,
    CodePattern,
    EffectPattern,
    EventPattern,
    GoalPattern,
    InertBounds,
    LagWindow,
    Mechanism,
    RatingPattern,
    ScorePattern,
    TaskPattern,
    TheoryOfChange,
    fingerprint,
)

__all__ = [
    "CLASSES",
    "DETECTION_METHODS",
    "REASONS",
    "STABILITY_NEEDS",
    "AttainmentChange",
    "CausePattern",
    "ChanceLevel",
    "Change",
    "ChangePattern",
    "ChangeRow",
    "ChangeVerdict",
    "Changes",
    "ClassShare",
    "ClinicalCutoff",
    "ClinicalSignificance",
    "CodePattern",
    "CoursePoint",
    "CutoffInterval",
    "DetectedChanges",
    "DetectionMethod",
    "EffectPattern",
    "EventPattern",
    "FalsePositiveRate",
    "GoalAttainment",
    "GoalPattern",
    "GradedAmount",
    "GradedChange",
    "GroupChange",
    "InertBounds",
    "IntervalCounts",
    "LagWindow",
    "MeasureRule",
    "Mechanism",
    "NextFocus",
    "PairedScores",
    "RandomSlopes",
    "RatingPattern",
    "ReferenceValues",
    "ReliableChange",
    "ScorePair",
    "ScorePattern",
    "SuddenGains",
    "SuddenRule",
    "TalkingTherapiesOutcome",
    "TaskPattern",
    "TheoryOfChange",
    "Threshold",
    "TrueChangeShare",
    "change_between",
    "changes",
    "clinical_cutoff",
    "clinical_significance",
    "clinical_significance_table",
    "cutoff_c_interval",
    "cutoff_crossing",
    "cutoff_crossing_table",
    "detect_changes",
    "enough_scores",
    "fingerprint",
    "goal_attainment",
    "goal_attainment_change",
    "group_change",
    "group_difference",
    "important_change",
    "important_change_table",
    "interval_counts",
    "interval_reasons",
    "next_focus",
    "paired_scores",
    "percentage_change",
    "percentage_change_table",
    "published_cutoff",
    "published_threshold",
    "random_slope_change",
    "random_slopes",
    "reference_from_sample",
    "reliable_change",
    "reliable_change_index",
    "reliable_change_points",
    "reliable_change_table",
    "remission",
    "response",
    "sudden_gains",
    "sudden_gains_by_chance",
    "sudden_gains_false_positives",
    "talking_therapies_of",
    "talking_therapies_outcome",
    "true_change_shares",
    "true_score_cutoff",
    "true_score_range_table",
]
