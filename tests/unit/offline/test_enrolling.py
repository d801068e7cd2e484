"""Enrollment from files: the telephone's rules, and a remark on every file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.audio.files import AudioFileError
from engine.enrollment import Objection
from engine.types import Shortcoming
from ivr.domain.call import AccountId
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult, EnrollmentWarning
from ivr.offline import Office, Order, enroll
from ivr.ports import StoreUnavailableError
from tests.fakes.profile_store import FakeProfileStore
from tests.unit.offline.conftest import ORDER, SPOKEN
from tests.unit.offline.files import HER as HER_VOICE
from tests.unit.offline.files import silence, sung, three


@pytest.mark.parametrize("order", [ORDER, SPOKEN], ids=["free", "phrase"])
async def test_three_good_files_enroll(
    office: Office, store: FakeProfileStore, order: Order
) -> None:
    """All are kept: voiceprints, telephone audio and fingerprints, with the consent."""
    enrolled = await enroll(order, three(), office)
    assert enrolled.enrollment.result is EnrollmentResult.ENROLLED
    assert [each.kept for each in enrolled.remarks] == [True, True, True]
    assert [each.pcm.shape for each in enrolled.enrollment.recordings] == [(31_999,)] * 3
    profile = await store.find(ORDER.tenant, ORDER.account)
    assert profile is not None
    assert len(profile.voiceprints) == len(profile.fingerprints) == 3
    assert enrolled.enrollment.consent == ORDER.consent


async def test_free_speech_has_no_passphrase(office: Office, store: FakeProfileStore) -> None:
    """As on the telephone: the profile does not say that one was spoken."""
    for order, passphrase in ((ORDER, ""), (SPOKEN, SPOKEN.phrase)):
        account = AccountId(order.mode)
        await enroll(replace(order, account=account), three(), office)
        profile = await store.find(ORDER.tenant, account)
        assert profile is not None
        assert (profile.mode, profile.passphrase) == (order.mode, passphrase)


async def test_a_file_twice_is_one_recording(office: Office) -> None:
    """A copy is no second voice sample, whatever it is called."""
    once = sung(0)
    enrolled = await enroll(SPOKEN, [once, replace(once, name="copy.ulaw"), sung(1)], office)
    assert enrolled.enrollment.reason is EnrollmentReason.DUPLICATE
    assert enrolled.enrollment.result is EnrollmentResult.FAILED
    assert [each.why for each in enrolled.remarks] == [None, Objection.DUPLICATE, None]


async def test_the_same_file_twice_is_kept_once(office: Office) -> None:
    """By its own name: what is said of the second is not said of the first."""
    once = sung(0)
    enrolled = await enroll(ORDER, [once, once, sung(1), sung(2)], office)
    assert enrolled.enrollment.result is EnrollmentResult.ENROLLED
    assert [each.kept for each in enrolled.remarks] == [True, False, True, True]
    assert [each.why for each in enrolled.remarks] == [None, Objection.DUPLICATE, None, None]


async def test_another_voice_among_the_files_is_left_out(office: Office) -> None:
    """Also where it came first: the remark on it says so in the end."""
    enrolled = await enroll(ORDER, [sung(9, HER_VOICE), *three()], office)
    assert enrolled.enrollment.result is EnrollmentResult.ENROLLED
    assert [each.kept for each in enrolled.remarks] == [False, True, True, True]
    assert enrolled.remarks[0].why is Objection.INCONSISTENT


async def test_what_cannot_be_used_is_named(office: Office, store: FakeProfileStore) -> None:
    """Silence is no recording, and nobody is enrolled with it."""
    enrolled = await enroll(ORDER, [silence()], office)
    assert enrolled.remarks[0].shortcoming is Shortcoming.TOO_SHORT
    assert enrolled.enrollment.reason is EnrollmentReason.NOT_ENOUGH_SPEECH
    assert await store.find(ORDER.tenant, ORDER.account) is None


async def test_what_cannot_be_read_is_left_out(office: Office, store: FakeProfileStore) -> None:
    """The others are enough; by itself it enrolls nobody."""
    broken = AudioFileError("notes.txt", "it is no kind of audio")
    first, *others = three()
    enrolled = await enroll(ORDER, [first, broken, *others], office)
    assert enrolled.enrollment.result is EnrollmentResult.ENROLLED
    assert [each.kept for each in enrolled.remarks] == [True, False, True, True]
    assert [each.error for each in enrolled.remarks] == [None, broken, None, None]
    nobody = replace(ORDER, account=AccountId("1"))
    enrolled = await enroll(nobody, [broken], office)
    assert enrolled.enrollment.result is EnrollmentResult.FAILED
    assert await store.find(nobody.tenant, nobody.account) is None


async def test_who_is_enrolled_is_not_enrolled_again(office: Office) -> None:
    """The files are not even listened to."""
    await enroll(ORDER, three(), office)
    enrolled = await enroll(ORDER, three(), office)
    assert enrolled.enrollment.reason is EnrollmentReason.ALREADY_ENROLLED
    assert enrolled.remarks == ()


async def test_a_voice_that_is_enrolled_elsewhere_is_a_warning(office: Office) -> None:
    """The same person under another account; an administrator looks at it."""
    await enroll(ORDER, three(), office)
    again = replace(ORDER, account=AccountId("1174"))
    enrolled = await enroll(again, [sung(seed) for seed in (5, 6, 7)], office)
    assert enrolled.enrollment.warnings == (EnrollmentWarning.ENROLLED_ELSEWHERE,)


async def test_without_a_store_nobody_is_enrolled(office: Office, store: FakeProfileStore) -> None:
    """And the error says so."""
    store.away = True
    with pytest.raises(StoreUnavailableError):
        await enroll(ORDER, three(), office)
