"""This room describes what happens in sessions, without a theory of what it does."""

from therapeutic_process.session_process.adherence import InterventionDelivery, PlanAdherence, plan_adherence
from therapeutic_process.session_process.codes import CodeCount, CodeProfile, code_profile
from therapeutic_process.session_process.coverage import covers
from therapeutic_process.session_process.talk import SpeakerTalk, TalkShare, talk_share
from therapeutic_process.session_process.transitions import Transition, Transitions, transitions

__all__ = [
    "CodeCount",
    "CodeProfile",
    "InterventionDelivery",
    "PlanAdherence",
    "SpeakerTalk",
    "TalkShare",
    "Transition",
    "Transitions",
    "code_profile",
    "covers",
    "plan_adherence",
    "talk_share",
    "transitions",
]
