"""One FastAGI connection on asyncio's streams: commands out, replies and the hang-up in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from ivr.agi.commands import Command
from ivr.agi.environment import Environment
from ivr.agi.errors import AgiClosedError, CommandRefusedError, DeadChannelError, MalformedAgiError
from ivr.agi.protocol import AgiProtocol, Arrived
from ivr.agi.replies import DEAD_CHANNEL, SUCCESS, HungUp, Reply

ENVIRONMENT_TIMEOUT_S = 5.0
"""Asterisk sends it at once."""
READ_BYTES = 4_096
CLOSE_TIMEOUT_S = 0.5


class AgiSession:
    """One call's connection, from its environment on.

    `hung_up` is set when Asterisk says that the caller is gone, `closed` when the connection is.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: AgiProtocol
    ) -> None:
        """Take a connection; `open_session` makes one."""
        self.hung_up = asyncio.Event()
        self.closed = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        self._turn = asyncio.Lock()
        self._reply: asyncio.Future[Reply | None] | None = None

    async def command(self, command: Command) -> Reply:
        """Give a command, after those given before it, and return its reply.

        Raises `AgiClosedError`, `DeadChannelError` or `CommandRefusedError`; `CommandTextError`,
        and nothing is sent, where it cannot be written.
        """
        async with self._turn:
            reply = await self._ask(command)
        if reply.code == DEAD_CHANNEL:
            raise DeadChannelError(command.name)
        if reply.code != SUCCESS:
            raise CommandRefusedError(command.name, reply.code)
        return reply

    async def listen(self) -> None:
        """Take what Asterisk sends until the connection is closed; `MalformedAgiError`."""
        try:
            while data := await self._read():
                self.take(self._protocol.receive(data))
        finally:
            self.closed.set()
            self._settle(None)

    def take(self, arrived: Sequence[Arrived]) -> None:
        """Take what was read off the connection."""
        for each in arrived:
            if isinstance(each, HungUp):
                self.hung_up.set()
            if isinstance(each, Reply):
                self._settle(each)

    async def close(self) -> None:
        """Close the connection: the dialplan goes on after its `AGI()` line."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            # What became of the last bytes nobody needs to know: each command had its reply.
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT_S)

    async def _ask(self, command: Command) -> Reply:
        """Send one command and wait, first for the reply that somebody gave up waiting for."""
        if self._reply is not None:
            await asyncio.shield(self._reply)
        if self.closed.is_set() or self._writer.is_closing():
            raise AgiClosedError
        line = self._protocol.give(command)
        self._reply = asyncio.get_running_loop().create_future()
        self._writer.write(line)
        reply = await asyncio.shield(self._reply)
        if reply is None:
            raise AgiClosedError
        return reply

    def _settle(self, reply: Reply | None) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""


async def open_session(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[AgiSession, Environment] | None:
    """Read the environment; None where the peer went without a word. `MalformedAgiError`."""
    protocol = AgiProtocol()
    session = AgiSession(reader, writer, protocol)
    try:
        async with asyncio.timeout(ENVIRONMENT_TIMEOUT_S):
            while data := await reader.read(READ_BYTES):
                arrived = protocol.receive(data)
                if arrived and isinstance(environment := arrived[0], Environment):
                    session.take(arrived[1:])
                    return session, environment
    except TimeoutError:
        raise MalformedAgiError("environment", f"none in {ENVIRONMENT_TIMEOUT_S:g} s") from None
    except OSError:
        return None
    return None
