"""The softphone against a real Asterisk: what is said arrives bit for bit, and so is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from engine.types import Pcm
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.lab.softphone import (
    PCMA,
    PCMU,
    CallOverError,
    Codec,
    DialError,
    PhoneCall,
    Side,
    Softphone,
)
from tests.integration.line_caller import eventually

pytestmark = pytest.mark.asterisk

PROMPTS = Path(__file__).resolve().parents[2] / "ivr/prompts/en-US"
HOST = "127.0.0.1"
DIALPLAN = f"""
[inbound]
exten => echo,1,Answer()
 same => n,Echo()
exten => digits,1,Answer()
 same => n,SendDTMF(159*#)
 same => n,Hangup(17)
exten => read,1,Answer()
 same => n,Read(KEYS,,5,,,5)
 same => n,SendDTMF(${{KEYS}})
 same => n,Wait(30)
exten => number,1,Answer()
 same => n,SendDTMF(${{CALLERID(num)}})
 same => n,Wait(30)
exten => tone,1,Answer()
 same => n,Playback({PROMPTS}/after-the-tone-say&{PROMPTS}/tone)
 same => n,Wait(30)
exten => busy,1,Hangup(17)
exten => ring,1,Ringing()
 same => n,Wait(30)
"""
MODULES = ("app_echo", "app_senddtmf", "app_read", "app_playback")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(
    asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk with extensions that speak for themselves."""
    folder = tmp_path_factory.mktemp("softphone")
    async with PrivateAsterisk(
        folder, program=asterisk_program, extra_modules=MODULES, extra_dialplan=DIALPLAN
    ) as running:
        yield running


@pytest_asyncio.fixture
async def phone() -> AsyncIterator[Softphone]:
    """A phone on loopback; at the end nothing that it asked is left unanswered."""
    async with Softphone(HOST) as ready:
        yield ready
    assert ready.unanswered_farewells == 0


async def all_echoed(call: PhoneCall) -> None:
    """Wait until everything sent so far has come back: keys come in line with the audio."""
    await call.press("5")  # Echo() ends at #
    assert await call.heard_key() == "5"


async def no_channel(asterisk: PrivateAsterisk) -> bool:
    """Say whether Asterisk has taken down every channel: it acknowledges an end before that."""
    return "0 active channels" in await asterisk.command("core show channels")


def position(part: Pcm, whole: Pcm) -> int:
    """Return where a part lies bit for bit in the whole, or -1."""
    starts = np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0])
    return next((int(i) for i in starts if np.array_equal(whole[i : i + len(part)], part)), -1)


@pytest.mark.parametrize("codec", [PCMU, PCMA], ids=["mu-law", "A-law"])
async def test_what_is_said_comes_back_bit_for_bit(
    asterisk: PrivateAsterisk, phone: Softphone, codec: Codec
) -> None:
    """Every value of the codec goes there and back unchanged, in order and without a gap."""
    codes = np.random.default_rng(7).permutation(np.arange(16_000) % 256).astype(np.uint8)
    said = codec.decode(codes.tobytes())
    call = await phone.dial("echo", HOST, asterisk.sip_port, codecs=[codec], record=True)
    await call.speak(said)
    await all_echoed(call)
    assert position(said, call.recording) >= 0
    assert {frame.payload_type for frame in call.heard} == {codec.payload_type}
    assert (call.reception.lost, call.reception.malformed) == (0, 0)


async def test_speech_takes_its_own_time(asterisk: PrivateAsterisk, phone: Softphone) -> None:
    """Two seconds of speech are 100 packets 20 ms apart, whatever the loop does besides."""
    loop = asyncio.get_running_loop()
    call = await phone.dial("echo", HOST, asterisk.sip_port)
    began_at = loop.time()
    ended_at = await call.speak(np.zeros(16_000, np.int16))
    # Before it speaks it may be as late as it was at worst, and catches up meanwhile.
    took_s, late_s = ended_at - began_at, phone.latest_s
    assert 99 * 0.02 - late_s <= took_s <= 101 * 0.02 + late_s + 0.01


async def test_keys_reach_the_dialplan(asterisk: PrivateAsterisk, phone: Softphone) -> None:
    """Each key is heard once, doubled ones too."""
    call = await phone.dial("read", HOST, asterisk.sip_port)
    await call.press("1120*")
    assert [await call.heard_key() for _ in range(5)] == list("1120*")


async def test_keys_of_the_far_end_are_heard_and_its_cause_is_read(
    asterisk: PrivateAsterisk, phone: Softphone
) -> None:
    """The dialplan signals by digits, and by the cause with which it hangs up."""
    call = await phone.dial("digits", HOST, asterisk.sip_port)
    ending = await call.ended()
    assert call.received_digits == "159*#"
    assert (ending.by, ending.cause) == (Side.THEM, 17)
    assert "User-Agent" in ending.bye_headers


async def test_the_caller_number_arrives(asterisk: PrivateAsterisk, phone: Softphone) -> None:
    """The number is what Asterisk takes as the caller's."""
    call = await phone.dial("number", HOST, asterisk.sip_port, caller_number="4155550123")
    assert "".join([await call.heard_key() for _ in range(10)]) == "4155550123"


async def test_the_tone_is_heard_after_the_words(
    asterisk: PrivateAsterisk, phone: Softphone
) -> None:
    """Nothing in the words is taken for the tone; its end is noticed as it ends."""
    call = await phone.dial("tone", HOST, asterisk.sip_port, record=True)
    heard_at = await call.heard_tone()
    played_s = 0.02 * sum(frame.at <= heard_at for frame in call.heard)
    assert 2.13 + 0.33 <= played_s <= 2.13 + 0.35 + 0.5


async def test_hanging_up_ends_it_for_both(asterisk: PrivateAsterisk, phone: Softphone) -> None:
    """Asterisk knows no channel any more, and nothing can be said any more."""
    call = await phone.dial("echo", HOST, asterisk.sip_port)
    assert (await call.hang_up()).by is Side.US
    assert await call.hang_up() == await call.ended()
    with pytest.raises(CallOverError):
        await call.speak(np.zeros(160, np.int16))


async def test_a_hang_up_interrupts_whoever_speaks_and_listens(
    asterisk: PrivateAsterisk, phone: Softphone
) -> None:
    """Speech and waiting end at once when the far end hangs up."""
    call = await phone.dial("digits", HOST, asterisk.sip_port)
    speaking, listening = (
        asyncio.create_task(call.speak(np.zeros(800_000, np.int16))),
        asyncio.create_task(call.heard_tone()),
    )
    await call.ended()
    for task in (speaking, listening):
        with pytest.raises(CallOverError):
            await task


@pytest.mark.parametrize(
    ("extension", "status", "said"), [("busy", 486, "busy"), ("nobody", 404, "no such extension")]
)
async def test_a_refusal_says_why(
    asterisk: PrivateAsterisk, phone: Softphone, extension: str, status: int, said: str
) -> None:
    """A call that is not answered is an error with the status and its meaning."""
    with pytest.raises(DialError, match=said) as refusal:
        await phone.dial(extension, HOST, asterisk.sip_port)
    assert refusal.value.status == status


async def test_giving_up_cancels_the_call(asterisk: PrivateAsterisk) -> None:
    """Whoever waits no longer for the answer leaves no ringing channel behind."""
    async with Softphone(HOST) as phone:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await phone.dial("ring", HOST, asterisk.sip_port)
    assert phone.unanswered_farewells == 0
    await eventually(lambda: no_channel(asterisk))


async def test_closing_the_phone_hangs_up(asterisk: PrivateAsterisk) -> None:
    """A phone that is put away leaves no call behind."""
    async with Softphone(HOST) as phone:
        calls = [await phone.dial("echo", HOST, asterisk.sip_port) for _ in range(3)]
    assert [call.is_over for call in calls] == [True] * 3
    await eventually(lambda: no_channel(asterisk))


async def test_discontinuous_transmission_sends_nothing_in_silence(
    asterisk: PrivateAsterisk, phone: Softphone
) -> None:
    """With `dtx` only speech is sent, so only speech comes back."""
    call = await phone.dial("echo", HOST, asterisk.sip_port, dtx=True, record=True)
    await call.speak(np.full(8_000, 1_000, np.int16))
    await all_echoed(call)
    assert len(call.heard) == 50


async def test_thirty_calls_at_once_lose_nothing(
    asterisk: PrivateAsterisk, phone: Softphone
) -> None:
    """Thirty callers speak at once, and every packet of theirs comes back."""
    said = PCMU.decode(np.random.default_rng(3).integers(0, 127, 16_000, np.uint8).tobytes())
    calls = await asyncio.gather(
        *(phone.dial("echo", HOST, asterisk.sip_port, record=True) for _ in range(30))
    )
    await asyncio.gather(*(call.speak(said) for call in calls))
    await asyncio.gather(*(all_echoed(call) for call in calls))
    assert [call.reception.lost for call in calls] == [0] * 30
    assert all(position(said, call.recording) >= 0 for call in calls)
