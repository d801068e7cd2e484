"""Ears for the words: they follow an utterance while it is being said."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Executor

import numpy as np

from engine.decision.policy import UNCHECKED_PHRASE
from engine.phrase import PhraseListener
from engine.types import PhraseFinding, Samples, Utterance
from ivr.ports import Wanted
from ivr.words import Words

BEGINNING = 1_600
"""By its first 0.1 s an utterance is known to be the same as before, only longer."""


class EngineEar:
    """`ivr.ports.Ear` that decodes in a pool of threads, never on the event loop.

    Decoding takes about a fifth of the time that the words take; what comes meanwhile is decoded
    in the next turn. An utterance that begins anew, after a cough, is decoded anew.
    """

    def __init__(self, words: Words, wanted: Wanted, pool: Executor) -> None:
        self._words = words
        self._wanted = wanted
        self._pool = pool
        self._listener = words.listener(wanted)
        self._decoded = np.zeros(0, np.float32)
        self._at_work = threading.Lock()
        self._waiting: Utterance | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, utterance: Utterance) -> None:
        """Take the utterance as it stands, from its beginning on; returns at once."""
        if self._listener is None:
            return
        self._waiting = utterance
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._catch_up())
            self._task.add_done_callback(_heeded)

    async def finding(self, utterance: Utterance) -> PhraseFinding:
        """Say whether the wanted phrase was said; UNCHECKED where nothing recognises it."""
        loop, listener = asyncio.get_running_loop(), self._listener
        if listener is None or self._wanted.phrase is None:
            return UNCHECKED_PHRASE
        return await loop.run_in_executor(self._pool, self._found, utterance)

    async def _catch_up(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting is not None:
            utterance, self._waiting = self._waiting, None
            await loop.run_in_executor(self._pool, self._decode, utterance.samples)

    def _found(self, utterance: Utterance) -> PhraseFinding:
        assert self._wanted.phrase is not None, "`finding` saw to it"
        listener = self._decode(utterance.samples)
        with self._at_work:
            return listener.finding(self._wanted.phrase)

    def _decode(self, samples: Samples) -> PhraseListener:
        """Decode what is new in an utterance, in whatever thread; one at a time."""
        with self._at_work:
            if self._listener is None or not _continues(samples, self._decoded):
                self._listener, self._decoded = self._words.listener(self._wanted), samples[:0]
            assert self._listener is not None, "the language that was known is known still"
            new = samples[len(self._decoded) :]
            if len(new):
                self._listener.push(new)
                self._decoded = samples
            return self._listener


def _continues(samples: Samples, before: Samples) -> bool:
    """Say whether an utterance is the same as before, perhaps longer or trimmed at its end."""
    return np.array_equal(samples[:BEGINNING], before[:BEGINNING]) or not len(before)


def _heeded(task: asyncio.Task[None]) -> None:
    """Take note of how it ended; if it failed, the finding fails too."""
    if not task.cancelled():
        task.exception()
