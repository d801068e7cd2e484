"""An id is asked for again only when Asterisk has let go of it: given it twice, it crashes."""

from __future__ import annotations

import pytest

from ivr.ari.channels import Channels
from ivr.ari.errors import AriRequestError
from ivr.ari.requests import Response
from ivr.line import reuse
from ivr.line.reuse import let_go
from ivr.ports import CallLostError
from tests.unit.ari.test_operations import GONE, Script

THERE = Response(200, "OK", b'{"id":"m","name":"WebSocket/x","state":"Up"}')


async def test_an_id_that_is_free_is_asked_for_once() -> None:
    """The usual caller waits for nothing."""
    script = Script(GONE)
    await let_go(Channels(script, "app"), "m")
    assert script.lines == ["GET channels/m"]


async def test_an_earlier_channel_is_waited_for() -> None:
    """As long as Asterisk has it."""
    script = Script(THERE, THERE, GONE)
    await let_go(Channels(script, "app"), "m")
    assert script.lines == ["GET channels/m"] * 3


async def test_a_channel_that_stays_costs_the_call_and_not_asterisk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The call is lost, so its verdict INCONCLUSIVE."""
    monkeypatch.setattr(reuse, "LET_GO_TIMEOUT_S", 0.05)
    with pytest.raises(CallLostError, match="did not end"):
        await let_go(Channels(Script(*[THERE] * 100), "app"), "m")


async def test_another_error_is_told() -> None:
    """It says nothing of the channel."""
    with pytest.raises(AriRequestError, match="500"):
        await let_go(Channels(Script(Response(500, "Internal Server Error")), "app"), "m")
