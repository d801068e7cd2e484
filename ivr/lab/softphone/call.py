"""One call, as the person on the phone sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.types import Pcm
from ivr.lab.softphone import sdp, sip
from ivr.lab.softphone.address import parameter
from ivr.lab.softphone.dialog import Dialog
from ivr.lab.softphone.errors import CallOverError
from ivr.lab.softphone.incoming import HeardFrame, Reception
from ivr.lab.softphone.invitation import Wire
from ivr.lab.softphone.media import Media


class Side(StrEnum):
    """The two ends of a call."""

    US = "us"
    THEM = "them"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    by: Side
    at: float
    """By the event loop's monotonic clock, in seconds."""
    bye_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of the peer's BYE; empty where we hung up."""

    @property
    def cause(self) -> int | None:
        """The ISDN cause of a `Reason: Q.850;cause=16` header (RFC 3326), or None."""
        reasons = [v for k, v in self.bye_headers.items() if k.lower() == "reason"]
        cause = parameter(reasons[0], "cause") if reasons else None
        return int(cause) if cause and cause.isdecimal() else None


class PhoneCall:
    """An answered call. Whatever waits on it raises `CallOverError` where it ends first."""

    def __init__(self, wire: Wire, dialog: Dialog, media: Media, ours: sdp.Session) -> None:
        self._wire = wire
        self._dialog = dialog
        self._media = media
        self._ours = ours
        self._versions = 1
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[Ending] = self._loop.create_future()

    @property
    def call_id(self) -> str:
        """SIP's Call-ID, which ARI shows as `protocol_id`."""
        return self._dialog.call_id

    @property
    def is_over(self) -> bool:
        """Whether one of the two has hung up."""
        return self._over.done()

    async def speak(self, pcm: Pcm) -> float:
        """Send speech, int16 `[n]` at 8 kHz, in the pace of speech.

        Returns the loop's time, in seconds, at which its last packet was sent. Cancelled, the
        caller falls silent within 20 ms.
        """
        return await self._media.say(lambda outgoing, sent: outgoing.speak(pcm, sent))

    async def press(self, keys: str) -> float:
        """Press keys, 100 ms each and 80 ms apart (RFC 4733); return when the last was released.

        `KeysError` for an unknown key, or where the far end takes none.
        """
        return await self._media.say(lambda outgoing, sent: outgoing.press(keys, sent))

    async def heard_tone(self) -> float:
        """Wait for the end of the next 1000 Hz tone of 100 ms or more; return when it was heard.

        Each tone is told once, also one that ended before the call of this.
        """
        return await self._media.heard_tone()

    async def heard_sound(self) -> None:
        """Wait until the far end has said or played something."""
        await self._media.heard_sound()

    async def heard_key(self) -> str:
        """Wait for the next key that the far end presses; each is told once."""
        return await self._media.heard_key()

    @property
    def received_digits(self) -> str:
        """All keys the far end has pressed so far."""
        return self._media.keys

    @property
    def recording(self) -> Pcm:
        """What was heard, int16 `[n]` at 8 kHz; empty unless dialled with `record=True`."""
        return self._media.incoming.recording

    @property
    def heard(self) -> list[HeardFrame]:
        """What was heard, packet by packet with its times; empty unless recorded."""
        return self._media.incoming.frames

    @property
    def reception(self) -> Reception:
        """How many packets came, and how many were lost."""
        return self._media.incoming.reception

    async def hang_up(self) -> Ending:
        """End the call and wait until the far end has acknowledged it (32 s at most).

        `CallOverError` where the far end has vanished without an answer.
        """
        if not self.is_over and await self._goodbye() is None:
            raise CallOverError("hung up, but nobody acknowledged it: the far end has vanished")
        return await self.ended()

    def drop(self) -> None:
        """End the call, if it is not over, without waiting for the far end."""
        if not self.is_over:
            self._goodbye()

    async def ended(self) -> Ending:
        """Wait until one of the two hangs up."""
        return await asyncio.shield(self._over)

    def hear_bye(self, request: sip.Request) -> None:
        """The far end hangs up."""
        self._end(Ending(Side.THEM, self._loop.time(), request.headers.as_dict()))

    def hear_invite(self, request: sip.Request) -> bytes:
        """The far end changes the session: return our description; `MalformedError` if unfit."""
        self._dialog.refresh(request)
        if request.body:
            self._media.aim(sdp.parse(request.body))
        self._versions += 1
        return self._ours.encode(self._versions)

    def beat(self, now: float) -> None:
        """Send the next 20 ms."""
        if not self.is_over:
            self._media.beat(now)

    def _goodbye(self) -> asyncio.Future[sip.Response | None]:
        acknowledged: asyncio.Future[sip.Response | None] = self._loop.create_future()
        self._wire.transact(self._dialog.request("BYE"), _once(acknowledged))
        self._end(Ending(Side.US, self._loop.time()))
        return acknowledged

    def _end(self, ending: Ending) -> None:
        if not self._over.done():
            self._over.set_result(ending)
            self._media.close()


def _once(done: asyncio.Future[sip.Response | None]) -> Callable[[sip.Response | None], None]:
    def hear(response: sip.Response | None) -> None:
        if not done.done() and (response is None or response.status >= 200):
            done.set_result(response)

    return hear
