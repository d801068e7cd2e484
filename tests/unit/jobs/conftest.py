"""Two voice models, and a person enrolled with the older one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.types import Embedding, ModelId, Pcm, PhraseId
from ivr.domain.profile import Profile
from ivr.jobs import Reextraction
from ivr.storage.database import Database
from ivr.storage.keys import Keyring
from ivr.storage.reextraction import Material
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.unit.storage.records import ACCOUNT, TENANT, enrolled

NEWER = ModelId("telephone/2")
_THEN = datetime.now(UTC) + timedelta(days=180)
FAR_FROM_NOW = f"0 0 {_THEN.day} {_THEN.month} *"
"""A turn in the timetable that does not come while a test runs, whenever that is."""


@dataclass
class Model:
    """A voice model that is quick to compute: the spectrum's shape, and how often it was asked.

    A passphrase has two parts, its halves.
    """

    name: ModelId = NEWER
    heard: list[bytes] = field(default_factory=list)

    def embed(self, material: Material) -> Embedding:
        """Turn a kept recording into a voice."""
        self.heard.append(material.pcm.tobytes())
        return self.voice(material.pcm, material.phrase)

    def voice(self, pcm: Pcm, phrase: PhraseId | None) -> Embedding:
        """Turn audio into a voice; free speech has no parts."""
        parts = np.stack([_shape(half) for half in np.array_split(pcm, 2)]) if phrase else None
        return Embedding(_shape(pcm), self.name, parts)


def _shape(pcm: Pcm) -> NDArray[np.float32]:
    spectrum = np.abs(np.fft.rfft(pcm, 255)).astype(np.float32)
    shape: NDArray[np.float32] = spectrum / np.linalg.norm(spectrum)
    return shape


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def duty(database: Database, keyring: Keyring, model: Model) -> AsyncIterator[Reextraction]:
    """The duty of a worker with the newer model."""
    async with Reextraction(database, keyring, model.name, model.embed) as duty:
        yield duty


@pytest.fixture
async def person(postgres_store: PostgresStore) -> Profile:
    """Three recordings, with voiceprints of the older model."""
    await postgres_store.enroll(enrolled())
    return await found(postgres_store)


async def found(store: PostgresStore) -> Profile:
    """Return the person as a call finds it."""
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    return profile


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the database shows it."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.05)
