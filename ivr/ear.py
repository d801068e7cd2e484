"""Ears for the words: they follow an utterance while it is being said."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, Protocol, TypeVar

import numpy as np

from engine.decision.policy import UNCHECKED_PHRASE
from engine.types import PhraseFinding, Samples, Utterance
from ivr.ports import Wanted
from ivr.words import Words

UNSETTLED = 800
"""The last 0.05 s of an utterance may yet change; what comes before is the same when it goes on."""


class Follower(Protocol):
    """What can listen to an utterance while it is being said."""

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz."""
        ...


L = TypeVar("L", bound=Follower)


class _Followed(Generic[L]):
    """What one listener made of an utterance so far. Any thread, one at a time."""

    def __init__(self, begin: Callable[[], L | None]) -> None:
        self._begin = begin
        self._listener = begin()
        self._heard = np.zeros(0, np.float32)
        self._at_work = threading.Lock()

    @property
    def deaf(self) -> bool:
        """Whether there is nothing to listen for."""
        return self._listener is None

    def follow(self, samples: Samples) -> None:
        """Listen to what is new in an utterance, float32 `[n]` from its beginning on."""
        with self._at_work:
            self._followed(samples)

    def found(self, samples: Samples, ask: Callable[[L], PhraseFinding]) -> PhraseFinding:
        """Listen to the rest, and ask."""
        with self._at_work:
            listener = self._followed(samples)
            return UNCHECKED_PHRASE if listener is None else ask(listener)

    def _followed(self, samples: Samples) -> L | None:
        if self._listener is None:
            return None
        if not _continues(samples, self._heard):
            self._listener, self._heard = self._begin(), samples[:0]
            assert self._listener is not None, "the language that was known is known still"
        new = samples[len(self._heard) :]
        if len(new):
            self._listener.push(new)
            self._heard = samples
        return self._listener


class EngineEar:
    """`ivr.ports.Ear` that listens in a pool of threads, never on the event loop.

    Listening takes a small part of the time that the words take; what comes meanwhile is taken in
    the next turn. An utterance that begins anew, after a cough, is listened to anew.
    """

    def __init__(self, words: Words, wanted: Wanted, pool: Executor) -> None:
        self._wanted = wanted
        self._pool = pool
        self._phrase = _Followed(lambda: words.listener(wanted))
        self._digits = _Followed(lambda: words.digit_listener(wanted))
        self._waiting: Utterance | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, utterance: Utterance) -> None:
        """Take the utterance as it stands, from its beginning on; returns at once."""
        if self._phrase.deaf and self._digits.deaf:
            return
        self._waiting = utterance
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._catch_up())
            self._task.add_done_callback(_heeded)

    def finding(self, utterance: Utterance) -> PhraseFinding:
        """Say whether the wanted phrase was said; UNCHECKED where nothing recognises it.

        Listens to what is left, for some tens of milliseconds: call it away from the event loop.
        """
        phrase = self._wanted.phrase
        if phrase is None:
            return UNCHECKED_PHRASE
        return self._phrase.found(utterance.samples, lambda ears: ears.finding(phrase))

    def digits(self, utterance: Utterance) -> PhraseFinding:
        """Say whether the wanted digits were said, as `finding` does."""
        return self._digits.found(utterance.samples, lambda ears: ears.finding())

    async def _catch_up(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting is not None:
            utterance, self._waiting = self._waiting, None
            await loop.run_in_executor(self._pool, self._follow, utterance.samples)

    def _follow(self, samples: Samples) -> None:
        self._phrase.follow(samples)
        self._digits.follow(samples)


def _continues(samples: Samples, before: Samples) -> bool:
    """Say whether an utterance is the same as before, perhaps longer or trimmed at its end."""
    common = max(0, min(len(samples), len(before)) - UNSETTLED)
    return np.array_equal(samples[:common], before[:common])


def _heeded(task: asyncio.Task[None]) -> None:
    """Take note of how it ended; if it failed, the finding fails too."""
    if not task.cancelled():
        task.exception()
