"""Operations: what each asks, and how it asks a second time when a connection broke."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from ivr.ari.applications import Applications
from ivr.ari.asterisk import Asterisk
from ivr.ari.bridges import Bridges
from ivr.ari.channels import Channels
from ivr.ari.errors import AriRequestError, MalformedReplyError
from ivr.ari.playbacks import Playbacks
from ivr.ari.recordings import Recordings
from ivr.ari.requests import Method, Request, Response, accepted

BRIDGE = b'{"id":"b","technology":"simple_bridge","bridge_type":"mixing","channels":["a","m"]}'
PLAYBACK = b'{"id":"p","media_uri":"tone:x","target_uri":"channel:a","state":"playing"}'
DONE = Response(204, "No Content")
GONE = Response(404, "Not Found", b'{"message":"Channel not found"}')
CUT = None


class Script:
    """A requester whose connection gives prepared answers, or breaks: CUT."""

    def __init__(self, *answers: Response | None) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    async def request(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Answer as `AriClient` does: a request that is cut off is asked once more."""
        answer = self._answer(request)
        if answer is None:
            request = request.again or request
            answer = self._answer(request)
        assert answer is not None
        return accepted(request, answer)

    def _answer(self, request: Request) -> Response | None:
        self.asked.append(request)
        return self._answers.pop(0)

    @property
    def lines(self) -> Sequence[str]:
        """What was asked, in a line each."""
        return [f"{request.method} {request.path}" for request in self.asked]


async def test_a_playback_is_looked_for_before_it_is_asked_for_again() -> None:
    """It plays: nothing more is asked."""
    script = Script(CUT, Response(200, "OK", PLAYBACK))
    assert (await Channels(script, "app").play("a", "tone:x", playback="p")).state == "playing"
    assert script.lines == ["POST channels/a/play/p", "GET playbacks/p"]


async def test_a_playback_that_is_not_found_is_asked_for_again() -> None:
    """Once, and not by the websocket that broke."""
    script = Script(CUT, Response(404, "Not Found"), Response(201, "Created", PLAYBACK))
    await Channels(script, "app").play("a", "tone:x", playback="p", language="en")
    assert script.lines == ["POST channels/a/play/p", "GET playbacks/p", "POST channels/a/play/p"]
    assert script.asked[2].over_http
    assert script.asked[2].query == {"media": "tone:x", "lang": "en"}


async def test_a_playback_on_a_channel_that_is_gone_is_not_asked_for_again() -> None:
    """Its 404 is another than the one of the look."""
    script = Script(GONE)
    with pytest.raises(AriRequestError, match="Channel not found"):
        await Channels(script, "app").play("a", "tone:x", playback="p")


@pytest.mark.parametrize(("state", "lasts"), [("playing", True), ("done", False)])
async def test_a_playback_that_is_done_lasts_no_more(state: str, lasts: bool) -> None:
    """Asterisk tells its end before it lets go of it."""
    body = f'{{"id":"p","media_uri":"sound:x","target_uri":"channel:a","state":"{state}"}}'
    found = Response(200, "OK", body.encode())
    assert (await Playbacks(Script(found)).get("p") is not None) is lasts


@pytest.mark.parametrize(("state", "lasts"), [("recording", True), ("done", False)])
async def test_a_recording_that_is_done_lasts_no_more(state: str, lasts: bool) -> None:
    """Asterisk tells its end before it lets go of it."""
    body = f'{{"name":"r","format":"wav","target_uri":"channel:a","state":"{state}"}}'
    live = Response(200, "OK", body.encode())
    assert (await Recordings(Script(live)).live("r") is not None) is lasts


async def test_members_are_looked_for_before_they_are_added_again() -> None:
    """Both are in the bridge: nothing more is asked."""
    script = Script(CUT, Response(200, "OK", BRIDGE))
    await Bridges(script).add("b", "a", "m")
    assert script.lines == ["POST bridges/b/addChannel", "GET bridges/b"]
    assert script.asked[0].query == {"channel": "a,m"}


async def test_a_member_that_is_missing_is_added_again() -> None:
    """With the others, which Asterisk takes."""
    script = Script(CUT, Response(200, "OK", BRIDGE), DONE)
    await Bridges(script).add("b", "a", "other")
    assert script.lines[2] == "POST bridges/b/addChannel"


async def test_a_media_channels_second_try_has_another_id() -> None:
    """Asterisk crashes on the same; the first is hung up in case it was made."""
    again = b'{"id":"m-again","name":"WebSocket/x","state":"Down"}'
    script = Script(CUT, Response(200, "OK", again), GONE)
    assert (await Channels(script, "app").external_media("m")).id == "m-again"
    assert [request.query.get("channelId") for request in script.asked] == ["m", "m-again", None]
    assert script.lines[2] == "DELETE channels/m"


async def test_sending_on_takes_the_conflict_of_its_second_try_alone() -> None:
    """409 means that the channel has left: by the first try, or not by us."""
    conflict = Response(409, "Conflict", b'{"message":"Channel not in Stasis application"}')
    await Channels(Script(CUT, conflict), "app").continue_in_dialplan("a")
    with pytest.raises(AriRequestError, match="409"):
        await Channels(Script(conflict), "app").continue_in_dialplan("a")


async def test_an_older_asterisk_is_given_variables_one_by_one() -> None:
    """It does not know the operation, and says so in other words than for a channel."""
    unknown = Response(404, "Not Found", b'{"message":"Resource not found"}')
    script = Script(unknown, DONE, DONE)
    await Channels(script, "app").set_variables("a", {"A": "1", "B": "2"})
    bodies = [json.loads(request.body or b"") for request in script.asked]
    assert bodies[1:] == [{"variable": "A", "value": "1"}, {"variable": "B", "value": "2"}]
    assert script.lines[1:] == ["POST channels/a/variable"] * 2


async def test_what_waits_for_the_channel_does_not_use_the_websocket() -> None:
    """It would hold up every other call's requests there."""
    script = Script(DONE, DONE, DONE)
    await Channels(script, "app").answer("a")
    await Channels(script, "app").set_variables("a", {"A": "1"})
    await Bridges(script).add("b", "a")
    assert all(request.over_http for request in script.asked)


async def test_private_values_are_not_in_the_query() -> None:
    """A query may end up in a log."""
    script = Script(DONE)
    await Channels(script, "app").set_variables("a", {"COUNTERSIGN_PROFILE": "4711"})
    assert script.asked[0].query == {}
    assert script.asked[0].method is Method.POST


async def test_a_reply_that_is_something_else_is_named() -> None:
    """Without its content."""
    reply = Response(200, "OK", b'{"id":"4711","name":7}')
    with pytest.raises(MalformedReplyError, match=r"malformed Channel at \$\.name") as caught:
        await Channels(Script(reply), "app").get("4711")
    assert "4711" not in str(caught.value)


async def test_a_module_that_is_loaded_but_not_running_does_not_run() -> None:
    """Loaded is not enough."""
    module = b'{"name":"chan_websocket.so","status":"Not Running"}'
    assert not await Asterisk(Script(Response(200, "OK", module))).runs("chan_websocket.so")


async def test_a_global_variable_is_set() -> None:
    """By name and value in the query."""
    script = Script(DONE)
    await Asterisk(script).set_global("COUNTERSIGN_X", "pin")
    assert script.lines == ["POST asterisk/variable"]
    assert script.asked[0].query == {"variable": "COUNTERSIGN_X", "value": "pin"}


async def test_a_global_variable_is_dropped() -> None:
    """A request without a value removes it, which an empty value does not."""
    script = Script(DONE)
    await Asterisk(script).drop_global("COUNTERSIGN_X")
    assert script.lines == ["POST asterisk/variable"]
    assert script.asked[0].query == {"variable": "COUNTERSIGN_X"}


SNOOP = b'{"id":"s","name":"Snoop/a-00000000","state":"Up"}'


async def test_a_snoop_is_looked_for_before_it_is_asked_for_again() -> None:
    """It is there: nothing more is asked. It hears what comes in, and says nothing."""
    script = Script(CUT, Response(200, "OK", SNOOP))
    assert (await Channels(script, "app").snoop("a", snoop="s")).id == "s"
    assert script.lines == ["POST channels/a/snoop/s", "GET channels/s"]
    assert (script.asked[0].query["spy"], script.asked[0].query["whisper"]) == ("in", "none")


async def test_a_snoop_that_is_not_found_is_asked_for_again() -> None:
    """Once, and not by the websocket that broke."""
    script = Script(CUT, GONE, Response(200, "OK", SNOOP))
    await Channels(script, "app").snoop("a", snoop="s")
    assert script.lines[2] == "POST channels/a/snoop/s"
    assert script.asked[2].over_http


async def test_nobody_can_snoop_on_a_caller_who_is_gone() -> None:
    """Its 404 is another than the one of the look."""
    with pytest.raises(AriRequestError, match="Channel not found"):
        await Channels(Script(GONE), "app").snoop("a", snoop="s")


async def test_a_channel_that_is_gone_needs_no_unsubscribing() -> None:
    """Nor one that was never subscribed to."""
    for status in (404, 409, 422):
        script = Script(Response(status, "Unprocessable"))
        await Applications(script).unsubscribe("app", "a")
        assert script.asked[0].query == {"eventSource": "channel:a"}
