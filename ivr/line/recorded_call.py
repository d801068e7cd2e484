"""A call without chan_websocket: Asterisk plays and records, and the audio comes in one burst."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from uuid import UUID

from engine.types import Pcm
from ivr.ari.errors import AriError
from ivr.ari.events import (
    ChannelDtmfReceived,
    Event,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
)
from ivr.ari.model import LiveRecording
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken
from ivr.line.leg import Leg
from ivr.line.names import RECORDINGS, Kind, Names
from ivr.line.prompting import Prompting
from ivr.line.record_rules import RecordRules
from ivr.line.recorded_audio import RecordingError, frames_lasting, recorded_pcm
from ivr.line.tidying import tidied
from ivr.line.underway import Underway
from ivr.ports import CallLostError, Frame, Heard, Key, KeysMissed, PromptEnded


class RecordedCall:
    """`ivr.ports.Call` by `play` and `record`: no barge-in by voice, and the audio comes late.

    `heard` delivers keys and ends of prompts at once. Asked for more while nothing plays, it lets
    Asterisk record until the caller is silent for `max_silence_s` or presses a key, and then
    delivers all of it, the key behind what was said before it. The file is deleted in every
    outcome; one that a crash leaves is swept at the next start.
    """

    def __init__(self, leg: Leg, names: Names, rules: RecordRules) -> None:
        """Take the caller's leg; nothing is asked of Asterisk yet."""
        self.leg = leg
        self._rules = rules
        self._playback = names.of(Kind.PLAYBACK, leg.facts.id)
        self._prompting = Prompting(leg, self._playback)
        self._recordings = [names.of(kind, leg.facts.id) for kind in RECORDINGS]
        self._turns = itertools.cycle(self._recordings)
        self._recording = ""
        """The name of the latest recording; the one before it has the other name."""
        self._loop = asyncio.get_running_loop()
        self._underway = Underway()
        """The recording."""
        self._began_at_s = 0.0
        """When it was asked for, by the loop's clock."""
        self._wanted = False
        """Whether a recording was asked for that the flow has not heard and nobody threw away."""
        self._held: list[Key | KeysMissed] | None = None
        """The keys behind audio that is still to come; None where none is."""
        self._beginning = asyncio.Lock()
        self._collecting: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self.leg.facts

    @property
    def routes(self) -> tuple[str, ...]:
        """The caller's channel, what plays to it and what records it."""
        return self.leg.facts.id, self._playback, *self._recordings

    def took(self, event: Event) -> None:
        """Take a key, an end of a playback or recording, or the caller's end into account."""
        match event:
            case ChannelDtmfReceived():
                self._pressed(Key(event.digit))
            case RecordingStarted(recording=LiveRecording(name=self._recording)) if self._wanted:
                self._held = []
            case PlaybackFinished():
                self._playback_finished(failed=event.playback.state == "failed")
            case RecordingFinished(recording=LiveRecording(name=self._recording)):
                self._recording_finished(failed=False)
            case RecordingFailed(recording=LiveRecording(name=self._recording)):
                self._recording_finished(failed=True)
            case _:
                self.leg.took(event)

    def keys_missed(self) -> None:
        """See `LineCall.keys_missed`; it has its place among the keys."""
        self._pressed(KeysMissed())

    async def answer(self) -> None:
        """See `ivr.ports.Call.answer`; there is no media to attach."""
        await self.leg.through(self.leg.ari.channels.answer(self.leg.facts.id))

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """See `ivr.ports.Call.play`."""
        self.leg.check()
        await self._stop()
        self.leg.inbox.forget_prompt_end()
        if not prompts:
            self.leg.inbox.put(PromptEnded())
            return
        media = self._rules.media(self.leg.facts.request.locale, prompts)
        await self._prompting.begin(media)

    async def hush(self) -> None:
        """See `ivr.ports.Call.hush`."""
        self.leg.check()
        if self._prompting.playing:
            await self._prompting.stop()
            self.leg.inbox.put(PromptEnded())

    async def heard(self) -> Heard:
        """See `ivr.ports.Call.heard`."""
        if self.leg.inbox.empty and not self._prompting.playing and not self._wanted:
            await self.leg.through(self._begin_to_record())
        return await self.leg.inbox.get()

    def forget_keys(self) -> None:
        """See `ivr.ports.Call.forget_keys`."""
        self._held = None if self._held is None else []
        self.leg.inbox.forget_keys()

    def forget_frames(self) -> None:
        """See `ivr.ports.Call.forget_frames`."""
        self.leg.inbox.forget_frames()

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`; it would wait behind a recording."""
        await self._stop()
        await self.leg.tag(record)

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return await self.leg.tagged()

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        await self.leg.note(state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`; what plays or records is stopped first."""
        await self._stop()
        await self.leg.release(variables)
        self._begin_to_close()

    async def close(self) -> None:
        """See `LineCall.close`."""
        await asyncio.shield(self._begin_to_close())

    async def catch_up(self) -> None:
        """Ask whether what plays or records has ended, which no event told. `AriError`."""
        if await self._prompting.ended_unnoticed():
            self._playback_finished(failed=False)
        # What has not begun yet would be taken for ended.
        async with self._beginning:
            recordings = self.leg.ari.recordings
            if not self._underway.over and await recordings.live(self._recording) is None:
                self._recording_finished(failed=False)

    async def _begin_to_record(self) -> None:
        async with self._beginning:
            self._wanted = True
            self._recording = next(self._turns)
            self._underway.begin()
            self._began_at_s = self._loop.time()
            await self.leg.ari.channels.record(
                self.leg.facts.id,
                self._recording,
                format=self._rules.format,
                max_silence_s=self._rules.max_silence_s,
                max_duration_s=self._rules.max_duration_s,
                until_key=True,
            )

    async def _stop(self) -> None:
        """Stop what plays and throw away what is being recorded."""
        await self._prompting.stop()
        if self._wanted:
            self._wanted = False
            try:
                await self.leg.through(self._discard())
            except BaseException:
                # The caller hung up meanwhile, perhaps: `close` has to discard it.
                self._wanted = True
                raise
            self._deliver([])

    async def _discard(self) -> None:
        """End the recording and delete its file; there may be neither."""
        if not self._underway.over:
            await tidied(self.leg.ari.recordings.discard(self._recording))
            await self._underway.stopped()
        await self._collect_no_more()
        await self.leg.ari.recordings.delete(self._recording)

    def _pressed(self, key: Key | KeysMissed) -> None:
        if self._held is None:
            self.leg.inbox.put(key)
        else:
            self._held.append(key)

    def _playback_finished(self, *, failed: bool) -> None:
        if not self._prompting.finished():
            return
        if failed and not self.leg.ended:
            self.leg.inbox.end(
                CallLostError(
                    "Asterisk could not play a prompt: check that prompts.asterisk_folder "
                    f"({self._rules.sound_folder}) is where Asterisk finds them, as 8 kHz WAV"
                )
            )
        self.leg.inbox.put(PromptEnded())

    def _recording_finished(self, *, failed: bool) -> None:
        if self._underway.over:
            return
        self._underway.end()
        if failed:
            self.leg.inbox.end(CallLostError("Asterisk could not record: see its log"))
        elif self._wanted and not self.leg.ended:
            lasted_s = self._loop.time() - self._began_at_s
            self._collecting = asyncio.create_task(self._collect(lasted_s))

    async def _collect(self, lasted_s: float) -> None:
        """Fetch the recording, delete it, and let the flow hear it."""
        try:
            content = await self.leg.ari.recordings.fetch(self._recording)
            await self.leg.ari.recordings.delete(self._recording)
            frames = frames_lasting(recorded_pcm(self._rules.format, content), lasted_s)
        except (AriError, RecordingError) as error:
            self.leg.inbox.end(CallLostError(str(error)))
            return
        self._wanted = False
        self._deliver(frames)

    def _deliver(self, frames: Sequence[Pcm]) -> None:
        """Let the flow hear what was recorded, and then what was keyed behind it."""
        held, self._held = self._held or [], None
        for pcm in frames:
            self.leg.inbox.put(Frame(pcm))
        for key in held:
            self.leg.inbox.put(key)

    def _begin_to_close(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._closing = asyncio.create_task(self._dismantle())
        return self._closing

    async def _collect_no_more(self) -> None:
        if self._collecting is not None:
            self._collecting.cancel()
            await asyncio.wait({self._collecting})

    async def _dismantle(self) -> None:
        if self.leg.abandoned:
            await self._collect_no_more()
        elif self._wanted:
            await tidied(self._discard())
