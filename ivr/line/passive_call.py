"""A call that is overheard: the caller goes on in the dialplan, and we hear the caller's side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NoReturn
from uuid import UUID

import structlog

from ivr.ari.errors import AriError, AriRequestError
from ivr.ari.events import ChannelUserevent, ChannelVarset, Event, StasisEnd, StasisStart
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken
from ivr.line.ear import Ear
from ivr.line.hearing import CONNECTION_ID, Carried, Hearing, count_nothing
from ivr.line.leg import HANG_UP_GRACE_S, Leg
from ivr.line.names import AGAIN, Kind, Names
from ivr.line.overheard import left_to_know
from ivr.line.reuse import let_go
from ivr.line.shared import anew, shared
from ivr.line.starts import Starts
from ivr.line.tidying import tidied
from ivr.media.codec import FORMATS
from ivr.media.errors import MediaError
from ivr.media.socket import MediaFrame, MediaSocket, MediaSockets
from ivr.ports import CallLostError, Heard, PortError, ToldToStopError

STOP_VARIABLE, STOP = "COUNTERSIGN_PASSIVE", "stop"
"""Set on the caller's channel by a dialplan that wants us to listen no more."""
STOP_EVENT = "CountersignStop"
"""A user event about the caller's channel that says the same, for whoever has no dialplan."""

log = structlog.get_logger()


class PassiveCall:
    """`ivr.ports.Call` of a caller who talks to somebody else: nothing can be played or asked.

    A snoop channel hears what comes in from the caller's channel, which is never what the agent
    says; it is bridged with a media channel, whose socket brings it here. `release` leaves the
    caller where he is, and sets the variables as SHARED() ones: Asterisk's REST interface sets
    plain variables on channels of an application alone, and this one is in a queue by now.
    """

    def __init__(
        self,
        leg: Leg,
        names: Names,
        sockets: MediaSockets,
        *,
        websocket: bool = True,
        carried: Carried = count_nothing,
    ) -> None:
        """Take the caller's leg; `websocket`: whether this Asterisk has a usable chan_websocket."""
        self.leg = leg
        self._snoop = names.of(Kind.SNOOP, leg.facts.id)
        self._media = names.of(Kind.MEDIA, leg.facts.id)
        self._bridge = names.of(Kind.BRIDGE, leg.facts.id)
        self._sockets = sockets
        self._websocket = websocket
        self._hearing = Hearing(leg, carried)
        self._starts = Starts()
        self._record: UUID | None = None
        self._gone_on = False
        self._attaching = False
        self._hands: list[str] = []
        """Channels of ours that are in the application: with these variables can be written."""

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self.leg.facts

    @property
    def routes(self) -> tuple[str, ...]:
        """The caller's channel, the snoop, and the media channel by either of its ids."""
        return self.leg.facts.id, self._snoop, self._media, self._media + AGAIN

    def took(self, event: Event) -> None:
        """Take starts and ends of our channels, wishes to stop and the hangup into account."""
        match event:
            case StasisStart(channel=channel) if self._attaching:
                # Before that it is of the same caller's earlier call, under the same name.
                self._starts.note(channel.id)
            case StasisEnd(channel=channel) if channel.id == self._snoop:
                # The caller's hangup ends it too, and its event may come a little later.
                loop = asyncio.get_running_loop()
                loop.call_later(HANG_UP_GRACE_S, self._lose, "Asterisk ended the snoop channel")
            case ChannelVarset() if (event.variable, event.value) == (STOP_VARIABLE, STOP):
                self.stop()
            case ChannelUserevent(eventname=name) if name == STOP_EVENT:
                self.stop()
            case _:
                self.leg.took(event)

    def keys_missed(self) -> None:
        """See `LineCall.keys_missed`; they are not for us."""

    def stop(self) -> None:
        """Listen no more: `heard` raises `ToldToStopError`."""
        self.leg.inbox.end(ToldToStopError("told to listen no more"))

    async def catch_up(self) -> None:
        """Ask whether the dialplan wants us to stop, which no event told. `AriError`."""
        caller = self.leg.facts.id
        if (
            self._gone_on
            and await self.leg.ari.channels.get_variable(caller, STOP_VARIABLE) == STOP
        ):
            self.stop()

    def cut_off(self, why: str) -> None:
        """Listen no more because we cannot: `heard` raises `CallLostError`."""
        self._lose(why)

    async def go_on(self) -> None:
        """Let the caller go on in the dialplan, and stay subscribed to what becomes of him.

        Raises nothing: what fails here is told by `answer`, or by the end of the leg.
        """
        ari, caller = self.leg.ari, self.leg.facts.id
        try:
            await self.leg.through(ari.applications.subscribe(ari.address.app, caller))
            # An earlier call's stop, where the dialplan has not cleared it, is not this one's.
            cleared = {STOP_VARIABLE: "", **anew(caller, {})}
            await self.leg.through(ari.channels.set_variables(caller, cleared))
            await self.leg.let_go()
            self._gone_on = True
        except PortError as error:
            log.warning("passive_call_not_let_go", call=caller, why=str(error))

    async def answer(self) -> None:
        """Begin to hear the caller; he is not answered here, and notices nothing."""
        self.leg.check()
        if not self._gone_on:
            raise CallLostError("the caller could not be let on, so nothing of him is listened to")
        if not self._websocket:
            raise CallLostError(
                "this Asterisk has no usable chan_websocket: passive calls need 20.18, 22.8 or 23.2"
            )
        try:
            await self.leg.through(self._attach())
        except MediaError as error:
            raise CallLostError(str(error)) from error

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """Raise `CallLostError`: nothing is said into somebody else's conversation."""
        _silent()

    async def hush(self) -> None:
        """See `ivr.ports.Call.hush`: nothing ever plays."""
        self.leg.check()

    async def heard(self) -> Heard:
        """See `ivr.ports.Call.heard`; `ToldToStopError` after `stop`. Keys are not for us."""
        return await self.leg.inbox.get()

    def forget_keys(self) -> None:
        """See `ivr.ports.Call.forget_keys`; there are none."""

    def forget_frames(self) -> None:
        """See `ivr.ports.Call.forget_frames`."""
        self.leg.inbox.forget_frames()

    async def tag(self, record: UUID) -> None:
        """Keep the record's id until the variables are set; see `close_abandoned` for a crash.

        A caller who could not be let go on waits for us or for the next process, which finds it.
        """
        self._record = record
        if not self._gone_on:
            await self.leg.tag(record)

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return self._record

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        await self.leg.note(state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """Set SHARED() variables on the caller's channel and leave it alone from here on.

        `CallLostError` where they could not be set: the dialplan then finds no verdict, which it
        must take for INCONCLUSIVE.
        """
        caller = self.leg.facts.id
        if not self._gone_on:
            await self.leg.release(anew(caller, variables))
        else:
            try:
                await self.leg.through(self._tell(shared(caller, variables)))
            finally:
                self.leg.leave()
        self._hearing.begin_to_end(self._remove)

    async def close(self) -> None:
        """See `LineCall.close`."""
        await asyncio.shield(self._hearing.begin_to_end(self._remove))

    async def _attach(self) -> None:
        ari, caller = self.leg.ari, self.leg.facts.id
        self._attaching = True
        await let_go(ari.channels, self._media)
        media = await ari.channels.external_media(self._media)
        socket = await self._sockets.connect(media.channelvars.get(CONNECTION_ID, ""))
        self._hearing.socket = socket
        await self._starts.wait(media.id)
        self._hands.append(media.id)
        await ari.channels.snoop(caller, snoop=self._snoop)
        await ari.bridges.create(self._bridge, name=self._bridge)
        await self._starts.wait(self._snoop)
        self._hands.append(self._snoop)
        known = left_to_know(ari.address.app, self.facts, self._record)
        await ari.channels.set_variables(self._snoop, known)
        await ari.bridges.add(self._bridge, self._snoop, media.id)
        self._hearing.begin(socket, FORMATS["slin"](), self._listen)

    async def _listen(self, socket: MediaSocket, ear: Ear) -> None:
        async for item in socket:
            if isinstance(item, MediaFrame):
                ear.take(item.payload)
        self._lose(f"the media socket closed (code {socket.close_code})")

    def _lose(self, why: str) -> None:
        self.leg.inbox.end(CallLostError(why))

    async def _tell(self, told: Mapping[str, str]) -> None:
        """Write with the hand that is still there."""
        if not told:
            return
        refused: AriError = AriRequestError(404, "POST", "channels", "no channel of ours is left")
        for hand in reversed(self._hands):
            try:
                await self.leg.ari.channels.set_variables(hand, told)
            except AriRequestError as error:
                refused = error
            else:
                return
        raise refused

    async def _remove(self) -> None:
        ari, caller = self.leg.ari, self.leg.facts.id
        await tidied(ari.applications.unsubscribe(ari.address.app, caller))
        if self._attaching:
            await tidied(
                ari.channels.hangup(self._snoop),
                ari.channels.hangup(self._media),
                ari.channels.hangup(self._media + AGAIN),
                ari.bridges.destroy(self._bridge),
            )


def _silent() -> NoReturn:
    raise CallLostError("nothing can be played to a caller who talks to somebody else")
