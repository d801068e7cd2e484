"""The phone with a scripted far end on loopback: what a peer may do that Asterisk seldom does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import numpy as np
import pytest
import pytest_asyncio

from engine.types import TELEPHONE_RATE_HZ
from ivr.lab.softphone import PCMU, CallOverError, DialError, PhoneCall, Side, Softphone, sdp, sip
from tests.patience import PATIENCE_S

HOST = "127.0.0.1"
SESSION = sdp.Session(HOST, 9, (PCMU,), None)


class Peer(asyncio.DatagramProtocol):
    """A far end that does what the test says.

    It passes over what the phone sends again because nothing came back within half a second, as a
    busy machine's answer does (RFC 3261, timers A and E, clause 13.3.1.4).
    """

    def __init__(self) -> None:
        self.heard: asyncio.Queue[sip.Message] = asyncio.Queue()
        self._repeated: set[bytes] = set()
        self.caller = (HOST, 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.caller = addr
        message = sip.parse(data)
        if data in self._repeated:
            return
        if is_repeated(message):
            self._repeated.add(data)
        self.heard.put_nowait(message)

    def send(self, message: sip.Message) -> None:
        self.transport.sendto(message.encode(), self.caller)

    async def request(self, method: str) -> sip.Request:
        """Wait for the next request, which must be of this method."""
        message = await asyncio.wait_for(self.heard.get(), PATIENCE_S)
        assert isinstance(message, sip.Request)
        assert message.method == method
        return message

    async def status(self) -> int:
        """Wait for the next response."""
        return (await self.response()).status

    async def response(self) -> sip.Response:
        """Wait for the next response."""
        message = await asyncio.wait_for(self.heard.get(), PATIENCE_S)
        assert isinstance(message, sip.Response)
        return message

    def answer(self, request: sip.Request, status: int, body: bytes = b"") -> None:
        """Respond to a request, under the tag `theirs`."""
        kept = [
            (name, f"{value};tag=theirs" if name == "To" and ";tag=" not in value else value)
            for name, value in request.headers.fields
            if name in ("Via", "From", "To", "Call-ID", "CSeq")
        ]
        contact = ("Contact", f"<sip:peer@{HOST}:{self.port}>")
        self.send(sip.Response(status, "Scripted", sip.headers(*kept, contact), body))

    def ask(self, invite: sip.Request, method: str, number: int, body: bytes = b"") -> None:
        """Send a request in the dialog of an INVITE."""
        to, sender = invite.headers["From"], f"{invite.headers['To']};tag=theirs"
        self.send(
            request_of(self.port, method, number, invite.headers["Call-ID"], sender, to, body)
        )


def is_repeated(message: sip.Message) -> bool:
    """Say whether the phone sends it again by itself: every request but ACK, a 200 to INVITE."""
    method = sip.method_of(message)
    return method == "INVITE" if isinstance(message, sip.Response) else method != "ACK"


def request_of(
    port: int, method: str, number: int, call_id: str, sender: str, to: str, body: bytes = b""
) -> sip.Request:
    """Return a request of the far end's."""
    found = sip.headers(
        ("Via", f"SIP/2.0/UDP {HOST}:{port};branch=z9hG4bKpeer{method}{number}"),
        ("From", sender),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", f"{number} {method}"),
        ("Contact", f"<sip:moved@{HOST}:{port}>"),
        ("Reason", 'Q.850;cause=41;text="later"'),
    )
    return sip.Request(method, f"sip:softphone@{HOST}", found, body)


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A far end."""
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(Peer, local_addr=(HOST, 0))
    yield peer
    transport.close()


@pytest_asyncio.fixture
async def phone(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Softphone]:
    """A phone on loopback; at the end nothing that it asked is left unanswered."""
    monkeypatch.setattr("ivr.lab.softphone.phone._FAREWELL_S", PATIENCE_S)
    async with Softphone(HOST) as ready:
        yield ready
    assert ready.unanswered_farewells == 0


async def answered(phone: Softphone, peer: Peer) -> tuple[PhoneCall, sip.Request]:
    """Set a call up; return it with its INVITE."""
    dialling = asyncio.create_task(phone.dial("x", HOST, peer.port))
    invite = await peer.request("INVITE")
    peer.answer(invite, 200, SESSION.encode())
    await peer.request("ACK")
    return await dialling, invite


async def hung_up(call: PhoneCall, peer: Peer) -> None:
    """End a call from our side."""
    leaving = asyncio.create_task(call.hang_up())
    peer.answer(await peer.request("BYE"), 200)
    await leaving


async def test_an_answer_that_comes_again_is_acknowledged_again(
    phone: Softphone, peer: Peer
) -> None:
    """The far end missed our ACK: it gets the same once more."""
    call, invite = await answered(phone, peer)
    peer.answer(invite, 200, SESSION.encode())
    assert sip.cseq_of(await peer.request("ACK")) == sip.cseq_of(invite)
    await hung_up(call, peer)


async def test_a_call_is_cancelled_only_once_the_far_end_is_heard(
    phone: Softphone, peer: Peer
) -> None:
    """RFC 3261, clause 9.1: no CANCEL before a provisional response."""
    dialling = asyncio.create_task(phone.dial("x", HOST, peer.port))
    invite = await peer.request("INVITE")
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    assert peer.heard.empty()
    peer.answer(invite, 180)
    peer.answer(await peer.request("CANCEL"), 200)
    peer.answer(invite, 487)
    await peer.request("ACK")


async def test_a_cancelled_call_that_is_answered_is_hung_up(phone: Softphone, peer: Peer) -> None:
    """The answer and the CANCEL crossed: the call is acknowledged and ended."""
    dialling = asyncio.create_task(phone.dial("x", HOST, peer.port))
    invite = await peer.request("INVITE")
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    peer.answer(invite, 200, SESSION.encode())
    await peer.request("ACK")
    peer.answer(await peer.request("BYE"), 200)


async def test_an_answer_without_usable_audio_is_hung_up(phone: Softphone, peer: Peer) -> None:
    """What the phone cannot hear it does not hold."""
    dialling = asyncio.create_task(phone.dial("x", HOST, peer.port))
    peer.answer(await peer.request("INVITE"), 200, SESSION.encode().replace(b"AVP 0", b"AVP 18"))
    await peer.request("ACK")
    peer.answer(await peer.request("BYE"), 200)
    with pytest.raises(DialError, match="no common codec"):
        await dialling


async def test_a_changed_session_is_answered_and_followed(phone: Softphone, peer: Peer) -> None:
    """A re-INVITE gets our description again; later requests go to the new contact."""
    call, invite = await answered(phone, peer)
    peer.ask(invite, "INVITE", 8, SESSION.encode())
    response = await peer.response()
    assert response.status == 200
    assert sdp.parse(response.body).codecs[0] == PCMU
    peer.ask(invite, "ACK", 8)
    leaving = asyncio.create_task(call.hang_up())
    bye = await peer.request("BYE")
    assert bye.uri == f"sip:moved@{HOST}:{peer.port}"
    peer.answer(bye, 200)
    await leaving


async def test_a_changed_session_that_is_no_use_is_refused(phone: Softphone, peer: Peer) -> None:
    """The call goes on as it was."""
    call, invite = await answered(phone, peer)
    peer.ask(invite, "INVITE", 8, b"v=0\r\n")
    assert await peer.status() == 488
    assert not call.is_over
    await hung_up(call, peer)


async def test_the_far_end_hangs_up(phone: Softphone, peer: Peer) -> None:
    """Its BYE is answered, a repeated one too, and its headers are kept."""
    call, invite = await answered(phone, peer)
    for _ in range(2):
        peer.ask(invite, "BYE", 9)
        assert await peer.status() == 200
    ending = await call.ended()
    assert (ending.by, ending.cause) == (Side.THEM, 41)
    assert ending.bye_headers["CSeq"] == "9 BYE"


async def test_what_belongs_to_no_call_is_refused(phone: Softphone, peer: Peer) -> None:
    """A stray BYE, a call to this phone, a method it has not; a ping is answered."""
    call, invite = await answered(phone, peer)
    for method, to, status in (
        ("BYE", "<sip:us@h>;tag=gone", 481),
        ("INVITE", "<sip:us@h>", 603),
        ("OPTIONS", "<sip:us@h>", 200),
    ):
        peer.send(request_of(peer.port, method, 1, "another", "<sip:them@h>;tag=1", to))
        assert await peer.status() == status
    peer.ask(invite, "INFO", 2)
    assert await peer.status() == 405
    await hung_up(call, peer)


async def test_what_cannot_be_read_is_passed_over(phone: Softphone, peer: Peer) -> None:
    """Neither noise nor a keep-alive disturbs a call."""
    call, invite = await answered(phone, peer)
    for noise in (b"\r\n\r\n", b"\0", b"noise", b"BYE x SIP/2.0\r\n\r\n"):
        peer.transport.sendto(noise, peer.caller)
    peer.ask(invite, "OPTIONS", 1)
    assert await peer.status() == 200
    await hung_up(call, peer)


async def test_closing_the_phone_ends_whoever_is_still_dialling(peer: Peer) -> None:
    """The call in the making is cancelled, and its caller is told."""

    async def refuse() -> None:
        peer.answer(await peer.request("CANCEL"), 200)
        peer.answer(invite, 487)
        await peer.request("ACK")

    async with Softphone(HOST) as phone:
        dialling = asyncio.create_task(phone.dial("x", HOST, peer.port))
        invite = await peer.request("INVITE")
        peer.answer(invite, 180)
        refusing = asyncio.create_task(refuse())
    await refusing
    with pytest.raises(DialError, match="cancelled"):
        await dialling


async def test_closing_the_phone_does_not_wait_for_a_far_end_that_is_gone(peer: Peer) -> None:
    """It says goodbye, waits 2 s, and counts that nobody replied."""
    async with Softphone(HOST) as phone:
        await answered(phone, peer)
    await peer.request("BYE")
    assert phone.unanswered_farewells == 1


async def test_a_name_without_an_address_is_an_error(phone: Softphone) -> None:
    """The message names the host."""
    with pytest.raises(DialError, match=r"no IPv4 address for nowhere\.invalid"):
        await phone.dial("x", "nowhere.invalid")


async def test_cancelled_speech_falls_silent(phone: Softphone, peer: Peer) -> None:
    """Whoever stops waiting stops speaking, and can speak again."""
    call, _ = await answered(phone, peer)
    longer = round((PATIENCE_S + 10.0) * TELEPHONE_RATE_HZ)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await call.speak(np.zeros(longer, np.int16))
    await asyncio.wait_for(call.speak(np.zeros(160, np.int16)), PATIENCE_S)
    await hung_up(call, peer)
    with pytest.raises(CallOverError):
        await call.heard_key()
