"""The softphone: places calls, takes them, and answers what the far ends ask in them."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.lab.softphone import sdp, sip
from ivr.lab.softphone.address import name_address, parameter, sip_uri
from ivr.lab.softphone.call import PhoneCall
from ivr.lab.softphone.dialog import Dialog, Line, answer
from ivr.lab.softphone.endpoint import SipEndpoint, open_endpoint
from ivr.lab.softphone.errors import DialError, MalformedError
from ivr.lab.softphone.g711 import CODECS, Codec
from ivr.lab.softphone.invitation import Invitation
from ivr.lab.softphone.media import Media, open_media
from ivr.lab.softphone.metronome import Metronome

_FAREWELL_S = 2.0
"""How long a phone that is put away waits for the far ends to acknowledge."""


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    """Somebody who waits for a call, with the audio that it will have."""

    media: Media
    call: asyncio.Future[PhoneCall]


class Softphone:
    """Places and takes calls at `host`, an IPv4 address of this machine.

    `async with Softphone("127.0.0.1") as phone: call = await phone.dial("verify", host, port)`.
    One socket for SIP, one for the audio of each call, one timer for everything; whatever is
    still up at the end is hung up.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._calls: dict[str, PhoneCall] = {}
        self._invitations: set[Invitation] = set()
        self._expected: deque[_Expected] = deque()
        self.unanswered_farewells = 0
        """1 where the phone was closed before every far end had acknowledged."""

    async def __aenter__(self) -> Softphone:
        """Open the SIP socket; `OSError` where the host is not an address of this machine."""
        self._endpoint: SipEndpoint = await open_endpoint(self._host, self._hear_request)
        self._line = Line(self._host, self._endpoint.port)
        self._metronome = Metronome(self._beat)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up what is still up, wait 2 s at most for the acknowledgements, and close."""
        for invitation in self._invitations:
            invitation.cancel()
        for call in self._calls.values():
            call.drop()
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self._endpoint.settled()
        except TimeoutError:
            self.unanswered_farewells += 1
        finally:
            self._metronome.stop()
            self._endpoint.close()

    @property
    def latest_s(self) -> float:
        """How late the latest 20 ms beat so far came, in seconds."""
        return self._metronome.latest_s

    async def dial(
        self,
        extension: str,
        host: str,
        port: int = 5060,
        *,
        caller_number: str = "",
        caller_name: str = "",
        codecs: Sequence[Codec] = CODECS,
        dtx: bool = False,
        record: bool = False,
    ) -> PhoneCall:
        """Call an extension of a PBX and wait until it is answered.

        Without a number the caller is anonymous. `codecs` are offered in this order. With `dtx`
        nothing is sent in silence; with `record` what is heard is kept. Cancelling the wait
        cancels the call. `DialError` where it is refused or nobody is there.
        """
        address = await _resolve(host, port)
        media = await open_media(self._host, keep=record, dtx=dtx)
        try:
            return await self._invite(
                self._dialog(sip_uri(extension, address, port), caller_number, caller_name),
                media,
                sdp.Session(self._host, media.port, tuple(codecs), sdp.EVENTS_TYPE),
            )
        except BaseException:
            media.close()
            raise

    @property
    def uri(self) -> str:
        """Where this phone can be called."""
        return sip_uri("softphone", self._host, self._line.port)

    async def called(self, *, record: bool = False) -> PhoneCall:
        """Wait for the next call to this phone and answer it at once.

        Without somebody who waits here a call is declined. With `record` what is heard is kept.
        """
        media = await open_media(self._host, keep=record, dtx=False)
        expected = _Expected(media, asyncio.get_running_loop().create_future())
        self._expected.append(expected)
        try:
            return await expected.call
        except BaseException:
            media.close()
            raise
        finally:
            if expected in self._expected:
                self._expected.remove(expected)

    async def _invite(self, dialog: Dialog, media: Media, offer: sdp.Session) -> PhoneCall:
        invitation = Invitation(self._endpoint, dialog, media, offer)
        self._invitations.add(invitation)
        try:
            invitation.start()
            await invitation.answered
        except asyncio.CancelledError:
            invitation.cancel()
            raise
        finally:
            self._invitations.discard(invitation)
        call = PhoneCall(self._endpoint, dialog, media, offer)
        self._calls[dialog.call_id] = call
        return call

    def _dialog(self, target: str, number: str, name: str) -> Dialog:
        """Return the start of a call from a number, or from nobody (RFC 3323, clause 4.1)."""
        uri = sip_uri(number, self._host) if number else sip_uri("anonymous", "anonymous.invalid")
        local = f"{name_address(name, uri)};tag={secrets.token_hex(4)}"
        call_id = f"{secrets.token_hex(12)}@{self._host}"
        return Dialog(self._line, call_id, local, f"<{target}>", target)

    def _beat(self, now: float) -> None:
        for call in self._calls.values():
            call.beat(now)
        self._calls = {key: call for key, call in self._calls.items() if not call.is_over}
        self._endpoint.beat(now)

    def _hear_request(self, request: sip.Request) -> sip.Response:
        call = self._calls.get(request.headers["Call-ID"])
        if request.method == "OPTIONS":
            return self._answer(request, 200, "OK")
        if call is None or call.is_over:
            return self._answer_outside(request)
        if request.method == "BYE":
            call.hear_bye(request)
            return self._answer(request, 200, "OK")
        if request.method == "INVITE":
            return self._answer_invite(request, call)
        return self._answer(request, 405, "Method Not Allowed")

    def _answer_outside(self, request: sip.Request) -> sip.Response:
        """Answer what belongs to no call of ours: take a call that somebody waits for."""
        if request.method == "INVITE" and not parameter(request.headers["To"], "tag"):
            if not self._expected:
                return self._answer(request, 603, "Decline")
            return self._take_call(request, self._expected.popleft())
        return self._answer(request, 481, "Call/Transaction Does Not Exist")

    def _take_call(self, request: sip.Request, expected: _Expected) -> sip.Response:
        try:
            peer = sdp.parse(request.body)
            expected.media.aim(peer)
        except MalformedError:
            self._expected.appendleft(expected)
            return self._answer(request, 488, "Not Acceptable Here")
        dialog = Dialog.of_call(request, self._line)
        ours = sdp.Session(self._host, expected.media.port, peer.codecs[:1], sdp.EVENTS_TYPE)
        call = PhoneCall(self._endpoint, dialog, expected.media, ours)
        self._calls[dialog.call_id] = call
        expected.call.set_result(call)
        return answer(request, 200, "OK", self._line, ours.encode(), dialog.local)

    def _answer_invite(self, request: sip.Request, call: PhoneCall) -> sip.Response:
        try:
            return self._answer(request, 200, "OK", call.hear_invite(request))
        except MalformedError:
            return self._answer(request, 488, "Not Acceptable Here")

    def _answer(
        self, request: sip.Request, status: int, phrase: str, body: bytes = b""
    ) -> sip.Response:
        return answer(request, status, phrase, self._line, body)


async def _resolve(host: str, port: int) -> str:
    """Return the host's IPv4 address; `DialError` where it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET)
    except OSError as error:
        raise DialError(f"no IPv4 address for {host}: {error.strerror}") from error
    return str(found[0][4][0])
