"""What was said: the phrase, digits that nobody could know, free speech, and never a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from ivr.domain.call import AccountId, TenantId
from ivr.domain.lockout import LOCKED
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileId
from ivr.domain.prompt import Prompt
from ivr.domain.verification import Verification
from ivr.flows.rules import VerifyRules
from tests.fakes.call import FakeCall, Listens, Presses, Says, Step, Waits, facts
from tests.fakes.clock import NOON
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, MALLORY, MUMBLED, NEARLY_ALICE, OTHER_WORDS, speech


def told(call: FakeCall) -> tuple[str, str]:
    """Return verdict and reason as the dialplan got them."""
    assert call.released is not None, "the caller was not released"
    return call.released["COUNTERSIGN_VERDICT"], call.released["COUNTERSIGN_REASON"]


def turn(who: int, seconds: float = 1.5, said: int = 0) -> list[Step]:
    """Return one answer to a prompt."""
    return [Listens(), Says(speech(who, seconds, said)), Waits(1.0)]


def record(desk: Desk) -> Verification:
    """Return the one verification that was written."""
    (verification,) = desk.store.closed.values()
    return verification


async def test_other_words_get_their_own_second_chance(alice_enrolled: Desk) -> None:
    """The voice is not judged by other words, and the caller is told what was wrong."""
    call = await alice_enrolled.verify(*turn(ALICE, said=OTHER_WORDS), *turn(ALICE))
    assert call.played[1][0] is Prompt.WRONG_PHRASE
    assert told(call) == ("ACCEPT", "MATCH")
    assert [attempt.phrase.value for attempt in record(alice_enrolled).attempts] == [
        "wrong",
        "right",
    ]


async def test_other_words_three_times_are_no_verdict_on_the_voice(alice_enrolled: Desk) -> None:
    """Not even the right voice is accepted by them."""
    wrong = [step for _ in range(3) for step in turn(ALICE, said=OTHER_WORDS)]
    call = await alice_enrolled.verify(*wrong)
    assert told(call) == ("INCONCLUSIVE", "WRONG_PHRASE")
    assert call.released is not None
    assert call.released["COUNTERSIGN_PHRASE"] == "wrong"
    assert call.released["COUNTERSIGN_LLR"] == ""


async def test_who_was_cut_off_is_asked_to_say_it_from_beginning_to_end(
    alice_enrolled: Desk,
) -> None:
    """Who speaks for longer than is listened to, and is not understood, said no other words."""
    call = await alice_enrolled.verify(*turn(ALICE, 60.0, OTHER_WORDS))
    assert call.played[1][0] is Prompt.CUT_OFF


async def test_mumbled_words_are_asked_again(alice_enrolled: Desk) -> None:
    """Not understood is not wrong."""
    call = await alice_enrolled.verify(*turn(ALICE, said=MUMBLED), *turn(ALICE))
    assert call.played[1][0] is Prompt.UNCLEAR
    assert told(call) == ("ACCEPT", "MATCH")


async def test_a_recording_of_an_earlier_call_is_rejected_at_once(alice_enrolled: Desk) -> None:
    """Nobody says it twice alike; the record says how like it was and how much later it began."""
    said = speech(ALICE)
    first = await alice_enrolled.verify(Listens(), Says(said))
    assert told(first) == ("ACCEPT", "MATCH")
    with capture_logs() as logged:
        again = await alice_enrolled.verify(Listens(), Says(said))
    assert told(again) == ("REJECT", "SPOOF_SUSPECTED")
    assert again.released is not None
    assert again.released["COUNTERSIGN_ATTEMPTS"] == "1"
    (ended,) = [each for each in logged if each["event"] == "verification_ended"]
    assert (ended["replay"], ended["replay_shift_s"]) == ([1.0], [0.0])
    fresh, repeat = (each.attempts[0] for each in alice_enrolled.store.closed.values())
    assert (fresh.replay, fresh.replay_shift_s) == (None, None)
    assert (repeat.replay, repeat.replay_shift_s) == (1.0, 0.0)


async def test_a_recording_of_the_enrollment_is_rejected_at_once(desk: Desk) -> None:
    """What was enrolled is known too."""
    said = speech(ALICE)
    keyed: list[Step] = [Listens(), Presses("1")]
    await desk.enroll(*keyed, Listens(), Says(said), Waits(1.0), *turn(ALICE), *turn(ALICE))
    call = await desk.verify(Listens(), Says(said))
    assert told(call) == ("REJECT", "SPOOF_SUSPECTED")


async def test_what_was_said_is_kept_as_hashes(alice_enrolled: Desk) -> None:
    """One for each attempt, with the profile that it was about."""
    await alice_enrolled.verify(*turn(ALICE, 0.4), *turn(ALICE))
    assert len(record(alice_enrolled).fingerprints) == 2
    stored = await alice_enrolled.store.find(TenantId("tenant"), AccountId("1001"))
    assert stored is not None
    assert stored.fingerprints == record(alice_enrolled).fingerprints


async def test_a_locked_profile_is_not_listened_to(desk: Desk) -> None:
    """Until its time is over."""
    desk.store.put(replace(profile(), locked_until=NOON + timedelta(seconds=1)))
    assert told(await desk.verify()) == ("INCONCLUSIVE", "LOCKED_OUT")
    desk.store.put(replace(profile(), locked_until=LOCKED))
    call = await desk.verify()
    assert told(call) == ("INCONCLUSIVE", "LOCKED_OUT")
    assert call.played == []
    desk.store.put(replace(profile(), locked_until=NOON))
    assert told(await desk.verify(*turn(ALICE))) == ("ACCEPT", "MATCH")


async def test_rejections_in_a_row_lock(alice_enrolled: Desk) -> None:
    """The fourth call is not answered with a question."""
    for _ in range(3):
        assert told(await alice_enrolled.verify(*turn(MALLORY))) == ("REJECT", "NO_MATCH")
    assert told(await alice_enrolled.verify(*turn(ALICE))) == ("INCONCLUSIVE", "LOCKED_OUT")


async def test_a_challenge_says_the_digits_and_wants_them_back(alice_enrolled: Desk) -> None:
    """The voice is compared whatever it says; the digits must be those."""
    call = await alice_enrolled.challenge(*turn(ALICE))
    digits = (Prompt.DIGIT_3, Prompt.DIGIT_1, Prompt.DIGIT_4, Prompt.DIGIT_1, Prompt.DIGIT_5)
    assert call.played[0] == (
        Prompt.AFTER_THE_TONE_DIGITS,
        *digits,
        Prompt.DIGIT_9,
        Prompt.TONE,
    )
    assert told(call) == ("ACCEPT", "MATCH")
    assert call.released is not None
    assert call.released["COUNTERSIGN_EXPLANATION"] == "Voice matches strongly; digits right."


async def test_other_digits_are_not_accepted(alice_enrolled: Desk) -> None:
    """A recording of the person, prepared for another challenge, does not pass."""
    call = await alice_enrolled.challenge(*(s for _ in range(3) for s in turn(ALICE, said=1)))
    assert call.played[1][0] is Prompt.WRONG_DIGITS
    assert told(call) == ("INCONCLUSIVE", "WRONG_PHRASE")


async def test_digits_that_nothing_can_recognise_are_not_accepted(alice_enrolled: Desk) -> None:
    """Fail closed: a challenge that cannot be checked is not met."""
    alice_enrolled.voice.recognises = False
    call = await alice_enrolled.challenge(*(s for _ in range(3) for s in turn(ALICE)))
    assert told(call) == ("INCONCLUSIVE", "WRONG_PHRASE")


async def test_a_phrase_that_nothing_can_recognise_is_left_to_the_voice(
    alice_enrolled: Desk,
) -> None:
    """There is no recogniser for every language."""
    alice_enrolled.voice.recognises = False
    call = await alice_enrolled.verify(*turn(ALICE))
    assert told(call) == ("ACCEPT", "MATCH")
    assert call.released is not None
    assert call.released["COUNTERSIGN_PHRASE"] == "unchecked"


async def test_doubt_steps_up_to_digits(alice_enrolled: Desk) -> None:
    """Where it is so set, who is nearly sure is asked for what no recording has."""
    alice_enrolled.rules = VerifyRules(step_up=True)
    call = await alice_enrolled.verify(*turn(NEARLY_ALICE), *turn(ALICE))
    assert call.played[1][:2] == (Prompt.NOT_SURE_YET, Prompt.AFTER_THE_TONE_DIGITS)
    assert told(call) == ("ACCEPT", "MATCH")


async def test_free_speech_adds_up(desk: Desk) -> None:
    """Several pieces are one attempt, judged when there is enough."""
    desk.store.put(replace(profile(), mode=Mode.TEXT_INDEPENDENT, passphrase=""))
    call = await desk.verify(*turn(ALICE), *turn(ALICE), *turn(ALICE))
    assert [played[0] for played in call.played] == [
        Prompt.AFTER_THE_TONE_SPEAK,
        Prompt.GO_ON,
        Prompt.GO_ON,
    ]
    assert told(call) == ("ACCEPT", "MATCH")
    (attempt,) = record(desk).attempts
    assert attempt.quality is not None
    assert attempt.quality.net_speech_s == 4.5
    assert len(record(desk).fingerprints) == 3


async def test_free_speech_that_goes_on_while_it_is_examined_counts(desk: Desk) -> None:
    """Nobody stops talking because we have enough to do: it is part of the next piece."""
    desk.store.put(replace(profile(), mode=Mode.TEXT_INDEPENDENT, passphrase=""))
    call = FakeCall(*turn(ALICE), *turn(ALICE), facts=facts())
    call.impatient = speech(ALICE)
    await desk.conducted(call)
    assert [played[0] for played in call.played] == [Prompt.AFTER_THE_TONE_SPEAK, Prompt.GO_ON]
    (attempt,) = record(desk).attempts
    assert attempt.quality is not None
    assert attempt.quality.net_speech_s == 4.5


async def test_where_no_minimum_is_set_any_free_speech_is_listened_to(desk: Desk) -> None:
    """An operator may lift it, and the caller is still asked."""
    desk.rules = replace(desk.rules, free=replace(desk.rules.free, verify_s=0.0))
    desk.store.put(replace(profile(), mode=Mode.TEXT_INDEPENDENT, passphrase=""))
    call = await desk.verify(*turn(ALICE, 1.0))
    assert told(call) == ("ACCEPT", "MATCH")
    assert len(call.played) == 1


async def test_too_little_free_speech_is_not_judged(desk: Desk) -> None:
    """Who stops early is asked anew, and never judged by it."""
    desk.store.put(replace(profile(), mode=Mode.TEXT_INDEPENDENT, passphrase=""))
    call = await desk.verify(*turn(ALICE))
    assert told(call) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")


async def test_free_speech_of_a_recording_is_rejected(desk: Desk) -> None:
    """One piece that was heard before is enough."""
    desk.store.put(replace(profile(), mode=Mode.TEXT_INDEPENDENT, passphrase=""))
    said = speech(ALICE, 3.0)
    again: list[Step] = [Listens(), Says(said), Waits(1.0)]
    call = await desk.verify(*again, *again)
    assert told(call) == ("REJECT", "SPOOF_SUSPECTED")


async def test_whoever_of_the_group_speaks_is_named(desk: Desk) -> None:
    """The account of the likeliest, where it is likely enough."""
    other = replace(
        profile(),
        id=ProfileId(UUID(int=8)),
        account=AccountId("1002"),
        voiceprints=(voiceprint_of(MALLORY),),
    )
    desk.store.put(profile())
    desk.store.put(other)
    desk.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001"), AccountId("1002")}
    call = await desk.identify(*turn(MALLORY, 3.0), *turn(MALLORY, 3.0))
    assert told(call) == ("ACCEPT", "MATCH")
    assert call.released is not None
    assert call.released["COUNTERSIGN_IDENTITY"] == "1002"
    assert call.released["COUNTERSIGN_CLAIM_ACCOUNT"] == ""
    assert record(desk).profile == other.id


async def test_a_stranger_is_none_of_them(alice_enrolled: Desk) -> None:
    """Nobody is named, and the record has no profile."""
    alice_enrolled.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    call = await alice_enrolled.identify(*turn(MALLORY, 3.0), *turn(MALLORY, 3.0))
    assert told(call) == ("REJECT", "NO_MATCH")
    assert call.released is not None
    assert call.released["COUNTERSIGN_IDENTITY"] == ""
    assert record(alice_enrolled).profile is None


@pytest.mark.parametrize(
    ("said", "verdict", "llr"),
    [((2_400, 2_200, 2_400), "REJECT", 4.07), ((2_300, 2_000), "ACCEPT", 7.77)],
)
async def test_another_try_is_no_new_chance_to_be_taken_for_somebody(
    alice_enrolled: Desk, said: Sequence[int], verdict: str, llr: float
) -> None:
    """One lucky utterance of three names nobody: the mean decides, and is in the record."""
    alice_enrolled.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    call = await alice_enrolled.identify(*(step for who in said for step in turn(who, 6.0)))
    assert told(call)[0] == verdict
    written = record(alice_enrolled)
    assert len(written.attempts) == len(said)
    assert written.llr == pytest.approx(llr, abs=0.02)


@pytest.mark.parametrize("first", [True, False])
async def test_whoever_is_played_from_a_recording_is_not_named(
    alice_enrolled: Desk, *, first: bool
) -> None:
    """Whichever of the pieces it is: what was heard of the person before is known again."""
    alice_enrolled.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    stolen = speech(ALICE, 3.5)
    played: list[Step] = [Listens(), Says(stolen), Waits(1.0)]
    genuine = await alice_enrolled.identify(*played, *turn(ALICE, 1.0))
    assert told(genuine) == ("ACCEPT", "MATCH")
    pieces = (played, turn(ALICE, 1.0)) if first else (turn(ALICE, 1.0), played)
    call = await alice_enrolled.identify(*pieces[0], *pieces[1])
    assert told(call) == ("REJECT", "SPOOF_SUSPECTED")
    assert call.released is not None
    assert call.released["COUNTERSIGN_IDENTITY"] == ""


async def test_a_group_in_which_nobody_could_be_named_is_not_searched(
    alice_enrolled: Desk,
) -> None:
    """Nobody is asked to speak in vain; one line of the log says what to do."""
    alice_enrolled.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    alice_enrolled.voice.voices_max = 0
    with capture_logs() as logged:
        call = await alice_enrolled.identify(*turn(ALICE, 6.0))
    assert told(call) == ("INCONCLUSIVE", "UNAVAILABLE")
    assert call.played == []
    (warning,) = [each for each in logged if each["log_level"] != "info"]
    assert warning["event"] == "search_out_of_reach"
    assert "fewer voices" in warning["advice"]


async def test_a_group_of_nobody_is_not_searched(desk: Desk) -> None:
    """Nobody is asked to speak."""
    call = await desk.identify()
    assert told(call) == ("INCONCLUSIVE", "NOT_ENROLLED")
    assert call.played == []
