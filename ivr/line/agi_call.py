"""A call over FastAGI: the dialplan waits in `AGI()`, and audio goes both ways by AudioSocket.

`EXEC AudioSocket` keeps the AGI channel busy for as long as audio flows. So the conversation runs
on the AudioSocket alone, whose id only this call's Asterisk was told; when it is over we hang the
socket up, `EXEC` returns, and only then are the channel variables set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from engine.types import Pcm
from ivr.agi.commands import answer, execute
from ivr.agi.errors import AgiError
from ivr.agi.session import AgiSession
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken
from ivr.line.agi_leg import AgiLeg
from ivr.line.beat import Beat
from ivr.line.ear import Ear
from ivr.line.hearing import Carried, cost_of, count_nothing
from ivr.line.unless import told
from ivr.media.audiosocket import Fault, Message, Pressed, Sound
from ivr.media.audiosockets import AudioSocket, AudioSockets
from ivr.media.codec import Slin
from ivr.media.errors import MalformedAudioSocketError, PromptError
from ivr.media.mouth import Mouth
from ivr.media.prompts import PromptLibrary
from ivr.ports import CallLostError, Heard, Key, PromptEnded

APPLICATION = "AudioSocket"
CONNECT_TIMEOUT_S = 3.0
"""Asterisk itself gives up connecting after 2 s."""
STOP_TIMEOUT_S = 2.0
"""Asterisk leaves the application within a millisecond of our hanging the socket up."""

log = structlog.get_logger()


class AgiCall:
    """`ivr.ports.Call` by FastAGI and AudioSocket; `play` while something plays replaces it."""

    def __init__(
        self,
        leg: AgiLeg,
        session: AgiSession,
        sockets: AudioSockets,
        prompts: PromptLibrary,
        *,
        carried: Carried = count_nothing,
    ) -> None:
        """Take the caller's leg; nothing is asked of Asterisk yet."""
        self._carried = carried
        self.leg = leg
        self._session = session
        self._sockets = sockets
        self._prompts = prompts
        self._codec = Slin()
        self._mouth = Mouth()
        self._lost: CallLostError | None = None
        self._socket: AudioSocket | None = None
        self._ear: Ear | None = None
        self._beat: Beat | None = None
        self._running: asyncio.Task[int | None] | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self.leg.facts

    async def answer(self) -> None:
        """See `ivr.ports.Call.answer`."""
        await self.leg.command(answer())
        socket = self._socket = await self.leg.through(self._connected())
        self._ear = Ear(self._codec, self.leg.inbox)
        self._beat = Beat(self._mouth, self._say, self._prompt_ended)
        self._listening = asyncio.create_task(self._listen(socket, self._ear))

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """See `ivr.ports.Call.play`."""
        self._check_audio()
        self.leg.inbox.forget_prompt_end()
        audio = self._audio(prompts)
        self._mouth.play(audio)
        if not len(audio):
            self._mouth.hush()
            self._prompt_ended()

    async def hush(self) -> None:
        """See `ivr.ports.Call.hush`."""
        self.leg.check()
        if self._mouth.hush():
            self._prompt_ended()

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
        """See `ivr.ports.Call.release`."""
        self.leg.check()
        await self.leg.through(self._stop_audio())
        await self.leg.release(variables)

    async def close(self) -> None:
        """End what runs for this call, and the connection with it; idempotent."""
        await self._end_audio()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
        await self.leg.close()

    async def _connected(self) -> AudioSocket:
        """Let Asterisk connect the caller's audio to us."""
        self.leg.busy = True
        with self._sockets.expected() as (id, arrival):
            self._running = asyncio.create_task(self._run(f"{id},{self._sockets.address}"))
            either: set[asyncio.Future[AudioSocket] | asyncio.Task[int | None]]
            either = {arrival, self._running}
            await asyncio.wait(
                either, timeout=CONNECT_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not arrival.done():
                await self.leg.explained()
                raise CallLostError(
                    f"Asterisk did not connect to {self._sockets.address}: check that "
                    "app_audiosocket is loaded, and agi.audio_address"
                )
            return arrival.result()

    async def _run(self, arguments: str) -> int | None:
        """Keep Asterisk in its application; return its result, or None where it cannot be had."""
        try:
            return (await self._session.command(execute(APPLICATION, arguments))).result
        except AgiError as error:
            log.info("audiosocket_ended", call=self.facts.id, why=str(error))
            return None
        finally:
            self.leg.busy = False

    async def _listen(self, socket: AudioSocket, ear: Ear) -> None:
        why = "Asterisk closed the AudioSocket"
        try:
            async for message in socket:
                self._take(message, ear)
        except MalformedAudioSocketError as error:
            why = str(error)
        await self.leg.explained()
        self._lose(why)

    def _take(self, message: Message, ear: Ear) -> None:
        match message:
            case Sound(payload=payload):
                ear.take(payload)
            case Pressed(digit=digit):
                self.leg.inbox.put(Key(digit))
            case Fault(code=code):
                log.warning("audiosocket_fault", call=self.facts.id, code=code.hex())
            case _:
                log.info("audiosocket_message_unknown", call=self.facts.id)

    def _say(self, pcm: Pcm) -> None:
        if self._socket is None:
            return
        self._socket.send(self._codec.encode(pcm))
        if self._socket.stuck:
            self._lose("Asterisk takes no audio from the AudioSocket")

    def _prompt_ended(self) -> None:
        self.leg.inbox.put(PromptEnded())

    def _lose(self, why: str) -> None:
        self._lost = self._lost or CallLostError(why)
        self.leg.inbox.end(self._lost)

    def _check_audio(self) -> None:
        self.leg.check()
        if self._lost is not None:
            raise told(self._lost)
        if self._socket is None:
            raise CallLostError("nothing can be played before the call is answered")

    def _audio(self, prompts: Sequence[Spoken]) -> Pcm:
        try:
            return self._prompts.audio(self.facts.request.locale, prompts)
        except PromptError as error:
            raise CallLostError(str(error)) from error

    async def _stop_audio(self) -> None:
        """Hang the socket up and wait until Asterisk takes commands again."""
        await self._end_audio()
        if self._running is None:
            return
        await asyncio.wait({self._running}, timeout=STOP_TIMEOUT_S)
        if not self._running.done():
            raise CallLostError(f"Asterisk did not leave {APPLICATION} within {STOP_TIMEOUT_S:g} s")

    async def _end_audio(self) -> None:
        if self._beat is not None:
            self._beat.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        if self._ear is not None:
            self._ear.close()
            self._carried(cost_of(self.facts.id, self.leg.inbox, self._ear))
            self._ear = None
        if self._socket is not None:
            await self._socket.close()
