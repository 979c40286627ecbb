"""Readers for transcripts as people have them: subtitles, diarised speech, chats; each with an account of what it did."""

from therapeutic_process.exchange.transcripts.chats import read_chat, read_diarised
from therapeutic_process.exchange.transcripts.subtitles import read_srt, read_webvtt, write_webvtt
from therapeutic_process.exchange.transcripts.turns import Role, Turn, TurnLog, case_of_turns

__all__ = [
    "Role",
    "Turn",
    "TurnLog",
    "case_of_turns",
    "read_chat",
    "read_diarised",
    "read_srt",
    "read_webvtt",
    "write_webvtt",
]
