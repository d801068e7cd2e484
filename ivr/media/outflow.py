"""Our side of the media socket as a state machine without a socket: what to send, and when.

chan_websocket queues at most 1000 frames and drops what comes beyond (measured); its MEDIA_XOFF at
900 comes too late for a sender that does not wait. So each chunk ends in a mark, and no more than
`WINDOW_CHUNKS` chunks are ever on their way.
"""

from __future__ import annotations

from collections import deque

from ivr.media import control
from ivr.media.control import (
    ControlEvent,
    MediaBufferingCompleted,
    MediaMarkProcessed,
    MediaXoff,
    MediaXon,
)

CHUNK_BYTES = 64_000
"""As much as Asterisk takes in one websocket frame: 4 s of slin."""
WINDOW_CHUNKS = 3
"""600 frames of slin, with room for a prompt that was flushed but not yet forgotten."""

Message = str | bytes
"""A text or a binary frame to send."""


class Outflow:
    """Plays one piece of audio at a time. Every method returns the messages to send, in order."""

    def __init__(self) -> None:
        """Begin with nothing to play."""
        self._turn = 0
        self._playing = False
        self._chunks: deque[bytes] = deque()
        self._on_the_way = 0
        self._paused = False

    @property
    def playing(self) -> bool:
        """Whether a piece of audio is being played and not yet heard to its end."""
        return self._playing

    def play(self, audio: bytes) -> list[Message]:
        """Begin a piece of audio, in the socket's format; what was playing is flushed."""
        flushed = self.flush()
        self._turn += 1
        self._playing = True
        self._chunks.extend(
            audio[at : at + CHUNK_BYTES] for at in range(0, len(audio), CHUNK_BYTES)
        )
        return [*flushed, control.start_media_buffering(), *self._next()]

    def flush(self) -> list[Message]:
        """Silence what is playing, within a frame; nothing where nothing is."""
        if not self._playing:
            return []
        self._playing = False
        self._chunks.clear()
        self._on_the_way = 0
        self._paused = False
        return [control.flush_media()]

    def took(self, event: ControlEvent) -> list[Message]:
        """Take an event of the socket into account."""
        match event:
            case MediaMarkProcessed(correlation_id=turn) if turn == self._name:
                self._on_the_way -= 1
            case MediaXoff():
                self._paused = True
            case MediaXon():
                self._paused = False
            case _:
                return []
        return self._next()

    def ended(self, event: ControlEvent) -> bool:
        """Say whether the event means that the piece has been heard to its end; note that it has.

        The event of an earlier piece, flushed since, means nothing.
        """
        if not isinstance(event, MediaBufferingCompleted):
            return False
        if not self._playing or event.correlation_id != self._name:
            return False
        self._playing = False
        return True

    @property
    def _name(self) -> str:
        return str(self._turn)

    def _next(self) -> list[Message]:
        messages: list[Message] = []
        while self._chunks and self._on_the_way < WINDOW_CHUNKS and not self._paused:
            messages += [self._chunks.popleft(), control.mark_media(self._name)]
            self._on_the_way += 1
            if not self._chunks:
                messages.append(control.stop_media_buffering(self._name))
        return messages
