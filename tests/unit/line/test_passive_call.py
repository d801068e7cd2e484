"""What a dialplan finds in the shared variables of a caller who is overheard, and from when on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.errors import AriRequestError
from ivr.domain.call import Purpose
from ivr.line.adopted_call import AdoptedCall
from ivr.line.leg import Leg
from ivr.line.names import Names
from ivr.line.passive_call import PassiveCall
from ivr.media.socket import MediaSockets
from ivr.ports import CallLostError, ToldToStopError
from tests.fakes.call import facts

APP = "countersign"


@dataclass
class Exchange:
    """Asterisk's side: the caller's channel, on which an earlier call left its verdict, late."""

    variables: dict[str, str] = field(
        default_factory=lambda: {
            "SHARED(COUNTERSIGN_VERDICT,call-1)": "ACCEPT",
            "SHARED(COUNTERSIGN_ENROLLMENT,call-1)": "ENROLLED",
            "SHARED(COUNTERSIGN_ID,call-1)": "an earlier one",
            "SHARED(COUNTERSIGN_CLAIM_ACCOUNT,call-1)": "another",
        }
    )
    found: dict[str, str] | None = None
    """What the dialplan found set when the caller went on."""
    refuses: bool = False

    async def set(self, channel: str, variables: Mapping[str, str]) -> None:
        """Set variables of the caller's channel, or refuse."""
        if self.refuses:
            raise AriRequestError(500, "POST", f"channels/{channel}/variables", "Failed")
        self.variables.update(variables)

    async def get(self, channel: str, variable: str) -> str | None:
        """Return a variable of the caller's channel."""
        return self.variables.get(variable)

    async def go_on(self, channel: str) -> None:
        """Give the caller back to the dialplan."""
        self.found = {name: value for name, value in self.variables.items() if value}

    async def nothing(self, *_: str) -> None:
        """Subscribe, stop and discard: nothing of it matters here."""


@pytest.fixture
def exchange() -> Exchange:
    """The caller waits in the application."""
    return Exchange()


@pytest.fixture
async def leg(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Leg:
    """The caller's leg, of a passive call."""
    client = AriClient(AriAddress("http://127.0.0.1:1", "user", "secret", APP))
    monkeypatch.setattr(client.applications, "subscribe", exchange.nothing)
    monkeypatch.setattr(client.playbacks, "stop", exchange.nothing)
    monkeypatch.setattr(client.recordings, "discard", exchange.nothing)
    monkeypatch.setattr(client.channels, "set_variables", exchange.set)
    monkeypatch.setattr(client.channels, "get_variable", exchange.get)
    monkeypatch.setattr(client.channels, "continue_in_dialplan", exchange.go_on)
    return Leg(client, facts(Purpose.PASSIVE))


def overheard(leg: Leg) -> PassiveCall:
    """Return the call of a caller who has just come; nothing here listens."""
    return PassiveCall(leg, Names(APP), cast(MediaSockets, None))


async def test_the_caller_goes_on_without_an_earlier_calls_verdict(
    leg: Leg, exchange: Exchange
) -> None:
    """It was written after the dialplan had cleared them, of another account perhaps."""
    await overheard(leg).go_on()
    assert exchange.found == {}


async def test_who_cannot_be_cleared_does_not_go_on(leg: Leg, exchange: Exchange) -> None:
    """Nothing is listened to, and what is told at the end takes the place of what was there."""
    exchange.refuses = True
    call = overheard(leg)
    await call.go_on()
    assert exchange.found is None
    with pytest.raises(CallLostError, match="could not be let on"):
        await call.answer()


async def test_the_next_process_finds_the_record_of_who_did_not_go_on(
    leg: Leg, exchange: Exchange
) -> None:
    """Such a caller waits, and is adopted: the call has one record all the same."""
    record = uuid4()
    await overheard(leg).tag(record)
    assert exchange.variables["COUNTERSIGN_ID"] == str(record)


async def test_who_goes_on_is_left_alone(leg: Leg, exchange: Exchange) -> None:
    """Asterisk sets no plain variable of a channel that has left the application."""
    call = overheard(leg)
    await call.go_on()
    record = uuid4()
    await call.tag(record)
    assert await call.tagged() == record
    assert "COUNTERSIGN_ID" not in exchange.variables


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, {}),
        (
            {"COUNTERSIGN_VERDICT": "INCONCLUSIVE"},
            {"SHARED(COUNTERSIGN_VERDICT,call-1)": "INCONCLUSIVE"},
        ),
    ],
)
async def test_who_is_sent_back_takes_no_earlier_calls_verdict_along(
    leg: Leg, exchange: Exchange, told: dict[str, str], found: dict[str, str]
) -> None:
    """Turned away, or left by a process that died: the dialplan looks where it would anyway."""
    await AdoptedCall(leg, Names(APP)).release(told)
    assert exchange.found == found


async def test_a_stop_that_no_event_told_is_asked_for(leg: Leg, exchange: Exchange) -> None:
    """The dialplan told us while the events were away."""
    call = overheard(leg)
    await call.go_on()
    exchange.variables["COUNTERSIGN_PASSIVE"] = "stop"
    await call.catch_up()
    with pytest.raises(ToldToStopError):
        await call.heard()


async def test_a_stop_of_an_earlier_call_is_not_this_ones(leg: Leg, exchange: Exchange) -> None:
    """Neither before the caller goes on nor, where the dialplan has left it, afterwards."""
    exchange.variables["COUNTERSIGN_PASSIVE"] = "stop"
    call = overheard(leg)
    await call.catch_up()
    await call.go_on()
    await call.catch_up()
    assert call.leg.inbox.empty
