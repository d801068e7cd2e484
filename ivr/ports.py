"""What the flows need of the world: each port a Protocol, each failure a named error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.decision.policy import AttemptEvidence
from engine.enrollment import EnrollmentRules, Review
from engine.enrollment import Heard as RecordingHeard
from engine.identification import Identification
from engine.types import (
    Embedding,
    Fingerprint,
    Hearing,
    Judgement,
    Llr,
    Locale,
    ModelId,
    Pcm,
    PhraseFinding,
    PhraseId,
    Quality,
    ReplayFinding,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from ivr.domain.call import AccountId, CallFacts, CallState, Purpose, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import Enrollment, Recording
from ivr.domain.metering import FrameCounts, Stage
from ivr.domain.news import News
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.prompt import Spoken
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect


class PortError(Exception):
    """Root of what a port may raise."""


class CallerHungUpError(PortError):
    """The caller is gone; nothing more can be said or heard."""


class CallLostError(PortError):
    """Asterisk or its media failed us while the caller was there."""


class ToldToStopError(PortError):
    """Whoever watches a call that is only listened to wants us to listen no more."""


class StoreUnavailableError(PortError):
    """PostgreSQL could not be reached or refused; the message says what to do."""


class RateUnreachableError(PortError):
    """The voice model cannot be as sure as a tenant wants; the message says what it can."""


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
        """Drop the keys that were pressed and not heard yet: they answer no later question."""
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

    async def caller_locked_until(self, tenant: TenantId, number: str) -> datetime | None:
        """Return until when callers of a number are locked out, as `Profile.locked_until`."""
        ...

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a tenant's named group; empty where it has none."""
        ...

    async def consent(self, tenant: TenantId, account: AccountId) -> Consent | None:
        """Return the last consent that a person gave and that holds, or None."""
        ...

    async def enrolled(self, tenant: TenantId, at_most: int) -> Sequence[Profile]:
        """Return all enrolled profiles of a tenant; none where there are more than `at_most`."""
        ...

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for."""
        ...

    async def own_rates(self, tenant: TenantId) -> OwnRates:
        """Return the rates that a tenant has set, as they are now."""
        ...

    async def open(self, opening: Opening) -> OwnRates:
        """Note that a verification began, and return `own_rates` for it."""
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

    def measurement(self) -> Measurement:
        """Return the utterance as it stands, for `Voice.measure`."""
        ...


class Measurement(Protocol):
    """An utterance ready to be measured, whatever its listener hears next."""

    def quality(self) -> Quality:
        """Measure; it takes milliseconds, so leave it to `Voice.measure`."""
        ...


class Ledger(Protocol):
    """Where verdicts are written so that none is lost, whatever fails."""

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict and return the one that counts. Never raises.

        It is another than the one given where one was already written, or where PostgreSQL is away:
        then INCONCLUSIVE / UNAVAILABLE, kept aside until it can be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an utterance is examined for, besides the voice."""

    replay_key: bytes
    """Of the tenant: see `Keys`."""
    locale: Locale
    """The language of the words."""
    earlier: tuple[Fingerprint, ...] = ()
    """What it must not be a repeat of."""
    phrase: PhraseId | None = None
    """The passphrase that was asked for; None where none was."""
    frames: tuple[bytes, ...] = ()
    """Of the person's recordings of that phrase."""
    digits: str = ""
    """The challenge that was asked for; empty where none was."""
    before: tuple[Utterance, ...] = ()
    """What was said earlier in the same breath: free speech comes in pieces."""
    model: ModelId | None = None
    """Whose embedding, as `Voice.model_of` says; None for the voice model of today."""


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """What was found in an utterance. Phrase and digits are UNCHECKED where none were wanted."""

    embedding: Embedding
    fingerprint: Fingerprint
    frames: bytes
    """As `engine.phrase.alignment` packs them; empty where no phrase was wanted."""
    phrase: PhraseFinding
    digits: PhraseFinding
    replay: ReplayFinding


class Ear(Protocol):
    """Recognises the words of one utterance while they are being said."""

    def follow(self, utterance: Utterance) -> None:
        """Take the utterance as it stands, from its beginning on; returns at once."""
        ...


class Voice(Protocol):
    """The engine, as a flow sees it. Only what is awaited takes milliseconds."""

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        ...

    def at(self, own: OwnRates) -> Voice:
        """Return the same voice at a tenant's own rates; `RateUnreachableError`."""
        ...

    def threshold(self, model: ModelId | None = None) -> Llr:
        """Return what the evidence of a verification must reach; `model` as for `judge`."""
        ...

    def model_of(self, profile: Profile) -> ModelId:
        """Return the voice model that callers are compared with a profile by.

        While the voice model is being changed it is the earlier one for who still has its
        voiceprints, where that is loaded.
        """
        ...

    async def listener(self) -> Listener:
        """Return ears for one utterance; where none are at hand they are made off the loop."""
        ...

    def ear(self, wanted: Wanted) -> Ear:
        """Return ears for the words of one utterance."""
        ...

    async def examine(
        self, utterance: Utterance, wanted: Wanted, ear: Ear | None = None
    ) -> Examination:
        """Find voice, words and repeats in an utterance, away from the event loop.

        `ear` is one of `ear`'s for the same `wanted`: what it has followed is not decoded again.
        """
        ...

    async def measure(self, measurement: Measurement) -> Quality:
        """Measure an utterance, away from the event loop."""
        ...

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None."""
        ...

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints."""
        ...

    def judge(
        self,
        attempts: Sequence[AttemptEvidence],
        *,
        watchlisted: bool = False,
        threshold: Llr | None = None,
        model: ModelId | None = None,
        locale: str,
    ) -> Judgement:
        """Judge what a call's attempts brought; none at all is INCONCLUSIVE.

        `threshold` is another than a verification's: see `identify`. `locale` is the language of
        the explanation.
        """
        ...

    def review(
        self,
        recording: Recording,
        found: RecordingHeard,
        kept: Sequence[Recording],
        rules: EnrollmentRules,
    ) -> Review[Recording]:
        """Take one more recording into an enrollment, or say why not."""
        ...

    def watchlisted(
        self, embedding: Embedding, quality: Quality, suspects: Sequence[Suspect]
    ) -> bool:
        """Say whether an utterance is in the voice of one of the watchlist."""
        ...

    def identify(
        self, embedding: Embedding, quality: Quality, group: Sequence[Profile]
    ) -> Identification[AccountId]:
        """Search a group of at least one profile for the voice of an utterance."""
        ...

    async def repeat(
        self, fingerprint: Fingerprint, earlier: Sequence[Fingerprint]
    ) -> ReplayFinding:
        """Look for an utterance among earlier recordings, away from the event loop."""
        ...

    def suspected(self, voiceprints: Sequence[Voiceprint], suspects: Sequence[Suspect]) -> bool:
        """Say whether a person with these voiceprints sounds like one of the watchlist."""
        ...

    def resembling(
        self, voiceprints: Sequence[Voiceprint], others: Sequence[Profile]
    ) -> Sequence[AccountId]:
        """Return who of other profiles sounds like a person with these voiceprints."""
        ...

    def challenge(self, length: int) -> str:
        """Draw so many random digits for the caller to repeat."""
        ...


class Desk(Protocol):
    """Whoever watches calls as they happen: the agents' screens."""

    def tell(self, news: News) -> None:
        """Pass news of a call on. Never raises, and keeps no call waiting."""
        ...


class Meter(Protocol):
    """Counts what becomes of calls, for those who watch the service. Never raises, never waits."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Note how long a stage of a call took."""
        ...

    def verified(self, purpose: Purpose | None, verification: Verification) -> None:
        """Note a verdict that was written; no purpose: of a call that its process had left."""
        ...

    def enrolled(self, enrollment: Enrollment) -> None:
        """Note how an enrollment ended."""
        ...

    def carried(self, frames: FrameCounts) -> None:
        """Note what became of a call's audio, at the call's end."""
        ...


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        ...
