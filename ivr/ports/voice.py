"""The engine, as a flow sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.decision.policy import AttemptEvidence
from engine.enrollment import EnrollmentRules, Review
from engine.enrollment import Heard as RecordingHeard
from engine.identification import Identification
from engine.types import (
    Embedding,
    Fingerprint,
    Judgement,
    Llr,
    ModelId,
    Quality,
    ReplayFinding,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from ivr.domain.call import AccountId
from ivr.domain.enrollment import Recording
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.watchlist import Suspect
from ivr.ports.ears import Ear, Examination, Listener, Measurement, Wanted


class Voice(Protocol):
    """The engine, as a flow sees it. Only what is awaited takes milliseconds."""

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        ...

    @property
    def busy(self) -> bool:
        """Whether as many utterances are examined as can be at once: what can wait should."""
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

    def of_one_voice(self, voiceprints: Sequence[Voiceprint]) -> tuple[int, ...]:
        """Return the places of those that are of one voice; none of several where no two are."""
        ...

    def reaches(self, voices: int) -> bool:
        """Say whether anybody of so many voices, one at least, could be named by `identify`.

        Where no evidence would be enough, the log says what to do.
        """
        ...

    def identify(
        self,
        embedding: Embedding,
        quality: Quality,
        group: Sequence[Profile],
        earlier: Sequence[Voiceprint] = (),
    ) -> Identification[AccountId]:
        """Search a group of at least one profile for the voice of an utterance.

        The mean Llr of it and of the call's `earlier` ones ranks. `OutOfReachError` where so many
        are not within what `reaches`.
        """
        ...

    async def repeat(
        self, fingerprint: Fingerprint, earlier: Sequence[Fingerprint]
    ) -> ReplayFinding:
        """Look for an utterance among earlier recordings, away from the event loop."""
        ...

    def suspected(self, voiceprints: Sequence[Voiceprint], suspects: Sequence[Suspect]) -> bool:
        """Say whether a person with these voiceprints sounds like one of the watchlist.

        At least one, all by one model; their mean Llr must reach the threshold, so that more of
        them are no more chances of a false alarm.
        """
        ...

    def resembling(
        self, voiceprints: Sequence[Voiceprint], others: Sequence[Profile]
    ) -> Sequence[AccountId]:
        """Return who of other profiles sounds like a person with these voiceprints."""
        ...

    def challenge(self, length: int) -> str:
        """Draw so many random digits for the caller to repeat."""
        ...
