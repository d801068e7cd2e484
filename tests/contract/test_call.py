"""What a flow may rely on of a call, of the scripted one as of those on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np
import pytest
import pytest_asyncio

from engine.types import Pcm
from ivr.ari.events import ChannelDtmfReceived
from ivr.domain.call import CallState
from ivr.domain.prompt import Prompt
from ivr.lab import LabError
from ivr.lab.asterisk import PrivateAsterisk, find
from ivr.line.capability import MediaWay
from ivr.ports import (
    Call,
    CallerHungUpError,
    CallLostError,
    Frame,
    Heard,
    Key,
    KeysMissed,
    PromptEnded,
)
from tests.fakes.call import EventsBack, EventsCut, FakeCall, HangsUp, Presses, Says, Step
from tests.integration.line_caller import Caller, eventually
from tests.integration.line_stage import (
    DIALPLAN,
    FOLDER,
    MODULES,
    Stage,
    listened,
    next_of,
    open_stage,
    ramp,
    write_sounds,
)
from tests.patience import PATIENCE_S
from tests.relay import Relay

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEECH = np.concatenate((ramp(0.6), np.zeros(16_000, np.int16)))
KEYS = "12*#"
EVENTS = "/ari/events"


class Scene(Protocol):
    """Someone calls, and does what he is told."""

    async def call(self, *script: Step) -> Call:
        """Return the call of someone who will do that."""
        ...

    async def act(self) -> None:
        """Let the caller do what cannot be told in advance: speak, press keys, hang up."""
        ...

    async def released_with(self, name: str) -> str:
        """Return a channel variable after the release."""
        ...


class FakeScene:
    """The scripted caller: everything is told in advance."""

    def __init__(self) -> None:
        self._call = FakeCall()

    async def call(self, *script: Step) -> Call:
        """Make the call; it is played by its script."""
        self._call = FakeCall(*script)
        return self._call

    async def act(self) -> None:
        """Nothing is left to be said."""

    async def released_with(self, name: str) -> str:
        """Return what the flow released the call with."""
        return (self._call.released or {}).get(name, "")


class RealScene:
    """A caller on a real Asterisk."""

    def __init__(self, stage: Stage, relay: Relay | None = None, *, recorded: bool = False) -> None:
        self._stage = stage
        self._relay = relay
        """What the events come through; None where keys do not come by events."""
        self._recorded = recorded
        self._caller: Caller | None = None
        self._call: Call | None = None
        self._script: tuple[Step, ...] = ()

    async def call(self, *script: Step) -> Call:
        """Let someone call who has either keys or a voice."""
        self._script = script
        keys = any(isinstance(step, Presses) for step in script)
        self._caller = await (self._stage.keyer() if keys else self._stage.caller())
        self._call = await self._stage.arrived()
        return self._call

    async def act(self) -> None:
        """Speak, press keys or hang up."""
        assert self._caller is not None
        for step in self._script:
            match step:
                case Says(pcm):
                    await self._heard()
                    await self._caller.say(pcm)
                case Presses(digits):
                    await self._press(self._caller, digits)
                case EventsCut() | EventsBack():
                    await self._tell_of_keys(isinstance(step, EventsBack))
                case HangsUp():
                    await self._caller.hang_up()
                case _:
                    raise AssertionError(f"nobody can do that here: {step}")

    async def _press(self, caller: Caller, digits: str) -> None:
        """Press keys, and wait until Asterisk has taken them."""
        phone = self._stage.phone
        await phone.applications.subscribe(phone.address.app, caller.channel)
        await caller.press(digits)
        left = len(digits)
        async with asyncio.timeout(PATIENCE_S):
            async for notice in phone.events():
                left -= isinstance(notice, ChannelDtmfReceived)
                if not left:
                    return

    async def _tell_of_keys(self, told: bool) -> None:
        """Cut the events off, or let them come again, where keys come by them."""
        if self._relay is None:
            return
        if told:
            self._relay.admit()
        else:
            self._relay.bar(EVENTS)
            self._relay.cut(EVENTS)
        await self._stage.until(lambda: self._connected() is told)

    def _connected(self) -> bool:
        return self._stage.line is not None and self._stage.line.connected

    async def _heard(self) -> None:
        """Wait until nothing would be lost of what is said."""
        call = self._call
        if self._recorded and call is not None:
            await eventually(lambda: self._stage.records(call))

    async def released_with(self, name: str) -> str:
        """Ask Asterisk."""
        assert self._caller is not None
        await self._caller.left()
        return await self._caller.ari.channels.get_variable(self._caller.channel, name) or ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line_asterisk(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk with callers that need no telephone; skips where there is none."""
    try:
        program = await asyncio.to_thread(find)
    except LabError as lack:
        pytest.skip(f"no Asterisk: {lack}")
    async with PrivateAsterisk(
        tmp_path_factory.mktemp("line"),
        program=program,
        extra_modules=MODULES,
        extra_dialplan=DIALPLAN,
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def websocket_scene(line_asterisk: PrivateAsterisk) -> AsyncIterator[Scene]:
    """Calls over chan_websocket."""
    async with (
        Relay(line_asterisk.http_port) as relay,
        open_stage(line_asterisk) as stage,
        stage.switchboard(way=MediaWay.WEBSOCKET, url=relay.url),
    ):
        yield RealScene(stage, relay)


@pytest_asyncio.fixture(loop_scope="module")
async def recorded_scene(line_asterisk: PrivateAsterisk, tmp_path: Path) -> AsyncIterator[Scene]:
    """Calls that are played to and recorded."""
    sounds = write_sounds(tmp_path / "sounds")
    async with (
        Relay(line_asterisk.http_port) as relay,
        open_stage(line_asterisk) as stage,
        stage.switchboard(way=MediaWay.RECORDING, sounds=sounds, url=relay.url),
    ):
        yield RealScene(stage, relay, recorded=True)


@pytest_asyncio.fixture(loop_scope="module")
async def agi_scene(line_asterisk: PrivateAsterisk) -> AsyncIterator[Scene]:
    """Calls by FastAGI and AudioSocket."""
    async with open_stage(line_asterisk) as stage, stage.agi():
        yield RealScene(stage)


@pytest.fixture(
    params=[
        "fake",
        pytest.param("websocket", marks=pytest.mark.asterisk),
        pytest.param("recorded", marks=pytest.mark.asterisk),
        pytest.param("agi", marks=pytest.mark.asterisk),
    ]
)
def scene(request: pytest.FixtureRequest) -> Scene:
    """Each kind of call in turn."""
    if request.param == "fake":
        return FakeScene()
    found: Scene = request.getfixturevalue(f"{request.param}_scene")
    return found


async def test_speech_is_heard_in_frames(scene: Scene) -> None:
    """Frames are int16 of 160 samples, and hold what the caller said, bit for bit."""
    call = await scene.call(Says(SPEECH))
    await call.answer()
    hearing = asyncio.create_task(next_of(call, Frame))
    await scene.act()
    frame = await hearing
    assert isinstance(frame, Frame)
    assert frame.pcm.dtype == np.int16
    assert frame.pcm.shape == (160,)
    rest = 4800 - int(np.count_nonzero(frame.pcm))
    assert np.array_equal(_joined(frame, await listened(call, rest)), ramp(0.6))


async def test_prompt_ends_once(scene: Scene) -> None:
    """After a prompt comes its end, and no second one."""
    call = await scene.call()
    await call.answer()
    await call.play([Prompt.TONE])
    assert await next_of(call, PromptEnded) == PromptEnded()
    assert isinstance(await call.heard(), Frame)


async def test_prompts_follow_one_another(scene: Scene) -> None:
    """Two prompts in one list have one end."""
    call = await scene.call()
    await call.answer()
    await call.play([Prompt.TONE, Prompt.TONE])
    await next_of(call, PromptEnded)
    assert isinstance(await call.heard(), Frame)


async def test_no_prompt_has_ended_already(scene: Scene) -> None:
    """An empty list ends at once."""
    call = await scene.call()
    await call.answer()
    await call.play([])
    await next_of(call, PromptEnded)


async def test_hushed_prompt_ends(scene: Scene) -> None:
    """Hush brings the end; hushing again, with nothing to stop, brings none."""
    call = await scene.call()
    await call.answer()
    await call.play([Prompt.ENROLL_INTRO])
    await call.hush()
    await call.hush()
    await next_of(call, PromptEnded)
    await call.hush()
    assert isinstance(await call.heard(), Frame)


async def test_end_that_nobody_asked_for_is_not_the_next_prompts(scene: Scene) -> None:
    """A prompt that was hushed and not waited for leaves no end for the next one to find."""
    call = await scene.call()
    await call.answer()
    await call.play([Prompt.ENROLL_INTRO])
    await call.hush()
    await call.play([Prompt.TONE])
    await next_of(call, PromptEnded)
    assert isinstance(await call.heard(), Frame)


async def test_keys_are_heard_in_order(scene: Scene) -> None:
    """Every key once."""
    call = await scene.call(Presses(KEYS))
    await call.answer()
    await scene.act()
    assert [await next_of(call, Key) for _ in KEYS] == [Key(digit) for digit in KEYS]


async def test_keys_can_be_forgotten(scene: Scene) -> None:
    """What was pressed before a question answers it not; what is pressed afterwards does."""
    call = await scene.call(Presses(KEYS))
    await call.answer()
    await scene.act()
    for digit in KEYS[:2]:
        assert await next_of(call, Key) == Key(digit)
    call.forget_keys()
    assert isinstance(await next_of(call, Frame), Frame)


async def test_keys_that_are_missed_are_told_of(scene: Scene) -> None:
    """Where keys are lost with the events, that is heard before and behind them."""
    cut = Presses("1"), EventsCut(), Presses("2"), EventsBack(), Presses("3")
    call = await scene.call(*cut)
    await call.answer()
    await scene.act()
    missed: list[Heard] = [Key("1"), KeysMissed(), KeysMissed(), Key("3")]
    heard = [await _next_key(call)]
    while heard[-1] != Key("3"):
        heard.append(await _next_key(call))
    assert heard in (missed, [Key("1"), Key("2"), Key("3")])


async def test_hang_up_ends_everything(scene: Scene) -> None:
    """After a hang-up whatever is asked of the call raises the caller's error; a note does not."""
    call = await scene.call(HangsUp())
    await scene.act()
    with pytest.raises(CallerHungUpError):
        await _until_ended(call)
    for ask in (call.answer, call.heard, call.hush):
        with pytest.raises(CallerHungUpError):
            await ask()
    with pytest.raises(CallerHungUpError):
        await call.play([Prompt.TONE])
    with pytest.raises(CallerHungUpError):
        await call.tag(uuid4())
    with pytest.raises(CallerHungUpError):
        await call.release({})
    await call.note(CallState.DECIDED)
    await call.note(CallState.GONE)


async def test_released_call_has_its_variables(scene: Scene) -> None:
    """What the flow sets is what the dialplan finds, and the call is over."""
    call = await scene.call()
    await call.answer()
    await call.release({"COUNTERSIGN_VERDICT": "REJECT", "COUNTERSIGN_LLR": "-3.10"})
    assert await scene.released_with("COUNTERSIGN_VERDICT") == "REJECT"
    assert await scene.released_with("COUNTERSIGN_LLR") == "-3.10"
    with pytest.raises(CallLostError):
        await call.heard()


async def test_release_cuts_a_prompt_short(scene: Scene) -> None:
    """A caller is not kept until the prompt has ended."""
    call = await scene.call()
    await call.answer()
    await call.play([Prompt.ENROLL_INTRO])
    async with asyncio.timeout(FOLDER[Prompt.ENROLL_INTRO] / 2):
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
    assert await scene.released_with("COUNTERSIGN_VERDICT") == "ACCEPT"


async def test_call_that_was_never_answered_is_released(scene: Scene) -> None:
    """Not every call is taken."""
    call = await scene.call()
    await call.release({"COUNTERSIGN_REASON": "NO_CLAIM"})
    assert await scene.released_with("COUNTERSIGN_REASON") == "NO_CLAIM"


async def test_tag_is_found_again(scene: Scene) -> None:
    """What was written on the channel is read from there."""
    call = await scene.call()
    assert await call.tagged() is None
    record = uuid4()
    await call.tag(record)
    assert await call.tagged() == record


def _joined(frame: Frame, rest: Pcm) -> Pcm:
    return np.concatenate((frame.pcm[frame.pcm != 0], rest))


async def _next_key(call: Call) -> Heard:
    """Hear on until there is a key, or one may have been missed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            heard = await call.heard()
            if isinstance(heard, Key | KeysMissed):
                return heard


async def _until_ended(call: Call) -> None:
    """Ask until the hang-up has come through; before the answer there is nothing to hear."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await call.tag(uuid4())
