"""This room describes what happens in sessions, exactly and without a theory: order, share, talk, agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.lazy_room import lazy_room

if TYPE_CHECKING:
    from therapeutic_process.session_process.adherence import (
        InterventionDelivery,
        PlanAdherence,
        plan_adherence,
    )
    from therapeutic_process.session_process.agreed import (
        AgreedSide,
        TaskAnswers,
    )
    from therapeutic_process.session_process.agreement_report import (
        AgreementReport,
        agreement,
        bootstrap_interval,
        disagreements,
        session_score_agreement,
    )
    from therapeutic_process.session_process.averages import (
        RandomEffects,
        random_effects,
    )
    from therapeutic_process.session_process.case_transitions import Transition, Transitions, transitions
    from therapeutic_process.session_process.client_effects import (
        TransitionEffects,
        transition_effects,
    )
    from therapeutic_process.session_process.code_shares import (
        CodeShareTable,
        GuardedRatio,
        code_share_table,
        guarded_ratio,
    )
    from therapeutic_process.session_process.codes import CodeCount, CodeProfile, code_profile
    from therapeutic_process.session_process.collaboration import (
        CollaborationAndOpenness,
        SessionMeasure,
        collaboration_and_openness,
    )
    from therapeutic_process.session_process.complexity import (
        SequenceComplexity,
        distinct_subsequences,
        entropy,
        sequence_complexity,
        turbulence,
    )
    from therapeutic_process.session_process.congruence import (
        Congruence,
        RatingCongruence,
        rating_congruence,
    )
    from therapeutic_process.session_process.congruence_over_clients import (
        CongruenceEffect,
        CongruenceEffects,
        congruence_effects,
    )
    from therapeutic_process.session_process.course import (
        Course,
        session_course,
    )
    from therapeutic_process.session_process.coverage import covers
    from therapeutic_process.session_process.event_agreement import (
        EventAgreement,
        time_unit_kappa,
    )
    from therapeutic_process.session_process.event_alignment import (
        alignment_kappa,
    )
    from therapeutic_process.session_process.facets import (
        Topic,
    )
    from therapeutic_process.session_process.homogeneity import (
        HomogeneityTest,
        homogeneity_test,
    )
    from therapeutic_process.session_process.intraclass import (
        Form,
        IntraclassCorrelation,
        intraclass_correlation,
    )
    from therapeutic_process.session_process.kappa import (
        Agreement,
        cohen_kappa,
        kappa_of_table,
    )
    from therapeutic_process.session_process.krippendorff import (
        Level,
        krippendorff_alpha,
    )
    from therapeutic_process.session_process.many_raters import (
        brennan_prediger,
        conger_kappa,
        fleiss_kappa,
        gwet_ac1,
        light_kappa,
        percent_agreement,
        unanimous_share,
    )
    from therapeutic_process.session_process.pattern_kappa import (
        BidirectionalKappa,
        ParallelDominance,
        TwoCellTest,
        UnidirectionalKappa,
        bidirectional_kappa,
        parallel_dominance,
        two_cell_test,
        unidirectional_kappa,
    )
    from therapeutic_process.session_process.permutation import (
        PermutationTest,
        permute_within_sessions,
    )
    from therapeutic_process.session_process.rated_courses import (
        RatingCourse,
        RatingCourses,
        rating_courses,
    )
    from therapeutic_process.session_process.rated_sessions import (
        RaterRole,
        SessionRating,
        SessionRatings,
        session_ratings,
    )
    from therapeutic_process.session_process.rating_tables import (
        read_session_ratings,
    )
    from therapeutic_process.session_process.ratings import (
        Ratings,
        as_ratings,
        read_ratings,
    )
    from therapeutic_process.session_process.sequential import (
        SequentialStatistics,
        sequential_statistics,
    )
    from therapeutic_process.session_process.sign_flips import (
        SignFlip,
        sign_flip_test,
    )
    from therapeutic_process.session_process.talk import SpeakerTalk, TalkShare, talk_share
    from therapeutic_process.session_process.talk_time import (
        TalkProfile,
        talk_profile,
    )
    from therapeutic_process.session_process.therapy import (
        ClientsCourse,
        MeasureCourse,
        SessionMeasured,
        TherapyCourse,
    )
    from therapeutic_process.session_process.therapy_case import (
        therapy_course,
    )
    from therapeutic_process.session_process.therapy_tables import (
        therapy_courses,
    )
    from therapeutic_process.session_process.time_use import (
        TimeBudget,
        time_budget,
    )
    from therapeutic_process.session_process.transition_table import (
        TransitionTables,
        transition_tables,
    )
    from therapeutic_process.session_process.turns import (
        CodedTurns,
        code_turns,
    )

# The statistics need the ``analysis`` extra; the room itself must open without it.
_HOME = {
    "AgreedSide": "agreed",
    "Agreement": "kappa",
    "AgreementReport": "agreement_report",
    "BidirectionalKappa": "pattern_kappa",
    "ClientsCourse": "therapy",
    "CodeCount": "codes",
    "CodeProfile": "codes",
    "CodeShareTable": "code_shares",
    "CodedTurns": "turns",
    "CollaborationAndOpenness": "collaboration",
    "Congruence": "congruence",
    "CongruenceEffect": "congruence_over_clients",
    "CongruenceEffects": "congruence_over_clients",
    "Course": "course",
    "EventAgreement": "event_agreement",
    "Form": "intraclass",
    "GuardedRatio": "code_shares",
    "HomogeneityTest": "homogeneity",
    "InterventionDelivery": "adherence",
    "IntraclassCorrelation": "intraclass",
    "Level": "krippendorff",
    "MeasureCourse": "therapy",
    "ParallelDominance": "pattern_kappa",
    "PermutationTest": "permutation",
    "PlanAdherence": "adherence",
    "RandomEffects": "averages",
    "RaterRole": "rated_sessions",
    "RatingCongruence": "congruence",
    "RatingCourse": "rated_courses",
    "RatingCourses": "rated_courses",
    "Ratings": "ratings",
    "SequenceComplexity": "complexity",
    "SequentialStatistics": "sequential",
    "SessionMeasure": "collaboration",
    "SessionMeasured": "therapy",
    "SessionRating": "rated_sessions",
    "SessionRatings": "rated_sessions",
    "SignFlip": "sign_flips",
    "SpeakerTalk": "talk",
    "TalkProfile": "talk_time",
    "TalkShare": "talk",
    "TaskAnswers": "agreed",
    "TherapyCourse": "therapy",
    "TimeBudget": "time_use",
    "Topic": "facets",
    "Transition": "case_transitions",
    "TransitionEffects": "client_effects",
    "TransitionTables": "transition_table",
    "Transitions": "case_transitions",
    "TwoCellTest": "pattern_kappa",
    "UnidirectionalKappa": "pattern_kappa",
    "agreement": "agreement_report",
    "alignment_kappa": "event_alignment",
    "as_ratings": "ratings",
    "bidirectional_kappa": "pattern_kappa",
    "bootstrap_interval": "agreement_report",
    "brennan_prediger": "many_raters",
    "code_profile": "codes",
    "code_share_table": "code_shares",
    "code_turns": "turns",
    "cohen_kappa": "kappa",
    "collaboration_and_openness": "collaboration",
    "conger_kappa": "many_raters",
    "congruence_effects": "congruence_over_clients",
    "covers": "coverage",
    "disagreements": "agreement_report",
    "distinct_subsequences": "complexity",
    "entropy": "complexity",
    "fleiss_kappa": "many_raters",
    "guarded_ratio": "code_shares",
    "gwet_ac1": "many_raters",
    "homogeneity_test": "homogeneity",
    "intraclass_correlation": "intraclass",
    "kappa_of_table": "kappa",
    "krippendorff_alpha": "krippendorff",
    "light_kappa": "many_raters",
    "parallel_dominance": "pattern_kappa",
    "percent_agreement": "many_raters",
    "permute_within_sessions": "permutation",
    "plan_adherence": "adherence",
    "random_effects": "averages",
    "rating_congruence": "congruence",
    "rating_courses": "rated_courses",
    "read_ratings": "ratings",
    "read_session_ratings": "rating_tables",
    "sequence_complexity": "complexity",
    "sequential_statistics": "sequential",
    "session_course": "course",
    "session_ratings": "rated_sessions",
    "session_score_agreement": "agreement_report",
    "sign_flip_test": "sign_flips",
    "talk_profile": "talk_time",
    "talk_share": "talk",
    "therapy_course": "therapy_case",
    "therapy_courses": "therapy_tables",
    "time_budget": "time_use",
    "time_unit_kappa": "event_agreement",
    "transition_effects": "client_effects",
    "transition_tables": "transition_table",
    "transitions": "case_transitions",
    "turbulence": "complexity",
    "two_cell_test": "pattern_kappa",
    "unanimous_share": "many_raters",
    "unidirectional_kappa": "pattern_kappa",
}

__all__ = [
    "AgreedSide",
    "Agreement",
    "AgreementReport",
    "BidirectionalKappa",
    "ClientsCourse",
    "CodeCount",
    "CodeProfile",
    "CodeShareTable",
    "CodedTurns",
    "CollaborationAndOpenness",
    "Congruence",
    "CongruenceEffect",
    "CongruenceEffects",
    "Course",
    "EventAgreement",
    "Form",
    "GuardedRatio",
    "HomogeneityTest",
    "InterventionDelivery",
    "IntraclassCorrelation",
    "Level",
    "MeasureCourse",
    "ParallelDominance",
    "PermutationTest",
    "PlanAdherence",
    "RandomEffects",
    "RaterRole",
    "RatingCongruence",
    "RatingCourse",
    "RatingCourses",
    "Ratings",
    "SequenceComplexity",
    "SequentialStatistics",
    "SessionMeasure",
    "SessionMeasured",
    "SessionRating",
    "SessionRatings",
    "SignFlip",
    "SpeakerTalk",
    "TalkProfile",
    "TalkShare",
    "TaskAnswers",
    "TherapyCourse",
    "TimeBudget",
    "Topic",
    "Transition",
    "TransitionEffects",
    "TransitionTables",
    "Transitions",
    "TwoCellTest",
    "UnidirectionalKappa",
    "agreement",
    "alignment_kappa",
    "as_ratings",
    "bidirectional_kappa",
    "bootstrap_interval",
    "brennan_prediger",
    "code_profile",
    "code_share_table",
    "code_turns",
    "cohen_kappa",
    "collaboration_and_openness",
    "conger_kappa",
    "congruence_effects",
    "covers",
    "disagreements",
    "distinct_subsequences",
    "entropy",
    "fleiss_kappa",
    "guarded_ratio",
    "gwet_ac1",
    "homogeneity_test",
    "intraclass_correlation",
    "kappa_of_table",
    "krippendorff_alpha",
    "light_kappa",
    "parallel_dominance",
    "percent_agreement",
    "permute_within_sessions",
    "plan_adherence",
    "random_effects",
    "rating_congruence",
    "rating_courses",
    "read_ratings",
    "read_session_ratings",
    "sequence_complexity",
    "sequential_statistics",
    "session_course",
    "session_ratings",
    "session_score_agreement",
    "sign_flip_test",
    "talk_profile",
    "talk_share",
    "therapy_course",
    "therapy_courses",
    "time_budget",
    "time_unit_kappa",
    "transition_effects",
    "transition_tables",
    "transitions",
    "turbulence",
    "two_cell_test",
    "unanimous_share",
    "unidirectional_kappa",
]


__getattr__ = lazy_room(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
