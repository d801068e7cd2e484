"""Who is told of calls, as the configuration says."""

from __future__ import annotations

import msgspec

from engine import SpeakerEngine
from ivr.ari.address import AriAddress
from ivr.ari.client import AriClient
from ivr.domain.call import CallState
from ivr.domain.metering import Posting
from ivr.domain.news import News
from ivr.flows.services import NobodyWatches
from ivr.settings import Ari, Configuration, Desk
from ivr.showing import shown
from ivr.storage import Database, Keyring
from tests.unit.desk.receiver import Receiver, receiving
from tests.unit.storage.records import WORKER, opening

ENGINE = SpeakerEngine.load()


def posted(_: Posting) -> None:
    """Count nothing."""


def asterisk() -> AriClient:
    """Return a client that nobody connects: these calls are told by the tests."""
    return AriClient(AriAddress("http://127.0.0.1:8088", "user", "password", WORKER))


async def test_nobody_is_told_where_nothing_is_set(database: Database, keyring: Keyring) -> None:
    """Neither a desk nor another program: both are off until somebody wants them."""
    async with shown(Configuration(), database, keyring, asterisk(), ENGINE, posted) as told:
        assert isinstance(told.desk, NobodyWatches)


async def test_another_program_is_told_without_a_desk(database: Database, keyring: Keyring) -> None:
    """Its URL is enough: no page need be served for it."""
    async with receiving(Receiver()) as receiver:
        desk = Desk(webhook_url=receiver.url, webhook_secret="a secret of the tests")
        configuration = msgspec.structs.replace(
            Configuration(), ari=Ari(app=WORKER, password="password"), desk=desk
        )
        async with shown(configuration, database, keyring, asterisk(), ENGINE, posted) as told:
            begun, state = opening(), CallState.LISTENING
            agents = ("1001",)
            news = News(begun.tenant, begun.id, begun.call, WORKER, None, agents, state)
            told.desk.tell(news)
            (event,) = await receiver.until(1)
    assert (event["call"]["id"], event["agents"]) == (str(begun.id), ["1001"])
