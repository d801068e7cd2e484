"""The audio of one call on its UDP socket: the thin shell around Outgoing and Incoming."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar, cast

from ivr.lab.softphone.errors import CallOverError, MalformedError
from ivr.lab.softphone.incoming import Incoming, Noticed
from ivr.lab.softphone.outgoing import Outgoing, Turn
from ivr.lab.softphone.rtp import RtpPacket
from ivr.lab.softphone.sdp import EVENTS_TYPE, Session

Speaking = Callable[[Outgoing, Callable[[], None]], Turn]


class Media(asyncio.DatagramProtocol):
    """Sends while `aim`ed at a peer, hears from the start; `close` ends every wait."""

    def __init__(self, *, keep: bool, dtx: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._dtx = dtx
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] | None = None
        self._outgoing: Outgoing | None = None
        self._waiting: set[asyncio.Future[float]] = set()
        self._tones: asyncio.Queue[float | None] = asyncio.Queue()
        self._keys: asyncio.Queue[str | None] = asyncio.Queue()
        self._sounded = asyncio.Event()
        self.incoming = Incoming(EVENTS_TYPE, keep=keep)
        self.keys = ""
        self.unreachable = 0
        """How often the peer's machine said that nobody listens there any more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11 does not derive it

    @property
    def port(self) -> int:
        """The UDP port on which this call is heard."""
        return int(self._open.get_extra_info("sockname")[1])

    @property
    def _open(self) -> asyncio.DatagramTransport:
        if self._transport is None or self._transport.is_closing():
            raise CallOverError("the call is over")
        return self._transport

    def aim(self, peer: Session) -> None:
        """Send to this peer from the next beat on; may be called again with a new address.

        `MalformedError` where the peer takes no audio, or none of G.711.
        """
        if not peer.codecs or not peer.port:
            raise MalformedError("no common codec, or a stream that is turned off")
        self._peer = peer.host, peer.port
        if self._outgoing is None:
            start = RtpPacket(0, secrets.randbits(16), secrets.randbits(32), _ssrc(), b"")
            self._outgoing = Outgoing(peer.codecs[0], peer.events_type, start, dtx=self._dtx)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear one packet."""
        self._tell(self.incoming.receive(data, self._loop.time()))

    def error_received(self, exc: Exception) -> None:
        """Count it: whether the call is over is for SIP to say."""
        self.unreachable += 1

    def beat(self, now: float) -> None:
        """Send the next 20 ms."""
        if self.incoming.wait(now).tone:
            self._tell(Noticed(tone=True))
        if self._outgoing is None or self._peer is None:
            return
        for packet in self._outgoing.tick():
            self._open.sendto(packet, self._peer)
        while sent := self._outgoing.ended_turn():
            sent()

    async def say(self, speaking: Speaking) -> float:
        """Queue a turn and wait until it is sent; return when its last packet went out.

        Cancelled, the caller falls silent. `CallOverError` where the call ends first.
        """
        if self._outgoing is None or self._open.is_closing():
            raise CallOverError("nothing can be said before the call is answered")
        sent: asyncio.Future[float] = self._loop.create_future()
        turn = speaking(self._outgoing, lambda: _resolve(sent, self._loop.time()))
        self._waiting.add(sent)
        try:
            return await sent
        finally:
            turn.slots.clear()
            self._waiting.discard(sent)

    async def heard_tone(self) -> float:
        """Wait for the end of the next tone not waited for yet; return when it was noticed."""
        return await _next(self._tones)

    async def heard_key(self) -> str:
        """Wait for the next key not waited for yet."""
        return await _next(self._keys)

    async def heard_sound(self) -> None:
        """Wait until the far end has made its first sound."""
        await self._sounded.wait()
        if self._outgoing is None:
            raise CallOverError("the call ended before it was heard")

    def close(self) -> None:
        """Send and hear no more; whoever waits gets `CallOverError`."""
        self._outgoing = None
        if self._transport is not None:
            self._transport.close()
        for sent in self._waiting:
            if not sent.done():
                sent.set_exception(CallOverError("the call ended while something was being said"))
        self._tones.put_nowait(None)
        self._keys.put_nowait(None)
        self._sounded.set()

    def _tell(self, noticed: Noticed) -> None:
        if noticed.key is not None:
            self.keys += noticed.key
            self._keys.put_nowait(noticed.key)
        if noticed.sound:
            self._sounded.set()
        if noticed.tone:
            self._tones.put_nowait(self._loop.time())


async def open_media(host: str, *, keep: bool, dtx: bool) -> Media:
    """Open a call's audio on a free UDP port of `host`."""
    loop = asyncio.get_running_loop()
    _, media = await loop.create_datagram_endpoint(
        lambda: Media(keep=keep, dtx=dtx), local_addr=(host, 0)
    )
    return media


Item = TypeVar("Item")


async def _next(queue: asyncio.Queue[Item | None]) -> Item:
    item = await queue.get()
    if item is None:
        queue.put_nowait(None)
        raise CallOverError("the call ended before it was heard")
    return item


def _resolve(sent: asyncio.Future[float], at: float) -> None:
    if not sent.done():
        sent.set_result(at)


def _ssrc() -> int:
    return secrets.randbits(32)
