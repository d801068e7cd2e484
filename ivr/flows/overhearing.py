"""The caller's side of a conversation with somebody else, in pieces fit to be compared."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from engine.audio.listening import FINAL
from engine.types import TELEPHONE_RATE_HZ, Hearing, Pcm, Quality, Shortcoming, Utterance
from ivr.flows.conversation import Capture, Tape
from ivr.flows.turns import overall
from ivr.ports import Call, Examination, Frame, Listener, Voice

LEAST_PIECE_S = 0.3
"""Less net speech is a cough or a click; "yes" takes longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the caller said without a pause."""

    utterance: Utterance
    quality: Quality
    pcm: Pcm
    """The same as it came from the telephone, int16 `[n]` at 8 kHz, silences included."""
    ended_at_s: float
    """When its end became certain, in seconds of the loop's clock."""

    def examined(self, examination: Examination) -> Capture:
        """Return the piece with what was found in it."""
        return Capture(self.utterance, self.quality, examination, self.pcm, self.ended_at_s)


def together(pieces: Sequence[Piece]) -> Piece:
    """Return at least one piece as one."""
    return Piece(
        utterance=Utterance(np.concatenate([each.utterance.samples for each in pieces])),
        quality=overall([each.quality for each in pieces]),
        pcm=np.concatenate([each.pcm for each in pieces]),
        ended_at_s=pieces[-1].ended_at_s,
    )


class Overhearing:
    """Listens for as long as the caller talks, `longest_s` at most; nobody asks him anything.

    Time is counted in the caller's frames. A piece that something is wrong with (music, tones,
    noise, a second talker) is left out, so that it spoils none of the others; one that is only
    short counts with them.
    """

    def __init__(self, call: Call, voice: Voice, longest_s: float) -> None:
        """Take an answered call; `voice` makes ears for each piece, away from the event loop."""
        self._call = call
        self._voice = voice
        self._left = round(longest_s * TELEPHONE_RATE_HZ)

    async def piece(self) -> Piece | None:
        """Return the next piece; None when time is up. Raises what `Call.heard` does."""
        while self._left > 0:
            with closing(await self._voice.listener()) as listener:
                piece = await self._next(Tape(), listener)
            if piece is not None:
                return piece
        return None

    async def _next(self, tape: Tape, listener: Listener) -> Piece | None:
        """Listen once; None where nobody spoke, or what was said is not to be used."""
        if await self._hearing(tape, listener) is Hearing.SILENT:
            return None
        return await self._fit(tape, listener)

    async def _hearing(self, tape: Tape, listener: Listener) -> Hearing:
        """Listen to the end of one piece; the end of time ends it too."""
        hearing = Hearing.WAITING
        while hearing not in FINAL and self._left > 0:
            heard = await self._call.heard()
            if isinstance(heard, Frame):
                hearing = listener.push(heard.pcm)
                tape.frames.append(heard.pcm)
                self._left -= len(heard.pcm)
        return hearing

    async def _fit(self, tape: Tape, listener: Listener) -> Piece | None:
        ended_at_s = asyncio.get_running_loop().time()
        utterance = listener.utterance()
        quality = await self._voice.measure(listener.measurement())
        wrong = self._voice.shortcoming(quality)
        if wrong not in (None, Shortcoming.TOO_SHORT) or quality.net_speech_s < LEAST_PIECE_S:
            return None
        return Piece(utterance, quality, tape.pcm, ended_at_s)
