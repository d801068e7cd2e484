"""The engine behind the Voice port: what takes milliseconds is done in threads, off the loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import TypeVar

import numpy as np

from engine import SpeakerEngine
from engine.decision.operating_point import Basis, OperatingPoint
from engine.decision.policy import AttemptEvidence, decide
from engine.enrollment import EnrollmentRules, Heard, Review
from engine.identification import Identification
from engine.liveness import fingerprint, repeat
from engine.types import (
    Embedding,
    Fingerprint,
    Judgement,
    Llr,
    Locale,
    ModelId,
    PhraseFinding,
    PhraseOutcome,
    Purpose,
    Quality,
    ReplayFinding,
    Shortcoming,
    Span,
    Utterance,
    Voiceprint,
)
from ivr.domain.call import AccountId
from ivr.domain.enrollment import Recording
from ivr.domain.metering import Stage
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.watchlist import Suspect
from ivr.ear import EngineEar
from ivr.flows.metering import NothingMeasured, measured
from ivr.ports import Ear, Examination, Listener, Measurement, Meter, Wanted
from ivr.rates import tuned
from ivr.reach import within_reach
from ivr.words import Words

T = TypeVar("T")


class EngineVoice:
    """`ivr.ports.Voice` on a `SpeakerEngine` and the words of each locale.

    `examine` runs in a pool of `threads`, one for each core unless told otherwise: onnxruntime
    leaves the interpreter's lock while it computes, and more threads than cores would only make
    every caller wait. A call examines one utterance at a time, so the queue is never longer than
    a few times the number of calls. Ears that have to be built (0.1 s) are built one after another
    in a thread of their own: many callers at once must not make those wait who have spoken
    already. (Not at a lower priority: a thread that holds the interpreter's lock must not be kept
    from its core.) Everything else takes microseconds and runs where it is called.
    """

    def __init__(
        self,
        engine: SpeakerEngine,
        words: Words,
        threads: int | None = None,
        meter: Meter | None = None,
        earlier: SpeakerEngine | None = None,
    ) -> None:
        """`earlier` has the voice model of before a change, for whose profiles are not done yet."""
        self._engine = engine
        self._earlier = earlier
        self._meter = meter or NothingMeasured()
        self._words = words
        self._threads = threads or _cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="examine")
        self._examined: list[Utterance] = []
        """Those at hand; `at` shares the list, as it shares the pool."""
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="ears")

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        return self._engine.model

    @property
    def busy(self) -> bool:
        """Whether as many utterances are examined as there are threads."""
        return len(self._examined) >= self._threads

    def threshold(self, model: ModelId | None = None) -> Llr:
        """Return what the evidence of a verification must reach."""
        return self._with(model).point.threshold

    @property
    def engine(self) -> SpeakerEngine:
        """What is at work, with today's voice model."""
        return self._engine

    def at(self, own: OwnRates) -> EngineVoice:
        """Return the same voice at a tenant's own rates: model and threads are shared.

        `RateUnreachableError` where the calibration cannot reach the rate of verification. It is
        not to be closed.
        """
        other = copy(self)
        other._engine = tuned(self._engine, own)
        other._earlier = None if self._earlier is None else tuned(self._earlier, own)
        return other

    def apart(self, threads: int) -> EngineVoice:
        """Return the same voice with threads of its own, to be closed: nobody here waits for it."""
        return EngineVoice(self._engine, self._words, threads, earlier=self._earlier)

    def model_of(self, profile: Profile) -> ModelId:
        """Return the voice model that callers are compared with a profile by."""
        models = {each.embedding.model for each in profile.voiceprints}
        if self._earlier is not None and models == {self._earlier.model}:
            return self._earlier.model
        return self.model

    async def listener(self) -> Listener:
        """Return ears for one utterance, making them away from the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._builder, self._engine.listener)

    def ear(self, wanted: Wanted) -> EngineEar:
        """Return ears for the words of one utterance."""
        return EngineEar(self._words, wanted, self._pool)

    async def examine(
        self, utterance: Utterance, wanted: Wanted, ear: Ear | None = None
    ) -> Examination:
        """Find words and repeats in an utterance, side by side in the pool, and then the voice.

        `AudioError` where the utterance is empty or not finite, `RuntimeError` after `close`.
        """
        self._examined.append(utterance)
        try:
            with measured(self._meter, Stage.EXAMINE):
                return await self._found(utterance, wanted, ear or self.ear(wanted))
        finally:
            self._examined.remove(utterance)

    async def measure(self, measurement: Measurement) -> Quality:
        """Measure an utterance in the pool; `RuntimeError` after `close`."""
        return await self._in_pool(measurement.quality)

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None."""
        return self._engine.shortcoming(quality)

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints; errors as the engine's."""
        return self._with(embedding.model).compare(embedding, quality, voiceprints)

    def judge(
        self,
        attempts: Sequence[AttemptEvidence],
        *,
        watchlisted: bool = False,
        threshold: Llr | None = None,
        model: ModelId | None = None,
        locale: str,
    ) -> Judgement:
        """Judge what a call's attempts brought; none at all is INCONCLUSIVE."""
        point = self._with(model).point
        if threshold is not None:
            point = OperatingPoint(threshold, Basis.BOUND)
        return decide(attempts, point, watchlisted=watchlisted, locale=Locale(locale))

    def review(
        self, recording: Recording, found: Heard, kept: Sequence[Recording], rules: EnrollmentRules
    ) -> Review[Recording]:
        """Take one more recording into an enrollment, or say why not."""
        return self._engine.review(recording, found, kept, rules)

    def of_one_voice(self, voiceprints: Sequence[Voiceprint]) -> tuple[int, ...]:
        """Return the places of those that are of one voice; none of several where no two are."""
        return self._engine.of_one_voice(voiceprints)

    def suspected(self, voiceprints: Sequence[Voiceprint], suspects: Sequence[Suspect]) -> bool:
        """Say whether a person with these voiceprints sounds like one of the watchlist."""
        engine, purpose = self._with(voiceprints[0].embedding.model), Purpose.WATCHLIST
        gallery = {
            each.id: each.voiceprints
            for each in suspects
            if self._ours(each.voiceprints, engine.model)
        }
        if not gallery:
            return False
        searched = engine.gallery(gallery)
        return bool(within_reach(lambda: engine.resembling(voiceprints, searched, purpose)))

    def reaches(self, voices: int) -> bool:
        """Say whether anybody of so many could be named; where nobody could, the log says why."""
        return within_reach(lambda: self._engine.point_among(voices)) is not None

    def identify(
        self,
        embedding: Embedding,
        quality: Quality,
        group: Sequence[Profile],
        earlier: Sequence[Voiceprint] = (),
    ) -> Identification[AccountId]:
        """Search a group of at least one profile for the voice of an utterance."""
        gallery = self._engine.gallery({each.account: each.voiceprints for each in group})
        return self._engine.identify(embedding, quality, gallery, earlier=earlier)

    async def repeat(
        self, fingerprint: Fingerprint, earlier: Sequence[Fingerprint]
    ) -> ReplayFinding:
        """Look for an utterance among earlier recordings, in the pool."""
        return await self._in_pool(lambda: repeat(fingerprint, earlier))

    def resembling(
        self, voiceprints: Sequence[Voiceprint], others: Sequence[Profile]
    ) -> Sequence[AccountId]:
        """Return who of other profiles sounds like a person with these voiceprints."""
        gallery = {each.account: each.voiceprints for each in others}
        usable = {name: prints for name, prints in gallery.items() if self._ours(prints)}
        if not usable:
            return ()
        searched = self._engine.gallery(usable)
        found = within_reach(lambda: self._engine.resembling(voiceprints, searched))
        return tuple(each.name for each in found or ())

    def challenge(self, length: int) -> str:
        """Draw so many random digits for the caller to repeat."""
        return self._words.challenge(length)

    async def answers(self) -> None:
        """Wait for one of the threads that examine: until it is free, or for good if they hang."""
        await self._in_pool(lambda: None)

    async def close(self) -> None:
        """Refuse new utterances and wait, off the event loop, for those taken; again is harmless.

        What has begun is finished: the callers who wait for it get their verdict.
        """
        await asyncio.to_thread(self._builder.shutdown)
        await asyncio.to_thread(self._pool.shutdown)

    async def _found(self, utterance: Utterance, wanted: Wanted, ear: Ear) -> Examination:
        (embedding, phrase, frames, digits), (printed, replay) = await asyncio.gather(
            self._in_pool(lambda: self._voiced(utterance, wanted, ear)),
            self._in_pool(lambda: _printed(utterance, wanted)),
        )
        return Examination(embedding, printed, frames, phrase, digits, replay)

    def _voiced(
        self, utterance: Utterance, wanted: Wanted, ear: Ear
    ) -> tuple[Embedding, PhraseFinding, bytes, PhraseFinding]:
        """Find the words, and the voice in each part of the passphrase."""
        phrase, frames, digits = self._worded(utterance, wanted, ear)
        return self._embed(utterance, wanted, phrase), phrase, frames, digits

    def _embed(self, utterance: Utterance, wanted: Wanted, found: PhraseFinding) -> Embedding:
        """Make a voice of all that was said, also in the pieces before, which have no parts."""
        whole = Utterance(np.concatenate([each.samples for each in (*wanted.before, utterance)]))
        before_s = sum(each.seconds for each in wanted.before)
        later = [Span(before_s + part.start_s, before_s + part.end_s) for part in found.parts]
        other = found.outcome in (PhraseOutcome.WRONG, PhraseOutcome.UNSURE)
        return self._with(wanted.model).embed(whole, later, None if other else wanted.phrase)

    def _worded(
        self, utterance: Utterance, wanted: Wanted, ear: Ear
    ) -> tuple[PhraseFinding, bytes, PhraseFinding]:
        assert isinstance(ear, EngineEar), "ears are made by `ear`"
        phrase, frames = self._words.phrase(utterance, wanted, ear.finding(utterance))
        return phrase, frames, ear.digits(utterance)

    def _with(self, model: ModelId | None) -> SpeakerEngine:
        """Return the engine of a voice model: today's, unless it is the earlier one."""
        if self._earlier is not None and model == self._earlier.model:
            return self._earlier
        return self._engine

    def _ours(self, voiceprints: Sequence[Voiceprint], model: ModelId | None = None) -> bool:
        """Say whether these can be compared with what a voice model makes: today's by default."""
        ours = model or self._engine.model
        return bool(voiceprints) and all(each.embedding.model == ours for each in voiceprints)

    async def _in_pool(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _printed(utterance: Utterance, wanted: Wanted) -> tuple[Fingerprint, ReplayFinding]:
    made = fingerprint(utterance, wanted.replay_key)
    return made, repeat(made, wanted.earlier)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
