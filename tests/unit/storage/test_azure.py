"""Profiles of the Azure-compatible API on a real PostgreSQL: filled one by one, never by halves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from engine.types import Embedding, Fingerprint, PhraseId, Quality, Voiceprint
from ivr.domain.azure import Addition, AzureKind, AzureProfile
from ivr.domain.call import CallId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    EnrollmentWarning,
    Recording,
)
from ivr.domain.profile import ProfileState
from ivr.storage import (
    AzureProfiles,
    Database,
    Keyring,
    PostgresStore,
    ProfileAdministration,
    RetentionRules,
    retain,
    verify_audit,
)
from tests.postgres import execute
from tests.unit.storage.records import MODEL, OTHER_TENANT, TENANT, assert_same_voice

KIND = AzureKind.TEXT_DEPENDENT_VERIFICATION
PHRASE = PhraseId("my-voice-is-my-passport")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
AGREED = Consent("site/1", ConsentGiven.DOCUMENT, NOW)
WHO = "key 7"


@pytest.fixture
def azure(database: Database, keyring: Keyring) -> AzureProfiles:
    return AzureProfiles(database, keyring, MODEL)


def recording(seconds: float = 2.0) -> Recording:
    random = np.random.default_rng(uuid4().int)
    vectors = random.standard_normal((3, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    voice = Embedding(vectors[0], MODEL, vectors[1:])
    pcm = random.integers(-99, 99, round(seconds * 8000)).astype(np.int16)
    return Recording(
        Voiceprint(voice, Quality(1.25, 30.0, -20.0, 0.0)), pcm, Fingerprint(b"f"), b"frames"
    )


def one_more(profile: AzureProfile, *, last: bool = False) -> Addition:
    return Addition(
        id=uuid4(),
        recording=recording(),
        dropped=(),
        phrase=PHRASE,
        consent=AGREED,
        completes=enrollment(profile) if last else None,
    )


def enrollment(profile: AzureProfile) -> Enrollment:
    return Enrollment(
        id=EnrollmentId(uuid4()),
        call=CallId("azure-1"),
        tenant=TENANT,
        worker="azure",
        account=profile.account,
        locale=profile.locale,
        passphrase=PHRASE,
        result=EnrollmentResult.ENROLLED,
        reason=EnrollmentReason.COMPLETE,
        consent=None,
        recordings=(),
        started_at=NOW,
        ended_at=NOW,
        warnings=(EnrollmentWarning.WATCHLISTED,),
    )


async def now(azure: AzureProfiles, profile: AzureProfile) -> AzureProfile:
    found = await azure.find(TENANT, profile.kind, profile.id)
    assert found is not None
    return found


async def filled(azure: AzureProfiles, recordings: int = 3) -> AzureProfile:
    """Return a profile with so many recordings; the last one completes it."""
    profile = await azure.make(TENANT, KIND, "en-US")
    for number in range(recordings):
        addition = one_more(profile, last=number == recordings - 1)
        assert await azure.add(TENANT, profile, addition, who=WHO)
        profile = await now(azure, profile)
    return profile


async def test_a_new_profile_is_empty(azure: AzureProfiles, postgres_store: PostgresStore) -> None:
    """It has no voice and no phrase, and a call that claims it finds nobody enrolled."""
    profile = await azure.make(TENANT, KIND, "en-US")
    assert (profile.recordings, profile.audio_s, profile.speech_s) == (0, 0.0, 0.0)
    assert (profile.phrase, profile.voiced_at, profile.ready) == (None, None, False)
    found = await postgres_store.find(TENANT, profile.account)
    assert found is not None
    assert (found.state, found.consented) == (ProfileState.ENROLLING, False)


async def test_recordings_wait_until_there_are_enough(
    azure: AzureProfiles, postgres_store: PostgresStore
) -> None:
    """They are counted and measured, with consent noted, and no call can be compared with them."""
    profile = await azure.make(TENANT, KIND, "en-US")
    assert await azure.add(TENANT, profile, one_more(profile), who=WHO)
    profile = await now(azure, profile)
    assert (profile.recordings, profile.audio_s, profile.speech_s) == (1, 2.0, 1.25)
    assert (profile.phrase, profile.ready) == (PHRASE, False)
    found = await postgres_store.find(TENANT, profile.account)
    assert found is not None
    assert (found.state, found.consented) == (ProfileState.ENROLLING, True)


async def test_the_last_recording_makes_the_person_enrolled(
    azure: AzureProfiles, postgres_store: PostgresStore, database: Database
) -> None:
    """All voiceprints are there, as with an enrollment by telephone, and the trail says so."""
    profile = await filled(azure)
    assert profile.ready
    found = await postgres_store.find(TENANT, profile.account)
    assert found is not None
    assert (found.state, found.passphrase) == (ProfileState.ENROLLED, PHRASE)
    assert len(found.voiceprints) == len(found.frames) == len(found.fingerprints) == 3
    details = await ProfileAdministration(database).show(TENANT, profile.account)
    assert details is not None
    assert details.warnings == (EnrollmentWarning.WATCHLISTED,)
    assert [each.text_version for each in details.consents] == ["site/1"]
    assert await verify_audit(database, TENANT) is not None


async def test_what_is_kept_comes_back_as_it_was(azure: AzureProfiles) -> None:
    """Voice, words and length, in the order of sending; the audio stays sealed."""
    profile = await azure.make(TENANT, KIND, "en-US")
    sent = one_more(profile)
    await azure.add(TENANT, profile, sent, who=WHO)
    (kept,) = await azure.kept(TENANT, profile.id)
    assert (kept.id, kept.audio_s) == (sent.id, 2.0)
    assert (kept.recording.frames, kept.recording.fingerprint) == (b"frames", b"f")
    assert not len(kept.recording.pcm)
    voice = kept.recording.voiceprint
    assert voice.quality == sent.recording.voiceprint.quality
    assert voice.embedding.phrase == PHRASE
    assert_same_voice(voice.embedding, sent.recording.voiceprint.embedding)


async def test_of_two_at_once_one_is_refused(azure: AzureProfiles) -> None:
    """Both looked at the same profile; what the second decided no longer holds."""
    profile = await azure.make(TENANT, KIND, "en-US")
    first = one_more(profile)
    assert await azure.add(TENANT, profile, first, who=WHO)
    assert not await azure.add(TENANT, profile, one_more(profile), who=WHO)
    assert (await now(azure, profile)).recordings == 1
    assert await azure.add(TENANT, profile, first, who=WHO), "the same once more is written already"
    assert (await now(azure, profile)).recordings == 1


async def test_of_several_that_wait_for_each_other_one_is_taken(azure: AzureProfiles) -> None:
    """Whoever waited for the profile sees what was written meanwhile."""
    profile = await azure.make(TENANT, KIND, "en-US")
    for taken in range(1, 6):
        at_once = [azure.add(TENANT, profile, one_more(profile), who=WHO) for _ in range(4)]
        assert sorted(await asyncio.gather(*at_once)) == [False, False, False, True]
        profile = await now(azure, profile)
        assert profile.recordings == taken


async def test_a_dropped_recording_is_gone(azure: AzureProfiles) -> None:
    """With its voiceprint, and the next one has a place."""
    profile = await azure.make(TENANT, KIND, "en-US")
    odd = one_more(profile)
    await azure.add(TENANT, profile, odd, who=WHO)
    profile = await now(azure, profile)
    await azure.add(TENANT, profile, replace(one_more(profile), dropped=(odd.id,)), who=WHO)
    assert (await now(azure, profile)).recordings == 1
    assert odd.id not in {each.id for each in await azure.kept(TENANT, profile.id)}


async def test_more_may_follow_a_complete_enrollment(azure: AzureProfiles) -> None:
    """They belong to it."""
    profile = await filled(azure)
    assert await azure.add(TENANT, profile, one_more(profile), who=WHO)
    assert (await now(azure, profile)).recordings == 4


async def test_a_reset_forgets_the_voice_and_nothing_else(
    azure: AzureProfiles, postgres_store: PostgresStore
) -> None:
    """The profile is there, empty, and can be filled anew, with consent noted anew."""
    profile = await filled(azure)
    assert await azure.reset(TENANT, profile, who=WHO)
    empty = await now(azure, profile)
    assert (empty.recordings, empty.phrase, empty.ready) == (0, None, False)
    assert empty.created_at == profile.created_at
    assert empty.updated_at > profile.updated_at
    found = await postgres_store.find(TENANT, profile.account)
    assert found is not None
    assert not found.consented
    assert await azure.add(TENANT, empty, one_more(empty), who=WHO)


async def test_an_administrators_reset_forgets_the_passphrase_too(
    azure: AzureProfiles, database: Database
) -> None:
    """The next first recording decides which it is, as after a reset through the API."""
    profile = await filled(azure)
    people = ProfileAdministration(database)
    assert await people.reset(TENANT, profile.account, who="desk", why="hoarse that day")
    empty = await now(azure, profile)
    assert (empty.phrase, empty.locale, empty.recordings) == (None, "en-US", 0)


async def test_opting_out_stands_above_the_api(azure: AzureProfiles, database: Database) -> None:
    """What was decided before the opt-out is not written after it."""
    profile = await filled(azure)
    out = ProfileAdministration(database)
    await out.opt_out(TENANT, profile.account, who="desk", why="asked")
    assert not await azure.add(TENANT, profile, one_more(profile), who=WHO)
    assert not await azure.reset(TENANT, profile, who=WHO)
    assert (await now(azure, profile)).stand.state is ProfileState.OPTED_OUT


async def test_a_reset_after_an_opt_out_leaves_what_it_was_made_for(
    azure: AzureProfiles, database: Database
) -> None:
    """The locale, without which nothing can be enrolled in it, is the program's, and stays."""
    profile = await filled(azure)
    people = ProfileAdministration(database)
    await people.opt_out(TENANT, profile.account, who="desk", why="asked")
    assert await people.reset(TENANT, profile.account, who="desk", why="asked back in")
    empty = await now(azure, profile)
    assert (empty.stand.state, empty.locale) == (ProfileState.ENROLLING, "en-US")
    assert (empty.kind, empty.phrase, empty.recordings) == (KIND, None, 0)


async def test_what_is_erased_is_gone(azure: AzureProfiles, postgres_store: PostgresStore) -> None:
    """And erasing it again says that there is nothing."""
    profile = await filled(azure)
    assert await azure.erase(TENANT, profile, who=WHO)
    assert await azure.find(TENANT, KIND, profile.id) is None
    assert await postgres_store.find(TENANT, profile.account) is None
    assert not await azure.erase(TENANT, profile, who=WHO)


async def test_nothing_crosses_tenants_or_kinds(azure: AzureProfiles) -> None:
    """A profile is found under its tenant and its kind alone."""
    profile = await azure.make(TENANT, KIND, "en-US")
    assert await azure.find(OTHER_TENANT, KIND, profile.id) is None
    assert not await azure.page(OTHER_TENANT, KIND, None, 10)
    other = AzureKind.TEXT_INDEPENDENT_VERIFICATION
    assert await azure.find(TENANT, other, profile.id) is None
    assert not await azure.page(TENANT, other, None, 10)


async def test_pages_follow_each_other_by_id(azure: AzureProfiles) -> None:
    """Each begins after the last of the one before; together they are all of them."""
    made = sorted([(await azure.make(TENANT, KIND, "en-US")).id for _ in range(5)])
    first = await azure.page(TENANT, KIND, None, 3)
    rest = await azure.page(TENANT, KIND, first[-1].id, 3)
    assert [each.id for each in (*first, *rest)] == made


async def test_another_voice_model_has_nothing_to_compare_with(
    azure: AzureProfiles, database: Database, keyring: Keyring
) -> None:
    """Until the voiceprints are made anew the profile is not ready; its counts stay."""
    profile = await filled(azure)
    renewed = AzureProfiles(database, keyring, type(MODEL)("telephone/2"))
    found = await renewed.find(TENANT, KIND, profile.id)
    assert found is not None
    assert (found.recordings, found.speech_s, found.current) == (3, 3.75, 0)
    assert not found.ready
    assert not await renewed.kept(TENANT, profile.id)


async def test_an_enrollment_that_nobody_finishes_is_not_kept(
    azure: AzureProfiles, database: Database
) -> None:
    """What waits for more expires, and is erased, as what is unused does."""
    profile = await azure.make(TENANT, KIND, "en-US")
    await azure.add(TENANT, profile, one_more(profile), who=WHO)
    rules = RetentionRules(expire_days=1, erase_days=1)
    soon, later = datetime.now(UTC) + timedelta(days=2), datetime.now(UTC) + timedelta(days=4)
    assert (await retain(database, TENANT, rules, soon)).expired == 1
    assert (await now(azure, profile)).stand.state is ProfileState.EXPIRED
    assert (await retain(database, TENANT, rules, later)).erased == 1
    assert await azure.find(TENANT, KIND, profile.id) is None


async def test_a_reset_gives_an_enrollment_its_whole_time(
    azure: AzureProfiles, database: Database, database_dsn: str
) -> None:
    """However long ago the person was accepted."""
    profile = await filled(azure)
    await execute(database_dsn, "UPDATE profiles SET used_at = now() - interval '400 days'")
    assert await azure.reset(TENANT, profile, who=WHO)
    rules = RetentionRules(expire_days=365)
    assert (await retain(database, TENANT, rules, datetime.now(UTC))).expired == 0
    assert (await now(azure, profile)).stand.state is ProfileState.ENROLLING
