"""Verification, identification and challenge from files: no path but a match leads to ACCEPT."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine.audio.files import AudioFile
from engine.evaluation import unwanted
from engine.types import PhraseOutcome, Reason, Verdict
from ivr.domain.call import AccountId
from ivr.domain.lockout import LOCKED
from ivr.flows.rules import VerifyRules
from ivr.offline import Office, enroll, identify, verify
from ivr.ports import StoreUnavailableError
from tests.fakes.clock import NOON
from tests.fakes.profile_store import FakeProfileStore
from tests.unit.engine.audio.synthetic import with_noise
from tests.unit.engine.liveness.takes import take
from tests.unit.offline.conftest import ORDER, SHORT
from tests.unit.offline.files import HER as HER_VOICE
from tests.unit.offline.files import file_of, silence, sung, three

TENANT, HIM, HER = ORDER.tenant, ORDER.account, AccountId("1174")
GROUP = "agents"


@pytest.fixture
async def enrolled(office: Office) -> Office:
    """An office where he is enrolled."""
    await enroll(ORDER, three(), office)
    return office


async def test_the_person_is_accepted_and_the_verdict_kept(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """The record says what it rests on, and that it came from a file."""
    verification = await verify(TENANT, HIM, sung(8), enrolled)
    assert (verification.verdict, verification.reason) == (Verdict.ACCEPT, Reason.MATCH)
    assert verification.explanation
    assert verification.opening.worker == "files"
    assert store.closed[verification.opening.id] == verification
    assert len(verification.fingerprints) == 1


async def test_another_voice_is_rejected(enrolled: Office) -> None:
    """With the LLR in the record."""
    verification = await verify(TENANT, HIM, sung(8, HER_VOICE), enrolled)
    assert (verification.verdict, verification.reason) == (Verdict.REJECT, Reason.NO_MATCH)
    assert verification.llr is not None


async def test_an_enrollment_recording_is_a_replay(enrolled: Office) -> None:
    """Also 3 dB quieter and 50 ms later."""
    quieter = np.asarray(np.rint(take(1, 3.0) * 0.7), np.int16)
    later = np.concatenate([np.zeros(400, np.int16), quieter])
    verification = await verify(TENANT, HIM, file_of(later), enrolled)
    assert verification.verdict is Verdict.REJECT
    assert verification.reason is Reason.SPOOF_SUSPECTED
    assert verification.attempts[0].replay is not None
    assert verification.attempts[0].replay > 0.2
    assert verification.attempts[0].replay_shift_s is not None


def joined(*spoken: AudioFile, quiet_s: float = 62.0) -> AudioFile:
    """One file in which a quiet line lies between what is spoken first and what comes after."""
    quiet = with_noise(np.zeros(round(quiet_s * 8000), np.int16), -65.0)
    first, *rest = (each.pcm for each in spoken)
    return file_of(np.concatenate([first, quiet, *rest]))


async def test_a_replay_late_in_a_file_is_a_replay(enrolled: Office) -> None:
    """A word and a minute of quiet before it hide nothing: all that is embedded is compared."""
    late = joined(file_of(take(50, 0.5)), sung(1), sung(1), sung(1))
    verification = await verify(TENANT, HIM, late, enrolled)
    assert (verification.verdict, verification.reason) == (Verdict.REJECT, Reason.SPOOF_SUSPECTED)


async def test_beside_digits_nothing_is_judged_that_they_do_not_cover(enrolled: Office) -> None:
    """Whoever says the digits is compared, and not who is played after half a minute."""
    hers = sung(8, HER_VOICE)
    played = joined(hers, sung(9), sung(10), sung(11))
    alone, both = [
        (await verify(TENANT, HIM, file, enrolled, digits="482913")).attempts[0].llr
        for file in (hers, played)
    ]
    assert alone is not None
    assert both == pytest.approx(alone, abs=0.3)


async def test_a_replay_too_short_to_compare_is_a_replay(enrolled: Office) -> None:
    """A second of an enrollment recording: no voice is compared, and it is refused."""
    verification = await verify(TENANT, HIM, file_of(take(1, 3.0)[4000:14_000]), enrolled)
    assert (verification.verdict, verification.llr) == (Verdict.REJECT, None)
    assert verification.reason is Reason.SPOOF_SUSPECTED


async def test_the_same_file_is_not_accepted_twice(enrolled: Office) -> None:
    """What was heard in a verification is a recording, too."""
    assert (await verify(TENANT, HIM, sung(8), enrolled)).verdict is Verdict.ACCEPT
    once = await enrolled.store.find(TENANT, HIM)
    assert (await verify(TENANT, HIM, sung(8), enrolled)).reason is Reason.SPOOF_SUSPECTED
    twice = await enrolled.store.find(TENANT, HIM)
    assert once is not None
    assert twice is not None
    assert len(twice.fingerprints) == len(once.fingerprints), "the first time is kept"


async def test_what_cannot_be_compared_is_inconclusive(enrolled: Office) -> None:
    """Silence, too little free speech, an account that nobody enrolled."""
    for account, file, reason in (
        (HIM, silence(), Reason.NOT_ENOUGH_SPEECH),
        (HIM, sung(8, seconds=1.5), Reason.NOT_ENOUGH_SPEECH),
        (HER, sung(8), Reason.NOT_ENROLLED),
    ):
        verification = await verify(TENANT, account, file, enrolled)
        assert (verification.verdict, verification.reason) == (Verdict.INCONCLUSIVE, reason)


@pytest.mark.parametrize(
    ("wave", "explanation"),
    [
        (unwanted.music(4.0, np.random.default_rng(5)), "music on the line"),
        (unwanted.tone(unwanted.STEADY_HZ["US dial"], 4.0, -20.0), "tones on the line"),
    ],
)
async def test_what_is_on_a_line_without_speech_is_told(
    enrolled: Office, wave: unwanted.Wave, explanation: str
) -> None:
    """A line on hold is not one on which too little was said, and neither noisy nor quiet."""
    line = file_of(unwanted.on_the_line(wave, np.random.default_rng(6)))
    verification = await verify(TENANT, HIM, line, enrolled)
    assert (verification.verdict, verification.reason) == (Verdict.INCONCLUSIVE, Reason.TOO_NOISY)
    assert verification.explanation == f"Voice not judged; {explanation}."
    silent = await verify(TENANT, HIM, silence(), enrolled)
    assert silent.explanation == "Voice not judged; little speech."


async def test_a_locked_profile_is_not_compared_with(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """Whoever speaks."""
    profile = store.profiles[TENANT, HIM]
    store.put(replace(profile, locked_until=NOON + timedelta(seconds=1)))
    verification = await verify(TENANT, HIM, sung(8), enrolled)
    assert (verification.verdict, verification.reason) == (Verdict.INCONCLUSIVE, Reason.LOCKED_OUT)


async def test_a_profile_locked_while_its_file_is_compared_accepts_nobody(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """Many files at once, or a person who opts out: it is looked at once more."""
    comparing = asyncio.create_task(verify(TENANT, HIM, sung(8), enrolled))
    await asyncio.sleep(0)
    store.put(replace(store.profiles[TENANT, HIM], locked_until=LOCKED))
    verification = await comparing
    assert (verification.verdict, verification.reason) == (Verdict.INCONCLUSIVE, Reason.LOCKED_OUT)
    assert verification.attempts[0].verdict is Verdict.ACCEPT


async def test_digits_that_nothing_recognises_are_not_accepted(enrolled: Office) -> None:
    """However well the voice matches."""
    verification = await verify(TENANT, HIM, sung(8), enrolled, digits="482913")
    assert verification.verdict is Verdict.INCONCLUSIVE
    assert verification.attempts[0].phrase is PhraseOutcome.UNSURE


async def test_without_a_store_there_is_no_verdict(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """What cannot be written is not told."""
    store.away = True
    with pytest.raises(StoreUnavailableError):
        await verify(TENANT, HIM, sung(8), enrolled)


async def test_a_member_of_a_group_is_found(enrolled: Office, store: FakeProfileStore) -> None:
    """The likeliest first, with the others' LLRs below."""
    await enroll(replace(ORDER, account=HER), three(HER_VOICE), enrolled)
    store.groups[TENANT, GROUP] = {HIM, HER}
    found = (await identify(TENANT, GROUP, sung(8), enrolled)).identification
    assert found is not None
    assert found.ranked[0].name == HIM
    assert found.ranked[0].llr > found.ranked[1].llr


async def test_a_stranger_is_none_of_the_group(enrolled: Office, store: FakeProfileStore) -> None:
    """There is an answer, and it names nobody."""
    store.groups[TENANT, GROUP] = {HIM}
    found = (await identify(TENANT, GROUP, sung(8, HER_VOICE), enrolled)).identification
    assert found is not None
    assert found.found is None


async def test_a_replay_identifies_nobody(enrolled: Office, store: FakeProfileStore) -> None:
    """A recording of his enrollment is not him."""
    store.groups[TENANT, GROUP] = {HIM}
    assert (await identify(TENANT, GROUP, sung(1), enrolled)).reason is Reason.SPOOF_SUSPECTED


async def test_a_search_takes_as_much_free_speech_as_on_the_telephone(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """Two seconds here; where the configuration asks for none, whatever can be compared will do."""
    store.groups[TENANT, GROUP] = {HIM}
    little = sung(8, seconds=1.5)
    found = await identify(TENANT, GROUP, little, enrolled)
    assert (found.identification, found.reason) == (None, Reason.NOT_ENOUGH_SPEECH)
    lenient = replace(enrolled, verify=VerifyRules(free=replace(SHORT, verify_s=0.0)))
    assert (await identify(TENANT, GROUP, little, lenient)).identification is not None


async def test_there_is_nothing_to_search_with_or_in(
    enrolled: Office, store: FakeProfileStore
) -> None:
    """Silence, and a group that has nobody."""
    store.groups[TENANT, GROUP] = {HIM}
    silent = await identify(TENANT, GROUP, silence(), enrolled)
    empty = await identify(TENANT, "nobody", sung(8), enrolled)
    assert (silent.identification, silent.reason) == (None, Reason.NOT_ENOUGH_SPEECH)
    assert (empty.identification, empty.reason) == (None, Reason.NOT_ENROLLED)
