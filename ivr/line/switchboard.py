"""Every call of the application: who called, who conducts it, and what a dropped line left over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog

from ivr.ari.client import AriClient, Connected, Disconnected, Notice
from ivr.ari.errors import AriError
from ivr.ari.events import ApplicationReplaced, StasisStart
from ivr.ari.model import Channel
from ivr.domain.call import CallFacts, CallId, CallRequest, CallState, Purpose
from ivr.line.adopted_call import AdoptedCall
from ivr.line.arguments import (
    BadRequestError,
    RequestDefaults,
    parse_app_data,
    parse_arguments,
)
from ivr.line.capability import MediaWay, media_way
from ivr.line.errors import ApplicationReplacedError
from ivr.line.following import Following, following_nobody
from ivr.line.giving_back import give_back
from ivr.line.hearing import Carried, count_nothing
from ivr.line.leg import Leg, Watch, watch_nothing
from ivr.line.line_call import LineCall
from ivr.line.names import Names
from ivr.line.overheard import Overheard, OverheardCall
from ivr.line.passive_call import PassiveCall
from ivr.line.record_rules import RecordRules
from ivr.line.recorded_call import RecordedCall
from ivr.line.roster import Roster
from ivr.line.settling import Settling
from ivr.line.websocket_call import WebsocketCall
from ivr.media.prompts import PromptLibrary
from ivr.media.socket import MediaSockets
from ivr.ports import Call

CANCEL_GRACE_S = 2.0
"""So long may a call take to be handed back when the program is told to stop at once."""

log = structlog.get_logger()

Conversation = Callable[[Call], Awaitable[None]]
"""Conducts a call to its end; it releases the caller, or finds that it cannot."""


class Switchboard:
    """Turns the events of one Stasis application into calls and gives each to its conversation.

    A call that its conversation did not release goes back to the dialplan with no variable set,
    which every dialplan must take for INCONCLUSIVE; so does one whose arguments cannot be used.
    """

    def __init__(
        self,
        ari: AriClient,
        sockets: MediaSockets,
        prompts: PromptLibrary,
        record: RecordRules,
        *,
        conduct: Conversation,
        adopt: Conversation,
        defaults: RequestDefaults | None = None,
        watch: Watch = watch_nothing,
        carried: Carried = count_nothing,
        following: Following | None = None,
        way: MediaWay | None = None,
    ) -> None:
        """Take entered `ari` and `sockets`. `adopt` ends the calls that a crash left behind.

        `carried` is told at each call's end what became of its audio. `way` is how callers are
        heard; None: the best that this Asterisk offers. `following` is told the events of callers
        who have gone on.
        """
        self._ari = ari
        self._sockets = sockets
        self._prompts = prompts
        self._record = record
        self._conduct = conduct
        self._adopt = adopt
        self._defaults = defaults or RequestDefaults()
        self._watch = watch
        self._carried = carried
        self._following = following or following_nobody()
        self._names = Names(ari.address.app)
        self._way_wanted = way
        self._way = way or MediaWay.WEBSOCKET
        self._roster = Roster()
        self._settling = Settling(
            ari, self._names, self._roster, self._following, self._adopt_found
        )
        self._reading: asyncio.Task[None] | None = None
        self._draining = False
        self._replaced = False
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def calls(self) -> frozenset[CallId]:
        """The calls at present."""
        return self._roster.ids

    @property
    def states(self) -> list[CallState]:
        """Where each call is at present."""
        return [call.leg.state for call in self._roster]

    @property
    def draining(self) -> bool:
        """Whether new callers are sent back."""
        return self._draining

    def listen_no_more(self, call: CallId) -> bool:
        """End a passive call's listening; False where nobody listens to this caller."""
        found = [each for each in self._overheard() if each.facts.id == call]
        for each in found:
            each.stop()
        return bool(found)

    async def run(self) -> None:
        """Take calls until `drain` or until the client is closed.

        Raises `ApplicationReplacedError` where another process takes the application over.
        """
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._reading = tasks.create_task(self._read())
        if self._replaced:
            raise ApplicationReplacedError(self._ari.address.app)

    async def drain(self) -> None:
        """Send new callers back to the dialplan, wait until the last call is over, stop `run`."""
        self._draining = True
        for call in self._overheard():
            call.cut_off("the application is about to stop")
        await self._roster.empty()
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        settling = self._spawn(self._settling.run())
        try:
            async for notice in self._ari.events():
                await self._take(notice)
        finally:
            settling.cancel()
        for call in self._roster:
            call.leg.abandon("the connection to Asterisk was given up")

    async def _take(self, notice: Notice) -> None:
        match notice:
            case Connected():
                self._keys_missed()
                await self._connected()
            case Disconnected(cause=cause):
                log.warning("asterisk_lost", why=str(cause), calls=len(self.calls))
                self._keys_missed()
            case ApplicationReplaced():
                self._give_up_all()
            case StasisStart(channel=channel) if not self._names.is_media(channel.id):
                self._arrived(notice)
            case _:
                self._roster.deliver(notice)
                self._following.took(notice)

    async def _connected(self) -> None:
        try:
            self._way = self._way_wanted or await media_way(self._ari)
        except AriError as error:
            log.warning("asterisk_not_asked", why=str(error))
        log.info("asterisk_connected", media=self._way.value)
        self._settling.begin()

    def _keys_missed(self) -> None:
        for call in self._roster:
            call.keys_missed()

    def _give_up_all(self) -> None:
        self._replaced = True
        for call in self._roster:
            call.leg.abandon("another process took over the application, and this call with it")

    def _arrived(self, start: StasisStart) -> None:
        channel = start.channel
        try:
            request = parse_arguments(start.args, self._defaults)
        except BadRequestError as error:
            self._turn_away(self._leg(channel, None), str(error))
            return
        leg = self._leg(channel, request)
        if self._draining:
            self._turn_away(leg, "the application is about to stop")
            return
        self._begin(self._call(leg), self._conduct)

    def _turn_away(self, leg: Leg, why: str) -> None:
        log.warning("call_refused", call=leg.facts.id, why=why)
        self._begin(AdoptedCall(leg, self._names), _refuse)

    def _call(self, leg: Leg) -> LineCall:
        if leg.facts.request.purpose.passive:
            websocket = self._way is MediaWay.WEBSOCKET
            return PassiveCall(
                leg, self._names, self._sockets, websocket=websocket, carried=self._carried
            )
        match self._way:
            case MediaWay.WEBSOCKET:
                return WebsocketCall(
                    leg, self._names, self._sockets, self._prompts, carried=self._carried
                )
            case MediaWay.RECORDING:
                return RecordedCall(leg, self._names, self._record)

    def _leg(self, channel: Channel, request: CallRequest | None) -> Leg:
        refused = CallRequest(Purpose.VERIFY, self._defaults.tenant, None, self._defaults.locale)
        facts = CallFacts(CallId(channel.id), channel.caller.number, request or refused)
        return Leg(self._ari, facts, self._watch)

    def _begin(self, call: LineCall, conversation: Conversation) -> None:
        earlier = self._roster.earlier(call.facts.id)
        # A channel that came back to us: what begins now has it alone.
        self.listen_no_more(call.facts.id)
        self._roster.add(call, self._spawn(self._serve(call, conversation, earlier)))

    async def _serve(
        self, call: LineCall, conversation: Conversation, earlier: Sequence[asyncio.Task[None]]
    ) -> None:
        """Conduct one call, and leave nothing of it behind whatever happens."""
        try:
            if earlier:
                await asyncio.wait(earlier)
            await self._following.begin(call.facts)
            if isinstance(call, PassiveCall):
                await call.go_on()
            await conversation(call)
        except Exception:
            # The last line of defence: one call's fault must not end the others.
            log.exception("call_failed", call=call.facts.id)
        finally:
            await self._finish_in_time(call, CANCEL_GRACE_S if _cancelled() else None)

    async def _finish_in_time(self, call: LineCall, limit_s: float | None) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await self._finish(call)
        except TimeoutError:
            log.warning("call_left_to_the_sweep", call=call.facts.id, after_s=limit_s)

    async def _finish(self, call: LineCall) -> None:
        try:
            if not call.leg.ended:
                await give_back(call)
        finally:
            await call.close()
            self._roster.remove(call)
            if not call.leg.ended:
                # Whoever compared before that took the caller for conducted.
                self._settling.repeat()

    def _adopt_found(self, found: Channel | Overheard) -> None:
        if isinstance(found, Overheard):
            request = self._request_of(found.caller, found.asked)
            leg = self._leg(found.caller, request)
            call: AdoptedCall = OverheardCall(leg, self._names, found.snoop)
        else:
            # The line of the dialplan that it waits in.
            request = self._request_of(found, found.dialplan.app_data if found.dialplan else "")
            call = AdoptedCall(self._leg(found, request), self._names)
        log.warning("call_adopted", call=call.facts.id)
        self._begin(call, self._adopt if request else _refuse)

    def _request_of(self, channel: Channel, asked: str) -> CallRequest | None:
        """Read once more what the dialplan asked for."""
        try:
            return parse_app_data(asked, self._defaults)
        except BadRequestError as error:
            log.warning("call_refused", call=channel.id, why=str(error))
            return None

    def _overheard(self) -> list[PassiveCall]:
        """Return the calls whose callers have gone on in the dialplan."""
        return [call for call in self._roster if isinstance(call, PassiveCall)]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            raise RuntimeError("the switchboard does not run")
        return self._tasks.create_task(work)


async def _refuse(call: Call) -> None:
    """Hold no conversation: the caller goes back to the dialplan as it came."""


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
