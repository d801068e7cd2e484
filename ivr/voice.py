"""The engine behind the Voice port: embeddings are made in threads, away from the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine import SpeakerEngine
from engine.types import (
    Embedding,
    Judgement,
    Llr,
    ModelId,
    Quality,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from ivr.ports import Listener


class EngineVoice:
    """`ivr.ports.Voice` on a `SpeakerEngine`.

    `embed` runs in a pool of `threads`, one for each core unless told otherwise: onnxruntime
    leaves the interpreter's lock while it computes, and more threads than cores would only make
    every caller wait. A call embeds one utterance at a time, so the queue is never longer than
    the number of calls. Ears that have to be built (0.1 s) are built one after another in a thread
    of their own: many callers at once must not make those wait who have spoken already. (Not at a
    lower priority: a thread that holds the interpreter's lock must not be kept from its core.)
    Everything else takes microseconds and runs where it is called.
    """

    def __init__(self, engine: SpeakerEngine, threads: int | None = None) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads or _cores(), thread_name_prefix="embed")
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="ears")

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        return self._engine.model

    async def listener(self) -> Listener:
        """Return ears for one utterance, making them away from the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._builder, self._engine.listener)

    async def embed(self, utterance: Utterance) -> Embedding:
        """Turn speech into a voice, away from the event loop.

        `AudioError` where the utterance is empty or not finite, `RuntimeError` after `close`.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._engine.embed, utterance)

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None."""
        return self._engine.shortcoming(quality)

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints; errors as the engine's."""
        return self._engine.compare(embedding, quality, voiceprints)

    def judge(self, llrs: Sequence[Llr]) -> Judgement:
        """Judge the evidence of a call's attempts; none at all is INCONCLUSIVE."""
        return self._engine.judge(llrs)

    def consistent(self, voiceprint: Voiceprint, others: Sequence[Voiceprint]) -> bool:
        """Say whether a new enrollment recording sounds like the same person's others."""
        return self._engine.consistent(voiceprint, others)

    async def close(self) -> None:
        """Refuse new utterances and wait, off the event loop, for those taken; again is harmless.

        What has begun is finished: the callers who wait for it get their verdict.
        """
        await asyncio.to_thread(self._builder.shutdown)
        await asyncio.to_thread(self._pool.shutdown)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
