"""The enrollment call: consent first, recordings that agree, and nothing stored by halves."""

from __future__ import annotations

import pytest

from ivr.domain.call import AccountId, TenantId
from ivr.domain.profile import ProfileState
from ivr.domain.prompt import Prompt
from tests.fakes.call import FakeCall, HangsUp, Listens, Presses, Says, Step, Waits
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, MALLORY, speech

TURN: list[Step] = [Listens(), Says(speech(ALICE)), Waits(1.0)]


def told(call: FakeCall) -> tuple[str, str]:
    """Return result and reason as the dialplan got them."""
    assert call.released is not None, "the caller was not released"
    assert "COUNTERSIGN_VERDICT" not in call.released, "an enrollment is no verdict"
    return call.released["COUNTERSIGN_ENROLLMENT"], call.released["COUNTERSIGN_REASON"]


def consenting(*script: Step) -> list[Step]:
    """Let the caller hear the consent text, agree, and go on."""
    return [Listens(), Presses("1"), *script]


async def test_three_repetitions_enroll(desk: Desk) -> None:
    """Consent and three voiceprints are stored together, and the caller is told."""
    call = await desk.enroll(*consenting(*TURN, *TURN, *TURN))
    assert told(call) == ("ENROLLED", "COMPLETE")
    assert call.played[-1] == (Prompt.ENROLL_DONE,)
    stored = await desk.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert (stored.state, stored.consented, len(stored.voiceprints)) == (
        ProfileState.ENROLLED,
        True,
        3,
    )


async def test_the_enrolled_person_is_then_accepted(desk: Desk) -> None:
    """What enroll stores, verify understands."""
    await desk.enroll(*consenting(*TURN, *TURN, *TURN))
    call = await desk.verify(Listens(), Says(speech(ALICE)))
    assert call.released is not None
    assert call.released["COUNTERSIGN_VERDICT"] == "ACCEPT"


async def test_no_key_is_no_consent(desk: Desk) -> None:
    """Silence is not agreement; it is asked once more, and then nothing is recorded."""
    call = await desk.enroll()
    assert told(call) == ("DECLINED", "NO_CONSENT")
    assert call.played == [(Prompt.CONSENT,), (Prompt.CONSENT_AGAIN,), (Prompt.ENROLL_DECLINED,)]
    assert not desk.store.profiles


async def test_declining_is_final(desk: Desk) -> None:
    """Who presses 2 is not asked again."""
    call = await desk.enroll(Presses("2"))
    assert told(call) == ("DECLINED", "NO_CONSENT")
    assert call.played == [(Prompt.CONSENT,), (Prompt.ENROLL_DECLINED,)]


async def test_a_wrong_key_is_asked_again(desk: Desk) -> None:
    """A slip of the finger is neither yes nor no."""
    call = await desk.enroll(Presses("7"), Listens(), Presses("1"), *TURN, *TURN, *TURN)
    assert call.played[1] == (Prompt.CONSENT_AGAIN,)
    assert told(call) == ("ENROLLED", "COMPLETE")


async def test_a_recording_that_sounds_different_is_asked_again(desk: Desk) -> None:
    """One that does not agree with the two before is not kept."""
    other: list[Step] = [Listens(), Says(speech(MALLORY)), Waits(1.0)]
    call = await desk.enroll(*consenting(*TURN, *TURN, *other, *TURN))
    assert call.played[-2][0] is Prompt.ENROLL_SOUNDED_DIFFERENT
    assert told(call) == ("ENROLLED", "COMPLETE")


async def test_of_two_that_differ_the_newer_counts(desk: Desk) -> None:
    """Somebody else's first recording does not spoil the enrollment."""
    other: list[Step] = [Listens(), Says(speech(MALLORY)), Waits(1.0)]
    call = await desk.enroll(*consenting(*other, *TURN, *TURN, *TURN))
    assert told(call) == ("ENROLLED", "COMPLETE")
    verified = await desk.verify(Listens(), Says(speech(ALICE)))
    assert verified.released is not None
    assert verified.released["COUNTERSIGN_VERDICT"] == "ACCEPT"


async def test_a_voice_that_keeps_changing_fails(desk: Desk) -> None:
    """Two people taking turns are not enrolled as one."""
    other: list[Step] = [Listens(), Says(speech(MALLORY)), Waits(1.0)]
    call = await desk.enroll(*consenting(*TURN, *other, *TURN, *other, *TURN, *other, *TURN))
    assert told(call) == ("FAILED", "INCONSISTENT")
    assert not desk.store.profiles


async def test_silence_fails_and_stores_nothing(desk: Desk) -> None:
    """Failure to enroll is reported as such."""
    call = await desk.enroll(*consenting())
    assert told(call) == ("FAILED", "NOT_ENOUGH_SPEECH")
    assert call.played[-1] == (Prompt.ENROLL_FAILED,)
    assert not desk.store.profiles


async def test_who_is_enrolled_is_not_overwritten(alice_enrolled: Desk) -> None:
    """Whoever reaches the extension does not replace a voice by calling."""
    call = await alice_enrolled.enroll(*consenting(*TURN, *TURN, *TURN))
    assert told(call) == ("FAILED", "ALREADY_ENROLLED")
    assert call.played == [(Prompt.ENROLL_ALREADY,)]


async def test_who_opted_out_is_left_alone(desk: Desk) -> None:
    """An opt-out holds until an administrator lifts it."""
    desk.store.put(profile(ProfileState.OPTED_OUT))
    call = await desk.enroll(*consenting(*TURN, *TURN, *TURN))
    assert told(call) == ("FAILED", "OPTED_OUT")


async def test_the_dialplan_must_say_who_is_enrolled(desk: Desk) -> None:
    """Neither a caller's number nor keyed digits vouch for anyone."""
    call = await desk.enroll(Presses("1001#"), account=None)
    assert told(call) == ("FAILED", "NO_CLAIM")


@pytest.mark.parametrize("script", [[HangsUp()], consenting(*TURN, *TURN, Listens(), HangsUp())])
async def test_hanging_up_stores_nothing(desk: Desk, script: list[Step]) -> None:
    """Two good recordings of three are no profile."""
    call = await desk.enroll(*script)
    assert call.released is None
    assert not desk.store.profiles
    (enrollment,) = desk.store.enrollments.values()
    assert enrollment.reason == "CALLER_HUNG_UP"


async def test_a_store_that_goes_away_is_told_to_the_caller(desk: Desk) -> None:
    """Nobody is told to be enrolled who is not."""
    call = await desk.enroll(*consenting(*TURN, *TURN, *TURN))
    assert told(call) == ("ENROLLED", "COMPLETE")
    desk.store.away = True
    call = await desk.enroll(*consenting(*TURN, *TURN, *TURN), account="1002")
    assert told(call) == ("FAILED", "UNAVAILABLE")
    assert call.played[-1] == (Prompt.ENROLL_FAILED,)
