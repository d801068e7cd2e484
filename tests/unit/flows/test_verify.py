"""The verification call: whom it believes, what it asks again, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from engine.types import Locale, ModelId
from ivr.domain.call import AccountId, Purpose, TenantId
from ivr.domain.claim import ClaimSource
from ivr.domain.lockout import LOCKED
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import ProfileId, ProfileState
from ivr.domain.prompt import PhrasePrompt, Prompt
from ivr.domain.verification import Verification
from tests.fakes.call import (
    EventsBack,
    EventsCut,
    FakeCall,
    Listens,
    Presses,
    Says,
    Step,
    Waits,
    facts,
)
from tests.fakes.profile_store import FakeProfileStore
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, DIN, ECHO, MALLORY, NEARLY_ALICE, speech


def told(call: FakeCall) -> tuple[str, str]:
    """Return verdict and reason as the dialplan got them."""
    assert call.released is not None, "the caller was not released"
    return call.released["COUNTERSIGN_VERDICT"], call.released["COUNTERSIGN_REASON"]


PASSPORT = PhrasePrompt(Locale("en-US"), DEFAULT_PASSPHRASE)


def turn(who: int, said: int = 0) -> list[Step]:
    """Return one answer to a prompt."""
    return [Listens(), Says(speech(who, said=said)), Waits(1.0)]


def record(desk: Desk) -> Verification:
    """Return the one verification that was written."""
    (verification,) = desk.store.closed.values()
    return verification


async def test_the_enrolled_voice_is_accepted(alice_enrolled: Desk) -> None:
    """Alice says the phrase after the tone and is let on."""
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert told(call) == ("ACCEPT", "MATCH")
    assert call.played == [(Prompt.AFTER_THE_TONE_SAY, PASSPORT, Prompt.TONE)]


@pytest.mark.parametrize("purpose", [Purpose.VERIFY, Purpose.CHALLENGE])
async def test_what_was_said_before_a_question_is_no_answer_to_it(
    alice_enrolled: Desk, purpose: Purpose
) -> None:
    """Who says "hello?" while the last answer is examined hears the next question whole."""
    too_little: list[Step] = [Listens(), Says(speech(ALICE, 0.4)), Waits(1.0)]
    call = FakeCall(*too_little, *turn(ALICE), facts=facts(purpose), prompt_s=2.0)
    call.impatient = speech(MALLORY, 0.4)
    await alice_enrolled.conducted(call)
    assert call.hushed == 0
    assert told(call) == ("ACCEPT", "MATCH")
    assert len(record(alice_enrolled).attempts) == 2


async def test_another_voice_is_rejected_at_once(alice_enrolled: Desk) -> None:
    """Mallory gets no second try: more speech would not make her Alice."""
    call = await alice_enrolled.verify(Listens(), Says(speech(MALLORY)))
    assert told(call) == ("REJECT", "NO_MATCH")
    assert len(record(alice_enrolled).attempts) == 1


async def test_what_was_written_is_what_the_dialplan_is_told(alice_enrolled: Desk) -> None:
    """Record and variables agree, and the tag on the channel names the record."""
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    written = record(alice_enrolled)
    assert written.claim is not None
    assert (written.claim.account, written.claim.source) == ("1001", ClaimSource.DIALPLAN)
    assert call.tag_written == written.opening.id
    assert call.released == {
        "COUNTERSIGN_VERDICT": "ACCEPT",
        "COUNTERSIGN_REASON": "MATCH",
        "COUNTERSIGN_LLR": "10.00",
        "COUNTERSIGN_CONFIDENCE": "100",
        "COUNTERSIGN_ATTEMPTS": "1",
        "COUNTERSIGN_PROFILE": str(profile().id),
        "COUNTERSIGN_ID": str(written.opening.id),
        "COUNTERSIGN_PHRASE": "right",
        "COUNTERSIGN_EXPLANATION": "Voice matches strongly; phrase right.",
        "COUNTERSIGN_CLAIM_SOURCE": "dialplan",
        "COUNTERSIGN_CLAIM_ACCOUNT": "1001",
    }


async def test_silence_is_inconclusive_after_three_attempts(alice_enrolled: Desk) -> None:
    """Who never speaks is told so, twice, and is not judged."""
    call = await alice_enrolled.verify()
    assert told(call) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
    assert [played[0] for played in call.played] == [
        Prompt.AFTER_THE_TONE_SAY,
        Prompt.NOTHING_HEARD,
        Prompt.NOTHING_HEARD,
    ]


async def test_too_little_speech_gets_its_own_second_chance(alice_enrolled: Desk) -> None:
    """The caller is told what was wrong, and may mend it."""
    call = await alice_enrolled.verify(
        Listens(), Says(speech(ALICE, 0.4)), Waits(1.0), Listens(), Says(speech(ALICE))
    )
    assert call.played[1][0] is Prompt.TOO_SHORT
    assert told(call) == ("ACCEPT", "MATCH")
    assert [attempt.reason for attempt in record(alice_enrolled).attempts] == [
        "NOT_ENOUGH_SPEECH",
        "MATCH",
    ]


async def test_noise_gets_its_own_second_chance_and_is_never_judged(alice_enrolled: Desk) -> None:
    """Three noisy attempts are INCONCLUSIVE, and no evidence is made of them."""
    call = await alice_enrolled.verify(*turn(DIN), *turn(DIN), *turn(DIN))
    assert call.played[1][0] is Prompt.TOO_NOISY
    assert told(call) == ("INCONCLUSIVE", "TOO_NOISY")
    assert record(alice_enrolled).llr is None


async def test_who_is_nearly_sure_is_asked_again(alice_enrolled: Desk) -> None:
    """Evidence that leans to the claim earns another try, and counts together with it."""
    call = await alice_enrolled.verify(
        Listens(), Says(speech(NEARLY_ALICE)), Waits(1.0), Listens(), Says(speech(ALICE))
    )
    assert call.played[1][0] is Prompt.NOT_SURE_YET
    assert told(call) == ("ACCEPT", "MATCH")
    assert record(alice_enrolled).llr == pytest.approx(6.05, abs=0.1)


async def test_who_stays_nearly_sure_is_rejected(alice_enrolled: Desk) -> None:
    """Trying three times does not lower the bar."""
    call = await alice_enrolled.verify(*(step for _ in range(3) for step in turn(NEARLY_ALICE)))
    assert told(call) == ("REJECT", "NO_MATCH")
    assert call.released is not None
    assert call.released["COUNTERSIGN_ATTEMPTS"] == "3"


async def test_who_speaks_without_stopping_is_judged_by_what_was_said(
    alice_enrolled: Desk,
) -> None:
    """The listener stops at its limit; the call does not go on for ever."""
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE, 60.0)))
    assert told(call) == ("ACCEPT", "MATCH")
    assert call.heard_s < 10


async def test_speech_stops_the_prompt(alice_enrolled: Desk) -> None:
    """A caller who knows what to say need not wait, and no word is lost."""
    call = FakeCall(Says(speech(ALICE)), prompt_s=30.0)
    await alice_enrolled.conducted(call)
    assert call.hushed == 1
    assert told(call) == ("ACCEPT", "MATCH")


async def test_a_cough_does_not_stop_the_prompt(alice_enrolled: Desk) -> None:
    """Nor does the prompt's own short echo; what was coughed is forgotten."""
    call = await alice_enrolled.verify(Says(speech(MALLORY, 0.1)), Listens(), Says(speech(ALICE)))
    assert call.hushed == 0
    assert told(call) == ("ACCEPT", "MATCH")


async def test_the_echo_of_the_prompt_does_not_stop_it(alice_enrolled: Desk) -> None:
    """What comes back from the line is speech, but faint."""
    call = FakeCall(Says(speech(ECHO, 5.0)), Listens(), Says(speech(ALICE)), prompt_s=6.0)
    await alice_enrolled.conducted(call)
    assert call.hushed == 0
    assert told(call) == ("ACCEPT", "MATCH")


@pytest.mark.parametrize("barge_in", [True, False])
async def test_who_begins_before_the_tone_has_ended_is_heard_from_the_beginning(
    alice_enrolled: Desk, barge_in: bool
) -> None:
    """He knows what comes; a first word that is cut off would be another word."""
    alice_enrolled.rules = replace(alice_enrolled.rules, barge_in=barge_in)
    call = FakeCall(Waits(0.8), Says(speech(ALICE)), prompt_s=1.0)
    await alice_enrolled.conducted(call)
    assert call.hushed == 0
    assert told(call) == ("ACCEPT", "MATCH")
    quality = record(alice_enrolled).attempts[0].quality
    assert quality is not None
    assert quality.net_speech_s == pytest.approx(1.5)


async def test_the_echo_of_a_prompt_that_a_key_ended_is_no_beginning(alice_enrolled: Desk) -> None:
    """It was loud a moment ago, on a line for which the operator let speech stop no prompt."""
    alice_enrolled.rules = replace(alice_enrolled.rules, barge_in=False)
    echo = Says(speech(MALLORY, 0.4))
    call = FakeCall(echo, Presses("1"), Waits(1.0), Says(speech(ALICE)), prompt_s=30.0)
    await alice_enrolled.conducted(call)
    assert call.hushed == 1
    assert told(call) == ("ACCEPT", "MATCH")
    assert len(record(alice_enrolled).attempts) == 1


async def test_the_voice_is_embedded_in_the_pause(alice_enrolled: Desk) -> None:
    """The work is done before the end of speech is certain, and only once."""
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert told(call)[0] == "ACCEPT"
    assert alice_enrolled.voice.embedded == 1


async def test_speech_after_the_pause_is_heard_too(alice_enrolled: Desk) -> None:
    """An embedding begun too early is dropped: the whole utterance counts."""
    call = await alice_enrolled.verify(
        Listens(), Says(speech(ALICE, 1.0)), Waits(0.4), Says(speech(ALICE, 1.0))
    )
    assert told(call) == ("ACCEPT", "MATCH")
    quality = record(alice_enrolled).attempts[0].quality
    assert quality is not None
    assert quality.net_speech_s == pytest.approx(2.0)


async def test_the_caller_number_is_a_claim_where_somebody_is_known_by_it(
    alice_enrolled: Desk,
) -> None:
    """No account from the dialplan: the number is tried before digits are asked for."""
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)), account=None, number="1001")
    assert told(call) == ("ACCEPT", "MATCH")
    claim = record(alice_enrolled).claim
    assert claim is not None
    assert claim.source is ClaimSource.CALLER_NUMBER


async def test_digits_are_asked_for_where_nothing_else_claims(alice_enrolled: Desk) -> None:
    """The caller may key over the prompt; `#` ends."""
    call = await alice_enrolled.verify(
        Presses("1001#"), Listens(), Listens(), Says(speech(ALICE)), account=None
    )
    assert call.played[0] == (Prompt.KEY_ACCOUNT,)
    assert told(call) == ("ACCEPT", "MATCH")


@pytest.mark.parametrize("keys", ["", "#", "7" * 64 + "#"])
async def test_no_account_is_no_claim(alice_enrolled: Desk, keys: str) -> None:
    """Nothing, or more digits than any account has, asked for twice, is NO_CLAIM."""
    call = await alice_enrolled.verify(Presses(keys), account=None)
    assert told(call) == ("INCONCLUSIVE", "NO_CLAIM")
    assert call.played == [(Prompt.KEY_ACCOUNT,)] * 2


MISSED: dict[str, list[Step]] = {
    "in the middle": [Presses("10"), EventsCut(), Presses("0"), EventsBack(), Presses("1#")],
    "at the beginning": [EventsCut(), Presses("10"), EventsBack(), Presses("01#")],
    "at the end": [Presses("10"), EventsCut(), Presses("01#"), EventsBack(), Listens()],
    "and then for good": [Presses("10"), EventsCut(), Presses("01#"), Listens(), EventsBack()],
    "all of it": [EventsCut(), Presses("1001#"), EventsBack(), Listens()],
    "some before a pause": [
        *(Presses("10"), EventsCut(), Waits(4.9), Presses("0"), EventsBack()),
        *(Waits(4.9), Presses("1#")),
    ],
    "over two askings": [
        *(Presses("10"), EventsCut(), Presses("01"), Listens(), Listens()),
        *(Presses("10"), EventsBack(), Presses("01#")),
    ],
}


@pytest.mark.parametrize("missed", MISSED.values(), ids=MISSED.keys())
async def test_a_number_of_which_keys_were_missed_is_no_account(
    alice_enrolled: Desk, missed: list[Step]
) -> None:
    """What is left of it may be another person's: it is asked for anew, and whole."""
    for account in ("10", "101", "01", "1"):
        alice_enrolled.store.put(replace(profile(), account=AccountId(account)))
    anew: list[Step] = [
        *missed,
        Listens(),
        Presses("1001#"),
        Listens(),
        Listens(),
        Says(speech(ALICE)),
    ]
    call = await alice_enrolled.verify(*missed, *anew, account=None)
    assert told(call) == ("ACCEPT", "MATCH")
    claim = record(alice_enrolled).claim
    assert claim is not None
    assert claim.account == "1001"


async def test_keys_that_are_missed_again_and_again_are_no_claim(alice_enrolled: Desk) -> None:
    """The caller is not kept for ever."""
    flapping: list[Step] = [EventsCut(), EventsBack(), Presses("1001#"), Listens()]
    call = await alice_enrolled.verify(*flapping * 10, account=None)
    assert told(call) == ("INCONCLUSIVE", "NO_CLAIM")


async def test_who_is_not_enrolled_is_not_asked_to_speak(desk: Desk) -> None:
    """There is nothing to compare with."""
    call = await desk.verify()
    assert told(call) == ("INCONCLUSIVE", "NOT_ENROLLED")
    assert call.played == []


@pytest.mark.parametrize(
    ("state", "consented", "reason"),
    [
        (ProfileState.ENROLLING, True, "NOT_ENROLLED"),
        (ProfileState.EXPIRED, True, "EXPIRED"),
        (ProfileState.OPTED_OUT, False, "OPTED_OUT"),
        (ProfileState.ENROLLED, False, "NO_CONSENT"),
    ],
)
async def test_a_profile_that_may_not_be_used_is_not(
    desk: Desk, state: ProfileState, consented: bool, reason: str
) -> None:
    """Neither half an enrollment, nor an expired one, nor one without consent."""
    desk.store.put(profile(state, consented=consented))
    call = await desk.verify(Listens(), Says(speech(ALICE)))
    assert told(call) == ("INCONCLUSIVE", reason)


async def test_voiceprints_of_another_model_have_expired(alice_enrolled: Desk) -> None:
    """Nobody is asked to speak where nothing can be compared."""
    alice_enrolled.voice.model = ModelId("newer")
    call = await alice_enrolled.verify(Listens(), Says(speech(ALICE)))
    assert told(call) == ("INCONCLUSIVE", "EXPIRED")
    assert call.played == []


MEANWHILE: dict[str, tuple[Callable[[FakeProfileStore], None], str]] = {
    "opted out": (lambda store: store.put(profile(ProfileState.OPTED_OUT)), "OPTED_OUT"),
    "erased": (lambda store: store.profiles.clear(), "NOT_ENROLLED"),
    "another person by now": (
        lambda store: store.put(replace(profile(), id=ProfileId(UUID(int=8)))),
        "NOT_ENROLLED",
    ),
    "locked": (lambda store: store.put(replace(profile(), locked_until=LOCKED)), "LOCKED_OUT"),
}


@pytest.mark.parametrize(("befalls", "reason"), MEANWHILE.values(), ids=MEANWHILE.keys())
@pytest.mark.parametrize("purpose", [Purpose.VERIFY, Purpose.CHALLENGE, Purpose.IDENTIFY])
async def test_what_befalls_a_profile_in_a_call_counts(
    alice_enrolled: Desk,
    purpose: Purpose,
    befalls: Callable[[FakeProfileStore], None],
    reason: str,
) -> None:
    """It is looked at once more before anybody is accepted."""
    store = alice_enrolled.store
    store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    spoken: list[Step] = [Listens(), Says(speech(ALICE, 3.5)), Waits(1.0)]
    call = FakeCall(*spoken, *turn(ALICE), facts=facts(purpose, group="staff"))
    call.meanwhile = partial(befalls, store)
    assert told(await alice_enrolled.conducted(call)) == ("INCONCLUSIVE", reason)


async def test_on_all_lines_at_once_there_are_no_more_tries(alice_enrolled: Desk) -> None:
    """Nobody is accepted once as many were rejected as lock, and the count stands."""
    store = alice_enrolled.store
    later = [step for _ in range(2) for step in (Listens(), Says(speech(ALICE, 0.4)), Waits(1.0))]
    guesses = [
        FakeCall(*turn(MALLORY), facts=facts(call=f"call-{number}"))
        for number in range(store.lockout.lock_after)
    ]
    lucky = FakeCall(*later, *turn(ALICE), facts=facts(call="lucky"))
    await asyncio.gather(*(alice_enrolled.conducted(each) for each in (*guesses, lucky)))
    assert told(lucky) == ("INCONCLUSIVE", "LOCKED_OUT")
    (locked,) = store.profiles.values()
    assert locked.locked_until == LOCKED
