"""A caller whom a process before us overheard: what is found of him, and what he is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.errors import AriRequestError
from ivr.ari.model import Channel
from ivr.domain.call import Purpose, TenantId
from ivr.line.arguments import RequestDefaults, parse_app_data
from ivr.line.leg import Leg
from ivr.line.names import Kind, Names
from ivr.line.overheard import OverheardCall, left_to_know, overheard
from tests.fakes.call import facts

APP = "countersign"
FACTS = facts(Purpose.PASSIVE_ENROLL)
SNOOP = Names(APP).of(Kind.SNOOP, FACTS.id)
CALLER = Channel(id=FACTS.id, name="PJSIP/trunk-1", state="Up")
TOLD = {"COUNTERSIGN_ENROLLMENT": "ENROLLED", "COUNTERSIGN_REASON": "COMPLETE"}


@dataclass
class Exchange:
    """Asterisk's side: the variables of the caller's channel, and of ours that hears it."""

    variables: dict[tuple[str, str], str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    async def set(self, channel: str, variables: Mapping[str, str]) -> None:
        """Set variables of a channel of ours; of no other does ARI set any."""
        if channel != SNOOP:
            raise AriRequestError(409, "POST", f"channels/{channel}/variables", "Conflict")
        self.variables.update({(channel, name): value for name, value in variables.items()})

    async def get(self, channel: str, variable: str) -> str | None:
        """Return a variable of a channel; a shared one is the caller's."""
        shared = variable.removesuffix(")") + f",{channel})"
        return self.variables.get((channel, variable)) or self.variables.get((SNOOP, shared))

    async def one(self, channel: str) -> Channel:
        """Return the caller's channel."""
        assert channel == CALLER.id
        return CALLER

    async def remove(self, *which: str) -> None:
        """Note what is removed."""
        self.removed += which


@pytest.fixture
def exchange() -> Exchange:
    """Nothing is left."""
    return Exchange()


@pytest.fixture
async def client(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> AriClient:
    """Asks the exchange."""
    client = AriClient(AriAddress("http://127.0.0.1:1", "user", "secret", APP))
    monkeypatch.setattr(client.channels, "set_variables", exchange.set)
    monkeypatch.setattr(client.channels, "get_variable", exchange.get)
    monkeypatch.setattr(client.channels, "get", exchange.one)
    monkeypatch.setattr(client.channels, "hangup", exchange.remove)
    monkeypatch.setattr(client.bridges, "destroy", exchange.remove)
    monkeypatch.setattr(client.recordings, "delete", exchange.remove)
    monkeypatch.setattr(client.applications, "unsubscribe", exchange.remove)
    return client


def adopted(client: AriClient) -> OverheardCall:
    """Return the call, as the process after us has it."""
    return OverheardCall(Leg(client, FACTS), Names(APP), SNOOP)


async def test_the_next_process_finds_what_was_left(client: AriClient) -> None:
    """Whom it was about, for whom, and which record is to be read; never the account."""
    record, tenant = uuid4(), TenantId("harbour, bank")
    known = replace(FACTS, request=replace(FACTS.request, tenant=tenant))
    left = left_to_know(APP, known, record)
    assert FACTS.request.account is not None
    assert not any(FACTS.request.account in value for value in left.values())
    await client.channels.set_variables(SNOOP, left)
    found = await overheard(client.channels, SNOOP)
    assert found is not None
    assert (found.snoop, found.caller) == (SNOOP, CALLER)
    asked = parse_app_data(found.asked, RequestDefaults())
    assert (asked.purpose, asked.tenant) == (Purpose.PASSIVE_ENROLL, tenant)
    assert await adopted(client).tagged() == record


async def test_where_nothing_was_left_nobody_is_found(client: AriClient) -> None:
    """A process that died a moment earlier."""
    assert await overheard(client.channels, SNOOP) is None


async def test_the_dialplan_is_told_through_a_channel_of_ours(
    client: AriClient, exchange: Exchange
) -> None:
    """And what the other process made is removed; the caller stays."""
    call = adopted(client)
    await call.release(TOLD)
    assert await exchange.get(CALLER.id, "SHARED(COUNTERSIGN_ENROLLMENT)") == "ENROLLED"
    assert await exchange.get(CALLER.id, "SHARED(COUNTERSIGN_REASON)") == "COMPLETE"
    await call.close()
    assert SNOOP in exchange.removed
    # Unsubscribed, not hung up.
    assert exchange.removed.count(CALLER.id) == 1


@pytest.mark.parametrize("name", ["VERDICT", "ENROLLMENT"])
async def test_what_was_told_meanwhile_stays(
    client: AriClient, exchange: Exchange, name: str
) -> None:
    """The dialplan asked once more while nobody was there: of another account, perhaps."""
    late = f"SHARED(COUNTERSIGN_{name}"
    exchange.variables[SNOOP, f"{late},{CALLER.id})"] = "FAILED"
    await adopted(client).release(TOLD)
    assert await exchange.get(CALLER.id, f"{late})") == "FAILED"
    assert await exchange.get(CALLER.id, "SHARED(COUNTERSIGN_REASON)") is None


async def test_a_call_that_is_given_back_says_nothing(
    client: AriClient, exchange: Exchange
) -> None:
    """No variable, which every dialplan takes for FAILED or INCONCLUSIVE."""
    await adopted(client).release({})
    assert exchange.variables == {}
