"""The recordings of a body: decoded one at a time, and only so much of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.audio.files import AudioFile, AudioFileError, read_audio
from ivr.api.bodies import Part
from ivr.api.errors import RefusedAudioError, TooLargeError

TOTAL_MAX_S: Final = 600.0
"""Of one request: the speech that makes an enrollment, 300 s, and as much of pauses."""


def decoded(parts: Sequence[Part]) -> Iterator[AudioFile]:
    """Decode each recording when it is asked for; ask in a thread.

    `RefusedAudioError` says which of several, what was found and what is accepted; `TooLargeError`
    comes with the recording that is too much.
    """
    seconds = 0.0
    for number, part in enumerate(parts, start=1):
        file = _decoded(part, f"recording {number}" if len(parts) > 1 else "the recording")
        seconds += file.seconds
        if seconds > TOTAL_MAX_S:
            raise TooLargeError(
                f"the recordings last more than {TOTAL_MAX_S:g} s together: send fewer or shorter"
            )
        yield file


def _decoded(part: Part, which: str) -> AudioFile:
    """The ending of a name tells raw audio's kind."""
    try:
        return read_audio(part.content, f"{which}{part.ending}")
    except AudioFileError as error:
        raise RefusedAudioError(f"{which} is refused: {error.found}; {error.accepted}") from None
