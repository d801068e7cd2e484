"""One caller on the line, as a flow hears and speaks to him."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from engine.types import Pcm
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The caller's audio: int16 `[n]` at 8 kHz, usually 20 ms."""

    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Key:
    """A key the caller pressed: one of `0123456789*#ABCD`."""

    digit: str


@dataclass(frozen=True, slots=True)
class KeysMissed:
    """Nobody tells of keys from here on, or did until here: a number around it is not whole."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """What was played has been heard to its end, or was hushed."""


Heard = Frame | Key | KeysMissed | PromptEnded
"""The next thing from the caller's side of the line, in order."""


class Call(Protocol):
    """One caller on the line. Every method may raise `CallerHungUpError` or `CallLostError`."""

    @property
    def facts(self) -> CallFacts:
        """What is known of the call."""
        ...

    async def answer(self) -> None:
        """Answer, and attach the media; the caller can be heard from here on."""
        ...

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """Start to play the prompts one after another and return; `PromptEnded` follows."""
        ...

    async def hush(self) -> None:
        """Stop what is playing, within a frame; `PromptEnded` follows if anything was."""
        ...

    async def heard(self) -> Heard:
        """Wait for the next frame, key or end of prompt.

        Frames come in the caller's time without gaps: what the network lost or suppressed is
        filled with silence, so that a flow may count time in frames and needs no clock.
        """
        ...

    def forget_keys(self) -> None:
        """Drop the keys that were pressed and not heard yet: they answer no later question.

        Nor do those that were missed.
        """
        ...

    def forget_frames(self) -> None:
        """Drop the audio that came and was not heard yet: it answers no later question either."""
        ...

    async def tag(self, record: UUID) -> None:
        """Write the id of the call's record on the channel, as `COUNTERSIGN_ID`.

        Whoever adopts the call after a crash of ours finds there which record to end.
        """
        ...

    async def tagged(self) -> UUID | None:
        """Return what `tag` wrote, by this process or by one before it; None where nothing was."""
        ...

    async def note(self, state: CallState) -> None:
        """Tell those who watch where the conversation is."""
        ...

    async def release(self, variables: Mapping[str, str]) -> None:
        """Set the channel variables and send the caller on in the dialplan."""
        ...
