"""What Asterisk has against what we know: asked again where it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.ari.errors import AriRequestError
from ivr.ari.model import Application, Bridge, Channel, DialplanCEP
from ivr.domain.call import CallFacts, CallId, Purpose
from ivr.line.following import Following
from ivr.line.names import Kind, Names
from ivr.line.overheard import Overheard, left_to_know
from ivr.line.roster import Roster
from ivr.line.settling import TRIES, Settling
from tests.fakes.call import facts
from tests.patience import PATIENCE_S

APP = "countersign"
STRAY = Channel(id="call-1", name="PJSIP/trunk-1", state="Up")
SNOOP = Channel(id=Names(APP).of(Kind.SNOOP, CallId(STRAY.id)), name="Snoop/1", state="Up")


def at(app_name: str, app_data: str = "") -> Channel:
    """Return the caller's channel at this place in the dialplan."""
    return replace(STRAY, dialplan=DialplanCEP("inbound", "verify", 2, app_name, app_data))


WAITING = at("Stasis", f"{APP},verify,account=1001")
QUEUED = at("Queue", "agents,c")
ELSEWHERE = at("Stasis", "survey,after")
OTHERWISE = at("AGI", "agi://127.0.0.1:4573/verify")


@dataclass
class Exchange:
    """Asterisk's side: what is in the application, what there is, and how often it refuses."""

    listed: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    refusals: int = 0
    asked: int = 0
    adopted: list[str] = field(default_factory=list)
    unsubscribed: list[str] = field(default_factory=list)
    unknown: int = 0
    """With what status it refuses to tell of a channel, once."""
    arriving: Callable[[], Awaitable[None]] | None = None
    """Happens while it lists the channels for the first time."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Set as soon as a caller is adopted, or known to be gone."""

    async def application(self, name: str) -> Application:
        """Tell of the application, or refuse."""
        self.asked += 1
        if self.asked <= self.refusals:
            raise AriRequestError(503, "GET", f"applications/{name}", "Service Unavailable")
        return Application(name, channel_ids=self.listed)

    async def every(self) -> Sequence[Channel]:
        """List the channels."""
        arriving, self.arriving = self.arriving, None
        if arriving is not None:
            await arriving()
        return self.channels

    async def one(self, channel: str) -> Channel:
        """Return a channel that is there."""
        status, self.unknown = self.unknown, 0
        if status == 404:
            self.done.set()
        if status:
            raise AriRequestError(status, "GET", f"channels/{channel}", "Refused")
        return next(each for each in self.channels if each.id == channel)

    left: Mapping[str, str] = field(default_factory=dict)
    """What a process before us left to know on its snoop channel."""

    hung_up: list[str] = field(default_factory=list)

    async def hang_up(self, channel: str) -> None:
        """Note which channel is removed."""
        self.hung_up.append(channel)

    async def variable(self, channel: str, name: str) -> str | None:
        """Return a variable of the snoop channel."""
        return self.left.get(name) if Names(APP).is_ours(Kind.SNOOP, channel) else None

    def adopt(self, found: Channel | Overheard) -> None:
        """Note whose call is to be ended."""
        self.adopted.append(found.snoop if isinstance(found, Overheard) else found.id)
        self.done.set()

    async def unsubscribe(self, name: str, channel: str) -> None:
        """Tell the application no more of a channel."""
        self.unsubscribed.append(channel)

    async def no_bridges(self) -> Sequence[Bridge]:
        """List the bridges."""
        return ()

    async def no_recordings(self) -> Sequence[str]:
        """List the recordings."""
        return ()


class Desk:
    """Wants to know of every caller who has gone on."""

    def offered(self, facts: CallFacts, agents: tuple[str, ...]) -> None:
        """See `Onlooker.offered`."""

    def left(self, facts: CallFacts) -> None:
        """See `Onlooker.left`."""


@pytest.fixture
def exchange() -> Exchange:
    """Nobody calls."""
    return Exchange()


@pytest.fixture
def following() -> Following:
    """The desk is on; nobody has come yet."""

    async def subscribe(_: CallId) -> None:
        """Subscribe."""

    return Following(subscribe, Desk())


@pytest.fixture
async def settling(
    exchange: Exchange, following: Following, monkeypatch: pytest.MonkeyPatch
) -> Settling:
    """Nothing is known of any call, and nobody waits between two tries."""
    monkeypatch.setattr("ivr.line.settling.ADOPTION_GRACE_S", 0.0)
    client = AriClient(AriAddress("http://127.0.0.1:1", "user", "secret", APP))
    monkeypatch.setattr(client.applications, "get", exchange.application)
    monkeypatch.setattr(client.applications, "unsubscribe", exchange.unsubscribe)
    monkeypatch.setattr(client.channels, "list", exchange.every)
    monkeypatch.setattr(client.channels, "get", exchange.one)
    monkeypatch.setattr(client.channels, "get_variable", exchange.variable)
    monkeypatch.setattr(client.channels, "hangup", exchange.hang_up)
    monkeypatch.setattr(client.bridges, "list", exchange.no_bridges)
    monkeypatch.setattr(client.recordings, "stored", exchange.no_recordings)
    return Settling(
        client,
        Names(APP),
        Roster(),
        following,
        exchange.adopt,
        backoff=lambda _: 0.0,
    )


TURNS = 50
"""Of the event loop, in which whatever is still wanted would be done: every wait is 0 here."""


async def settled(settling: Settling, exchange: Exchange, *, begin: bool = True) -> None:
    """Let it settle for as long as there is something to do."""
    running = asyncio.create_task(settling.run())
    if begin:
        settling.begin()
    async with asyncio.timeout(PATIENCE_S):
        await exchange.done.wait()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})


async def test_asked_again_where_asterisk_refuses(exchange: Exchange, settling: Settling) -> None:
    """A caller who waits for nobody is found once Asterisk answers, and only once."""
    exchange.listed, exchange.channels, exchange.refusals = (STRAY.id,), (STRAY,), 3
    await settling.settle()
    assert exchange.asked == 4
    assert exchange.adopted == [STRAY.id]


async def test_asked_so_often_and_no_more(exchange: Exchange, settling: Settling) -> None:
    """An Asterisk that always refuses is left alone for a while."""
    exchange.refusals = 10 * TRIES
    await settling.settle()
    assert exchange.asked == TRIES


async def test_asked_again_later_where_asterisk_refused_every_time(
    exchange: Exchange, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells that it has come round, and somebody waits."""
    monkeypatch.setattr("ivr.line.settling.LATER_S", 0.01)
    exchange.listed, exchange.channels, exchange.refusals = (STRAY.id,), (WAITING,), 2 * TRIES
    await settled(settling, exchange)
    assert (exchange.asked, exchange.adopted) == (2 * TRIES + 1, [STRAY.id])


@pytest.mark.parametrize(("status", "asked"), [(503, 2), (404, 1)])
async def test_who_waits_is_looked_at_again(
    exchange: Exchange, settling: Settling, status: int, asked: int
) -> None:
    """Unless he is gone."""
    exchange.listed, exchange.channels, exchange.unknown = (STRAY.id,), (WAITING,), status
    await settled(settling, exchange)
    assert exchange.asked == asked


async def test_channel_that_only_the_application_still_lists(
    exchange: Exchange, settling: Settling
) -> None:
    """It is gone: nobody is there to be adopted."""
    exchange.listed = (STRAY.id,)
    await settling.settle()
    assert exchange.adopted == []


@pytest.mark.parametrize("followed", [False, True])
async def test_who_waits_for_us_is_adopted(
    exchange: Exchange, settling: Settling, following: Following, followed: bool
) -> None:
    """The desk follows him perhaps: of a release that failed, or of an earlier visit."""
    if followed:
        await following.begin(facts())
    exchange.listed, exchange.channels = (STRAY.id,), (WAITING,)
    await settling.settle()
    assert exchange.adopted == [STRAY.id]


@pytest.mark.parametrize("gone_on", [QUEUED, ELSEWHERE, OTHERWISE])
async def test_who_has_gone_on_is_left_alone(
    exchange: Exchange, settling: Settling, following: Following, gone_on: Channel
) -> None:
    """In a queue, with another application or by FastAGI: the desk is told what becomes of him."""
    await following.begin(facts())
    exchange.listed, exchange.channels = (STRAY.id,), (gone_on,)
    await settling.settle()
    assert (exchange.adopted, exchange.unsubscribed) == ([], [])
    assert following.calls == {STRAY.id}


@pytest.mark.parametrize("gone_on", [QUEUED, ELSEWHERE, OTHERWISE])
async def test_of_whom_nobody_follows_we_hear_no_more(
    exchange: Exchange, settling: Settling, gone_on: Channel
) -> None:
    """A process before us wanted to know of him; another application keeps him."""
    exchange.listed, exchange.channels = (STRAY.id,), (gone_on,)
    await settling.settle()
    assert (exchange.adopted, exchange.unsubscribed) == ([], [STRAY.id])


async def test_a_caller_who_comes_meanwhile_is_not_taken_for_gone(
    exchange: Exchange, settling: Settling, following: Following
) -> None:
    """What Asterisk lists is older than he."""
    exchange.arriving = partial(following.begin, facts())
    await settling.settle()
    assert following.calls == {STRAY.id}


async def test_it_is_done_now_and_then_where_nothing_asks_for_it(
    exchange: Exchange, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be removed, or was never told, does not stay for ever on a line that holds."""
    monkeypatch.setattr("ivr.line.settling.NOW_AND_THEN_S", 0.01)
    monkeypatch.setattr(AriClient, "connected", True)
    exchange.listed, exchange.channels = (STRAY.id,), (WAITING,)
    await settled(settling, exchange, begin=False)
    assert exchange.adopted[:1] == [STRAY.id]


async def test_nothing_is_asked_now_and_then_while_the_line_is_cut(
    exchange: Exchange, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects again has it done."""
    monkeypatch.setattr("ivr.line.settling.NOW_AND_THEN_S", 0.0)
    running = asyncio.create_task(settling.run())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    assert exchange.asked == 0


@pytest.mark.parametrize("left", [left_to_know(APP, facts(Purpose.PASSIVE), None), {}])
async def test_whom_a_process_before_us_overheard_is_told(
    exchange: Exchange, settling: Settling, left: Mapping[str, str]
) -> None:
    """By its snoop channel, where it left enough to know; of a call that is over it is removed."""
    exchange.listed, exchange.channels = (STRAY.id, SNOOP.id), (QUEUED, SNOOP)
    exchange.left = left
    await settling.settle()
    assert exchange.adopted == ([SNOOP.id] if left else [])
    assert SNOOP.id in exchange.hung_up
