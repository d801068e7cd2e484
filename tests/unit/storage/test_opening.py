"""Many voices are opened beside the event loop: the calls go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileState
from ivr.storage.database import Database
from ivr.storage.keys import Keyring, PersonKey, TenantKey
from ivr.storage.rows import measures
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.unit.storage.records import ACCOUNT, QUALITY, TENANT, assert_same_voice, voiceprint

VOICE = voiceprint(0)
PERSON, RECORDING = uuid4(), uuid4()

Load = Callable[[PostgresStore], Awaitable[Any]]
LOADS: dict[str, Load] = {
    "group": lambda store: store.group(TENANT, "staff"),
    "enrolled": lambda store: store.enrolled(TENANT, 10),
    "watchlist": lambda store: store.watchlist(TENANT),
}


class WaitingKey(TenantKey):
    """Opens nobody's key before the event loop has gone on."""

    def __init__(self) -> None:
        super().__init__(TENANT, 1, bytes(32))
        self.gone_on = threading.Event()

    def person(self, person: UUID, account: str | None, wrapped: bytes) -> PersonKey:
        """See `TenantKey.person`."""
        assert self.gone_on.wait(PATIENCE_S), "the event loop stands still"
        return super().person(person, account, wrapped)


class Rows:
    """A database and keyring of one row, that of a person, a member or a suspect."""

    stamped = False

    def __init__(self, key: TenantKey) -> None:
        self._key = key

    async def fetch(self, name: str, *arguments: Any, tenant: str | None) -> list[dict[str, Any]]:
        """Return the row, whatever was asked."""
        opened, wrapped = self._key.new_person(PERSON, ACCOUNT)
        turned = opened.turn(VOICE.embedding)
        row = {
            "id": PERSON,
            "tenant": TENANT,
            "tenant_key": 1,
            "data_key": wrapped,
            "account": ACCOUNT,
            "state": ProfileState.ENROLLED,
            "locale": "en-US",
            "passphrase": "",
            "consented": True,
            "name": "staff",
            "profile": PERSON,
            "stamp": None,
            "mode": Mode.TEXT_INDEPENDENT,
            "rejects": 0,
            "models": [turned.model],
            "embeddings": [turned.vector],
            "parts": [turned.parts],
            "voiceprint_recordings": [RECORDING],
            "qualities": [measures(QUALITY)],
            "seals": [opened.stamp(RECORDING, turned, measures(QUALITY))],
        }
        return [row]

    def row_stamp(self, tenant: str, said: bytes) -> bytes:
        """Return a stamp."""
        return bytes(32)

    async def key(self, tenant: str, generation: int) -> TenantKey:
        """Return the tenant's key."""
        return self._key


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS.keys())
async def test_the_loop_goes_on_while_voices_are_opened(load: Load) -> None:
    """Whoever compares a caller with many keeps no other caller waiting."""
    key = WaitingKey()
    rows = Rows(key)
    store = PostgresStore(cast(Database, rows), cast(Keyring, rows))
    asyncio.get_running_loop().call_soon(key.gone_on.set)
    (found,) = await load(store)
    assert_same_voice(found.voiceprints[0].embedding, VOICE.embedding)
