"""A call over chan_websocket: caller and media channel in a bridge of two, audio both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import structlog

from engine.types import Pcm
from ivr.ari.events import ChannelDtmfReceived, Event, StasisStart
from ivr.domain.call import CallFacts, CallState
from ivr.domain.metering import FrameCounts
from ivr.domain.prompt import Spoken
from ivr.line.ear import Ear
from ivr.line.leg import Leg
from ivr.line.names import AGAIN, Kind, Names
from ivr.line.starts import Starts
from ivr.line.tidying import tidied
from ivr.media.codec import FORMATS
from ivr.media.control import ControlEvent, MediaFault
from ivr.media.errors import MediaError, PromptError
from ivr.media.outflow import Message, Outflow
from ivr.media.prompts import PromptLibrary
from ivr.media.socket import MediaFrame, MediaSocket, MediaSockets
from ivr.ports import CallLostError, Heard, Key, PortError, PromptEnded

CONNECTION_ID = "MEDIA_WEBSOCKET_CONNECTION_ID"

Carried = Callable[[FrameCounts], None]
"""Told what became of a call's audio; must not block."""

log = structlog.get_logger()


def count_nothing(frames: FrameCounts) -> None:
    """Tell nobody."""


class WebsocketCall:
    """`ivr.ports.Call` by the recipe that keeps the caller's audio bit-exact under a prompt.

    `play` while something plays replaces it. Keys come by ARI, audio and prompts by the media
    socket. What the call cost is logged once, at its end: frames, silence filled in, frames lost.
    """

    def __init__(
        self,
        leg: Leg,
        names: Names,
        sockets: MediaSockets,
        prompts: PromptLibrary,
        *,
        format: str = "slin",
        carried: Carried = count_nothing,
    ) -> None:
        """Take the caller's leg; nothing is asked of Asterisk yet."""
        self.leg = leg
        self._channel = names.of(Kind.MEDIA, leg.facts.id)
        self._bridge = names.of(Kind.BRIDGE, leg.facts.id)
        self._sockets = sockets
        self._prompts = prompts
        self._format = format
        self._carried = carried
        self._codec = FORMATS[format]()
        self._outflow = Outflow()
        self._sending = asyncio.Lock()
        self._starts = Starts()
        self._attaching = False
        self._socket: MediaSocket | None = None
        self._ear: Ear | None = None
        self._listening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self.leg.facts

    @property
    def routes(self) -> tuple[str, ...]:
        """The caller's channel, and the media channel by either of its ids."""
        return self.leg.facts.id, self._channel, self._channel + AGAIN

    def took(self, event: Event) -> None:
        """Take a key, the media channel's start or the caller's end into account."""
        match event:
            case StasisStart(channel=channel) if self._attaching:
                # Before that it is of the same caller's earlier call, under the same name.
                self._starts.note(channel.id)
            case ChannelDtmfReceived(channel=channel) if channel.id == self.leg.facts.id:
                self.leg.inbox.put(Key(event.digit))
            case _:
                self.leg.took(event)

    async def answer(self) -> None:
        """See `ivr.ports.Call.answer`."""
        try:
            await self.leg.through(self._attach())
        except MediaError as error:
            raise CallLostError(str(error)) from error

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """See `ivr.ports.Call.play`."""
        self.leg.check()
        self.leg.inbox.forget_prompt_end()
        audio = self._audio(prompts)
        if not len(audio):
            self.leg.inbox.put(PromptEnded())
            return
        async with self._sending:
            await self._send(self._outflow.play(self._codec.encode(audio)))

    async def hush(self) -> None:
        """See `ivr.ports.Call.hush`."""
        self.leg.check()
        async with self._sending:
            flushed = self._outflow.flush()
            if flushed:
                await self._send(flushed)
                self.leg.inbox.put(PromptEnded())

    async def heard(self) -> Heard:
        """See `ivr.ports.Call.heard`."""
        return await self.leg.inbox.get()

    def forget_keys(self) -> None:
        """See `ivr.ports.Call.forget_keys`."""
        self.leg.inbox.forget_keys()

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`."""
        await self.leg.tag(record)

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return await self.leg.tagged()

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        await self.leg.note(state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`; the media is taken down behind the caller's back."""
        await self.leg.release(variables)
        self._begin_to_close()

    async def close(self) -> None:
        """See `LineCall.close`."""
        await asyncio.shield(self._begin_to_close())

    def _audio(self, prompts: Sequence[Spoken]) -> Pcm:
        try:
            return self._prompts.audio(self.leg.facts.request.locale, prompts)
        except PromptError as error:
            raise CallLostError(str(error)) from error

    async def _attach(self) -> None:
        ari, caller = self.leg.ari, self.leg.facts.id
        await ari.channels.answer(caller)
        self._attaching = True
        media = await ari.channels.external_media(self._channel, format=self._format)
        self._socket = await self._sockets.connect(media.channelvars.get(CONNECTION_ID, ""))
        await ari.bridges.create(self._bridge, name=self._bridge)
        await self._starts.wait(media.id)
        await ari.bridges.add(self._bridge, caller, media.id)
        self._ear = Ear(self._codec, self.leg.inbox)
        self._listening = asyncio.create_task(self._listen(self._socket, self._ear))

    async def _listen(self, socket: MediaSocket, ear: Ear) -> None:
        try:
            async for item in socket:
                if isinstance(item, MediaFrame):
                    ear.take(item.payload)
                else:
                    await self._control(item)
        except PortError as error:
            log.info("media_not_heard_to_its_end", call=self.leg.facts.id, why=str(error))
        self.leg.inbox.end(CallLostError(f"the media socket closed (code {socket.close_code})"))

    async def _control(self, event: ControlEvent) -> None:
        if isinstance(event, MediaFault):
            log.warning("media_command_refused", call=self.leg.facts.id, why=event.error_text)
        if self._outflow.ended(event):
            self.leg.inbox.put(PromptEnded())
            return
        async with self._sending:
            messages = self._outflow.took(event)
            if messages:
                await self._send(messages)

    async def _send(self, messages: Iterable[Message]) -> None:
        """Send to Asterisk, or say what became of the call instead."""
        if self._socket is None:
            raise CallLostError("nothing can be played before the call is answered")
        try:
            await self.leg.through(self._socket.send(messages))
        except MediaError as error:
            raise CallLostError(str(error)) from error

    def _begin_to_close(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._closing = asyncio.create_task(self._dismantle())
        return self._closing

    async def _dismantle(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        if self._ear is not None:
            self._ear.close()
            self._carried(told_cost(self.leg, self._ear))
        if self._socket is not None:
            await self._socket.close()
        if self._attaching and not self.leg.abandoned:
            await tidied(
                self.leg.ari.channels.hangup(self._channel),
                self.leg.ari.channels.hangup(self._channel + AGAIN),
                self.leg.ari.bridges.destroy(self._bridge),
            )


def told_cost(leg: Leg, ear: Ear) -> FrameCounts:
    """Log what a call's audio came to, and return it."""
    log.info(
        "media_ended",
        call=leg.facts.id,
        frames=ear.frames,
        gaps=ear.pacer.gaps,
        silence_frames=ear.pacer.inserted,
        refused_frames=ear.refused,
        unheard_frames=leg.inbox.dropped,
    )
    return FrameCounts(ear.frames, ear.pacer.inserted, ear.refused, leg.inbox.dropped)
