"""A file heard as a telephone would hear it: the same ears, only that they wait to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from engine.audio import Listener, ListeningLimits
from engine.audio.files import AudioFile
from engine.phrase.recogniser import LONGEST_S
from engine.types import TELEPHONE_RATE_HZ, Pcm, Quality, Utterance

_PATIENCE_S: Final = 3599.0
_PATIENT: Final = ListeningLimits(
    end_silence_s=_PATIENCE_S,
    hesitation_s=_PATIENCE_S,
    wait_s=_PATIENCE_S,
    longest_s=_PATIENCE_S,
)
"""A file ends where it ends: no silence within it ends the utterance."""
_LISTENING: Final = replace(_PATIENT, longest_s=LONGEST_S - 2 * _PATIENT.margin_s)
"""With its margins the utterance is no longer than words are listened for."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What a file holds."""

    utterance: Utterance
    """From the first speech to the last; empty without any."""
    quality: Quality
    pcm: Pcm
    """All that was heard as a telephone would bring it, int16 `[n]` at 8 kHz."""


def heard(file: AudioFile, *, words: bool) -> Sound:
    """Find the speech in a file and measure it, as far as the telephone's band reaches.

    Where its `words` count, a passphrase or digits, nothing is heard that is not listened to for
    them: as on the telephone, the speech ends after half a minute. Free speech is heard to its end.
    """
    return heard_again(file.telephone, words=words)


def heard_again(pcm: Pcm, *, words: bool) -> Sound:
    """Find the speech in telephone audio, int16 `[n]` at 8 kHz, such as an enrollment keeps."""
    listener = Listener(_LISTENING if words else _PATIENT)
    listener.push(pcm)
    kept = pcm[: round(listener.heard_s * TELEPHONE_RATE_HZ)]
    return Sound(listener.utterance(), listener.quality(), kept)
