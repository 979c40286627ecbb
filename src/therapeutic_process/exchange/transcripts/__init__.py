"""Readers for transcripts as people have them: subtitles, diarised speech, chats; each accounts for what it did."""

from therapeutic_process.exchange.transcripts.annomi import read_annomi
from therapeutic_process.exchange.transcripts.chats import read_chat, read_diarised
from therapeutic_process.exchange.transcripts.elan import read_elan
from therapeutic_process.exchange.transcripts.subtitle_writer import write_webvtt
from therapeutic_process.exchange.transcripts.subtitles import read_srt, read_webvtt
from therapeutic_process.exchange.transcripts.tables import read_transcript_csv, write_transcript_csv
from therapeutic_process.exchange.transcripts.turns import Role, Turn, TurnLog, case_of_turns

__all__ = [
    "Role",
    "Turn",
    "TurnLog",
    "case_of_turns",
    "read_annomi",
    "read_chat",
    "read_diarised",
    "read_elan",
    "read_srt",
    "read_transcript_csv",
    "read_webvtt",
    "write_transcript_csv",
    "write_webvtt",
]
