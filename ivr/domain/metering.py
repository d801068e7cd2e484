"""What is measured of calls: how long each stage of them takes, and what became of the audio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stretch of a call that somebody waits for."""

    ATTACH = "attach"
    """From the decision to answer until the caller can be heard."""
    EXAMINE = "examine"
    """Voice, words and repeats found in one utterance, the wait for a thread included."""
    WRITE = "write"
    """The verdict written, to PostgreSQL or to the outbox."""
    RELEASE = "release"
    """The channel variables set, and the caller back in the dialplan."""
    DECIDE = "decide"
    """From the certain end of the last utterance until the caller is back in the dialplan."""


class Posting(StrEnum):
    """What became of an event that another program was to be told of."""

    DELIVERED = "delivered"
    LOST = "lost"
    """Given up: the receiver was down, too slow, or refused it."""


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """What became of one call's audio, in frames of about 20 ms."""

    heard: int
    """Came from the telephone."""
    filled: int
    """Silence put where nothing came: lost on the way, or suppressed by the telephone."""
    refused: int
    """Of no whole number of samples."""
    unheard: int
    """Came, and were dropped since the conversation fell behind."""
