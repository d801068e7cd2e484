"""A call that Asterisk plays to and records: keys in their place, and ends that nobody told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.events import (
    ChannelDtmfReceived,
    PlaybackFinished,
    RecordingFinished,
    RecordingStarted,
)
from ivr.ari.model import Channel, LiveRecording, Playback
from ivr.domain.call import CallState
from ivr.domain.prompt import Prompt
from ivr.flows.conversation import ask_keys
from ivr.line.leg import Leg
from ivr.line.names import Names
from ivr.line.record_rules import RecordRules
from ivr.line.recorded_call import RecordedCall
from ivr.ports import Frame, Heard, Key, KeysMissed, PromptEnded
from tests.fakes.call import facts
from tests.patience import PATIENCE_S

APP = "countersign"
CALLER = Channel(id="call-1", name="PJSIP/trunk-1", state="Up")
ASKED = Playback("playback", "sound:x", "channel:call-1", "playing")
LONGEST_S = 12.0
"""A line that is never silent is recorded to this limit."""
NUMBER = "01234567890123456789"
"""Keyed a key a second."""


@dataclass
class Exchange:
    """Asterisk's side: what plays, what records, and what a recording holds."""

    playing: bool = False
    recording: bool = False
    names: list[str] = field(default_factory=list)
    """What the recordings were called, in their order."""
    seconds: float = 0.0
    until_key: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    records: asyncio.Event = field(default_factory=asyncio.Event)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: requests to play and record are not answered yet."""

    @property
    def latest(self) -> LiveRecording:
        """The recording that began last."""
        return LiveRecording(self.names[-1], "sln", "channel:call-1", "recording")

    async def play(self, caller: str, media: str, *, playback: str) -> None:
        """Play."""
        self.asked.set()
        await self.taken.wait()
        self.playing = True

    async def record(self, caller: str, name: str, **rules: Any) -> None:
        """Record."""
        await self.taken.wait()
        self.names.append(name)
        self.recording, self.seconds = True, 0.02
        self.until_key = rules.get("until_key", False)
        self.records.set()

    async def playback(self, name: str) -> Playback | None:
        """Return what plays."""
        return ASKED if self.playing else None

    async def live(self, name: str) -> LiveRecording | None:
        """Return what records."""
        return self.latest if self.recording else None

    async def fetch(self, name: str) -> bytes:
        """Return what was recorded, as bare samples."""
        return bytes(16_000 // 50 * round(50 * self.seconds))

    async def gone(self, name: str) -> None:
        """Throw it away."""
        self.recording = False


@pytest.fixture
def exchange() -> Exchange:
    """Requests are answered at once."""
    exchange = Exchange()
    exchange.taken.set()
    return exchange


@pytest.fixture
async def call(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> RecordedCall:
    """A caller who has been answered."""
    monkeypatch.setattr("ivr.line.underway.STOP_TIMEOUT_S", 0.01)
    client = AriClient(AriAddress("http://127.0.0.1:1", "user", "secret", APP))
    monkeypatch.setattr(client.channels, "play", exchange.play)
    monkeypatch.setattr(client.channels, "record", exchange.record)
    monkeypatch.setattr(client.playbacks, "get", exchange.playback)
    monkeypatch.setattr(client.recordings, "live", exchange.live)
    monkeypatch.setattr(client.recordings, "fetch", exchange.fetch)
    monkeypatch.setattr(client.recordings, "delete", exchange.gone)
    monkeypatch.setattr(client.recordings, "discard", exchange.gone)
    rules = RecordRules("sounds", format="sln")
    answered = RecordedCall(Leg(client, facts()), Names(APP), rules)
    await answered.note(CallState.ANSWERED)
    return answered


def press(call: RecordedCall, digits: str) -> None:
    """Let the caller press keys."""
    for digit in digits:
        call.took(ChannelDtmfReceived(channel=CALLER, digit=digit, duration_ms=80))


async def heard(call: RecordedCall, count: int) -> list[Heard]:
    """Hear so much."""
    async with asyncio.timeout(PATIENCE_S):
        return [await call.heard() for _ in range(count)]


async def recorded(call: RecordedCall, exchange: Exchange, count: int) -> asyncio.Task[list[Heard]]:
    """Let Asterisk record, and say so; return what is heard, so many things."""
    hearing = asyncio.create_task(heard(call, count))
    await exchange.records.wait()
    call.took(RecordingStarted(recording=exchange.latest))
    return hearing


async def test_keys_come_behind_the_audio_before_them(
    call: RecordedCall, exchange: Exchange
) -> None:
    """Those as well that are pressed while the recording is fetched."""
    hearing = await recorded(call, exchange, 3)
    press(call, "1")
    call.took(RecordingFinished(recording=exchange.latest))
    press(call, "2")
    frame, *keys = await hearing
    assert isinstance(frame, Frame)
    assert keys == [Key("1"), Key("2")]


async def test_keys_that_were_missed_have_their_place_among_the_others(
    call: RecordedCall, exchange: Exchange
) -> None:
    """They are behind the audio too."""
    hearing = await recorded(call, exchange, 4)
    press(call, "1")
    call.keys_missed()
    press(call, "2")
    call.took(RecordingFinished(recording=exchange.latest))
    assert (await hearing)[1:] == [Key("1"), KeysMissed(), Key("2")]


async def test_no_recording_has_the_name_of_the_one_before(
    call: RecordedCall, exchange: Exchange
) -> None:
    """Asterisk says that one has ended before it lets go of its name: a 409 for the next one.

    What is told of an earlier one, late, is no news of this one.
    """
    for _ in range(3):
        hearing = await recorded(call, exchange, 1)
        exchange.records.clear()
        call.took(RecordingFinished(recording=exchange.latest))
        await hearing
    first, second, third = exchange.names
    assert first == third != second
    hearing = await recorded(call, exchange, 1)
    call.took(RecordingFinished(recording=replace(exchange.latest, name=third)))
    assert not (await asyncio.wait({hearing}, timeout=0.05))[0]
    call.took(RecordingFinished(recording=exchange.latest))
    await hearing


async def test_key_before_the_recording_is_heard_at_once(
    call: RecordedCall, exchange: Exchange
) -> None:
    """There is no audio before it."""
    hearing = asyncio.create_task(heard(call, 1))
    await exchange.records.wait()
    press(call, "1")
    assert await hearing == [Key("1")]


async def test_number_keyed_over_noise_is_whole(call: RecordedCall, exchange: Exchange) -> None:
    """Noise that was recorded before a key is no silence after it."""
    asking = asyncio.create_task(ask_keys(call, at_most=32, wait_s=5.0))
    for digit in f"{NUMBER}#":
        async with asyncio.timeout(PATIENCE_S):
            await exchange.records.wait()
        call.took(RecordingStarted(recording=exchange.latest))
        exchange.seconds += 1.0
        press(call, digit)
        if exchange.until_key or exchange.seconds > LONGEST_S:
            exchange.records.clear()
            call.took(RecordingFinished(recording=exchange.latest))
    assert await asking == NUMBER


async def test_keys_of_a_recording_that_is_thrown_away_are_kept(
    call: RecordedCall, exchange: Exchange
) -> None:
    """A caller may key before he is asked; unless what he keyed is forgotten."""
    hearing = await recorded(call, exchange, 2)
    press(call, "1")
    call.forget_keys()
    press(call, "2")
    await call.play([])
    assert await hearing == [Key("2"), PromptEnded()]


async def test_ends_that_no_event_told_are_asked_for(
    call: RecordedCall, exchange: Exchange
) -> None:
    """First of a prompt, then of a recording, and each of them once."""
    await call.play([Prompt.TONE])
    await call.catch_up()
    exchange.playing = False
    await call.catch_up()
    call.took(PlaybackFinished(playback=ASKED))
    assert await heard(call, 1) == [PromptEnded()]
    hearing = await recorded(call, exchange, 3)
    press(call, "12")
    await call.catch_up()
    exchange.recording = False
    await call.catch_up()
    call.took(RecordingFinished(recording=exchange.latest))
    assert (await hearing)[1:] == [Key("1"), Key("2")]


async def test_prompt_that_has_not_begun_has_not_ended(
    call: RecordedCall, exchange: Exchange
) -> None:
    """Asterisk knows nothing of it yet, as of one that is over."""
    exchange.taken.clear()
    playing = asyncio.create_task(call.play([Prompt.TONE]))
    await exchange.asked.wait()
    catching_up = asyncio.create_task(call.catch_up())
    await asyncio.sleep(0.01)
    exchange.taken.set()
    await asyncio.gather(playing, catching_up)
    assert call.leg.inbox.empty
