"""What was heard in calls is known again for longer than the records of them are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engine.types import Fingerprint
from ivr.domain.profile import Profile
from ivr.storage.database import Database
from ivr.storage.retention import RetentionRules, retain
from ivr.storage.store import PostgresStore
from tests.fakes.profile_store import HEARD_VERIFICATIONS
from tests.unit.storage.records import ACCOUNT, TENANT, accepted, enrolled, hung_up, opening

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PLAYED = Fingerprint(b"played")


async def person(store: PostgresStore) -> Profile:
    """Return the profile of whom is enrolled."""
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    return profile


async def test_an_accepted_recording_outlives_its_record(
    database: Database, postgres_store: PostgresStore
) -> None:
    """However often others call after that: nobody knows any more that it was accepted."""
    await postgres_store.enroll(enrolled())
    profile = await person(postgres_store)
    once = replace(accepted(opening()), profile=profile.id, fingerprints=(PLAYED,))
    await postgres_store.close(once)
    assert (await retain(database, TENANT, RetentionRules(records_days=90), NOW)).records == 1
    for number in range(HEARD_VERIFICATIONS + 1):
        late = NOW + timedelta(minutes=number)
        said = (Fingerprint(b"%d" % number),)
        end = replace(hung_up(opening()), profile=profile.id, ended_at=late, fingerprints=said)
        await postgres_store.close(end)
    kept = (await person(postgres_store)).fingerprints[len(profile.fingerprints) :]
    others = (b"%d" % number for number in range(1, HEARD_VERIFICATIONS + 1))
    assert kept == (PLAYED, *others)
