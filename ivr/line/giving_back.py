"""The end of a call that its conversation did not release: nobody is left waiting."""

from __future__ import annotations

import structlog

from ivr.ports import Call, CallerHungUpError, PortError

log = structlog.get_logger()


async def give_back(call: Call) -> None:
    """Send the caller back to the dialplan with no variable set: INCONCLUSIVE to each of them.

    Where that cannot be, the log says so.
    """
    try:
        await call.release({})
    except CallerHungUpError:
        log.debug("call_gone_before_release", call=call.facts.id)
    except PortError as error:
        log.warning("call_not_released", call=call.facts.id, why=str(error))
