"""An INVITE until it is answered, refused or cancelled (RFC 3261, clauses 9 and 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ivr.lab.softphone import sdp, sip
from ivr.lab.softphone.dialog import Dialog
from ivr.lab.softphone.errors import DialError, MalformedError
from ivr.lab.softphone.media import Media
from ivr.lab.softphone.transaction import PATIENCE_S, cancel_of

_HINTS = {
    401: "it wants a password, and this phone has none",
    403: "it forbids the call",
    404: "it knows no such extension",
    407: "it wants a password, and this phone has none",
    480: "nobody is there",
    486: "busy",
    487: "the call was cancelled",
    488: "it takes neither mu-law nor A-law",
    503: "it cannot take calls now",
}


class Wire(Protocol):
    """What sends messages and takes their answers: the phone."""

    def send(self, message: sip.Request) -> None:
        """Send once."""
        ...

    def transact(self, request: sip.Request, heard: Callable[[sip.Response | None], None]) -> None:
        """Send until answered; `heard` gets each response, or None where nobody answers."""
        ...


class Invitation:
    """Sets a call up. `answered` is done at the answer, or fails with `DialError`."""

    def __init__(self, wire: Wire, dialog: Dialog, media: Media, offer: sdp.Session) -> None:
        self._wire = wire
        self._dialog = dialog
        self._media = media
        self._request = dialog.request("INVITE", offer.encode())
        self._provisional = False
        self._cancelled = False
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ack: sip.Request | None = None

    def start(self) -> None:
        """Send the INVITE."""
        self._wire.transact(self._request, self._hear)

    def cancel(self) -> None:
        """Call off; a call that is answered all the same is hung up."""
        self._cancelled = True
        self._fail(DialError("the call was cancelled before it was answered"))
        if self._ack is not None:
            self._hang_up()
        elif self._provisional:
            self._send_cancel()

    def _hear(self, response: sip.Response | None) -> None:
        if response is None:
            self._fail(DialError(f"nobody answered SIP there within {PATIENCE_S:.0f} s"))
        elif response.status < 200:
            self._hear_provisional()
        elif response.status < 300:
            self._hear_answer(response)
        else:
            self._fail(_refusal(response))

    def _hear_provisional(self) -> None:
        first, self._provisional = not self._provisional, True
        if first and self._cancelled:  # RFC 3261, clause 9.1: not before a provisional one
            self._send_cancel()

    def _hear_answer(self, response: sip.Response) -> None:
        if self._ack is not None:  # the answer again: the ACK was lost
            self._wire.send(self._ack)
            return
        self._dialog.confirm(response)
        self._ack = self._dialog.request("ACK")
        self._wire.send(self._ack)
        if self._cancelled:
            self._hang_up()
        else:
            self._start_audio(response)

    def _start_audio(self, response: sip.Response) -> None:
        try:
            self._media.aim(sdp.parse(response.body))
        except MalformedError as error:
            self._hang_up()
            self._fail(DialError(f"the call was answered without usable audio: {error}"))
        else:
            self.answered.set_result(None)

    def _hang_up(self) -> None:
        self._wire.transact(self._dialog.request("BYE"), _nothing_to_do)

    def _send_cancel(self) -> None:
        self._wire.transact(cancel_of(self._request), _nothing_to_do)

    def _fail(self, error: DialError) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


def _refusal(response: sip.Response) -> DialError:
    hint = _HINTS.get(response.status)
    said = f"the far end answered {response.status} {response.phrase}".rstrip()
    return DialError(f"{said}: {hint}" if hint else said, response.status)


def _nothing_to_do(response: sip.Response | None) -> None:
    """The call is over already, whatever is answered."""
