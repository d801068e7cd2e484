"""Operating points: how sure the tenant wants to be."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ivr.api.errors import ConflictError, InvalidRequestError
from ivr.api.operations import Operation, Visit
from ivr.api.scopes import Scope
from ivr.domain.operating_point import PointPurpose
from ivr.ports import RateUnreachableError
from ivr.rates import common_rates, refuse_rate, voices_max


class OperatingPointAnswer(msgspec.Struct, frozen=True):
    """The share of strangers that may pass, for one purpose."""

    purpose: PointPurpose
    target_fmr: float
    own: bool
    """Whether the tenant has set it; else it is the installation's."""
    voices_max: int | None
    """How many voices a search may meet: among more nobody is found. None of a verification."""


class OperatingPointsAnswer(msgspec.Struct, frozen=True):
    """One for each purpose."""

    operating_points: tuple[OperatingPointAnswer, ...]


class OperatingPointRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of strangers that may pass."""

    target_fmr: Annotated[float, Meta(gt=0, lt=0.5)]


async def show(visit: Visit) -> OperatingPointsAnswer:
    """Return the rates that hold."""
    engine, own = visit.office.engine, await visit.office.points.of(visit.tenant)
    rates = {**common_rates(engine.rates), **own}
    return OperatingPointsAnswer(
        tuple(
            OperatingPointAnswer(
                each, rates[each], each in own, voices_max(engine, each, rates[each])
            )
            for each in PointPurpose
        )
    )


async def change(visit: Visit) -> OperatingPointsAnswer:
    """Set a rate."""
    purpose = visit.part("purpose", PointPurpose)
    rate = (await visit.json(OperatingPointRequest)).target_fmr
    try:
        refuse_rate(visit.office.engine, purpose, rate)
    except RateUnreachableError as error:
        raise InvalidRequestError(str(error)) from error
    told = {"who": visit.program.who, "why": visit.why}
    await visit.office.points.set(visit.tenant, purpose, rate, **told)
    return await show(visit)


async def drop(visit: Visit) -> OperatingPointsAnswer:
    """Go back to the installation's rate."""
    purpose, told = visit.part("purpose", PointPurpose), {"who": visit.program.who}
    if not await visit.office.points.drop(visit.tenant, purpose, **told, why=visit.why):
        raise ConflictError("the installation's rate holds already")
    return await show(visit)


_PURPOSE = {"purpose": PointPurpose}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="show_operating_points",
        method="GET",
        path="/operating-points",
        scope=Scope.SETTINGS_READ,
        perform=show,
        summary="Return how sure the tenant wants to be",
        gives=OperatingPointsAnswer,
    ),
    Operation(
        name="set_operating_point",
        method="PUT",
        path="/operating-points/{purpose}",
        scope=Scope.SETTINGS_WRITE,
        perform=change,
        summary="Set how sure to be for one purpose, on the telephone and in the API",
        takes=OperatingPointRequest,
        gives=OperatingPointsAnswer,
        parts=_PURPOSE,
    ),
    Operation(
        name="drop_operating_point",
        method="DELETE",
        path="/operating-points/{purpose}",
        scope=Scope.SETTINGS_WRITE,
        perform=drop,
        summary="Go back to the installation's rate",
        gives=OperatingPointsAnswer,
        parts=_PURPOSE,
        refusals=(ConflictError,),
    ),
)
