"""The tenant's own operating points, in every kind of call: from the next one on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from ivr.domain.call import AccountId, Purpose, TenantId
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.domain.prompt import Prompt
from ivr.domain.watchlist import Suspect
from tests.fakes.call import FakeCall, Listens, Says, Step, Waits, facts
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk
from tests.unit.flows.people import ALICE, NEARLY_ALICE, speech
from tests.unit.flows.test_enroll import consenting
from tests.unit.flows.test_verify import record, told, turn

TENANT, ELSEWHERE = TenantId("tenant"), TenantId("elsewhere")
LAX: OwnRates = {PointPurpose.VERIFICATION: 0.2, PointPurpose.IDENTIFICATION: 0.2}
LAX_THRESHOLD = pytest.approx(1.609, abs=0.001)
WARY: OwnRates = {PointPurpose.WATCHLIST: 0.2}
UNREACHABLE: OwnRates = {PointPurpose.VERIFICATION: 1e-9}


async def verified(desk: Desk) -> FakeCall:
    """Somebody rather like Alice says the passphrase, as often as it is asked for."""
    return await desk.verify(*(step for _ in range(3) for step in turn(NEARLY_ALICE)))


async def challenged(desk: Desk) -> FakeCall:
    """The same says digits."""
    return await desk.challenge(*(step for _ in range(3) for step in turn(NEARLY_ALICE)))


async def identified(desk: Desk) -> FakeCall:
    """The same speaks freely."""
    desk.store.groups[TENANT, "staff"] = {AccountId("1001")}
    script: list[Step] = []
    for _ in range(3):
        script += [Listens(), Says(speech(NEARLY_ALICE, 5.0)), Waits(1.0)]
    return await desk.identify(*script)


async def overheard(desk: Desk) -> FakeCall:
    """The same talks to an agent."""
    talk = [step for _ in range(30) for step in (Says(speech(NEARLY_ALICE, 1.5)), Waits(1.0))]
    return await desk.conducted(FakeCall(*talk, facts=facts(Purpose.PASSIVE)))


ALL = [verified, challenged, identified, overheard]
Conducted = Callable[[Desk], Awaitable[FakeCall]]


@pytest.mark.parametrize("conducted", ALL)
async def test_a_laxer_point_accepts_what_the_installations_does_not(
    alice_enrolled: Desk, conducted: Conducted
) -> None:
    """The next call has it, and its record and the agents' screens say which threshold it was."""
    assert told(await conducted(alice_enrolled))[0] != "ACCEPT"
    assert record(alice_enrolled).threshold in (5.0, 7.0)
    alice_enrolled.store.closed.clear()
    alice_enrolled.store.rejects.clear()
    alice_enrolled.store.rates[TENANT] = LAX
    assert told(await conducted(alice_enrolled)) == ("ACCEPT", "MATCH")
    assert record(alice_enrolled).threshold == LAX_THRESHOLD
    assert alice_enrolled.watched[-1].threshold == LAX_THRESHOLD


async def test_another_tenants_point_changes_nothing(alice_enrolled: Desk) -> None:
    """A tenant's rates are its own."""
    alice_enrolled.store.rates[ELSEWHERE] = LAX
    assert told(await verified(alice_enrolled))[0] != "ACCEPT"


@pytest.mark.parametrize("conducted", ALL)
async def test_what_the_model_cannot_reach_decides_nothing(
    alice_enrolled: Desk, conducted: Conducted
) -> None:
    """After a change of the model a tenant may want more than it can: nobody is let in by less."""
    alice_enrolled.store.rates[TENANT] = UNREACHABLE
    call = await conducted(alice_enrolled)
    assert told(call) == ("INCONCLUSIVE", "UNAVAILABLE")
    assert record(alice_enrolled).threshold is None
    assert call.played == []


async def test_an_enrollment_fails_where_the_model_cannot_reach_the_point(
    alice_enrolled: Desk,
) -> None:
    """Nobody is enrolled, and the caller is told so before anything is asked."""
    alice_enrolled.store.rates[TENANT] = UNREACHABLE
    call = await alice_enrolled.enroll(account="1002")
    assert call.released is not None
    assert call.released["COUNTERSIGN_ENROLLMENT"] == "FAILED"
    assert call.played == [(Prompt.ENROLL_FAILED,)]


async def test_an_enrollment_warns_at_the_tenants_own_rates(desk: Desk) -> None:
    """A voice rather like one of the watchlist is worth a warning where the tenant says so."""
    desk.store.suspects[TENANT] = (Suspect(UUID(int=1), (voiceprint_of(ALICE),)),)
    for own, warned in ((LAX, False), (WARY, True)):
        desk.store.rates[TENANT] = own
        takes = (step for _ in range(3) for step in turn(NEARLY_ALICE))
        await desk.enroll(*consenting(*takes), account=str(warned))
        *_, ended = desk.store.enrollments.values()
        assert (EnrollmentWarning.WATCHLISTED in ended.warnings) is warned
