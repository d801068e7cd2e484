"""Passive verification and enrollment: when it listens on, what it concludes, when it stops."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from engine.types import Judgement, Llr, Reason, Verdict
from ivr.domain.call import CallState, Purpose
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileState
from ivr.domain.verification import Verification
from ivr.flows.passive import standing
from ivr.flows.rules import PassiveRules
from tests.fakes.call import FakeCall, HangsUp, IsTold, LosesMedia, Says, Step, Waits, facts
from tests.fakes.clock import NOON
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, DIN, MALLORY, NEARLY_ALICE, speech

RULES = PassiveRules(enough_s=10.0, longest_s=120.0)
CONSENT = Consent("en-US/1", ConsentGiven.DOCUMENT, NOON)


@pytest.fixture
def watching(alice_enrolled: Desk) -> Desk:
    """A worker whose store knows Alice, and who does not listen for long."""
    alice_enrolled.passive_rules = RULES
    return alice_enrolled


def talk(who: int, pieces: int, seconds: float = 1.5) -> list[Step]:
    """Return what one side of a conversation says: so many pieces, with the other side's turns."""
    said = [(Says(speech(who, seconds)), Waits(2.0)) for _ in range(pieces)]
    return [step for pair in said for step in pair]


async def overheard(desk: Desk, *script: Step, number: str = "") -> FakeCall:
    """Conduct a passive call to its end."""
    call = FakeCall(*script, facts=facts(Purpose.PASSIVE, number=number))
    return await desk.conducted(call)


def told(call: FakeCall) -> tuple[str, str]:
    """Return verdict and reason as the dialplan got them."""
    assert call.released is not None, "nothing was told"
    return call.released["COUNTERSIGN_VERDICT"], call.released["COUNTERSIGN_REASON"]


def record(desk: Desk) -> Verification:
    """Return the one verification that was written."""
    (verification,) = desk.store.closed.values()
    return verification


async def test_the_caller_is_accepted_once_enough_was_said(watching: Desk) -> None:
    """Three pieces of 1.5 s are more than 4 s: one attempt, and nothing is played."""
    call = await overheard(watching, *talk(ALICE, 10))
    assert told(call) == ("ACCEPT", "MATCH")
    (attempt,) = record(watching).attempts
    assert attempt.quality is not None
    assert attempt.quality.net_speech_s == pytest.approx(4.5, abs=0.1)
    assert call.played == []
    assert call.noted == [
        CallState.ANSWERED,
        CallState.LISTENING,
        CallState.DECIDED,
        CallState.RELEASED,
    ]


async def test_another_voice_is_rejected(watching: Desk) -> None:
    """With as much speech as it takes to accept."""
    assert told(await overheard(watching, *talk(MALLORY, 10))) == ("REJECT", "NO_MATCH")


async def test_silence_is_listened_to_until_time_is_up(watching: Desk) -> None:
    """Who waits in a queue and says nothing is not judged; the time is the caller's, in frames."""
    call = await overheard(watching)
    assert told(call) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
    assert call.heard_s == pytest.approx(RULES.longest_s, abs=0.1)
    assert record(watching).attempts == ()


async def test_short_answers_add_up(watching: Desk) -> None:
    """Half a second is too short to be compared, ten of them are not."""
    call = await overheard(watching, *talk(ALICE, 12, 0.5))
    assert told(call) == ("ACCEPT", "MATCH")


async def test_noise_is_left_out(watching: Desk) -> None:
    """A lorry that passes spoils nothing of what was said before and after."""
    script = [*talk(ALICE, 1), *talk(DIN, 2), *talk(ALICE, 3)]
    assert told(await overheard(watching, *script)) == ("ACCEPT", "MATCH")


async def test_evidence_near_the_threshold_is_listened_to_for_longer(watching: Desk) -> None:
    """Accepted by a hair with 4.5 s, the voice must stay accepted until there is enough."""
    watching.voice.needed = Llr(9.5)
    call = await overheard(watching, *talk(ALICE, 10))
    assert told(call) == ("ACCEPT", "MATCH")
    (attempt,) = record(watching).attempts
    assert attempt.quality is not None
    assert attempt.quality.net_speech_s >= RULES.enough_s


async def test_what_only_leans_is_inconclusive_in_the_end(watching: Desk) -> None:
    """The evidence never reaches the threshold: no REJECT, for it is for the claim."""
    watching.voice.needed = Llr(50.0)
    call = await overheard(watching, *talk(NEARLY_ALICE, 10))
    assert told(call) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
    assert record(watching).llr is not None


async def test_a_recording_of_an_earlier_call_is_a_spoof(watching: Desk) -> None:
    """Whoever plays what Alice said before is not Alice, however like her it sounds."""
    again = Says(speech(ALICE))
    first = [again, Waits(2.0), *talk(ALICE, 3)]
    assert told(await overheard(watching, *first)) == ("ACCEPT", "MATCH")
    watching.store.closed.clear()
    assert told(await overheard(watching, again, Waits(2.0))) == ("REJECT", "SPOOF_SUSPECTED")


async def test_a_hang_up_leaves_what_there_was(watching: Desk) -> None:
    """The record says who ended it, and has the evidence up to there."""
    call = await overheard(watching, *talk(ALICE, 2), HangsUp())
    assert call.released is None
    kept = record(watching)
    assert (kept.verdict, kept.reason) == (Verdict.INCONCLUSIVE, Reason.CALLER_HUNG_UP)
    assert len(kept.attempts) == 1


async def test_it_stops_when_told_to(watching: Desk) -> None:
    """Not with the verdict of a moment that somebody chose: INCONCLUSIVE."""
    call = await overheard(watching, *talk(ALICE, 2), IsTold(), *talk(ALICE, 5))
    assert told(call) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
    assert call.released is not None
    assert "told to stop" in call.released["COUNTERSIGN_EXPLANATION"]


async def test_lost_media_is_unavailable(watching: Desk) -> None:
    """The conversation goes on without us, and the record says so."""
    call = await overheard(watching, *talk(ALICE, 1), LosesMedia())
    assert told(call) == ("INCONCLUSIVE", "UNAVAILABLE")


@pytest.mark.parametrize(
    ("state", "consented", "reason"),
    [
        (ProfileState.OPTED_OUT, True, "OPTED_OUT"),
        (ProfileState.ENROLLED, False, "NO_CONSENT"),
        (ProfileState.EXPIRED, True, "EXPIRED"),
    ],
)
async def test_who_may_not_be_compared_is_not_listened_to(
    watching: Desk, state: ProfileState, consented: bool, reason: str
) -> None:
    """Not one frame is heard."""
    watching.store.put(profile(state, consented=consented))
    call = await overheard(watching, *talk(ALICE, 5))
    assert told(call) == ("INCONCLUSIVE", reason)
    assert call.heard_s == 0.0


async def test_who_opts_out_meanwhile_gets_no_verdict_on_his_voice(watching: Desk) -> None:
    """The profile is looked at once more before anything is said about the voice."""
    call = FakeCall(*talk(ALICE, 5), facts=facts(Purpose.PASSIVE))
    call.meanwhile = lambda: watching.store.put(profile(ProfileState.OPTED_OUT))
    assert told(await watching.conducted(call)) == ("INCONCLUSIVE", "OPTED_OUT")


async def test_no_claim_is_asked_for(watching: Desk) -> None:
    """Keys are pressed for the agent's side, not for us."""
    call = FakeCall(*talk(ALICE, 5), facts=facts(Purpose.PASSIVE, account=None))
    assert told(await watching.conducted(call)) == ("INCONCLUSIVE", "NO_CLAIM")
    assert call.played == []


async def test_the_desk_sees_the_evidence_grow(watching: Desk) -> None:
    """Net speech rises from piece to piece, and there is a confidence from 4 s on."""
    await overheard(watching, *talk(ALICE, 10))
    seen = [news for news in watching.watched if news.net_speech_s is not None]
    assert [round(news.net_speech_s or 0, 1) for news in seen] == [1.5, 3.0, 4.5]
    assert [bool(news.confidence) for news in seen] == [False, False, True]


ACCEPTED = Judgement(Verdict.ACCEPT, Reason.MATCH, 99, unsure=False)
LEANING = Judgement(Verdict.REJECT, Reason.NO_MATCH, 60, unsure=True)
REJECTED = Judgement(Verdict.REJECT, Reason.NO_MATCH, 1, unsure=False)
NOTHING = Judgement(Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH, 0, unsure=True)
SPOOFED = Judgement(Verdict.REJECT, Reason.SPOOF_SUSPECTED, 0, unsure=False)
TABLE = [
    (ACCEPTED, ACCEPTED, ACCEPTED, "ACCEPT", "ACCEPT"),
    (ACCEPTED, LEANING, ACCEPTED, None, "ACCEPT"),
    (ACCEPTED, REJECTED, ACCEPTED, None, "ACCEPT"),
    (LEANING, LEANING, ACCEPTED, None, "INCONCLUSIVE"),
    (LEANING, REJECTED, LEANING, None, "INCONCLUSIVE"),
    (REJECTED, REJECTED, LEANING, None, "REJECT"),
    (REJECTED, REJECTED, REJECTED, "REJECT", "REJECT"),
    (NOTHING, NOTHING, NOTHING, None, "INCONCLUSIVE"),
    (SPOOFED, SPOOFED, SPOOFED, "REJECT", "REJECT"),
]
"""The evidence as it is, less and plus the margin; what stands meanwhile, and in the end."""


@pytest.mark.parametrize(("now", "weaker", "stronger", "meanwhile", "finally_"), TABLE)
def test_a_verdict_stands_when_the_margin_cannot_change_it(
    now: Judgement, weaker: Judgement, stronger: Judgement, meanwhile: str | None, finally_: str
) -> None:
    """Before there is enough it must hold with less evidence and with more."""
    early = standing(now, weaker, stronger, enough=False)
    assert (None if early is None else early.verdict.value) == meanwhile
    late = standing(now, weaker, stronger, enough=True)
    assert late is not None
    assert late.verdict.value == finally_


def test_nothing_is_accepted_that_is_not_accepted_as_it_is() -> None:
    """Whatever the margin makes of it: every combination."""
    every = (ACCEPTED, LEANING, REJECTED, NOTHING, SPOOFED)
    for now, weaker, stronger, enough in product(every, every, every, (False, True)):
        found = standing(now, weaker, stronger, enough=enough)
        if found is not None and found.verdict is Verdict.ACCEPT:
            assert now is ACCEPTED


async def enrolled_passively(desk: Desk, *script: Step) -> FakeCall:
    """Conduct a passive enrollment to its end."""
    call = FakeCall(*script, facts=facts(Purpose.PASSIVE_ENROLL, call="enroll-1"))
    return await desk.conducted(call)


def ended(call: FakeCall) -> tuple[str, str]:
    """Return result and reason as the dialplan got them."""
    assert call.released is not None
    return call.released["COUNTERSIGN_ENROLLMENT"], call.released["COUNTERSIGN_REASON"]


@pytest.fixture
def agreed(desk: Desk) -> Desk:
    """A worker whose store knows that Alice agreed, and nothing else of her."""
    desk.passive_rules = replace(RULES, longest_s=300.0)
    alice = profile(ProfileState.ENROLLING)
    desk.store.put(replace(alice, voiceprints=()))
    desk.store.consents[alice.tenant, alice.account] = CONSENT
    return desk


async def test_a_conversation_makes_an_enrollment(agreed: Desk) -> None:
    """20 s of net speech in recordings of 4 s or more, with the consent that was there before."""
    call = await enrolled_passively(agreed, *talk(ALICE, 20))
    assert ended(call) == ("ENROLLED", "COMPLETE")
    (enrollment,) = agreed.store.enrollments.values()
    assert enrollment.mode is Mode.TEXT_INDEPENDENT
    assert enrollment.consent == CONSENT
    spoken = [each.quality.net_speech_s for each in enrollment.voiceprints]
    assert sum(spoken) >= 20.0
    assert min(spoken) >= RULES.recording_s
    assert call.played == []


async def test_without_a_consent_nobody_is_listened_to(desk: Desk) -> None:
    """Not one frame is heard, and nothing of a voice is kept."""
    call = await enrolled_passively(desk, *talk(ALICE, 20))
    assert ended(call) == ("FAILED", "NO_CONSENT")
    assert call.heard_s == 0.0


async def test_a_consent_withdrawn_meanwhile_counts(agreed: Desk) -> None:
    """It is looked for once more before anything is stored."""
    asked = facts(Purpose.PASSIVE_ENROLL, call="enroll-1")
    call = FakeCall(*talk(ALICE, 20), facts=asked)
    call.meanwhile = agreed.store.consents.clear
    assert ended(await agreed.conducted(call)) == ("FAILED", "NO_CONSENT")


async def test_two_voices_make_no_enrollment(agreed: Desk) -> None:
    """Somebody else takes the telephone half way: the recordings do not agree."""
    call = await enrolled_passively(agreed, *talk(ALICE, 6), *talk(MALLORY, 60))
    assert ended(call)[0] == "FAILED"


async def test_a_short_conversation_makes_no_enrollment(agreed: Desk) -> None:
    """Who hangs up before 20 s are enrolled another time."""
    call = await enrolled_passively(agreed, *talk(ALICE, 5), HangsUp())
    assert call.released is None
    (enrollment,) = agreed.store.enrollments.values()
    assert enrollment.reason.value == "CALLER_HUNG_UP"
    assert not enrollment.recordings
