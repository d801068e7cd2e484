"""A file heard as a telephone would hear it: the same ears, only that they wait to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.audio import Listener, ListeningLimits
from engine.audio.files import AudioFile
from engine.types import Pcm, Quality, Utterance

_PATIENCE_S: Final = 3599.0
_PATIENT: Final = ListeningLimits(
    end_silence_s=_PATIENCE_S,
    hesitation_s=_PATIENCE_S,
    wait_s=_PATIENCE_S,
    longest_s=_PATIENCE_S,
)
"""A file ends where it ends: no silence within it ends the utterance."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What a file holds."""

    utterance: Utterance
    """From the first speech to the last; empty without any."""
    quality: Quality
    pcm: Pcm
    """The whole of it as a telephone would bring it, int16 `[n]` at 8 kHz."""


def heard(file: AudioFile) -> Sound:
    """Find the speech in a file and measure it, as far as the telephone's band reaches."""
    return heard_again(file.telephone)


def heard_again(pcm: Pcm) -> Sound:
    """Find the speech in telephone audio, int16 `[n]` at 8 kHz, such as an enrollment keeps."""
    listener = Listener(_PATIENT)
    listener.push(pcm)
    return Sound(listener.utterance(), listener.quality(), pcm)
