"""The Voice port on the real engine: what runs where, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from copy import copy
from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from structlog.testing import capture_logs

from engine import SpeakerEngine
from engine.decision.policy import AttemptEvidence
from engine.errors import AudioError
from engine.types import (
    Embedding,
    Hearing,
    Llr,
    Locale,
    ModelId,
    PhraseId,
    PhraseOutcome,
    Quality,
    ReplayOutcome,
    Shortcoming,
    Span,
    Utterance,
    Voiceprint,
)
from engine.voice.embedder import Embedder
from ivr.domain.call import AccountId, TenantId
from ivr.domain.operating_point import PointPurpose
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import Profile, ProfileId, ProfileState
from ivr.domain.watchlist import Suspect
from ivr.lab.scenes import PHRASE
from ivr.ports import RateUnreachableError, Voice, Wanted
from ivr.rates import common_rates
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.patience import PATIENCE_S
from tests.unit.engine.voice.models import CARD
from tests.unit.test_words import OTHER, said

GOOD = Quality(net_speech_s=2.5, snr_db=30.0, level_dbfs=-20.0, clipped=0.0)
SPEECH = Utterance(np.sin(np.arange(16_000) / 9 * (1 + np.arange(16_000) / 9e4)).astype(np.float32))
ENGINE = SpeakerEngine.load()
NO_WORDS = Words([])
WANTED = Wanted(b"k" * 32, Locale("en-US"))


def test_a_tenants_own_rate_moves_the_threshold_and_nothing_else() -> None:
    """Model and threads are shared; what the calibration cannot reach is refused."""
    voice = EngineVoice(ENGINE, NO_WORDS)
    laxer = voice.at({PointPurpose.VERIFICATION: 0.1})
    assert laxer.threshold() < voice.threshold()
    laxer_rates, rates = (common_rates(each.engine.rates) for each in (laxer, voice))
    assert laxer_rates == {**rates, PointPurpose.VERIFICATION: 0.1}
    assert laxer.model == voice.model
    with pytest.raises(RateUnreachableError):
        voice.at({PointPurpose.VERIFICATION: 1e-12})


def profile(account: str, voiceprint: Voiceprint) -> Profile:
    """Return somebody who is enrolled with one recording."""
    return Profile(
        ProfileId(uuid4()),
        TenantId("harbour bank"),
        AccountId(account),
        ProfileState.ENROLLED,
        "en-US",
        "my-voice-is-my-passport",
        consented=True,
        voiceprints=(voiceprint,),
    )


MANY = 1000
"""More voices than the calibration that ships can tell apart at the installation's rates."""


def test_a_watchlist_that_is_too_long_finds_nobody_and_ends_no_call() -> None:
    """No evidence would be enough to name anyone among so many; the log says so, each time."""
    voice, heard = EngineVoice(ENGINE, NO_WORDS), ENGINE.embed(SPEECH)
    print_of_him = Voiceprint(heard, GOOD)
    suspects = [Suspect(UUID(int=number), (print_of_him,)) for number in range(MANY)]
    assert voice.suspected([print_of_him], suspects[:1])
    with capture_logs() as told:
        assert not voice.suspected([print_of_him], suspects)
    assert [each["event"] for each in told] == ["search_out_of_reach"]


def test_a_watchlist_of_one_at_a_rate_out_of_reach_ends_no_call_either() -> None:
    """A tenant may set one for which no evidence is enough, even against a single suspect."""
    voice = EngineVoice(ENGINE, NO_WORDS).at({PointPurpose.WATCHLIST: 1e-6})
    him = Voiceprint(ENGINE.embed(SPEECH), GOOD)
    with capture_logs() as told:
        assert not voice.suspected([him], [Suspect(UUID(int=1), (him,))])
    assert [each["event"] for each in told] == ["search_out_of_reach"]


def test_several_utterances_are_one_look_at_the_watchlist() -> None:
    """Their mean decides: more of them are no more chances to be taken for somebody of it."""
    voice, heard = EngineVoice(ENGINE, NO_WORDS), ENGINE.embed(SPEECH)
    alike, other = Voiceprint(heard, GOOD), Voiceprint(replace(heard, vector=-heard.vector), GOOD)
    suspects = [Suspect(UUID(int=1), (alike,))]
    assert voice.suspected([alike, alike], suspects)
    assert not voice.suspected([alike, other], suspects)


def test_the_earlier_model_searches_its_own_suspects() -> None:
    """Who is not done yet after a change of the model is looked for among voices of the same."""
    heard = ENGINE.embed(SPEECH)
    before = replace(heard, model=ModelId("before"))
    embedder = copy(ENGINE.embedder)
    embedder.card = replace(embedder.card, id="before")
    calibration = replace(ENGINE.calibration, model=before.model)
    earlier = replace(ENGINE, embedder=embedder, calibration=calibration)
    voice = EngineVoice(ENGINE, NO_WORDS, earlier=earlier)
    suspects = [Suspect(UUID(int=1), (Voiceprint(before, GOOD),))]
    assert voice.suspected([Voiceprint(before, GOOD)], suspects)
    assert not voice.suspected([Voiceprint(heard, GOOD)], suspects)


def test_among_too_many_people_nobody_is_said_to_be_enrolled_already() -> None:
    """A warning less: who enrolls as one of very many is enrolled all the same."""
    voice, him = EngineVoice(ENGINE, NO_WORDS), Voiceprint(ENGINE.embed(SPEECH), GOOD)
    others = [profile(f"person-{number}", him) for number in range(MANY)]
    assert voice.resembling([him], others[:1]) == ("person-0",)
    with capture_logs() as told:
        assert voice.resembling([him], others) == ()
    assert "among 1000 voices" in told[0]["why"]


class SlowEmbedder(Embedder):
    """The built-in model, which waits until it is let go."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]  # whatever Embedder takes
        self.go = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.threads: set[str] = set()

    def embed(self, utterance: Utterance, parts: Sequence[Span] = ()) -> Embedding:
        """Note the thread, wait, embed."""
        self.threads.add(threading.current_thread().name)
        self.at_work.release()
        assert self.go.wait(PATIENCE_S)
        return super().embed(utterance, parts)


@pytest.fixture
async def voice() -> AsyncIterator[EngineVoice]:
    """The port on the built-in engine."""
    made = EngineVoice(ENGINE, NO_WORDS)
    yield made
    await made.close()


async def test_the_port_answers_as_the_engine_does(voice: EngineVoice) -> None:
    """Each call gives what the engine gives."""
    port: Voice = voice
    examination = await port.examine(SPEECH, WANTED)
    embedding = examination.embedding
    np.testing.assert_array_equal(embedding.vector, ENGINE.embed(SPEECH).vector)
    voiceprints = [Voiceprint(embedding, GOOD)]
    llr = ENGINE.compare(embedding, GOOD, voiceprints)
    assert port.model == ENGINE.model
    assert port.compare(embedding, GOOD, voiceprints) == llr
    attempts = [AttemptEvidence(llr), AttemptEvidence(Llr(-1.0))]
    assert port.judge(attempts, locale="en-US") == ENGINE.decide(attempts)
    assert port.shortcoming(replace(GOOD, net_speech_s=0.1)) is Shortcoming.TOO_SHORT
    assert (await port.listener()).push(np.zeros(160, np.int16)) is Hearing.WAITING


async def test_a_recording_heard_before_is_known_again(voice: EngineVoice) -> None:
    """Under the same key; nothing is asked of words that nobody wanted."""
    noise = np.random.default_rng(1).standard_normal(16_000).astype(np.float32)
    speech = Utterance(noise / np.float32(9))
    first = await voice.examine(speech, WANTED)
    assert first.replay.outcome is ReplayOutcome.UNCHECKED
    again = await voice.examine(speech, replace(WANTED, earlier=(first.fingerprint,)))
    assert again.replay.outcome is ReplayOutcome.REPEAT
    assert (await voice.repeat(again.fingerprint, ())).outcome is ReplayOutcome.UNCHECKED
    assert (first.phrase.outcome, first.digits.outcome) == (PhraseOutcome.UNCHECKED,) * 2


async def test_pieces_of_free_speech_are_one_voice(voice: EngineVoice) -> None:
    """What was said before counts too."""
    halves = [Utterance(half) for half in np.split(SPEECH.samples, 2)]
    together = await voice.examine(halves[1], replace(WANTED, before=(halves[0],)))
    assert together.embedding.cosine(ENGINE.embed(SPEECH)) > 0.999


@pytest.mark.parametrize(
    ("spoken", "wanted", "parts"),
    [(PHRASE, DEFAULT_PASSPHRASE, 3), (OTHER, DEFAULT_PASSPHRASE, None), (PHRASE, None, None)],
    ids=["right", "another", "free speech"],
)
async def test_a_passphrase_that_was_said_has_parts(
    spoken: str, wanted: PhraseId | None, parts: int | None
) -> None:
    """And bears its name, and nothing else has either: other speech is compared as such."""
    voice = EngineVoice(ENGINE, Words.load(["en-US"]))
    found = await voice.examine(said(spoken, 47), replace(WANTED, phrase=wanted))
    await voice.close()
    assert (None if found.embedding.parts is None else len(found.embedding.parts)) == parts
    assert found.embedding.phrase == (wanted if parts else None)
    whole = ENGINE.embed(said(spoken, 47)).vector
    np.testing.assert_array_equal(found.embedding.vector, whole)


async def test_what_nothing_can_recognise_counts_as_the_passphrase(voice: EngineVoice) -> None:
    """Or who is asked for it in another language would pass as if any words had been said."""
    found = await voice.examine(SPEECH, replace(WANTED, phrase=DEFAULT_PASSPHRASE))
    assert found.phrase.outcome is PhraseOutcome.UNCHECKED
    assert found.embedding.phrase == DEFAULT_PASSPHRASE


async def test_what_was_said_before_a_passphrase_moves_its_parts() -> None:
    """They are where the phrase is in all that was said."""
    voice, phrase = EngineVoice(ENGINE, Words.load(["en-US"])), said(PHRASE, 47)
    wanted = replace(WANTED, phrase=DEFAULT_PASSPHRASE)
    found = await voice.examine(phrase, replace(wanted, before=(SPEECH,)))
    await voice.close()
    parts = voice.ear(wanted).finding(phrase).parts
    later = [Span(SPEECH.seconds + part.start_s, SPEECH.seconds + part.end_s) for part in parts]
    whole = Utterance(np.concatenate([SPEECH.samples, phrase.samples]))
    np.testing.assert_array_equal(found.embedding.parts, ENGINE.embed(whole, later).parts)
    assert len(later) == 3


async def test_another_models_suspects_are_passed_over(voice: EngineVoice) -> None:
    """They cannot be compared, and must not end the call."""
    embedding = (await voice.examine(SPEECH, WANTED)).embedding
    foreign = replace(embedding, model=ModelId("another"))
    suspects = [Suspect(UUID(int=1), (Voiceprint(foreign, GOOD),))]
    assert not voice.suspected([Voiceprint(embedding, GOOD)], suspects)


async def test_a_challenge_is_drawn_anew(voice: EngineVoice) -> None:
    """Digits, as many as wanted, and hardly ever the same."""
    drawn = {voice.challenge(12) for _ in range(20)}
    assert len(drawn) == 20
    assert all(len(each) == 12 and each.isdecimal() for each in drawn)


async def test_the_engines_errors_reach_the_caller(voice: EngineVoice) -> None:
    """An error in a thread is raised where the voice was asked for."""
    with pytest.raises(AudioError, match="empty"):
        await voice.examine(Utterance(np.zeros(0, np.float32)), WANTED)


async def test_embedding_never_holds_up_the_event_loop() -> None:
    """While every thread is busy, the loop runs on; no more threads are used than stated."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), NO_WORDS, threads=2)
    waiting = [asyncio.create_task(voice.examine(SPEECH, WANTED)) for _ in range(6)]
    for _ in range(2):
        assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    assert not any(task.done() for task in waiting)
    slow.go.set()
    assert len(await asyncio.gather(*waiting)) == 6
    assert len(slow.threads) == 2
    await voice.close()


async def test_ears_and_embeddings_do_not_wait_for_each_other() -> None:
    """A caller who begins gets ears while every other one's voice is being made."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), NO_WORDS, threads=1)
    waiting = asyncio.create_task(voice.examine(SPEECH, WANTED))
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    listener = await asyncio.wait_for(voice.listener(), PATIENCE_S)
    assert listener.push(np.zeros(160, np.int16)) is Hearing.WAITING
    assert not waiting.done()
    slow.go.set()
    await waiting
    await voice.close()


async def test_a_voice_is_busy_while_every_thread_has_an_utterance() -> None:
    """A tenant's own voice shares the threads, and is as busy."""
    one = EngineVoice(ENGINE, NO_WORDS, threads=1)
    tenants = one.at({PointPurpose.VERIFICATION: 0.1})
    assert not one.busy
    examined = asyncio.ensure_future(one.examine(SPEECH, WANTED))
    await asyncio.sleep(0)
    assert one.busy
    assert tenants.busy
    await examined
    assert not one.busy
    assert not tenants.busy
    await one.close()


async def test_closing_waits_for_the_callers_it_has() -> None:
    """Those who asked before get their voice; those who ask after are refused."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), NO_WORDS, threads=1)
    waiting = [asyncio.create_task(voice.examine(SPEECH, WANTED)) for _ in range(2)]
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    closing = asyncio.create_task(voice.close())
    await asyncio.sleep(0)
    assert not closing.done()
    slow.go.set()
    await closing
    assert [len((await task).embedding.vector) for task in waiting] == [192, 192]
    with pytest.raises(RuntimeError, match="shutdown"):
        await voice.examine(SPEECH, WANTED)


async def test_closing_twice_is_harmless() -> None:
    """The second time there is nothing left to do."""
    voice = EngineVoice(ENGINE, NO_WORDS)
    await voice.close()
    await voice.close()


async def test_a_caller_who_gives_up_harms_nobody_else() -> None:
    """A cancelled wait leaves the pool at work for the others."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), NO_WORDS, threads=1)
    gone, patient = (asyncio.create_task(voice.examine(SPEECH, WANTED)) for _ in range(2))
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    gone.cancel()
    slow.go.set()
    assert (await patient).embedding.model == ENGINE.model
    with pytest.raises(asyncio.CancelledError):
        await gone
    await voice.close()


class SlowMeasurement:
    """A measurement that waits until the event loop has had its turn."""

    def __init__(self) -> None:
        self.looped = threading.Event()

    def quality(self) -> Quality:
        """On the event loop this would wait in vain."""
        assert self.looped.wait(PATIENCE_S), "the event loop was held meanwhile"
        return GOOD


async def test_measuring_leaves_the_event_loop_free(voice: EngineVoice) -> None:
    """Whatever it takes, frames of other callers are taken in the meantime."""
    measurement = SlowMeasurement()
    measuring = asyncio.ensure_future(voice.measure(measurement))
    asyncio.get_running_loop().call_soon(measurement.looped.set)
    assert await measuring == GOOD
