"""Any call, to its end: the door that the telephone knocks at."""

from __future__ import annotations

from structlog.contextvars import bound_contextvars

from ivr.domain.call import Purpose
from ivr.flows.enrollment_call import adopt_enrollment, conduct_enrollment
from ivr.flows.services import Services
from ivr.flows.verification_call import adopt_verification, conduct_verification
from ivr.ports import Call


async def conduct(call: Call, services: Services) -> None:
    """Conduct a call that has just arrived."""
    request = call.facts.request
    with bound_contextvars(call=call.facts.id, tenant=request.tenant):
        match request.purpose:
            case Purpose.VERIFY | Purpose.CHALLENGE | Purpose.IDENTIFY | Purpose.PASSIVE:
                await conduct_verification(call, services)
            case Purpose.ENROLL | Purpose.PASSIVE_ENROLL:
                await conduct_enrollment(call, services)


async def adopt(call: Call, services: Services) -> None:
    """End a call that a process before us left in the middle."""
    request = call.facts.request
    with bound_contextvars(call=call.facts.id, tenant=request.tenant):
        match request.purpose:
            case Purpose.VERIFY | Purpose.CHALLENGE | Purpose.IDENTIFY | Purpose.PASSIVE:
                await adopt_verification(call, services)
            case Purpose.ENROLL | Purpose.PASSIVE_ENROLL:
                await adopt_enrollment(call, services)
