"""The examination made in the caller's last pause, so that nothing is left to do at the end."""

from __future__ import annotations

import asyncio

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Hearing, Quality, Utterance
from ivr.ports import Examination, Listener, Measurement, Voice, Wanted

EARLY_PAUSE_S = 0.24
"""A pause this long may well be the end of speech; shorter ones part words."""
EAR_EVERY_S = 0.2
"""So often the recogniser is handed what was said meanwhile."""


class EarlyExamination:
    """Starts to examine while the end of speech is not yet certain, and drops it if it was not.

    The end of speech is known only after the end silence (0.6 s by default); the examination of
    what was said before that silence can be ready by then. Where others are waiting for theirs it
    is not begun: it may be in vain. The words are recognised while they are being said.
    """

    def __init__(self, voice: Voice, wanted: Wanted) -> None:
        self._voice = voice
        self._wanted = wanted
        self._utterance: Utterance | None = None
        self._task: asyncio.Task[tuple[Examination, Quality]] | None = None
        self._paused = 0
        self._unheard = 0
        self._ear = voice.ear(wanted)

    def follow(self, hearing: Hearing, listener: Listener, samples: int) -> None:
        """Take note of what the listener made of the next `samples` samples (8 kHz)."""
        if hearing is Hearing.SPEAKING:
            self._hear(listener, samples)
        if hearing is not Hearing.PAUSING:
            self._paused = 0
            return
        before, self._paused = self._paused, self._paused + samples
        if before < EARLY_PAUSE_S * TELEPHONE_RATE_HZ <= self._paused:
            self.forget()
            if self._voice.busy:
                return
            self._utterance = listener.utterance()
            self._task = asyncio.ensure_future(
                self._examined(self._utterance, listener.measurement())
            )

    async def of(self, utterance: Utterance, listener: Listener) -> tuple[Examination, Quality]:
        """Examine and measure the utterance; what the pause brought counts if it is the same."""
        if self._task is None or not self._is_early(utterance):
            return await self._examined(utterance, listener.measurement())
        return await self._task

    def _is_early(self, utterance: Utterance) -> bool:
        early = self._utterance
        return early is not None and np.array_equal(early.samples, utterance.samples)

    async def _examined(
        self, utterance: Utterance, measurement: Measurement
    ) -> tuple[Examination, Quality]:
        return await asyncio.gather(
            self._voice.examine(utterance, self._wanted, self._ear),
            self._voice.measure(measurement),
        )

    def _hear(self, listener: Listener, samples: int) -> None:
        self._unheard += samples
        if self._unheard >= EAR_EVERY_S * TELEPHONE_RATE_HZ:
            self._unheard = 0
            self._ear.follow(listener.utterance())

    def forget(self) -> None:
        """Drop what was begun."""
        if self._task is not None:
            self._task.cancel()
            self._task.add_done_callback(_heeded)
        self._utterance = self._task = None


def _heeded(task: asyncio.Task[tuple[Examination, Quality]]) -> None:
    """Take note of how a dropped examination ended; if it failed, the one that counts fails too."""
    if not task.cancelled():
        task.exception()
