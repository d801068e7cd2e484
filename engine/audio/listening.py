"""The states of a listener: what may follow what, and after how long. One table, no audio."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum, auto
from typing import Final

from engine.errors import AudioError
from engine.types import Hearing


@dataclass(frozen=True, slots=True)
class ListeningLimits:
    """How long a listener waits for what, in seconds of audio; `AudioError` unless sensible."""

    end_silence_s: float = 0.6
    """Silence after the last speech that ends the utterance ..."""
    hesitation_s: float = 0.9
    """... and how much it takes while less than `few_words_s` has been spoken."""
    few_words_s: float = 0.8
    """Net speech that is taken for a beginning; 0 makes the end silence the same throughout."""
    wait_s: float = 5.0
    """From the start to `SILENT`, where nobody speaks."""
    longest_s: float = 8.0
    """From the beginning of the speech to `TOO_LONG`."""
    least_speech_s: float = 0.15
    """An utterance of less net speech was a cough or a click, and is forgotten."""
    margin_s: float = 0.12
    """What is left of the silence at both ends of the utterance."""

    def __post_init__(self) -> None:
        """Raise `AudioError` for a limit that is negative, infinite or no number."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.0 <= value < 3600.0:
                raise AudioError(f"{field.name} must lie in [0, 3600) seconds, and is {value}")
        if not self.end_silence_s or not self.longest_s:
            raise AudioError("end_silence_s and longest_s must be more than 0 seconds")

    def silence_s(self, net_speech_s: float) -> float:
        """How much silence ends an utterance that holds so much speech."""
        if net_speech_s < self.few_words_s:
            return max(self.end_silence_s, self.hesitation_s)
        return self.end_silence_s


class Change(Enum):
    """What a listener can notice."""

    SPEECH = auto()
    PAUSE = auto()
    END = auto()
    """The silence was long enough."""
    COUGH = auto()
    """So it was, but what came before was too little to be an utterance."""
    LIMIT = auto()
    """The utterance is as long as it may be."""
    NOBODY = auto()
    """The wait was long enough."""


TRANSITIONS: Final[dict[tuple[Hearing, Change], Hearing]] = {
    (Hearing.WAITING, Change.SPEECH): Hearing.SPEAKING,
    (Hearing.WAITING, Change.NOBODY): Hearing.SILENT,
    (Hearing.SPEAKING, Change.PAUSE): Hearing.PAUSING,
    (Hearing.SPEAKING, Change.LIMIT): Hearing.TOO_LONG,
    (Hearing.PAUSING, Change.SPEECH): Hearing.SPEAKING,
    (Hearing.PAUSING, Change.END): Hearing.ENDED,
    (Hearing.PAUSING, Change.COUGH): Hearing.WAITING,
    (Hearing.PAUSING, Change.LIMIT): Hearing.TOO_LONG,
}
"""The whole of a listener's life. `ENDED`, `SILENT` and `TOO_LONG` lead nowhere."""

FINAL: Final = frozenset(Hearing) - {before for before, _ in TRANSITIONS}


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known after a window of audio; all times in seconds."""

    speaking: bool
    """Whether the activity goes on (its probability has not fallen)."""
    heard_s: float
    """Since the start."""
    speech_s: float
    """Since the speech began."""
    silence_s: float
    """Since the last speech."""
    net_speech_s: float


def notice(hearing: Hearing, moment: Moment, limits: ListeningLimits) -> Change | None:
    """Say what, if anything, the moment changes for a listener in this state."""
    if hearing is Hearing.WAITING:
        return _notice_waiting(moment, limits)
    if moment.speech_s >= limits.longest_s:
        return Change.LIMIT
    if hearing is Hearing.SPEAKING:
        return None if moment.speaking else Change.PAUSE
    return _notice_pausing(moment, limits)


def _notice_waiting(moment: Moment, limits: ListeningLimits) -> Change | None:
    if moment.speaking:
        return Change.SPEECH
    return Change.NOBODY if moment.heard_s >= limits.wait_s else None


def _notice_pausing(moment: Moment, limits: ListeningLimits) -> Change | None:
    if moment.speaking:
        return Change.SPEECH
    if moment.silence_s < limits.silence_s(moment.net_speech_s):
        return None
    return Change.COUGH if moment.net_speech_s < limits.least_speech_s else Change.END
