"""Whatever fails, a call ends in exactly one verdict, and never in ACCEPT."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from engine.types import Reason, Utterance, Verdict
from ivr.domain.call import CallState, Purpose
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import ProfileState
from ivr.domain.prompt import Prompt
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.flows.conduct import adopt
from ivr.ports import Ear, Examination, Wanted
from tests.fakes.call import (
    FakeCall,
    HangsUp,
    Listens,
    LosesMedia,
    Presses,
    Says,
    Step,
    Waits,
    facts,
)
from tests.fakes.profile_store import FakeProfileStore
from tests.fakes.voice import FakeVoice
from tests.unit.flows.conftest import Desk
from tests.unit.flows.people import ALICE, NEARLY_ALICE, speech


def written(desk: Desk) -> tuple[Verdict, Reason]:
    """Return the one verdict that was written."""
    (verification,) = desk.store.closed.values()
    return verification.verdict, verification.reason


HANG_UPS: dict[str, list[Step]] = {
    "before the answer": [HangsUp()],
    "during the prompt": [Waits(0.1), HangsUp()],
    "while waiting to speak": [Listens(), Waits(0.5), HangsUp()],
    "while speaking": [Listens(), Says(speech(ALICE, 0.5)), HangsUp()],
    "in the last pause": [Listens(), Says(speech(ALICE)), Waits(0.3), HangsUp()],
}


@pytest.mark.parametrize("script", HANG_UPS.values(), ids=HANG_UPS.keys())
async def test_a_caller_who_hangs_up_is_inconclusive(
    alice_enrolled: Desk, script: list[Step]
) -> None:
    """In every state, once, with the reason."""
    call = await alice_enrolled.verify(*script)
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.CALLER_HUNG_UP)
    assert call.released is None
    assert call.noted[-1] is CallState.GONE


async def test_attempts_before_the_hang_up_are_kept(alice_enrolled: Desk) -> None:
    """What was tried stands in the record."""
    await alice_enrolled.verify(
        Listens(), Says(speech(ALICE, 0.4)), Waits(1.0), Listens(), HangsUp()
    )
    (verification,) = alice_enrolled.store.closed.values()
    assert [attempt.reason for attempt in verification.attempts] == [Reason.NOT_ENOUGH_SPEECH]


@pytest.mark.parametrize(
    ("said", "missed"),
    [([Says(speech(NEARLY_ALICE)), Waits(1.0), Listens()], True), ([], None)],
)
async def test_hanging_up_rather_than_trying_again_is_a_miss(
    alice_enrolled: Desk, said: list[Step], missed: bool | None
) -> None:
    """Who was compared and fell short counts towards the lockout; who said nothing does not."""
    await alice_enrolled.verify(Listens(), *said, HangsUp())
    (verification,) = alice_enrolled.store.closed.values()
    assert (verification.reason, verification.missed) == (Reason.CALLER_HUNG_UP, missed)


@pytest.mark.parametrize("before", [[], [Listens(), Says(speech(ALICE, 0.5))]])
async def test_lost_media_is_unavailable_and_the_caller_goes_on(
    alice_enrolled: Desk, before: list[Step]
) -> None:
    """At the start or in the middle of a word."""
    call = await alice_enrolled.verify(*before, LosesMedia())
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert call.released is not None
    assert call.released["COUNTERSIGN_VERDICT"] == "INCONCLUSIVE"


async def test_a_voice_engine_that_fails_is_unavailable(alice_enrolled: Desk) -> None:
    """A fault of ours, of any kind, is not the caller's verdict."""
    alice_enrolled.voice.failure = ZeroDivisionError("a fault")
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert call.released is not None


async def test_a_store_that_is_away_is_unavailable(alice_enrolled: Desk) -> None:
    """The caller is told nothing and asked nothing: nothing could be compared."""
    alice_enrolled.store.away = True
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert call.released is not None
    assert call.released["COUNTERSIGN_REASON"] == "UNAVAILABLE"
    assert call.played == []


async def test_a_verdict_that_could_not_be_written_is_not_told(alice_enrolled: Desk) -> None:
    """The dialplan hears what the ledger says, not what the flow thought."""

    class Keeper:
        async def close(self, verification: Verification) -> Verification:
            assert verification.verdict is Verdict.ACCEPT
            return _unavailable(verification)

    alice_enrolled.ledger = Keeper()
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert call.released is not None
    assert call.released["COUNTERSIGN_VERDICT"] == "INCONCLUSIVE"


async def test_an_adopted_call_gets_the_verdict_that_was_written(alice_enrolled: Desk) -> None:
    """A crash between writing and telling changes nothing."""
    first = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    orphan = FakeCall(tag=first.tag_written)
    await adopt(orphan, alice_enrolled.services)
    assert orphan.released == first.released
    assert orphan.noted == [CallState.DECIDED, CallState.RELEASED]
    assert written(alice_enrolled) == (Verdict.ACCEPT, Reason.MATCH)


async def test_an_adopted_call_without_a_verdict_is_unavailable(alice_enrolled: Desk) -> None:
    """The record that the crashed process opened is ended, and no other is made."""
    opening = Opening(
        id=_id(9),
        call=FakeCall().facts.id,
        tenant=FakeCall().facts.request.tenant,
        worker="worker-1",
        started_at=alice_enrolled.services.clock.now(),
    )
    await alice_enrolled.store.open(opening)
    orphan = FakeCall(tag=opening.id)
    await adopt(orphan, alice_enrolled.services)
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert list(alice_enrolled.store.closed) == [opening.id]
    assert orphan.released is not None


async def test_an_untagged_orphan_is_ended_too(alice_enrolled: Desk) -> None:
    """A process that died at once left no tag."""
    orphan = FakeCall()
    await adopt(orphan, alice_enrolled.services)
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert orphan.released is not None


def _id(number: int) -> VerificationId:
    return VerificationId(UUID(int=number))


def _unavailable(verification: Verification) -> Verification:
    return replace(verification, verdict=Verdict.INCONCLUSIVE, reason=Reason.UNAVAILABLE)


class WaitingVoice(FakeVoice):
    """A voice engine that never answers; `asked` is set when it should."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def examine(
        self, utterance: Utterance, wanted: Wanted, ear: Ear | None = None
    ) -> Examination:
        """Wait for ever."""
        self.asked.set()
        await asyncio.Event().wait()
        return await super().examine(utterance, wanted, ear)


async def test_a_call_cut_off_by_the_end_of_the_program_has_its_verdict(
    alice_enrolled: Desk,
) -> None:
    """Told to stop at once, the program still writes and tells that nothing was decided."""
    voice = alice_enrolled.voice = WaitingVoice()
    call = FakeCall(Listens(), Says(speech(ALICE)))
    task = asyncio.create_task(alice_enrolled.conducted(call))
    await voice.asked.wait()
    task.cancel()
    await task
    assert written(alice_enrolled) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert call.released is not None


@dataclass
class Pause:
    """Something that is done, and takes its time to say so."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        """Wait until it is over."""
        self.begun.set()
        await self.over.wait()


@dataclass
class SlowStore(FakeProfileStore):
    """A store that has written an enrollment for a while before it says so."""

    pause: Pause = field(default_factory=Pause)

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write it, and pause."""
        stored = await super().enroll(enrollment)
        await self.pause()
        return stored


class SlowCall(FakeCall):
    """A call that takes a while to be released."""

    pause: Pause | None = None

    async def release(self, variables: Mapping[str, str]) -> None:
        """Pause, and release."""
        if self.pause is not None:
            await self.pause()
        await super().release(variables)


def enrolling() -> SlowCall:
    """Return a call in which Alice enrolls."""
    turns = [step for _ in range(3) for step in (Listens(), Says(speech(ALICE)), Waits(1.0))]
    return SlowCall(Listens(), Presses("1"), *turns, facts=facts(Purpose.ENROLL, call="enroll-1"))


async def cut_off_in(pause: Pause, call: FakeCall, desk: Desk) -> None:
    """Tell the program to stop at once while something takes its time."""
    task = asyncio.create_task(desk.conducted(call))
    await pause.begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    pause.over.set()
    await task


async def test_whoever_is_enrolled_is_told_so_though_the_program_ends() -> None:
    """The dialplan, that is: a farewell would hold the program up."""
    store = SlowStore()
    call = enrolling()
    await cut_off_in(store.pause, call, Desk(store))
    assert [each.state for each in store.profiles.values()] == [ProfileState.ENROLLED]
    assert call.released is not None
    assert call.released["COUNTERSIGN_ENROLLMENT"] == "ENROLLED"
    assert call.played[-1] != (Prompt.ENROLL_DONE,)


async def test_a_release_under_way_is_not_cut_off(desk: Desk) -> None:
    """The caller has heard that it worked; the dialplan hears the same."""
    call = enrolling()
    call.pause = Pause()
    await cut_off_in(call.pause, call, desk)
    assert call.played[-1] == (Prompt.ENROLL_DONE,)
    assert call.released is not None
    assert call.released["COUNTERSIGN_ENROLLMENT"] == "ENROLLED"


async def test_a_verdict_of_another_call_is_not_adopted(alice_enrolled: Desk) -> None:
    """A tag that names another call's record is no reason to accept anyone."""
    first = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    orphan = FakeCall(facts=facts(call="call-2"), tag=first.tag_written)
    await adopt(orphan, alice_enrolled.services)
    assert orphan.released is not None
    assert orphan.released["COUNTERSIGN_VERDICT"] != "ACCEPT"
