"""A call over chan_websocket: caller and media channel in a bridge of two, audio both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import structlog

from engine.types import Pcm
from ivr.ari.events import ChannelDtmfReceived, Event, StasisStart
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken
from ivr.line.ear import Ear
from ivr.line.hearing import CONNECTION_ID, Carried, Hearing, count_nothing
from ivr.line.leg import Leg
from ivr.line.names import AGAIN, Kind, Names
from ivr.line.reuse import let_go
from ivr.line.starts import Starts
from ivr.line.tidying import tidied
from ivr.media.codec import FORMATS
from ivr.media.control import ControlEvent, MediaFault
from ivr.media.errors import MediaError, PromptError
from ivr.media.outflow import Message, Outflow
from ivr.media.prompts import PromptLibrary
from ivr.media.socket import MediaFrame, MediaSocket, MediaSockets
from ivr.ports import CallLostError, Heard, Key, KeysMissed, PortError, PromptEnded

log = structlog.get_logger()


class WebsocketCall:
    """`ivr.ports.Call` by the recipe that keeps the caller's audio bit-exact under a prompt.

    `play` while something plays replaces it. Keys come by ARI, audio and prompts by the media
    socket.
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
        self._hearing = Hearing(leg, carried)
        self._codec = FORMATS[format]()
        self._outflow = Outflow()
        self._sending = asyncio.Lock()
        self._starts = Starts()
        self._attaching = False

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

    def keys_missed(self) -> None:
        """See `LineCall.keys_missed`."""
        self.leg.inbox.put(KeysMissed())

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

    def forget_frames(self) -> None:
        """See `ivr.ports.Call.forget_frames`."""
        self.leg.inbox.forget_frames()

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
        self._hearing.begin_to_end(self._remove)

    async def close(self) -> None:
        """See `LineCall.close`."""
        await asyncio.shield(self._hearing.begin_to_end(self._remove))

    def _audio(self, prompts: Sequence[Spoken]) -> Pcm:
        try:
            return self._prompts.audio(self.leg.facts.request.locale, prompts)
        except PromptError as error:
            raise CallLostError(str(error)) from error

    async def _attach(self) -> None:
        ari, caller = self.leg.ari, self.leg.facts.id
        await ari.channels.answer(caller)
        self._attaching = True
        await let_go(ari.channels, self._channel)
        media = await ari.channels.external_media(self._channel, format=self._format)
        socket = await self._sockets.connect(media.channelvars.get(CONNECTION_ID, ""))
        self._hearing.socket = socket
        await ari.bridges.create(self._bridge, name=self._bridge)
        await self._starts.wait(media.id)
        await ari.bridges.add(self._bridge, caller, media.id)
        self._hearing.begin(socket, self._codec, self._listen)

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
        socket = self._hearing.socket
        if socket is None:
            raise CallLostError("nothing can be played before the call is answered")
        try:
            await self.leg.through(socket.send(messages))
        except MediaError as error:
            raise CallLostError(str(error)) from error

    async def _remove(self) -> None:
        if not self._attaching:
            return
        await tidied(
            self.leg.ari.channels.hangup(self._channel),
            self.leg.ari.channels.hangup(self._channel + AGAIN),
            self.leg.ari.bridges.destroy(self._bridge),
        )
