"""The Voice port on the real engine: what runs where, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from engine import SpeakerEngine
from engine.errors import AudioError
from engine.types import Embedding, Hearing, Llr, Quality, Shortcoming, Utterance, Voiceprint
from engine.voice.embedder import Embedder
from ivr.ports import Voice
from ivr.voice import EngineVoice
from tests.unit.engine.voice.models import CARD

GOOD = Quality(net_speech_s=2.5, snr_db=30.0, level_dbfs=-20.0, clipped=0.0)
SPEECH = Utterance(np.sin(np.arange(16_000) / 9 * (1 + np.arange(16_000) / 9e4)).astype(np.float32))
ENGINE = SpeakerEngine.load()
PATIENCE_S = 10.0


class SlowEmbedder(Embedder):
    """The built-in model, which waits until it is let go."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]  # whatever Embedder takes
        self.go = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.threads: set[str] = set()

    def embed(self, utterance: Utterance) -> Embedding:
        """Note the thread, wait, embed."""
        self.threads.add(threading.current_thread().name)
        self.at_work.release()
        assert self.go.wait(PATIENCE_S)
        return super().embed(utterance)


@pytest.fixture
async def voice() -> AsyncIterator[EngineVoice]:
    """The port on the built-in engine."""
    made = EngineVoice(ENGINE)
    yield made
    await made.close()


async def test_the_port_answers_as_the_engine_does(voice: EngineVoice) -> None:
    """Each call gives what the engine gives."""
    port: Voice = voice
    embedding = await port.embed(SPEECH)
    np.testing.assert_array_equal(embedding.vector, ENGINE.embed(SPEECH).vector)
    voiceprints = [Voiceprint(embedding, GOOD)]
    llr = ENGINE.compare(embedding, GOOD, voiceprints)
    assert port.model == ENGINE.model
    assert port.compare(embedding, GOOD, voiceprints) == llr
    assert port.judge([llr, Llr(-1.0)]) == ENGINE.judge([llr, Llr(-1.0)])
    assert port.consistent(voiceprints[0], voiceprints)
    assert port.shortcoming(replace(GOOD, net_speech_s=0.1)) is Shortcoming.TOO_SHORT
    assert (await port.listener()).push(np.zeros(160, np.int16)) is Hearing.WAITING


async def test_the_engines_errors_reach_the_caller(voice: EngineVoice) -> None:
    """An error in a thread is raised where the voice was asked for."""
    with pytest.raises(AudioError, match="empty"):
        await voice.embed(Utterance(np.zeros(0, np.float32)))


async def test_embedding_never_holds_up_the_event_loop() -> None:
    """While every thread is busy, the loop runs on; no more threads are used than stated."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), threads=2)
    waiting = [asyncio.create_task(voice.embed(SPEECH)) for _ in range(6)]
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
    voice = EngineVoice(replace(ENGINE, embedder=slow), threads=1)
    waiting = asyncio.create_task(voice.embed(SPEECH))
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    listener = await asyncio.wait_for(voice.listener(), PATIENCE_S)
    assert listener.push(np.zeros(160, np.int16)) is Hearing.WAITING
    assert not waiting.done()
    slow.go.set()
    await waiting
    await voice.close()


async def test_closing_waits_for_the_callers_it_has() -> None:
    """Those who asked before get their voice; those who ask after are refused."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), threads=1)
    waiting = [asyncio.create_task(voice.embed(SPEECH)) for _ in range(2)]
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    closing = asyncio.create_task(voice.close())
    await asyncio.sleep(0)
    assert not closing.done()
    slow.go.set()
    await closing
    assert [len((await task).vector) for task in waiting] == [192, 192]
    with pytest.raises(RuntimeError, match="shutdown"):
        await voice.embed(SPEECH)


async def test_closing_twice_is_harmless() -> None:
    """The second time there is nothing left to do."""
    voice = EngineVoice(ENGINE)
    await voice.close()
    await voice.close()


async def test_a_caller_who_gives_up_harms_nobody_else() -> None:
    """A cancelled wait leaves the pool at work for the others."""
    slow = SlowEmbedder.load(CARD)
    voice = EngineVoice(replace(ENGINE, embedder=slow), threads=1)
    gone, patient = (asyncio.create_task(voice.embed(SPEECH)) for _ in range(2))
    assert await asyncio.to_thread(slow.at_work.acquire, timeout=PATIENCE_S)
    gone.cancel()
    slow.go.set()
    assert (await patient).model == ENGINE.model
    with pytest.raises(asyncio.CancelledError):
        await gone
    await voice.close()
