"""Every call that comes by FastAGI: who called, and who conducts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from ivr.agi.environment import Environment
from ivr.agi.session import AgiSession
from ivr.domain.call import CallFacts, CallId, CallRequest
from ivr.line.agi_call import AgiCall
from ivr.line.agi_leg import AgiLeg
from ivr.line.arguments import BadRequestError, RequestDefaults, parse_arguments
from ivr.line.giving_back import give_back
from ivr.line.hearing import Carried, count_nothing
from ivr.line.leg import Watch, watch_nothing
from ivr.line.switchboard import Conversation
from ivr.media.audiosockets import AudioSockets
from ivr.media.prompts import PromptLibrary

log = structlog.get_logger()

Follow = Callable[[CallFacts], Awaitable[None]]
"""See `Following.begin`."""


async def follow_nobody(facts: CallFacts) -> None:
    """Tell nobody."""


class AgiSwitchboard:
    """Makes a call of each session and gives it to its conversation.

    As with `Switchboard`, a call that its conversation did not release goes back with no variable
    set, which every dialplan must take for INCONCLUSIVE; so does one whose request is not readable.
    """

    def __init__(
        self,
        sockets: AudioSockets,
        prompts: PromptLibrary,
        *,
        conduct: Conversation,
        defaults: RequestDefaults | None = None,
        watch: Watch = watch_nothing,
        carried: Carried = count_nothing,
        follow: Follow = follow_nobody,
    ) -> None:
        """Take entered `sockets`. `follow` sees to it that agents are told who is with them."""
        self._sockets = sockets
        self._prompts = prompts
        self._conduct = conduct
        self._defaults = defaults or RequestDefaults()
        self._watch = watch
        self._carried = carried
        self._follow = follow

    async def serve(self, session: AgiSession, environment: Environment) -> None:
        """Conduct one call to its end, and leave nothing of it behind."""
        try:
            request = _readable(environment, self._defaults)
        except BadRequestError as error:
            log.warning("call_refused", call=environment.channel, why=str(error))
            return
        call = self._call(session, environment, request)
        try:
            await self._follow(call.facts)
            await self._conduct(call)
        except Exception:
            # The last line of defence: one call's fault must not end the others.
            log.exception("call_failed", call=call.facts.id)
        finally:
            await self._finish(call)

    def _call(self, session: AgiSession, environment: Environment, request: CallRequest) -> AgiCall:
        facts = CallFacts(CallId(environment.channel), environment.caller_number, request)
        leg = AgiLeg(session, facts, self._watch)
        return AgiCall(leg, session, self._sockets, self._prompts, carried=self._carried)

    async def _finish(self, call: AgiCall) -> None:
        try:
            if not call.leg.ended:
                await give_back(call)
        finally:
            await call.close()


def _readable(environment: Environment, defaults: RequestDefaults) -> CallRequest:
    request = parse_arguments(environment.arguments, defaults)
    if request.purpose.passive:
        raise BadRequestError("1", "nobody can be overheard by FastAGI: use Stasis()")
    return request
