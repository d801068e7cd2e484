"""Calls on a real Asterisk: audio both ways, every failure, and nothing left over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from ivr.domain.prompt import Prompt
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.line.capability import MediaWay
from ivr.line.errors import ApplicationReplacedError
from ivr.ports import CallerHungUpError, CallLostError, Frame, Key, PromptEnded
from tests.integration.line_caller import Caller, eventually, lateness
from tests.integration.line_stage import (
    DIALPLAN,
    MODULES,
    Stage,
    listened,
    next_of,
    open_stage,
    prompt_audio,
    ramp,
    write_sounds,
)
from tests.patience import PATIENCE_S
from tests.relay import Relay

WAV_CUT_SAMPLES = 22
"""Asterisk's format_wav takes the 44 bytes of the header for audio at the end (measured)."""

HEARTBEAT_S = 1.0
"""Short, so that it comes; half of it without an answer is a dead peer, on a busy machine too."""
ON_ITS_WAY_S = 0.5
"""In this time what was said is here."""

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


async def test_caller_is_heard_bit_exact_while_a_prompt_plays(stage: Stage) -> None:
    """Both directions at once, and not one sample is lost or changed."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.CONSENT])
        await caller.say(ramp(2.0))
        heard = await listened(call, 16_000)
        assert np.array_equal(heard, ramp(2.0))
        await next_of(call, PromptEnded)
        await caller.hears(prompt_audio(Prompt.CONSENT))


async def test_what_nobody_heard_can_be_forgotten(stage: Stage) -> None:
    """What the caller says afterwards is heard, bit-exact."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        await caller.say(ramp(0.5))
        await caller.has_said_it()
        await asyncio.sleep(ON_ITS_WAY_S)
        call.forget_frames()
        await caller.say(ramp(0.5, first=5000))
        assert np.array_equal(await listened(call, 4000), ramp(0.5, first=5000))


async def test_prompt_ends_when_the_caller_has_heard_it(stage: Stage) -> None:
    """PromptEnded comes within 40 ms of the last sample's end at the caller."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        for _ in range(5):
            with lateness() as late:
                await call.play([Prompt.TONE])
                await next_of(call, PromptEnded)
                ended_at = asyncio.get_running_loop().time()
            heard_at = caller.last_sound_at + 0.020
            assert abs(ended_at - heard_at) < 0.040 + late.latest_s


async def test_long_prompt_is_played_whole(stage: Stage) -> None:
    """A prompt of 25 s, longer than Asterisk's queue, is sent as there is room, then hushed."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.TONE, Prompt.ENROLL_INTRO])
        await caller.hears(prompt_audio(Prompt.TONE))
        await caller.hears(
            np.concatenate([prompt_audio(Prompt.TONE), prompt_audio(Prompt.ENROLL_INTRO)[:16_000]])
        )
        await call.hush()


async def test_barge_in_silences_within_two_frames(stage: Stage) -> None:
    """After hush the caller hears at most two frames more, and PromptEnded comes once."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.CONSENT])
        with lateness() as late:
            await stage.until(lambda: len(caller.spoken()) > 4000)
            before = len(caller.spoken())
            await call.hush()
            await call.hush()
        await next_of(call, PromptEnded)
        for _ in range(25):
            assert isinstance(await call.heard(), Frame)
        assert len(caller.spoken()) - before <= 2 * 160 + 8000 * late.latest_s


async def test_arguments_of_the_dialplan_arrive(stage: Stage) -> None:
    """Spaces and commas of an account come through the real dialplan."""
    async with stage.switchboard():
        _, call = await stage.called()
        assert call.facts.request.account == "a,b 1"
        assert call.facts.request.tenant == "default"


async def test_keys_arrive_in_order(stage: Stage) -> None:
    """Every key is heard once, in order, during a prompt too."""
    async with stage.switchboard():
        caller = await stage.keyer()
        call = await stage.arrived()
        await call.answer()
        await call.play([Prompt.CONSENT])
        await caller.press("12*#")
        keys = [await next_of(call, Key) for _ in range(4)]
        assert keys == [Key("1"), Key("2"), Key("*"), Key("#")]


async def test_suppressed_silence_is_heard_as_silence(stage: Stage) -> None:
    """A telephone that sends nothing is heard as silence in the caller's time."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        await next_of(call, Frame)
        await caller.suppress_silence()
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        frames = 0

        def in_time() -> bool:
            passed_s = loop.time() - began_at
            return passed_s >= 1.0 and frames == pytest.approx(passed_s / 0.020, abs=5)

        async with asyncio.timeout(PATIENCE_S):
            while not in_time():
                frames += isinstance(await call.heard(), Frame)


async def test_release_hands_the_variables_over(stage: Stage) -> None:
    """The dialplan goes on with what it was told, and nothing more can be asked of the call."""
    async with stage.switchboard():
        caller, call = await stage.called()
        record = uuid4()
        await call.tag(record)
        await call.answer()
        assert await call.tagged() == record
        await call.play([Prompt.CONSENT])
        await call.release({"COUNTERSIGN_VERDICT": "REJECT", "COUNTERSIGN_REASON": "NO_MATCH"})
        assert await caller.left() == "SUCCESS/REJECT/NO_MATCH"
        with pytest.raises(CallLostError):
            await call.heard()


async def test_unanswered_call_can_be_released(stage: Stage) -> None:
    """A call that is refused before it is answered goes back as well."""
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})
        assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_call_that_comes_back_is_served_anew(stage: Stage) -> None:
    """The same channel may ask twice: the second call has media of its own."""
    async with stage.switchboard():
        caller, first = await stage.called("twice")
        await first.answer()
        await first.release({})
        stage.over(first)
        second = await stage.arrived()
        assert (first.facts.request.account, second.facts.request.account) == ("1", "2")
        await second.answer()
        await caller.say(ramp(0.5))
        assert np.array_equal(await listened(second, 4000), ramp(0.5))
        await second.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        assert await caller.left() == "SUCCESS/ACCEPT/"


async def test_bad_arguments_send_the_caller_back(stage: Stage) -> None:
    """A request that cannot be read is answered with no verdict, which the dialplan refuses."""
    async with stage.switchboard():
        caller = await stage.caller("bad")
        assert await caller.left() == "SUCCESS//"


async def test_forgotten_call_is_sent_back(stage: Stage) -> None:
    """A conversation that ends without releasing the caller does not keep him."""
    async with stage.switchboard() as board:
        caller, call = await stage.called()
        await call.answer()
        stage.over(call)
        assert await caller.left() == "SUCCESS//"
        await stage.until(lambda: not board.calls)


@pytest.mark.parametrize("state", ["arrived", "answering", "answered", "playing", "listening"])
async def test_hang_up_is_noticed_in_each_state(stage: Stage, state: str) -> None:
    """Whatever the call waits for, a hang-up ends it with the caller's error, within 100 ms."""
    async with stage.switchboard():
        caller, call = await stage.called()
        if state in ("answered", "playing", "listening"):
            await call.answer()
        if state == "playing":
            await call.play([Prompt.CONSENT])
        waiting = asyncio.create_task(
            call.answer() if state in ("arrived", "answering") else next_of(call, PromptEnded)
        )
        if state != "arrived":
            await asyncio.sleep(0.0 if state == "answering" else 0.1)
        loop = asyncio.get_running_loop()
        hung_up_at = loop.time()
        with lateness() as late:
            await caller.hang_up()
            if state in ("arrived", "answering"):
                await asyncio.wait({waiting})
                waiting.exception()
                waiting = asyncio.create_task(next_of(call, PromptEnded))
            with pytest.raises(CallerHungUpError):
                await waiting
            noticed_s = loop.time() - hung_up_at
        assert noticed_s < 0.5 + late.latest_s
        for ask in (call.play([Prompt.TONE]), call.release({}), call.tag(uuid4())):
            with pytest.raises(CallerHungUpError):
                await ask


async def test_media_that_never_connects_is_a_lost_call(stage: Stage) -> None:
    """No media socket: the call is lost for hearing, and released in good order."""
    async with Relay(1) as nowhere:
        await nowhere.refuse()
        async with stage.switchboard(media_url=nowhere.url):
            caller, call = await stage.called()
            with pytest.raises(CallLostError, match="no media socket"):
                await call.answer()
            await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})
            assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_media_that_hangs_is_a_lost_call(stage: Stage) -> None:
    """A media socket that accepts and says nothing is given up after its timeout."""
    async with Relay(stage.asterisk.http_port) as relay:
        relay.hold()
        async with stage.switchboard(media_url=relay.url):
            caller, call = await stage.called()
            with pytest.raises(CallLostError, match="no media socket"):
                await call.answer()
            await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})
            assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_media_cut_mid_utterance_is_a_lost_call(stage: Stage) -> None:
    """A media socket that breaks ends the hearing at once; the caller is released all the same."""
    async with Relay(stage.asterisk.http_port) as relay, stage.switchboard(media_url=relay.url):
        caller, call = await stage.called()
        await call.answer()
        await caller.say(ramp(3.0))
        await listened(call, 4000)
        relay.cut()
        with pytest.raises(CallLostError):
            await next_of(call, PromptEnded)
        with pytest.raises(CallLostError):
            await call.play([Prompt.TONE])
        await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})
        assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_events_socket_cut_mid_call_changes_nothing(stage: Stage) -> None:
    """The conversation goes on while events are away and after they are back."""
    async with Relay(stage.asterisk.http_port) as relay, stage.switchboard(url=relay.url):
        caller, call = await stage.called()
        await call.answer()
        await caller.say(ramp(1.0))
        relay.cut()
        assert np.array_equal(await listened(call, 8000), ramp(1.0))
        await call.play([Prompt.TONE])
        await next_of(call, PromptEnded)
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        assert await caller.left() == "SUCCESS/ACCEPT/"


async def test_hang_up_while_events_are_away_is_noticed_afterwards(stage: Stage) -> None:
    """A caller who went while nobody listened is hung up when the events are back."""
    async with Relay(stage.asterisk.http_port) as relay, stage.switchboard(url=relay.url):
        caller, call = await stage.called()
        await call.answer()
        await relay.refuse()
        relay.cut()
        await caller.hang_up()
        await relay.allow()
        with pytest.raises(CallerHungUpError):
            await next_of(call, PromptEnded)


async def test_crash_is_swept_and_adopted(stage: Stage) -> None:
    """What a dead process left is removed, its caller is adopted once and goes on; others stay."""
    record = uuid4()
    async with Relay(stage.asterisk.http_port) as relay:
        crash = stage.switchboard(url=relay.url, media_url=relay.url, backoff_s=60.0)
        async with crash:
            caller, call = await stage.called()
            await call.tag(record)
            await call.answer()
            await relay.refuse()
            relay.cut()
            async with stage.switchboard() as board:
                assert await caller.left() == "SUCCESS/INCONCLUSIVE/"
                await stage.until(lambda: not board.calls)
                assert [each.facts.id for each in stage.adopted] == [call.facts.id]
                assert stage.adopted[0].facts.request.account == "a,b 1"
                await eventually(lambda: _is_alone(stage, caller))


async def _is_alone(stage: Stage, caller: Caller) -> bool:
    channels = [each.id for each in await stage.phone.channels.list()]
    return channels == [caller.channel] and await stage.phone.bridges.list() == ()


async def test_crash_while_recording_leaves_no_file(stage: Stage, tmp_path: Path) -> None:
    """A recording that a dead process began is stopped and deleted with the call's adoption."""
    sounds = write_sounds(tmp_path / "sounds")
    async with (
        Relay(stage.asterisk.http_port) as relay,
        stage.switchboard(
            url=relay.url, backoff_s=60.0, way=MediaWay.RECORDING, sounds=sounds
        ) as first,
    ):
        caller, call = await stage.called()
        await call.answer()
        waiting = asyncio.create_task(call.heard())
        waiting.add_done_callback(lambda task: task.cancelled() or task.exception())
        await caller.say(ramp(2.0))
        await eventually(lambda: _recording(stage))
        await relay.refuse()
        relay.cut()
        async with stage.switchboard(way=MediaWay.RECORDING) as board:
            assert await caller.left() == "SUCCESS/INCONCLUSIVE/"
            await stage.until(lambda: not board.calls)
            assert await stage.phone.recordings.stored() == ()
        waiting.cancel()
        await asyncio.wait({waiting})
        await stage.until(lambda: not first.calls)


async def test_replaced_application_gives_its_calls_up(stage: Stage) -> None:
    """A second process of the same name takes the calls; the first touches them no more."""
    with pytest.raises(ApplicationReplacedError, match="stop one of the two"):
        await _replaced(stage)


async def _replaced(stage: Stage) -> None:
    async with stage.switchboard():
        caller, call = await stage.called()
        await call.answer()
        async with stage.switchboard():
            with pytest.raises(CallLostError):
                await next_of(call, PromptEnded)
            with pytest.raises(CallLostError):
                await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
            stage.over(call)
            assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_stopping_at_once_hands_the_callers_back(stage: Stage) -> None:
    """A switchboard that is cancelled releases its callers, undecided."""
    async with stage.switchboard() as board:
        caller, call = await stage.called()
        await call.answer()
        assert stage.running is not None
        stage.running.cancel()
        assert await caller.left() == "SUCCESS//"
        await stage.until(lambda: not board.calls)


async def test_silent_media_socket_is_kept(stage: Stage) -> None:
    """A caller with DTX sends nothing for long: pings are answered, and the call goes on."""
    async with stage.switchboard(media_heartbeat_s=HEARTBEAT_S):
        caller, call = await stage.called()
        await call.answer()
        for _ in range(150):
            assert isinstance(await call.heard(), Frame)
        await caller.say(ramp(0.2))
        assert np.array_equal(await listened(call, 1600), ramp(0.2))


async def test_dead_media_socket_is_a_lost_call(stage: Stage) -> None:
    """A network that swallows everything is noticed by the pings that nobody answers."""
    async with (
        Relay(stage.asterisk.http_port) as relay,
        stage.switchboard(media_url=relay.url, media_heartbeat_s=HEARTBEAT_S),
    ):
        caller, call = await stage.called()
        await call.answer()
        relay.hold()
        with pytest.raises(CallLostError):
            await next_of(call, PromptEnded)
        await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})
        assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_asterisk_restarts_under_a_call(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """The call is over, and the next one after the restart works."""
    async with (
        PrivateAsterisk(
            tmp_path,
            program=asterisk_program,
            extra_modules=MODULES,
            extra_dialplan=DIALPLAN,
        ) as asterisk,
        open_stage(asterisk) as stage,
        stage.switchboard() as board,
    ):
        _, call = await stage.called()
        await call.answer()
        await asterisk.kill()
        with pytest.raises((CallerHungUpError, CallLostError)):
            await next_of(call, PromptEnded)
        await asterisk.start()
        await eventually(lambda: _taking_calls(stage))
        stage.over(call)
        await stage.until(lambda: not board.calls)
        caller, second = await stage.called()
        await second.answer()
        await caller.say(ramp(0.5))
        assert np.array_equal(await listened(second, 4000), ramp(0.5))


async def test_without_chan_websocket_calls_are_recorded(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """An Asterisk that lacks the module is found out, and calls are served all the same."""
    sounds = write_sounds(tmp_path / "sounds")
    async with (
        PrivateAsterisk(
            tmp_path / "asterisk",
            program=asterisk_program,
            extra_modules=MODULES,
            without_modules=("chan_websocket",),
            extra_dialplan=DIALPLAN,
        ) as asterisk,
        open_stage(asterisk) as stage,
        stage.switchboard(sounds=sounds),
    ):
        caller = await stage.keyer()
        call = await stage.arrived()
        await call.answer()
        await call.play([Prompt.TONE])
        await next_of(call, PromptEnded)
        await caller.press("1")
        assert await next_of(call, Key) == Key("1")
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        assert await caller.left() == "SUCCESS/ACCEPT/"


async def _recording(stage: Stage) -> bool:
    return bool(await stage.phone.recordings.stored())


async def _taking_calls(stage: Stage) -> bool:
    return stage.phone.connected and await stage.phone.applications.get(stage.app) is not None


async def test_drain_refuses_new_callers(stage: Stage) -> None:
    """While it waits for the last call, a new caller goes straight back to the dialplan."""
    async with stage.switchboard() as board:
        caller, call = await stage.called()
        await call.answer()
        draining = asyncio.create_task(board.drain())
        await asyncio.sleep(0)
        late = await stage.caller()
        assert await late.left() == "SUCCESS//"
        assert not draining.done()
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        stage.over(call)
        assert await caller.left() == "SUCCESS/ACCEPT/"
        await asyncio.wait_for(draining, PATIENCE_S)


async def test_recorded_call_hears_and_leaves_no_file(stage: Stage, tmp_path: Path) -> None:
    """Without chan_websocket a prompt is played and the answer recorded, bit-exact."""
    sounds = write_sounds(tmp_path / "sounds")
    async with stage.switchboard(sounds=sounds, way=MediaWay.RECORDING):
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.TONE])
        await next_of(call, PromptEnded)
        await caller.hears(prompt_audio(Prompt.TONE)[:-WAV_CUT_SAMPLES])
        waiting = asyncio.create_task(listened(call, 8000))
        await eventually(lambda: stage.records(call))
        await caller.say(np.concatenate((ramp(1.0), np.zeros(16_000, np.int16))))
        assert np.array_equal(await waiting, ramp(1.0))
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        assert await caller.left() == "SUCCESS/ACCEPT/"


@pytest.mark.parametrize("ending", ["hang-up", "release", "forgotten", "play"])
async def test_recording_cut_short_leaves_no_file(
    stage: Stage, tmp_path: Path, ending: str
) -> None:
    """However a recording ends, its file is gone."""
    sounds = write_sounds(tmp_path / "sounds")
    async with stage.switchboard(sounds=sounds, way=MediaWay.RECORDING) as board:
        caller, call = await stage.called()
        await call.answer()
        waiting = asyncio.create_task(call.heard())
        await caller.say(ramp(2.0))
        await eventually(lambda: stage.records(call))
        match ending:
            case "hang-up":
                await caller.hang_up()
                with pytest.raises(CallerHungUpError):
                    await waiting
            case "release":
                await call.release({})
                assert await caller.left() == "SUCCESS//"
            case "play":
                await call.play([Prompt.TONE])
                assert await waiting == PromptEnded()
            case _:
                assert ending == "forgotten"
        waiting.cancel()
        await asyncio.wait({waiting})
        stage.over(call)
        await stage.until(lambda: not board.calls)
        assert await stage.phone.recordings.stored() == ()
