"""The enrollment call: consent first, recordings that agree, and nothing stored by halves."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.types import Locale, PhraseId
from ivr.domain.call import AccountId, TenantId
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import ProfileState
from ivr.domain.prompt import PhrasePrompt, Prompt
from ivr.domain.watchlist import Suspect
from ivr.flows.rules import EnrollRules
from tests.fakes.call import (
    EventsBack,
    EventsCut,
    FakeCall,
    HangsUp,
    Listens,
    Presses,
    Says,
    Step,
    Waits,
)
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, MALLORY, OTHER_WORDS, speech


def turn(who: int = ALICE, seconds: float = 1.5, said: int = 0) -> list[Step]:
    """Return one answer to a prompt."""
    return [Listens(), Says(speech(who, seconds, said)), Waits(1.0)]


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
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn()))
    assert told(call) == ("ENROLLED", "COMPLETE")
    assert call.played[-1] == (Prompt.ENROLL_DONE,)
    stored = await desk.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert (stored.state, stored.consented, len(stored.voiceprints)) == (
        ProfileState.ENROLLED,
        True,
        3,
    )
    assert all(each.embedding.parts is not None for each in stored.voiceprints)


async def test_the_enrolled_person_is_then_accepted(desk: Desk) -> None:
    """What enroll stores, verify understands."""
    await desk.enroll(*consenting(*turn(), *turn(), *turn()))
    call = await desk.verify(Listens(), Says(speech(ALICE)))
    assert call.released is not None
    assert call.released["COUNTERSIGN_VERDICT"] == "ACCEPT"


async def test_no_key_is_no_consent(desk: Desk) -> None:
    """Silence is not agreement; it is asked once more, and then nothing is recorded."""
    call = await desk.enroll()
    assert told(call) == ("DECLINED", "NO_CONSENT")
    assert call.played == [(Prompt.CONSENT,), (Prompt.CONSENT_AGAIN,), (Prompt.ENROLL_DECLINED,)]
    assert not desk.store.profiles


@pytest.mark.parametrize("key", ["1", "2"])
async def test_a_key_that_was_missed_is_no_answer(desk: Desk, key: str) -> None:
    """Nor is one pressed behind it: the same text is asked about anew, and costs no try."""
    missed: list[Step] = [Waits(0.1), EventsCut(), Presses(key), EventsBack(), Presses("1")]
    call = await desk.enroll(*missed, Listens(), Presses("2"))
    assert told(call) == ("DECLINED", "NO_CONSENT")
    assert call.played == [(Prompt.CONSENT,), (Prompt.CONSENT,), (Prompt.ENROLL_DECLINED,)]


async def test_declining_is_final(desk: Desk) -> None:
    """Who presses 2 is not asked again."""
    call = await desk.enroll(Waits(0.1), Presses("2"))
    assert told(call) == ("DECLINED", "NO_CONSENT")
    assert call.played == [(Prompt.CONSENT,), (Prompt.ENROLL_DECLINED,)]


async def test_a_wrong_key_is_asked_again(desk: Desk) -> None:
    """A slip of the finger is neither yes nor no."""
    call = await desk.enroll(
        Waits(0.1), Presses("7"), Listens(), Presses("1"), *turn(), *turn(), *turn()
    )
    assert call.played[1] == (Prompt.CONSENT_AGAIN,)
    assert told(call) == ("ENROLLED", "COMPLETE")


async def test_a_recording_that_sounds_different_is_asked_again(desk: Desk) -> None:
    """One that does not agree with the two before is not kept."""
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn(MALLORY), *turn()))
    assert call.played[-2][0] is Prompt.ENROLL_SOUNDED_DIFFERENT
    assert told(call) == ("ENROLLED", "COMPLETE")


async def test_of_two_that_differ_the_newer_counts(desk: Desk) -> None:
    """Somebody else's first recording does not spoil the enrollment."""
    call = await desk.enroll(*consenting(*turn(MALLORY), *turn(), *turn(), *turn()))
    assert told(call) == ("ENROLLED", "COMPLETE")
    verified = await desk.verify(Listens(), Says(speech(ALICE)))
    assert verified.released is not None
    assert verified.released["COUNTERSIGN_VERDICT"] == "ACCEPT"


async def test_a_voice_that_keeps_changing_fails(desk: Desk) -> None:
    """People taking turns are not enrolled as one."""
    voices = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 1_500]
    call = await desk.enroll(*consenting(*(step for who in voices for step in turn(who))))
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
    call = await alice_enrolled.enroll(*consenting(*turn(), *turn(), *turn()))
    assert told(call) == ("FAILED", "ALREADY_ENROLLED")
    assert call.played == [(Prompt.ENROLL_ALREADY,)]


async def test_who_opted_out_is_left_alone(desk: Desk) -> None:
    """An opt-out holds until an administrator lifts it."""
    desk.store.put(profile(ProfileState.OPTED_OUT))
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn()))
    assert told(call) == ("FAILED", "OPTED_OUT")


async def test_the_dialplan_must_say_who_is_enrolled(desk: Desk) -> None:
    """Neither a caller's number nor keyed digits vouch for anyone."""
    call = await desk.enroll(Presses("1001#"), account=None)
    assert told(call) == ("FAILED", "NO_CLAIM")


@pytest.mark.parametrize(
    "script", [[HangsUp()], consenting(*turn(), *turn(), Listens(), HangsUp())]
)
async def test_hanging_up_stores_nothing(desk: Desk, script: list[Step]) -> None:
    """Two good recordings of three are no profile."""
    call = await desk.enroll(*script)
    assert call.released is None
    assert not desk.store.profiles
    (enrollment,) = desk.store.enrollments.values()
    assert enrollment.reason == "CALLER_HUNG_UP"


async def test_a_store_that_goes_away_is_told_to_the_caller(desk: Desk) -> None:
    """Nobody is told to be enrolled who is not."""
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn()))
    assert told(call) == ("ENROLLED", "COMPLETE")
    desk.store.away = True
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn()), account="1002")
    assert told(call) == ("FAILED", "UNAVAILABLE")
    assert call.played[-1] == (Prompt.ENROLL_FAILED,)


async def test_a_key_pressed_before_the_question_is_no_consent(desk: Desk) -> None:
    """Nobody agrees to what he has not heard yet."""
    call = await desk.enroll(Presses("1"))
    assert told(call) == ("DECLINED", "NO_CONSENT")


async def test_the_consent_has_the_version_of_the_words_that_were_heard(desk: Desk) -> None:
    """Each language has its own; one that has no prompts is spoken to in English."""
    desk.enroll_rules = EnrollRules(consent_versions={"en-US": "en-US/7", "de-DE": "de-DE/2"})
    assert desk.enroll_rules.consent_version("de-DE") == "de-DE/2"
    assert desk.enroll_rules.consent_version("fr-FR") == "en-US/7"
    await desk.enroll(*consenting(*turn(), *turn(), *turn()))
    (enrollment,) = desk.store.enrollments.values()
    assert enrollment.consent is not None
    assert enrollment.consent.text_version == "en-US/7"


async def test_a_recording_played_once_more_is_no_second_sample(desk: Desk) -> None:
    """The caller is told so, and only recordings of their own count."""
    said = speech(ALICE)
    again: list[Step] = [Listens(), Says(said), Waits(1.0)]
    call = await desk.enroll(*consenting(*again, *again, *turn(), *turn()))
    assert call.played[3][0] is Prompt.ENROLL_SAME_RECORDING
    assert told(call) == ("ENROLLED", "COMPLETE")


async def test_other_words_are_asked_again_and_fail_at_last(desk: Desk) -> None:
    """The phrase is fixed by what was really said."""
    wrong = [step for _ in range(7) for step in turn(said=OTHER_WORDS)]
    call = await desk.enroll(*consenting(*wrong))
    assert call.played[2][0] is Prompt.WRONG_PHRASE
    assert told(call) == ("FAILED", "WRONG_PHRASE")


async def test_who_was_cut_off_is_asked_to_say_it_from_beginning_to_end(desk: Desk) -> None:
    """He may have said the right words, only not all of them were listened to."""
    call = await desk.enroll(*consenting(*turn(seconds=60.0, said=OTHER_WORDS)))
    assert call.played[2][0] is Prompt.CUT_OFF


async def test_the_dialplan_chooses_the_phrase(desk: Desk) -> None:
    """It is asked for, and fixed in the profile."""
    phrase = PhraseId("my-password-is-not-your-business")
    call = await desk.enroll(*consenting(*turn(), *turn(), *turn()), phrase=phrase)
    assert PhrasePrompt(Locale("en-US"), phrase) in call.played[1]
    stored = await desk.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert stored.passphrase == phrase
    assert [len(each) > 0 for each in stored.frames] == [True] * 3


async def test_free_speech_enrolls_when_there_is_enough(desk: Desk) -> None:
    """Twenty seconds over as many recordings as it takes; no phrase is fixed."""
    pieces = [step for _ in range(7) for step in turn(seconds=3.0)]
    call = await desk.enroll(*consenting(*pieces), mode=Mode.TEXT_INDEPENDENT)
    assert call.played[1] == (Prompt.ENROLL_FREE_INTRO, Prompt.AFTER_THE_TONE_SPEAK, Prompt.TONE)
    assert call.played[2] == (Prompt.GO_ON, Prompt.TONE)
    assert told(call) == ("ENROLLED", "COMPLETE")
    stored = await desk.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert (stored.mode, stored.passphrase, len(stored.voiceprints)) == (
        Mode.TEXT_INDEPENDENT,
        "",
        7,
    )


async def test_free_speech_may_begin_with_the_passphrase(desk: Desk) -> None:
    """Then other words are asked again, and what follows is free and in the same voice."""
    desk.enroll_rules = EnrollRules(activation=True)
    said = [*turn(said=OTHER_WORDS), *turn()]
    pieces = [step for _ in range(7) for step in turn(seconds=3.0)]
    call = await desk.enroll(*consenting(*said, *pieces), mode=Mode.TEXT_INDEPENDENT)
    phrase = PhrasePrompt(Locale("en-US"), DEFAULT_PASSPHRASE)
    passphrase = (Prompt.AFTER_THE_TONE_SAY, phrase, Prompt.TONE)
    assert call.played[1] == (Prompt.ENROLL_INTRO, *passphrase)
    assert call.played[2] == (Prompt.WRONG_PHRASE, *passphrase)
    assert call.played[3] == (Prompt.AFTER_THE_TONE_SPEAK, Prompt.TONE)
    assert call.played[4] == (Prompt.GO_ON, Prompt.TONE)
    assert told(call) == ("ENROLLED", "COMPLETE")
    stored = await desk.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert all(each.embedding.parts is None for each in stored.voiceprints), "of no use"


async def test_free_speech_in_another_voice_than_the_passphrase_enrolls_nobody(desk: Desk) -> None:
    """Whoever did not say the words has not agreed to anything."""
    desk.enroll_rules = EnrollRules(activation=True)
    pieces = [step for _ in range(8) for step in turn(MALLORY, 3.0, OTHER_WORDS)]
    call = await desk.enroll(*consenting(*turn(), *pieces), mode=Mode.TEXT_INDEPENDENT)
    assert call.released is not None
    assert call.released.get("COUNTERSIGN_ENROLLMENT") != "ENROLLED"
    assert not desk.store.profiles


async def test_a_voice_that_is_known_already_is_warned_of(alice_enrolled: Desk) -> None:
    """Enrolled under another account, or watched for: the dialplan and the record are told."""
    suspect = Suspect(UUID(int=9), (voiceprint_of(ALICE),))
    alice_enrolled.store.suspects[TenantId("tenant")] = (suspect,)
    call = await alice_enrolled.enroll(*consenting(*turn(), *turn(), *turn()), account="1002")
    assert told(call) == ("ENROLLED", "COMPLETE")
    assert call.released is not None
    assert call.released["COUNTERSIGN_WARNINGS"] == "ENROLLED_ELSEWHERE WATCHLISTED"


async def test_a_large_tenant_is_not_searched(alice_enrolled: Desk) -> None:
    """Above the limit nothing is compared."""
    alice_enrolled.enroll_rules = EnrollRules(compare_profiles_max=0)
    call = await alice_enrolled.enroll(*consenting(*turn(), *turn(), *turn()), account="1002")
    assert call.released is not None
    assert call.released["COUNTERSIGN_WARNINGS"] == ""
