"""A SIP socket with its transactions: the thin shell around `sip` and `transaction`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from ivr.lab.softphone import sip
from ivr.lab.softphone.address import host_and_port, items, uri_of
from ivr.lab.softphone.errors import MalformedError
from ivr.lab.softphone.transaction import (
    T2_S,
    Answered,
    ClientTransaction,
    Key,
    Resending,
    State,
    key_of,
)

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Unacknowledged:
    """Our 200 to an INVITE: sent again until the ACK comes (RFC 3261, clause 13.3.1.4)."""

    answer: bytes
    peer: Address
    resending: Resending


class SipEndpoint(asyncio.DatagramProtocol):
    """Sends and repeats requests, answers repeated ones, and hands the rest up."""

    def __init__(self, hear_request: Callable[[sip.Request], sip.Response]) -> None:
        """`hear_request` answers a request that has not been answered before."""
        self._hear_request = hear_request
        self._loop = asyncio.get_running_loop()
        self._clients: dict[Key, ClientTransaction] = {}
        self._answered = Answered()
        self._unacknowledged: dict[str, _Unacknowledged] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._settled = asyncio.Event()
        self._settled.set()
        self.malformed = 0
        """Datagrams that could not be read."""
        self.unreachable = 0
        """How often a peer's machine said that nobody listens there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11 does not derive it

    @property
    def port(self) -> int:
        """The UDP port of the socket."""
        return int(self._open.get_extra_info("sockname")[1])

    async def settled(self) -> None:
        """Wait until no request of ours is unanswered."""
        await self._settled.wait()

    def close(self) -> None:
        """Close the socket."""
        self._open.close()

    def send(self, message: sip.Request) -> None:
        """Send a request once, to its first route or its URI."""
        routes = items(message.headers.all("Route"))
        self._send(message.encode(), host_and_port(uri_of(routes[0]) if routes else message.uri))

    def transact(self, request: sip.Request, heard: Callable[[sip.Response | None], None]) -> None:
        """Send until answered; `heard` gets each response, or None where nobody answers."""
        transaction = ClientTransaction(request, self._loop.time(), heard)
        self._clients[key_of(request)] = transaction
        self._settled.clear()
        self.send(request)

    def beat(self, now: float) -> None:
        """Send again what is due, and forget what is done."""
        for transaction in list(self._clients.values()):
            if request := transaction.poll(now):
                self.send(request)
        self._clients = {
            key: transaction
            for key, transaction in self._clients.items()
            if transaction.state is not State.TERMINATED
        }
        self._beat_answers(now)
        self._look_whether_settled()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hear one message; what cannot be read is counted, what only keeps alive is not."""
        if not data.strip(b"\r\n\0 "):
            return
        try:
            message = sip.parse(data)
            if isinstance(message, sip.Response):
                self._take_response(message)
            else:
                self._take_request(message, addr)
        except MalformedError:
            self.malformed += 1

    def error_received(self, exc: Exception) -> None:
        """Count it: the timers decide when to give up."""
        self.unreachable += 1

    @property
    def _open(self) -> asyncio.DatagramTransport:
        if self._transport is None:
            raise RuntimeError("the SIP socket is not open")
        return self._transport

    def _send(self, datagram: bytes, peer: Address) -> None:
        self._open.sendto(datagram, peer)

    def _beat_answers(self, now: float) -> None:
        for call_id, waiting in list(self._unacknowledged.items()):
            if waiting.resending.over(now):
                del self._unacknowledged[call_id]
            elif waiting.resending.due(now):
                self._send(waiting.answer, waiting.peer)
        self._answered.poll(now)

    def _look_whether_settled(self) -> None:
        if not any(transaction.pending for transaction in self._clients.values()):
            self._settled.set()

    def _take_response(self, response: sip.Response) -> None:
        transaction = self._clients.get(key_of(response))
        ack = transaction.receive(response, self._loop.time()) if transaction else None
        if ack is not None:
            self.send(ack)
        self._look_whether_settled()

    def _take_request(self, request: sip.Request, peer: Address) -> None:
        if request.method == "ACK":
            self._unacknowledged.pop(request.headers["Call-ID"], None)
            return
        again = self._answered.again(request)
        if again is not None:
            self._send(again, peer)
            return
        self._answer(request, self._hear_request(request), peer)

    def _answer(self, request: sip.Request, response: sip.Response, peer: Address) -> None:
        now = self._loop.time()
        encoded = response.encode()
        self._answered.remember(request, encoded, now)
        self._send(encoded, peer)
        if request.method == "INVITE" and response.status < 300:
            waiting = _Unacknowledged(encoded, peer, Resending(now, T2_S))
            self._unacknowledged[request.headers["Call-ID"]] = waiting


async def open_endpoint(
    host: str, hear_request: Callable[[sip.Request], sip.Response]
) -> SipEndpoint:
    """Open a SIP socket on a free UDP port; `OSError` where `host` is not this machine's."""
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_datagram_endpoint(
        lambda: SipEndpoint(hear_request), local_addr=(host, 0)
    )
    return endpoint
