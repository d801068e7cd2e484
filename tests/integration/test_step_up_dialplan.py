"""What the subroutine countersign-step-up takes, and what it leaves in Asterisk: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ivr.lab.asterisk import PrivateAsterisk
from tests.integration.probing import Applications

pytestmark = pytest.mark.asterisk


@pytest_asyncio.fixture
async def probe(asterisk: PrivateAsterisk) -> AsyncIterator[Applications]:
    """The application that sees what the subroutine left."""
    async with Applications(asterisk, "probe") as alone:
        yield alone


async def test_what_is_asked_for_is_taken_once(probe: Applications) -> None:
    """The second time nothing is asked for."""
    await probe.call("step-up", {"ASKED": "pin"})
    assert (await probe.arrival("probe", "show")).args == ["show", "pin", ""]


async def test_where_nothing_is_asked_for_nothing_stays(
    asterisk: PrivateAsterisk, probe: Applications
) -> None:
    """A global variable of every call would be searched by all later ones, for ever."""
    await probe.call("step-up")
    shown = await probe.arrival("probe", "show")
    assert shown.args == ["show", "", ""]
    assert shown.channel not in await asterisk.command("dialplan show globals")
