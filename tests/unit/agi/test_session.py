"""A session on real streams: replies in turn, also after a command that nobody waits for."""

from __future__ import annotations

import asyncio

import pytest

from ivr.agi.commands import answer, get_variable, set_variable
from ivr.agi.errors import (
    AgiClosedError,
    CommandRefusedError,
    CommandTextError,
    DeadChannelError,
)
from tests.patience import PATIENCE_S
from tests.unit.agi.peer import connected


async def test_reply_comes_back() -> None:
    """A command's reply is its result."""
    async with connected() as (session, peer):
        told = asyncio.create_task(session.command(get_variable("X")))
        assert await peer.asked(b"200 result=1 (y)\n") == b'GET VARIABLE "X"\n'
        assert (await told).value == "y"


async def test_commands_wait_for_their_turn() -> None:
    """A command that was given up leaves its reply to nobody, and not to the next one."""
    async with connected() as (session, peer):
        first = asyncio.create_task(session.command(get_variable("X")))
        line = await peer.reader.readline()
        first.cancel()
        await asyncio.wait({first})
        second = asyncio.create_task(session.command(set_variable("V", "1")))
        peer.writer.write(b"200 result=1 (first)\n")
        assert line == b'GET VARIABLE "X"\n'
        assert await peer.asked(b"200 result=1 (second)\n") == b'SET VARIABLE "V" "1"\n'
        assert (await second).value == "second"


@pytest.mark.parametrize(
    ("reply", "error"),
    [(b"511 dead channel\n", DeadChannelError), (b"510 no\n", CommandRefusedError)],
)
async def test_refusals_have_names(reply: bytes, error: type[Exception]) -> None:
    """A caller who is gone is told from a command that cannot be."""
    async with connected() as (session, peer):
        told = asyncio.create_task(session.command(answer()))
        await peer.asked(reply)
        with pytest.raises(error):
            await told


async def test_closed_connection_ends_what_waits() -> None:
    """Neither this command nor a later one is waited for in vain."""
    async with connected() as (session, peer):
        told = asyncio.create_task(session.command(answer()))
        await peer.reader.readline()
        peer.writer.close()
        with pytest.raises(AgiClosedError):
            await told
        with pytest.raises(AgiClosedError):
            await session.command(answer())


async def test_hang_up_is_told() -> None:
    """It comes by itself, between commands."""
    async with connected() as (session, peer):
        peer.writer.write(b"HANGUP\n")
        async with asyncio.timeout(PATIENCE_S):
            await session.hung_up.wait()


async def test_command_that_cannot_be_written_keeps_nobody_waiting() -> None:
    """It is refused before anything is sent, and the next command has its turn."""
    async with connected() as (session, peer):
        with pytest.raises(CommandTextError):
            await session.command(set_variable("V", "a\tb"))
        told = asyncio.create_task(session.command(set_variable("V", "1")))
        async with asyncio.timeout(PATIENCE_S):
            assert await peer.asked(b"200 result=1\n") == b'SET VARIABLE "V" "1"\n'
            assert (await told).result == 1
