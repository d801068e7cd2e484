"""Where Asterisk's AudioSocket application connects to: thin shells around `audiosocket`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Self
from uuid import UUID, uuid4

import structlog

from ivr.media.audiosocket import (
    AudioSocketDecoder,
    Hello,
    Message,
    Sound,
    Terminated,
    encode_message,
)
from ivr.media.errors import AudioSocketListenError, MalformedAudioSocketError

HELLO_TIMEOUT_S = 2.0
"""Asterisk sends the id with the first bytes."""
READ_BYTES = 4_096
UNSENT_MAX_BYTES = 32_000
"""Two seconds of audio that Asterisk does not take: it, or the way to it, is stuck."""
CLOSE_TIMEOUT_S = 0.5

log = structlog.get_logger()

Admit = Callable[[object], bool]
"""Says whether a socket's peer, as asyncio names it, may connect."""


class AudioSocket:
    """One caller's audio: messages in, sound out."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: AudioSocketDecoder,
        first: list[Message],
    ) -> None:
        """Take a connection that has said whose it is, and what came with that."""
        self._reader = reader
        self._writer = writer
        self._decoder = decoder
        self._first = first
        self.over = asyncio.Event()
        """Set when nobody uses it any more."""

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Yield what comes, until either side ends it; `MalformedAudioSocketError`."""
        messages = self._first
        while True:
            for message in messages:
                if isinstance(message, Terminated):
                    return
                yield message
            data = await _read(self._reader)
            if not data:
                return
            messages = self._decoder.push(data)

    @property
    def stuck(self) -> bool:
        """Whether what is sent is not taken."""
        return self._writer.transport.get_write_buffer_size() > UNSENT_MAX_BYTES

    def send(self, payload: bytes) -> None:
        """Send audio, slin; in vain where the connection is closed, which the reader tells."""
        if not self._writer.is_closing():
            self._writer.write(encode_message(Sound(payload)))

    async def close(self) -> None:
        """Ask Asterisk to end its application, and close the connection. Idempotent."""
        if not self._writer.is_closing():
            self._writer.write(encode_message(Terminated()))
            self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            # Asterisk closes its end in the same moment; who was first does not matter.
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT_S)
        self.over.set()


class AudioSockets:
    """Listens while it is entered, and gives each connection to the call that waits for its id."""

    def __init__(self, host: str, port: int, address: str, admit: Admit) -> None:
        """Choose; `address` is `host:port` as Asterisk reaches it."""
        self.address = address
        self._host = host
        self._port = port
        self._admit = admit
        self._expected: dict[UUID, asyncio.Future[AudioSocket]] = {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen; `AudioSocketListenError` where that cannot be."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            found = error.strerror or str(error)
            raise AudioSocketListenError(self._host, self._port, found) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more, and cut off what is still open."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    @contextmanager
    def expected(self) -> Iterator[tuple[UUID, asyncio.Future[AudioSocket]]]:
        """Make an id that nobody can guess, and wait inside for the one connection that has it."""
        id, arrival = uuid4(), asyncio.get_running_loop().create_future()
        self._expected[id] = arrival
        try:
            yield id, arrival
        except BaseException:
            if arrival.done() and not arrival.cancelled():
                arrival.result().over.set()
            raise
        finally:
            self._expected.pop(id, None)
            arrival.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs each connection in a task"
        self._connections.add(task)
        try:
            await self._joined(reader, writer)
        except (MalformedAudioSocketError, TimeoutError) as error:
            log.warning("audiosocket_refused", why=str(error) or "no id in time")
        finally:
            writer.close()
            self._connections.discard(task)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read whose audio it is, hand the connection over, and stay until it is done with."""
        if not self._admit(writer.get_extra_info("peername")):
            log.warning("audiosocket_refused", why="the peer is not in agi.allow")
            return
        decoder = AudioSocketDecoder()
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            first = await _first(reader, decoder)
        if first is None:
            return
        hello, *rest = first
        arrival = self._expected.pop(hello.id, None) if isinstance(hello, Hello) else None
        if arrival is None or arrival.done():
            log.warning("audiosocket_refused", why="no call waits for its id")
            return
        socket = AudioSocket(reader, writer, decoder, rest)
        arrival.set_result(socket)
        await socket.over.wait()


async def _first(reader: asyncio.StreamReader, decoder: AudioSocketDecoder) -> list[Message] | None:
    """Read to the end of the first message; None where there is none."""
    while data := await _read(reader):
        if messages := decoder.push(data):
            return messages
    return None


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(READ_BYTES)
    except OSError:
        return b""
