"""Turns of a conversation: say something, ask for keys, ask for speech."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from engine.audio.listening import FINAL
from engine.types import TELEPHONE_RATE_HZ, Hearing, Pcm, Quality, Utterance, Voiceprint
from ivr.domain.call import CallState
from ivr.domain.prompt import Spoken
from ivr.flows.barge_in import BargeIn, begun
from ivr.flows.early import EarlyExamination
from ivr.ports import (
    Call,
    Examination,
    Frame,
    Key,
    KeysMissed,
    Listener,
    PromptEnded,
    Voice,
    Wanted,
)

END_KEY = "#"

MISSED_AT_MOST = 2
"""So often are keys asked for anew where some were missed: one outage may fall into two askings,
the one in which it begins and the one in which it ends."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What the caller said."""

    utterance: Utterance
    quality: Quality
    examination: Examination
    pcm: Pcm
    """The same as it came from the telephone, int16 `[n]` at 8 kHz, silences included."""
    ended_at_s: float
    """When the end of speech became certain, in seconds of the loop's clock."""
    before: tuple[Examination, ...] = ()
    """Of the pieces before the last, where it has several."""

    @property
    def voiceprint(self) -> Voiceprint:
        """The voice in it, for a comparison with others'; it is not stored."""
        return Voiceprint(self.examination.embedding, self.quality)


@dataclass(frozen=True, slots=True)
class Unheard:
    """Nobody spoke."""

    quality: Quality
    """Of the line: tones and music are heard without speech, too."""


@dataclass(slots=True)
class Tape:
    """What came from the telephone since the caller's turn began; it lives as long as the turn."""

    frames: list[Pcm] = field(default_factory=list)

    @property
    def pcm(self) -> Pcm:
        """All of it, int16 `[n]` at 8 kHz."""
        return np.concatenate([np.empty(0, np.int16), *self.frames])


async def say(call: Call, *prompts: Spoken) -> None:
    """Play the prompts to their end; a key skips the rest."""
    await call.note(CallState.PROMPTING)
    await call.play(prompts)
    while True:
        match await call.heard():
            case PromptEnded():
                return
            case Key():
                await call.hush()
            case Frame() | KeysMissed():
                pass


async def ask_keys(
    call: Call, *prompts: Spoken, at_most: int, wait_s: float, early: bool = True
) -> str | None:
    """Ask for up to `at_most` keys and return them without the `#` that ends them.

    The caller may key while the prompt plays, and where `early` before it. None where more were
    keyed than asked for: a number cut short is another number. So is one of which keys may have
    been missed: what is keyed then is heard to its end, and asked for anew. Waits `wait_s` seconds
    of the caller's audio for each key.
    """
    for _ in range(1 + MISSED_AT_MOST):
        keys = await _ask_once(call, *prompts, at_most=at_most, wait_s=wait_s, early=early)
        if keys is not None:
            return keys if len(keys) <= at_most else None
    return None


async def _ask_once(
    call: Call, *prompts: Spoken, at_most: int, wait_s: float, early: bool
) -> str | None:
    """Ask once and return all that was keyed; None where keys may have been missed."""
    await call.note(CallState.PROMPTING)
    if not early:
        call.forget_keys()
    await call.play(prompts)
    keys, whole, playing, silence = "", True, True, 0
    while silence < wait_s * TELEPHONE_RATE_HZ:
        match await call.heard():
            case PromptEnded():
                playing = False
                await call.note(CallState.LISTENING)
            case Frame(pcm):
                silence += 0 if playing else len(pcm)
            case KeysMissed():
                # The caller may be keying still.
                whole, silence = False, 0
            case Key(digit):
                if playing:
                    await call.hush()
                if digit != END_KEY:
                    keys, silence = keys + digit, 0
                if digit == END_KEY or at_most == 1:
                    break
    return keys if whole else None


async def ask_speech(
    call: Call, voice: Voice, *prompts: Spoken, wanted: Wanted, barge_in: bool
) -> Capture | Unheard:
    """Ask for speech, listen to its end and examine it.

    What the caller said before it counts only where it goes on with pieces that came before.
    """
    with closing(await voice.listener()) as listener:
        early, tape = EarlyExamination(voice, wanted), Tape()
        try:
            await call.note(CallState.PROMPTING)
            if not wanted.before:
                # Said before the question, it is no answer to it, and must not hush it unheard.
                call.forget_frames()
            await call.play(prompts)
            await _prompted(call, listener, tape, barge_in=barge_in)
            await call.note(CallState.LISTENING)
            if await _listened(call, listener, tape, early) is Hearing.SILENT:
                return Unheard(await voice.measure(listener.measurement()))
            ended_at_s = asyncio.get_running_loop().time()
            await call.note(CallState.CHECKING)
            utterance = listener.utterance()
            examination, quality = await early.of(utterance, listener)
            return Capture(utterance, quality, examination, tape.pcm, ended_at_s)
        finally:
            early.forget()


async def _prompted(call: Call, listener: Listener, tape: Tape, *, barge_in: bool) -> None:
    """Let the prompt play until it ends or the caller speaks or keys over it.

    Whoever has just begun to speak when it ends is heard from where he began; not where a key ended
    it, for then what is loud may be its echo.
    """
    barge, keyed = BargeIn(), False
    while True:
        match await call.heard():
            case PromptEnded():
                break
            case Key():
                keyed = True
                await call.hush()
            case KeysMissed():
                pass
            case Frame(pcm):
                tape.frames.append(pcm)
                if barge_in:
                    await _heard_over(pcm, call, listener, tape, barge)
    if not barge.happened:
        listener.restart()
        tape.frames = [] if keyed else list(begun(tape.frames))
        for pcm in tape.frames:
            listener.push(pcm)


async def _heard_over(pcm: Pcm, call: Call, listener: Listener, tape: Tape, barge: BargeIn) -> None:
    """Listen to the caller while a prompt plays, and stop it where he speaks."""
    hearing = listener.push(pcm)
    if barge.follows(hearing, pcm):
        await call.hush()
    elif hearing in FINAL:
        listener.restart()
        tape.frames.clear()


async def _listened(call: Call, listener: Listener, tape: Tape, early: EarlyExamination) -> Hearing:
    """Listen until the caller has finished, is silent or goes on too long."""
    while True:
        match await call.heard():
            case Frame(pcm):
                hearing = listener.push(pcm)
                tape.frames.append(pcm)
                early.follow(hearing, listener, len(pcm))
                if hearing in FINAL:
                    return hearing
            case Key() | KeysMissed() | PromptEnded():
                pass
