"""This room links what happens in sessions with change outside them, and says how far the link carries."""

from therapeutic_process.process_outcome.links import (
    Link,
    LinkedSession,
    LinkRow,
    Links,
    Unplaced,
    link_events,
)
from therapeutic_process.process_outcome.perspectives import Perspectives, perspectives

__all__ = [
    "Link",
    "LinkRow",
    "LinkedSession",
    "Links",
    "Perspectives",
    "Unplaced",
    "link_events",
    "perspectives",
]
