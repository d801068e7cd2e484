"""An enrollment whose process died: told as it was written, under one id, in one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from ivr.domain.call import CallFacts, CallId, CallState, Purpose
from ivr.domain.enrollment import EnrollmentId, EnrollmentReason
from ivr.domain.profile import ProfileState
from ivr.domain.watchlist import Suspect
from ivr.flows.conduct import adopt
from ivr.flows.variables import enrollment_variables
from ivr.ports import CallLostError
from tests.fakes.call import FakeCall, Listens, Presses, Says, Waits, facts
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk
from tests.unit.flows.people import ALICE, speech

ASKED = facts(Purpose.ENROLL, call="enroll-1")
OVERHEARD = facts(Purpose.PASSIVE_ENROLL, call="enroll-1")
TAG = EnrollmentId(UUID(int=9))


class CutLine(FakeCall):
    """A call whose Asterisk cannot be reached once the conversation is over."""

    async def release(self, variables: Mapping[str, str]) -> None:
        """Fail."""
        raise CallLostError("Asterisk does not answer")


async def left(desk: Desk) -> FakeCall:
    """Enroll Alice, whose dialplan cannot be told; return the call as the next process finds it."""
    turns = [step for _ in range(3) for step in (Listens(), Says(speech(ALICE)), Waits(1.0))]
    call = CutLine(Listens(), Presses("1"), *turns, facts=ASKED)
    await desk.conducted(call)
    assert [each.state for each in desk.store.profiles.values()] == [ProfileState.ENROLLED]
    return FakeCall(facts=ASKED, tag=call.tag_written)


async def test_who_was_enrolled_is_not_told_that_it_failed(desk: Desk) -> None:
    """The dialplan gets what was written, warnings too, and there is one record of the call."""
    desk.store.suspects[ASKED.request.tenant] = (Suspect(UUID(int=9), (voiceprint_of(ALICE),)),)
    orphan = await left(desk)
    await adopt(orphan, desk.services)
    (enrollment,) = desk.store.enrollments.values()
    assert orphan.released == enrollment_variables(enrollment)
    assert orphan.released["COUNTERSIGN_ENROLLMENT"] == "ENROLLED"
    assert orphan.released["COUNTERSIGN_WARNINGS"] == "WATCHLISTED"
    assert orphan.noted == [CallState.DECIDED, CallState.RELEASED]


@pytest.mark.parametrize("asked", [ASKED, OVERHEARD])
async def test_what_was_not_written_has_failed(desk: Desk, asked: CallFacts) -> None:
    """Under the id that the process before us wrote on the channel."""
    orphan = FakeCall(facts=asked, tag=TAG)
    await adopt(orphan, desk.services)
    (enrollment,) = desk.store.enrollments.values()
    assert (enrollment.id, enrollment.reason) == (TAG, EnrollmentReason.UNAVAILABLE)
    assert orphan.released == enrollment_variables(enrollment)


async def test_a_call_without_a_tag_is_ended_too(desk: Desk) -> None:
    """A process that died at once left none."""
    orphan = FakeCall(facts=ASKED)
    await adopt(orphan, desk.services)
    (enrollment,) = desk.store.enrollments.values()
    assert enrollment.reason is EnrollmentReason.UNAVAILABLE
    assert orphan.released == enrollment_variables(enrollment)


async def test_what_cannot_be_looked_up_has_failed(desk: Desk) -> None:
    """As far as anybody can say, and nothing contradicts what is written."""
    orphan = await left(desk)
    desk.store.away = True
    await adopt(orphan, desk.services)
    assert orphan.released is not None
    assert orphan.released["COUNTERSIGN_ENROLLMENT"] == "FAILED"
    assert orphan.released["COUNTERSIGN_ID"] == str(orphan.tag_written)
    assert len(desk.store.enrollments) == 1


async def test_the_record_of_another_call_is_not_told(desk: Desk) -> None:
    """A tag that names it says nothing about this call, which gets a record of its own."""
    tag = (await left(desk)).tag_written
    orphan = FakeCall(facts=replace(ASKED, id=CallId("enroll-2")), tag=tag)
    await adopt(orphan, desk.services)
    assert orphan.released is not None
    assert orphan.released["COUNTERSIGN_ENROLLMENT"] == "FAILED"
    assert orphan.released["COUNTERSIGN_ID"] != str(tag)
    assert len(desk.store.enrollments) == 2
