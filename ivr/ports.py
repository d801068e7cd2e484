"""What the flows need of the world: each port a Protocol, each failure a named error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.types import (
    Embedding,
    Hearing,
    Judgement,
    Llr,
    ModelId,
    Pcm,
    Quality,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from ivr.domain.call import AccountId, CallFacts, CallState, TenantId
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import Profile
from ivr.domain.prompt import Prompt
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect


class PortError(Exception):
    """Root of what a port may raise."""


class CallerHungUpError(PortError):
    """The caller is gone; nothing more can be said or heard."""


class CallLostError(PortError):
    """Asterisk or its media failed us while the caller was there."""


class StoreUnavailableError(PortError):
    """PostgreSQL could not be reached or refused; the message says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The caller's audio: int16 `[n]` at 8 kHz, usually 20 ms."""

    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Key:
    """A key the caller pressed: one of `0123456789*#ABCD`."""

    digit: str


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """What was played has been heard to its end, or was hushed."""


Heard = Frame | Key | PromptEnded
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

    async def play(self, prompts: Sequence[Prompt]) -> None:
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


class ProfileStore(Protocol):
    """What is kept. Every method may raise `StoreUnavailableError`."""

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile with its voiceprints, or None."""
        ...

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a tenant's named group; empty where it has none."""
        ...

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for."""
        ...

    async def open(self, opening: Opening) -> None:
        """Note that a verification began."""
        ...

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict, once: return what is stored, which is an earlier one if there was.

        Keeps the fingerprints with the profile and counts its REJECTs in a row: what `find` then
        returns tells until when it is locked.
        """
        ...

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verification if its verdict is written (its attempts may be left out)."""
        ...

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return the verifications that this worker began and never closed."""
        ...

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write an enrollment's end, once; on success with profile, consent and recordings."""
        ...


class Keys(Protocol):
    """The secrets that are derived from the master key."""

    def replay_key(self, tenant: TenantId) -> bytes:
        """Return the key of a tenant's fingerprints: always the same one. Never fails."""
        ...


class Listener(Protocol):
    """Ears for one utterance; it counts time in samples. `engine.audio.Listener` is one."""

    def push(self, pcm: Pcm) -> Hearing:
        """Take the next audio, int16 `[n]` at 8 kHz of any length, and say what it makes of it."""
        ...

    def restart(self) -> None:
        """Forget what was heard and wait anew."""
        ...

    def utterance(self) -> Utterance:
        """Return the speech so far, 16 kHz, trimmed of the silence at both ends."""
        ...

    def quality(self) -> Quality:
        """Measure the utterance as it stands."""
        ...


class Ledger(Protocol):
    """Where verdicts are written so that none is lost, whatever fails."""

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict and return the one that counts. Never raises.

        It is another than the one given where one was already written, or where PostgreSQL is away:
        then INCONCLUSIVE / UNAVAILABLE, kept aside until it can be written.
        """
        ...


class Voice(Protocol):
    """The engine, as a flow sees it. Only what is awaited takes milliseconds."""

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        ...

    async def listener(self) -> Listener:
        """Return ears for one utterance; where none are at hand they are made off the loop."""
        ...

    async def embed(self, utterance: Utterance) -> Embedding:
        """Turn speech into a voice, away from the event loop."""
        ...

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None."""
        ...

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints."""
        ...

    def judge(self, llrs: Sequence[Llr]) -> Judgement:
        """Judge the evidence of a call's attempts; none at all is INCONCLUSIVE."""
        ...

    def consistent(self, voiceprint: Voiceprint, others: Sequence[Voiceprint]) -> bool:
        """Say whether a new enrollment recording sounds like the same person's others."""
        ...


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        ...
