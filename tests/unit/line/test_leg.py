"""The caller's leg: whatever is waited for, its end interrupts and explains."""

from __future__ import annotations

import asyncio

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.errors import AriRequestError, AriTimeoutError
from ivr.ari.events import ChannelDestroyed, ChannelHangupRequest, StasisEnd
from ivr.ari.model import Channel
from ivr.line.leg import Leg
from ivr.ports import CallerHungUpError, CallLostError
from tests.fakes.call import facts

CALLER = Channel(id="call-1", name="PJSIP/trunk-1", state="Up")
OTHER = Channel(id="call-2", name="PJSIP/trunk-2", state="Up")


@pytest.fixture
async def leg() -> Leg:
    """A leg whose client is never entered: nothing here asks Asterisk."""
    address = AriAddress("http://127.0.0.1:1", "user", "secret", "countersign")
    return Leg(AriClient(address), facts())


async def answered() -> str:
    """Stand for a request that succeeds."""
    await asyncio.sleep(0)
    return "answer"


async def refused() -> str:
    """Stand for a request about a channel that is gone."""
    raise AriRequestError(404, "POST", "channels/call-1/answer", "Not Found")


async def timed_out() -> str:
    """Stand for a request that nobody answers."""
    raise AriTimeoutError("POST", "channels/call-1/answer", 5.0)


async def test_result_comes_through(leg: Leg) -> None:
    """What is waited for is returned."""
    assert await leg.through(answered()) == "answer"


@pytest.mark.parametrize(
    "event",
    [
        ChannelHangupRequest(channel=CALLER),
        ChannelDestroyed(channel=CALLER, cause=16),
        StasisEnd(channel=CALLER),
    ],
)
async def test_hang_up_interrupts_what_is_waited_for(
    leg: Leg, event: ChannelHangupRequest | ChannelDestroyed | StasisEnd
) -> None:
    """Each way of leaving ends the wait at once, and what was waited for is cancelled."""
    work = asyncio.ensure_future(asyncio.Event().wait())

    async def waiting() -> bool:
        return await work

    through = asyncio.create_task(leg.through(waiting()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leg.took(event)
    with pytest.raises(CallerHungUpError):
        await through
    assert work.cancelled()
    with pytest.raises(CallerHungUpError):
        await leg.inbox.get()


async def test_other_channels_do_not_matter(leg: Leg) -> None:
    """Another channel's end is not ours."""
    leg.took(ChannelHangupRequest(channel=OTHER))
    leg.took(StasisEnd(channel=OTHER))
    assert not leg.ended


async def test_refusal_before_its_hang_up_is_a_hang_up(leg: Leg) -> None:
    """A request and the event that explains it may cross: the caller hung up, nothing failed."""
    asking = asyncio.create_task(leg.through(refused()))
    asyncio.get_running_loop().call_later(0.02, leg.hung_up)
    with pytest.raises(CallerHungUpError):
        await asking


async def test_unexplained_refusal_is_a_lost_call(leg: Leg) -> None:
    """A refusal that no hang-up explains is Asterisk's fault, and says what was refused."""
    with pytest.raises(CallLostError, match="404"):
        await leg.through(refused())


async def test_silence_of_asterisk_is_a_lost_call(leg: Leg) -> None:
    """No answer in time is no hang-up."""
    with pytest.raises(CallLostError, match="no answer within 5 s"):
        await leg.through(timed_out())


async def test_abandoned_leg_says_why(leg: Leg) -> None:
    """A call that was taken from us is lost, and stays so when the caller hangs up."""
    leg.abandon("another process took over")
    leg.hung_up()
    assert leg.abandoned
    with pytest.raises(CallLostError, match="another process"):
        leg.check()


async def test_cancelled_wait_cancels_the_work(leg: Leg) -> None:
    """A flow that is cancelled leaves no request running."""
    work = asyncio.ensure_future(asyncio.Event().wait())

    async def waiting() -> bool:
        return await work

    through = asyncio.create_task(leg.through(waiting()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    through.cancel()
    with pytest.raises(asyncio.CancelledError):
        await through
    assert work.cancelled()
