"""A name that an earlier call of the same caller gave: free, before it is given again."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from ivr.ari.channels import Channels
from ivr.ari.errors import AriRequestError
from ivr.ports import CallLostError

LET_GO_TIMEOUT_S = 2.0
ASK_AGAIN_S = 0.02


async def let_go(channels: Channels, channel: str) -> None:
    """Wait until Asterisk no longer has a channel of that id; `CallLostError` where it keeps it.

    A caller who steps up comes a second time within milliseconds, while the media of the first time
    is taken down, and its end is told to the first call alone. Asterisk 22.10.1 crashes when it is
    asked for an id that it still has.
    """
    try:
        async with asyncio.timeout(LET_GO_TIMEOUT_S):
            while True:
                if not await _there(channels, channel):
                    return
                await asyncio.sleep(ASK_AGAIN_S)
    except TimeoutError:
        raise CallLostError(
            f"the media channel of an earlier call did not end within {LET_GO_TIMEOUT_S:g} s"
        ) from None


async def _there(channels: Channels, channel: str) -> bool:
    try:
        await channels.get(channel)
    except AriRequestError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True
