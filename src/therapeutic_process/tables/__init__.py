"""This room knows the record as flat tables."""

from therapeutic_process.tables.frames import frame_of

__all__ = ["frame_of"]
