"""The ARI client against a real Asterisk, through a network that can be cut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio

from ivr.ari import (
    AriAddress,
    AriClient,
    AriRequestError,
    AriTimeoutError,
    AriUnauthorizedError,
    AriUnreachableError,
    Connected,
    Disconnected,
    Notice,
)
from ivr.ari.events import (
    ApplicationReplaced,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelLeftBridge,
    ChannelVarset,
    Event,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
)
from ivr.ari.model import Channel
from ivr.ari.requests import Method, Request
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.lab.freeports import free_port
from tests.patience import PATIENCE_S
from tests.relay import Relay

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
]

HEARTBEAT_S = 0.4
"""So short that a dead peer is noticed soon, and now and then one that is only slow."""

CALLERS = """
[callers]
exten => listens,1,Answer()
 same => n,Echo()
exten => keys,1,Answer()
 same => n,Wait(0.1)
 same => n,SendDTMF(12#)
 same => n,Echo()
exten => _to-.,1,Stasis(${EXTEN:3})
 same => n,Set(WAY=first)
 same => n,Echo()
 same => n(second),Set(WAY=second)
 same => n,Echo()
"""

T = TypeVar("T", bound=Event)
R = TypeVar("R")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(asterisk_program: AsteriskProgram) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk of this module's own, with callers that need no telephone."""
    async with PrivateAsterisk(
        program=asterisk_program,
        extra_modules=("app_echo", "app_senddtmf"),
        extra_dialplan=CALLERS,
    ) as running:
        yield running


@pytest.fixture
def address(asterisk: PrivateAsterisk) -> AriAddress:
    """The real Asterisk, and an application name of this test's own."""
    return AriAddress(
        url=asterisk.ari_url,
        user=asterisk.ari_user,
        password=asterisk.ari_password,
        app=f"test-{uuid4().hex[:8]}",
    )


@pytest_asyncio.fixture(loop_scope="module")
async def relay(asterisk: PrivateAsterisk) -> AsyncIterator[Relay]:
    """A network between us and Asterisk."""
    async with Relay(asterisk.http_port) as relay:
        yield relay


@pytest_asyncio.fixture(loop_scope="module")
async def client(address: AriAddress) -> AsyncIterator[AriClient]:
    """A client with a direct way to Asterisk, past its first `Connected`."""
    async with AriClient(address) as client:
        await connected(client)
        yield client
        await clear(client)


@pytest_asyncio.fixture(loop_scope="module")
async def relayed(address: AriAddress, relay: Relay) -> AsyncIterator[AriClient]:
    """A client that reaches Asterisk through the relay, past its first `Connected`."""
    faraway = replace(address, url=relay.url)
    async with AriClient(faraway, backoff=lambda _: 0.01) as client:
        await connected(client)
        yield client
        relay.resume()
        await clear(client)


@pytest_asyncio.fixture(loop_scope="module")
async def anxious(address: AriAddress, relay: Relay) -> AsyncIterator[AriClient]:
    """A client that reaches Asterisk through the relay, and soon takes it for dead."""
    faraway = replace(address, url=relay.url)
    async with AriClient(faraway, heartbeat_s=HEARTBEAT_S, backoff=lambda _: 0.01) as client:
        await connected(client)
        yield client
        relay.resume()


async def connected(client: AriClient) -> None:
    """Take the first notice, which says that events come."""
    assert await anext(client.events()) == Connected(first=True)


async def clear(client: AriClient) -> None:
    """Leave nothing behind on the shared Asterisk."""
    async with asyncio.timeout(PATIENCE_S):
        # Gone only a moment after it was told to.
        while channels := await client.channels.list():
            for channel in channels:
                await client.channels.hangup(channel.id)
    for bridge in await client.bridges.list():
        await client.bridges.destroy(bridge.id)
    for name in await client.recordings.stored():
        await client.recordings.delete(name)


async def until(
    client: AriClient, kind: type[T], fits: Callable[[T], bool] = lambda _: True
) -> tuple[T, list[Notice]]:
    """Take notices until an event of this kind that fits; return it, and all taken before it."""
    before: list[Notice] = []
    async with asyncio.timeout(PATIENCE_S):
        async for notice in client.events():
            if isinstance(notice, kind) and fits(notice):
                return notice, before
            before.append(notice)
    raise AssertionError(f"no {kind.__name__}, but {before}")


async def call(client: AriClient, exten: str = "listens", args: str = "") -> Channel:
    """Let a caller come to our application, and return the channel of its StasisStart."""
    channel = f"caller-{uuid4().hex[:8]}"
    query = {
        "endpoint": f"Local/{exten}@callers/n",
        "app": client.address.app,
        "appArgs": args,
        "channelId": channel,
    }
    await client.request(Request(Method.POST, "channels", query))
    start, _ = await until(client, StasisStart, lambda event: event.channel.id == channel)
    return start.channel


async def call_through_dialplan(client: AriClient) -> Channel:
    """Let a caller come by the dialplan's Stasis(), and return the channel of its StasisStart."""
    query = {
        "endpoint": f"Local/to-{client.address.app}@callers/n",
        "context": "callers",
        "extension": "listens",
    }
    await client.request(Request(Method.POST, "channels", query))
    start, _ = await until(client, StasisStart)
    return start.channel


async def test_a_calls_events_come_in_order(client: AriClient) -> None:
    """From StasisStart to ChannelDestroyed, with what was done in between."""
    caller = await call(client)
    await client.channels.answer(caller.id)
    await client.channels.set_variables(caller.id, {"FIRST": "1", "SECOND": 'a, "b" ü😀'})
    await client.channels.hangup(caller.id)
    _, before = await until(client, ChannelDestroyed, lambda e: e.channel.id == caller.id)
    assert [describe(notice) for notice in before if concerns(notice, caller.id)] == [
        "FIRST=1",
        'SECOND=a, "b" ü😀',
        "ChannelHangupRequest",
        "StasisEnd",
    ]


def concerns(notice: Notice, channel: str) -> bool:
    """Whether a notice is one of the events that matter, and of this channel."""
    kinds = (ChannelVarset, ChannelHangupRequest, StasisEnd)
    if not isinstance(notice, kinds) or notice.channel is None or notice.channel.id != channel:
        return False
    return not isinstance(notice, ChannelVarset) or notice.variable != "STASISSTATUS"


def describe(notice: Notice) -> str:
    """An event in a word."""
    if isinstance(notice, ChannelVarset):
        return f"{notice.variable}={notice.value}"
    return type(notice).__name__


async def test_arguments_and_caller_arrive(client: AriClient) -> None:
    """StasisStart carries the dialplan's arguments, whatever is in them."""
    channel = f"caller-{uuid4().hex[:8]}"
    query = {
        "endpoint": "Local/listens@callers/n",
        "app": client.address.app,
        "appArgs": "verify,with space,,ünï😀",
        "channelId": channel,
        "callerId": "Somebody <100>",
    }
    await client.request(Request(Method.POST, "channels", query))
    start, _ = await until(client, StasisStart)
    assert start.args == ("verify", "with space", "", "ünï😀")
    assert start.application == client.address.app
    assert (start.channel.id, start.channel.connected.number) == (channel, "100")


async def test_keys_arrive(client: AriClient) -> None:
    """Each key that the caller presses is an event, in order."""
    caller = await call(client, "keys")
    await client.channels.answer(caller.id)
    keys = [(await until(client, ChannelDtmfReceived))[0].digit for _ in range(3)]
    assert keys == ["1", "2", "#"]


async def test_variables_go_both_ways(client: AriClient) -> None:
    """What was set is read back, empty is not absent, and functions are read."""
    caller = await call(client)
    await client.channels.set_variables(caller.id, {"A": 'x y, "z" 😀', "EMPTY": ""})
    assert await client.channels.get_variable(caller.id, "A") == 'x y, "z" 😀'
    assert await client.channels.get_variable(caller.id, "EMPTY") == ""
    assert await client.channels.get_variable(caller.id, "ABSENT") is None
    assert await client.channels.get_variable(caller.id, "CHANNEL(state)") == "Up"


async def test_a_channel_is_shown_and_listed(client: AriClient) -> None:
    """`get` and `list` agree with the event."""
    caller = await call(client)
    assert (await client.channels.get(caller.id)).name == caller.name
    assert caller.id in {channel.id for channel in await client.channels.list()}


async def test_an_application_shows_its_channels(client: AriClient) -> None:
    """This is what calls are re-adopted from."""
    caller = await call(client)
    application = await client.applications.get(client.address.app)
    assert application is not None
    assert caller.id in application.channel_ids
    assert await client.applications.get("no-such-application") is None


async def test_a_channel_that_is_gone_is_named(client: AriClient) -> None:
    """404 with Asterisk's words, except where being gone is the aim."""
    with pytest.raises(AriRequestError) as caught:
        await client.channels.answer("gone-1")
    assert (caught.value.status, caught.value.method) == (404, "POST")
    assert caught.value.path == "channels/gone-1/answer"
    assert caught.value.reason == "Channel not found"
    with pytest.raises(AriRequestError, match="channel was not found"):
        await client.channels.set_variables("gone-1", {"A": "1"})
    with pytest.raises(AriRequestError, match="channel was not found"):
        await client.channels.get_variable("gone-1", "A")
    await client.channels.hangup("gone-1")
    await client.bridges.destroy("gone-1")
    await client.playbacks.stop("gone-1")
    await client.recordings.stop("gone-1")
    await client.recordings.discard("gone-1")
    await client.recordings.delete("gone-1")


async def way(client: AriClient, caller: Channel) -> str:
    """Wait until the dialplan has the caller again, and return where it went on."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await client.channels.get_variable(caller.id, "WAY")):
            await client.asterisk.ping()
    return found


async def test_a_call_goes_on_in_the_dialplan(client: AriClient) -> None:
    """At the next priority, or at a label; it is not ours any more: 409."""
    caller = await call_through_dialplan(client)
    await client.channels.continue_in_dialplan(caller.id)
    await until(client, StasisEnd)
    assert await way(client, caller) == "first"
    with pytest.raises(AriRequestError, match="409"):
        await client.channels.set_variables(caller.id, {"A": "1"})
    other = await call_through_dialplan(client)
    await client.channels.continue_in_dialplan(other.id, label="second")
    await until(client, StasisEnd)
    assert await way(client, other) == "second"


async def test_a_media_channel_waits_for_its_socket(client: AriClient) -> None:
    """The recipe's first step: a channel that says where to connect."""
    media = await client.channels.external_media("media-1", format="slin")
    assert media.id == "media-1"
    assert media.state == "Down"
    assert media.channelvars["MEDIA_WEBSOCKET_CONNECTION_ID"]


async def test_a_bridge_is_made_filled_listed_and_destroyed(client: AriClient) -> None:
    """Its members' events come, and a second destruction is fine."""
    caller = await call(client)
    await client.channels.answer(caller.id)
    bridge = await client.bridges.create("bridge-1", name="countersign")
    assert (bridge.id, bridge.bridge_type, bridge.name) == ("bridge-1", "mixing", "countersign")
    await client.bridges.add("bridge-1", caller.id)
    await until(client, ChannelEnteredBridge)
    assert (await client.bridges.get("bridge-1")).channels == (caller.id,)
    assert [b.id for b in await client.bridges.list()] == ["bridge-1"]
    with pytest.raises(AriRequestError, match="Channel not found"):
        await client.bridges.add("bridge-1", "gone-1")
    await client.bridges.destroy("bridge-1")
    await client.bridges.destroy("bridge-1")
    left, _ = await until(client, ChannelLeftBridge)
    assert (left.channel.id, left.bridge.id) == (caller.id, "bridge-1")
    assert await client.bridges.list() == ()


async def test_a_playback_is_stopped(client: AriClient) -> None:
    """It is found while it plays, and ends at once."""
    caller = await call(client)
    await client.channels.answer(caller.id)
    await client.channels.play(caller.id, "tone:350+440", playback="playback-1")
    await until(client, PlaybackStarted)
    playback = await client.playbacks.get("playback-1")
    assert playback is not None
    assert playback.state == "playing"
    await client.playbacks.stop("playback-1")
    finished, _ = await until(client, PlaybackFinished)
    assert finished.playback.id == "playback-1"
    assert await client.playbacks.get("playback-1") is None


async def test_one_call_that_waits_holds_up_no_other(client: AriClient) -> None:
    """Variables wait behind a playback; meanwhile every other request is answered."""
    caller = await call(client)
    await client.channels.answer(caller.id)
    await client.channels.play(caller.id, "tone:350+440", playback="playback-2")
    await until(client, PlaybackStarted)
    waiting = asyncio.create_task(client.channels.set_variables(caller.id, {"A": "1"}))
    other = await call(client)
    assert (await client.channels.get(other.id)).id == other.id
    assert not waiting.done()
    await client.playbacks.stop("playback-2")
    async with asyncio.timeout(PATIENCE_S):
        await waiting


async def test_a_recording_is_made_fetched_and_deleted(client: AriClient) -> None:
    """The name may hold anything; the file comes over HTTP; nothing stays behind."""
    name = "visit 1% + ü"
    caller = await call(client)
    await client.channels.answer(caller.id)
    recording = await client.channels.record(caller.id, name, format="wav", max_duration_s=20)
    assert (recording.name, recording.format) == (name, "wav")
    await until(client, RecordingStarted)
    await client.recordings.stop(name)
    finished, _ = await until(client, RecordingFinished)
    assert finished.recording.name == name
    assert await client.recordings.stored() == (name,)
    assert (await client.recordings.fetch(name)).startswith(b"RIFF")
    with pytest.raises(AriRequestError) as caught:
        await client.channels.record(caller.id, name, format="wav")
    assert caught.value.status == 409
    await client.recordings.delete(name)
    assert await client.recordings.stored() == ()
    with pytest.raises(AriRequestError, match="404"):
        await client.recordings.fetch(name)


async def test_modules_and_version_are_known(client: AriClient) -> None:
    """So that a PBX without chan_websocket is noticed at start."""
    assert await client.asterisk.runs("chan_websocket.so")
    assert not await client.asterisk.runs("chan_nowhere.so")
    assert (await client.asterisk.system()).version.split(".")[0].isdigit()
    assert (await client.asterisk.ping()).asterisk_id


async def test_a_global_variable_is_there_until_it_is_dropped(
    client: AriClient, asterisk: PrivateAsterisk
) -> None:
    """Setting it to nothing, as a dialplan does, leaves it in the list that is searched."""

    async def held() -> bool:
        return "COUNTERSIGN_STEP_UP_test" in await asterisk.command("dialplan show globals")

    for value in ("pin", ""):
        await client.asterisk.set_global("COUNTERSIGN_STEP_UP_test", value)
        assert await held()
    for _ in range(2):
        await client.asterisk.drop_global("COUNTERSIGN_STEP_UP_test")
        assert not await held()


async def test_requests_use_the_websocket(relayed: AriClient, relay: Relay) -> None:
    """No further connection is made for them."""
    for _ in range(5):
        await relayed.asterisk.ping()
    assert relay.connections == 1


async def test_many_requests_at_once_get_their_own_answers(client: AriClient) -> None:
    """Answers find who asked."""
    callers = [await call(client) for _ in range(5)]
    answers = await asyncio.gather(*(client.channels.get(caller.id) for caller in callers * 10))
    assert [channel.id for channel in answers] == [caller.id for caller in callers * 10]


async def test_a_cut_websocket_is_restored_and_its_calls_are_there(
    relayed: AriClient, relay: Relay
) -> None:
    """Disconnected, Connected again, the channel still up, and its next events arrive."""
    caller = await call(relayed)
    relay.cut()
    _, before = await until_connected_again(relayed)
    assert any(isinstance(notice, Disconnected) for notice in before)
    application = await relayed.applications.get(relayed.address.app)
    assert application is not None
    assert caller.id in application.channel_ids
    await relayed.channels.hangup(caller.id)
    await until(relayed, StasisEnd, lambda event: event.channel.id == caller.id)


async def until_connected_again(client: AriClient) -> tuple[Connected, list[Notice]]:
    """Take notices until the second `Connected`; return it, and all taken before it."""
    before: list[Notice] = []
    async with asyncio.timeout(PATIENCE_S):
        async for notice in client.events():
            if isinstance(notice, Connected):
                assert not notice.first
                return notice, before
            before.append(notice)
    raise AssertionError(f"not connected again, but {before}")


async def test_requests_go_over_http_while_the_websocket_is_down(
    address: AriAddress, relay: Relay
) -> None:
    """A client that is in no hurry to reconnect still has its requests answered."""
    faraway = replace(address, url=relay.url)
    async with AriClient(faraway, backoff=lambda _: 3600.0) as client:
        await connected(client)
        relay.cut()
        assert isinstance(await anext(client.events()), Disconnected)
        assert not client.connected
        assert (await client.asterisk.ping()).asterisk_id
        assert relay.connections == 2


async def withheld(relay: Relay) -> None:
    """Wait until the relay has something that it does not pass on."""
    async with asyncio.timeout(PATIENCE_S):
        await relay.withheld.wait()


async def severed(relay: Relay, asking: Coroutine[Any, Any, R]) -> R:
    """Ask on a held network, cut it when it holds something, and return what came of it."""
    task = asyncio.create_task(asking)
    await withheld(relay)
    relay.cut()
    relay.resume()
    return await task


async def test_a_request_whose_answer_was_cut_off_is_not_done_twice(
    relayed: AriClient, relay: Relay
) -> None:
    """Asterisk made the bridge, the answer was lost: the second try finds it."""
    relay.hold_replies()
    assert (await severed(relay, relayed.bridges.create("bridge-2", name="once"))).name == "once"
    assert [bridge.id for bridge in await relayed.bridges.list()] == ["bridge-2"]


async def test_a_request_that_never_arrived_is_made_again(relayed: AriClient, relay: Relay) -> None:
    """It was lost on the way there: the second try does it."""
    relay.hold()
    assert (await severed(relay, relayed.bridges.create("bridge-3"))).id == "bridge-3"


async def test_a_playback_whose_answer_was_cut_off_plays_once(
    relayed: AriClient, relay: Relay
) -> None:
    """Asterisk would play it twice: the second try looks for it first."""
    caller = await call(relayed)
    await relayed.channels.answer(caller.id)
    relay.hold_replies()
    assert (
        await severed(
            relay, relayed.channels.play(caller.id, "tone:350+440", playback="playback-3")
        )
    ).id == "playback-3"
    await relayed.playbacks.stop("playback-3")
    await relayed.channels.set_variables(caller.id, {"BEHIND": "it"})
    assert await relayed.playbacks.get("playback-3") is None


async def test_a_playback_that_never_arrived_is_played(relayed: AriClient, relay: Relay) -> None:
    """The second try does not find it, and plays it."""
    caller = await call(relayed)
    await relayed.channels.answer(caller.id)
    relay.hold()
    assert (
        await severed(
            relay, relayed.channels.play(caller.id, "tone:350+440", playback="playback-4")
        )
    ).id == "playback-4"


async def test_a_recording_whose_answer_was_cut_off_is_found(
    relayed: AriClient, relay: Relay
) -> None:
    """A second recording of the same name is refused, which shows that the first one runs."""
    caller = await call(relayed)
    await relayed.channels.answer(caller.id)
    relay.hold_replies()
    assert (
        await severed(relay, relayed.channels.record(caller.id, "visit-2", format="wav"))
    ).name == "visit-2"


async def test_a_call_sent_on_whose_answer_was_cut_off_is_sent_on_once(
    relayed: AriClient, relay: Relay
) -> None:
    """It has left already: that is what was wanted."""
    caller = await call_through_dialplan(relayed)
    relay.hold_replies()
    await severed(relay, relayed.channels.continue_in_dialplan(caller.id, label="second"))
    assert await way(relayed, caller) == "second"
    with pytest.raises(AriRequestError, match="409"):
        await relayed.channels.answer(caller.id)


async def test_a_media_channel_whose_answer_was_cut_off_is_made_once(
    relayed: AriClient, relay: Relay
) -> None:
    """Asterisk would crash on the same id: the second try takes another, and removes the first."""
    relay.hold_replies()
    media = await severed(relay, relayed.channels.external_media("media-2"))
    assert media.id == "media-2-again"
    # A channel that was hung up stays listed for a moment.
    async with asyncio.timeout(PATIENCE_S):
        while [channel.id for channel in await relayed.channels.list()] != [media.id]:
            await relayed.asterisk.ping()


async def test_a_member_whose_answer_was_cut_off_does_not_leave_the_bridge(
    relayed: AriClient, relay: Relay
) -> None:
    """Adding it again would take it out for a moment: the second try looks first."""
    caller = await call(relayed)
    await relayed.channels.answer(caller.id)
    await relayed.bridges.create("bridge-4")
    relay.hold_replies()
    await severed(relay, relayed.bridges.add("bridge-4", caller.id))
    assert (await relayed.bridges.get("bridge-4")).channels == (caller.id,)


async def test_a_dead_peer_is_noticed_without_a_word_from_it(
    anxious: AriClient, relay: Relay
) -> None:
    """The heartbeat is not answered: the connection is given up and made anew."""
    relay.hold()
    async with asyncio.timeout(PATIENCE_S):
        lost = await anext(anxious.events())
    assert isinstance(lost, Disconnected)
    assert "heartbeat" in str(lost.cause)
    relay.resume()
    await until_connected_again(anxious)


async def test_a_request_on_a_dead_peer_is_tried_again(anxious: AriClient, relay: Relay) -> None:
    """It waits for the heartbeat to fail, then for the network to come back."""
    relay.hold()
    asking = asyncio.create_task(anxious.asterisk.ping())
    async with asyncio.timeout(PATIENCE_S):
        assert isinstance(await anext(anxious.events()), Disconnected)
    relay.resume()
    assert (await asking).asterisk_id


async def test_a_request_without_an_answer_times_out(relayed: AriClient, relay: Relay) -> None:
    """In the time that was given, with an error that says what was asked."""
    relay.hold()
    with pytest.raises(AriTimeoutError) as caught:
        await relayed.request(Request(Method.GET, "asterisk/ping"), timeout_s=0.1)
    assert (caught.value.method, caught.value.path) == ("GET", "asterisk/ping")


async def test_an_asterisk_that_is_away_for_a_while_is_found_again(
    relayed: AriClient, relay: Relay
) -> None:
    """Requests fail at once meanwhile; the client connects as soon as it can."""
    await relay.refuse()
    relay.cut()
    async with asyncio.timeout(PATIENCE_S):
        assert isinstance(await anext(relayed.events()), Disconnected)
    with pytest.raises(AriUnreachableError, match=r"check ari\.url"):
        await relayed.asterisk.ping()
    await relay.allow()
    await until_connected_again(relayed)
    assert relayed.connected


async def test_a_second_client_of_the_same_name_replaces_the_first(
    client: AriClient, address: AriAddress
) -> None:
    """The first is told, ends, and leaves the name to the second for good."""
    async with AriClient(address) as second:
        await connected(second)
        async with asyncio.timeout(PATIENCE_S):
            notices = [notice async for notice in client.events()]
        assert [type(notice) for notice in notices] == [ApplicationReplaced]
        assert not client.connected
        assert (await client.asterisk.ping()).asterisk_id
        caller = await call(second)
        assert caller.id
        assert second.connected


async def test_a_wrong_password_is_told(address: AriAddress) -> None:
    """With the keys to look at, and without the password."""
    with pytest.raises(AriUnauthorizedError, match=r"check ari\.user and ari\.password") as caught:
        await AriClient(replace(address, password="not-the-word")).__aenter__()
    assert "not-the-word" not in str(caught.value)


async def test_nobody_at_the_address_is_told() -> None:
    """With the key to look at."""
    nowhere = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    address = AriAddress(nowhere, "user", "word", "app")
    with pytest.raises(AriUnreachableError, match=r"check ari\.url"):
        await AriClient(address).__aenter__()


async def test_a_server_without_ari_is_told(address: AriAddress) -> None:
    """Something answers there, but not ARI."""
    with pytest.raises(AriUnreachableError, match=r"check ari\.url"):
        await AriClient(replace(address, url=f"{address.url}/elsewhere")).__aenter__()


async def test_requests_in_flight_end_with_the_client(address: AriAddress, relay: Relay) -> None:
    """Nothing waits for ever on a client that is closed."""
    async with AriClient(replace(address, url=relay.url)) as client:
        await connected(client)
        relay.hold()
        asking = asyncio.create_task(client.asterisk.ping())
        await withheld(relay)
    with pytest.raises(AriUnreachableError):
        await asking


async def test_an_asterisk_that_crashes_and_starts_again_is_found(
    asterisk: PrivateAsterisk, client: AriClient
) -> None:
    """Its calls are gone, and the application says so: nothing to re-adopt."""
    await call(client)
    await asterisk.kill()
    async with asyncio.timeout(PATIENCE_S):
        async for notice in client.events():
            if isinstance(notice, Disconnected):
                break
    await asterisk.start()
    await until_connected_again(client)
    application = await client.applications.get(client.address.app)
    assert application is not None
    assert application.channel_ids == ()
