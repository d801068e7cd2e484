"""Rights: a person's data is handed out, blocked and erased, and not kept for longer than due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import numpy as np
import pytest
import soundfile

from engine.types import Embedding
from ivr.cli.export import write_holding
from ivr.config import ConfigurationError
from ivr.domain.call import AccountId, Purpose
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult, EnrollmentWarning
from ivr.domain.lockout import LOCKED
from ivr.domain.news import News
from ivr.domain.profile import Profile, ProfileState
from ivr.storage.administration import ProfileAdministration
from ivr.storage.audit_chain import AuditEnd, verify
from ivr.storage.callers import unlock_caller
from ivr.storage.database import Database
from ivr.storage.desk_feed import desk_feed
from ivr.storage.holding import Holding, holding
from ivr.storage.keys import Keyring
from ivr.storage.retention import Retained, RetentionRules, retain
from ivr.storage.store import PostgresStore
from tests.postgres import column, execute
from tests.unit.storage.records import (
    ACCOUNT,
    MODEL,
    OTHER_TENANT,
    TENANT,
    WORKER,
    accepted,
    assert_same_voice,
    declined,
    enrolled,
    opening,
    rejected,
)

NOW = datetime(2027, 1, 1, tzinfo=UTC)
RULES = RetentionRules(expire_days=300, erase_days=30, records_days=90)
NOTHING = Retained(0, 0, 0)


@pytest.fixture
def administration(database: Database) -> ProfileAdministration:
    """An operator's view of a fresh database."""
    return ProfileAdministration(database)


async def person(store: PostgresStore, account: str = ACCOUNT) -> Profile:
    """Enroll a person who was accepted once."""
    await store.enroll(enrolled(AccountId(account)))
    profile = await store.find(TENANT, AccountId(account))
    assert profile is not None
    heard = (enrolled().recordings[0].fingerprint,)
    await store.close(replace(accepted(opening()), profile=profile.id, fingerprints=heard))
    return profile


async def left(dsn: str, profile: UUID) -> list[str]:
    """Return the tables in which a person's id still stands."""
    connection = await asyncpg.connect(dsn)
    try:
        columns = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'uuid'"
        )
        return [
            f"{table}.{column}"
            for table, column in columns
            if await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE {column} = $1", profile
            )
        ]
    finally:
        await connection.close()


async def test_erasure_leaves_the_audit_trail_alone(
    administration: ProfileAdministration,
    database: Database,
    postgres_store: PostgresStore,
    database_dsn: str,
) -> None:
    """Of the person no row is left, only that something was done to an id without a name."""
    profile = await person(postgres_store)
    assert await administration.erase(TENANT, ACCOUNT, who="ann", why="asked to")
    assert await left(database_dsn, profile.id) == ["audit.whom"]
    assert isinstance(await verify(database, TENANT), AuditEnd)


async def test_who_opts_out_is_forgotten_and_blocked_until_a_reset(
    administration: ProfileAdministration, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """The account stays, to know whom not to enroll; key, voice and consent are gone."""
    profile = await person(postgres_store)
    await administration.opt_out(TENANT, ACCOUNT, who="ann", why="asked to")
    blocked = await postgres_store.find(TENANT, ACCOUNT)
    assert blocked is not None
    assert blocked.state is ProfileState.OPTED_OUT
    assert (blocked.voiceprints, blocked.fingerprints, blocked.frames) == ((), (), ())
    assert not blocked.consented
    assert (blocked.locale, blocked.passphrase) == ("und", "")
    again = await postgres_store.enroll(enrolled())
    assert (again.result, again.reason) == (EnrollmentResult.FAILED, EnrollmentReason.OPTED_OUT)
    kept = await left(database_dsn, profile.id)
    assert set(kept) == {
        "audit.whom",
        "profiles.id",
        "enrollments.profile",
        "verifications.profile",
    }
    assert await administration.reset(TENANT, ACCOUNT, who="ann", why="asked back in")
    assert (await postgres_store.enroll(enrolled())).result is EnrollmentResult.ENROLLED


async def test_who_was_never_enrolled_can_opt_out(
    administration: ProfileAdministration, postgres_store: PostgresStore
) -> None:
    """Nobody can enroll the account afterwards."""
    await administration.opt_out(TENANT, ACCOUNT, who="ann", why="asked to")
    ended = await postgres_store.enroll(enrolled())
    assert ended.reason is EnrollmentReason.OPTED_OUT


async def test_an_administrator_unlocks(
    administration: ProfileAdministration, postgres_store: PostgresStore
) -> None:
    """The REJECTs are counted anew."""
    profile = await person(postgres_store)
    for _ in range(10):
        await postgres_store.close(replace(rejected(opening()), profile=profile.id))
    locked = await postgres_store.find(TENANT, ACCOUNT)
    assert locked is not None
    assert locked.locked_until == LOCKED
    assert await administration.unlock(TENANT, ACCOUNT, who="ann", why="the person called")
    unlocked = await postgres_store.find(TENANT, ACCOUNT)
    assert unlocked is not None
    assert unlocked.locked_until is None
    assert not await administration.unlock(TENANT, AccountId("nobody"), who="ann", why="x")


async def test_an_administrator_unlocks_a_caller(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """The number stands nowhere in the database."""
    number = "+15550100"
    for _ in range(10):
        begun = replace(opening(), caller_number=number)
        await postgres_store.close(rejected(begun))
    assert await postgres_store.caller_locked_until(TENANT, number) == LOCKED
    connection = await asyncpg.connect(database_dsn)
    assert number not in repr(await connection.fetch("SELECT * FROM caller_lockouts"))
    await connection.close()
    told = {"who": "ann", "why": "a switchboard's number"}
    assert await unlock_caller(database, keyring, TENANT, number, **told)
    assert await postgres_store.caller_locked_until(TENANT, number) is None
    assert not await unlock_caller(database, keyring, TENANT, number, **told)


async def test_a_warning_is_shown_until_it_is_settled(
    administration: ProfileAdministration, postgres_store: PostgresStore
) -> None:
    """An administrator sees it with the profile."""
    await postgres_store.enroll(
        replace(enrolled(), warnings=(EnrollmentWarning.ENROLLED_ELSEWHERE,))
    )
    details = await administration.show(TENANT, ACCOUNT)
    assert details is not None
    assert details.warnings == (EnrollmentWarning.ENROLLED_ELSEWHERE,)
    assert await administration.settle(TENANT, ACCOUNT)
    settled = await administration.show(TENANT, ACCOUNT)
    assert settled is not None
    assert settled.warnings == ()


async def held(database: Database, keyring: Keyring, account: str = ACCOUNT) -> Holding | None:
    """Take out what is held on a person."""
    return await holding(
        database, keyring, TENANT, AccountId(account), who="ann", why="the person asked"
    )


async def test_everything_held_is_handed_out(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """Readable, the voice as sound files; no key is in it, and the trail says that it was done."""
    enrollment = enrolled()
    await person(postgres_store)
    found = await held(database, keyring)
    assert found is not None
    write_holding(tmp_path / "out", found)
    record = msgspec.json.decode((tmp_path / "out" / "held.json").read_bytes())
    assert record["profile"]["account"] == ACCOUNT
    assert [len(record[part]) for part in ("consents", "recordings", "voiceprints")] == [1, 3, 3]
    assert [len(record[part]) for part in ("enrollments", "verifications", "attempts")] == [1, 1, 2]
    assert not {"data_key", "tenant_key"} & set(record["profile"])
    for kept, given in zip(record["voiceprints"], enrollment.voiceprints, strict=True):
        assert "embedding" not in kept
        parts = None if kept["parts"] is None else np.array(kept["parts"], np.float32)
        told = Embedding(np.array(kept["vector"], np.float32), MODEL, parts)
        assert_same_voice(told, given.embedding)
    for made, recording in zip(record["recordings"], enrollment.recordings, strict=True):
        path = tmp_path / "out" / f"{made['id']}.wav"
        sound, rate_hz = soundfile.read(path, dtype="int16")
        assert (rate_hz, path.stat().st_mode & 0o777) == (8000, 0o600)
        np.testing.assert_array_equal(sound, recording.pcm)
    after = await held(database, keyring)
    assert after is not None
    assert [entry["what"] for entry in after.record["audit"]][-1] == "profile_exported"


async def test_how_a_recording_was_known_again_is_handed_out(
    database: Database, keyring: Keyring, postgres_store: PostgresStore
) -> None:
    """How like the earlier one it was, and how much later it began."""
    profile = await person(postgres_store)
    whole = rejected(opening())
    repeat = replace(whole.attempts[1], replay=0.8, replay_shift_s=0.048)
    await postgres_store.close(replace(whole, profile=profile.id, attempts=(repeat,)))
    found = await held(database, keyring)
    assert found is not None
    known = [(each["replay"], each["replay_shift_s"]) for each in found.record["attempts"]]
    assert sorted(known, key=repr) == [(0.8, 0.048), (None, None), (None, None)]


async def called(store: PostgresStore, database: Database) -> None:
    """Let an account without a profile be claimed: to enroll, to be verified, and on the desk.

    Others call, too: from another account, and at another tenant.
    """
    verification = accepted(opening())
    await store.enroll(declined())
    await store.close(verification)
    async with desk_feed(database) as feed:
        begun = verification.opening
        told = News(TENANT, begun.id, begun.call, WORKER, Purpose.VERIFY, claim=verification.claim)
        feed.tell(replace(told, agents=("1001",)))
        await feed.written()
    other = AccountId("4712")
    await store.enroll(declined(other))
    claim = Claim(TENANT, other, ClaimSource.DIALPLAN)
    await store.close(replace(accepted(opening()), claim=claim))
    await store.close(accepted(opening(tenant=OTHER_TENANT)))


CALLED = {"enrollments": 1, "verifications": 1, "attempts": 2, "desk_calls": 1}
"""How much of each kind `called` leaves of the account."""


async def test_calls_without_a_profile_are_handed_out(
    administration: ProfileAdministration,
    database: Database,
    keyring: Keyring,
    postgres_store: PostgresStore,
    tmp_path: Path,
) -> None:
    """To whom was never enrolled; what is erased is not there afterwards."""
    await called(postgres_store, database)
    found = await held(database, keyring)
    assert found is not None
    write_holding(tmp_path / "out", found)
    record = msgspec.json.decode((tmp_path / "out" / "held.json").read_bytes())
    assert {part: len(of) for part, of in record.items() if of} == CALLED
    (call,) = record["desk_calls"]
    assert (call["claim_account"], call["agents"]) == (ACCOUNT, ["1001"])
    assert call["news"] == {"purpose": "verify", "claim_source": "dialplan"}
    assert not await administration.erase(TENANT, ACCOUNT, who="ann", why="asked to")
    assert await held(database, keyring) is None


async def test_calls_of_before_the_profile_are_handed_out(
    database: Database, keyring: Keyring, postgres_store: PostgresStore
) -> None:
    """Beside those that were compared with it."""
    await called(postgres_store, database)
    await person(postgres_store)
    found = await held(database, keyring)
    assert found is not None
    counts = {part: len(found.record[part]) for part in CALLED}
    assert counts == {"enrollments": 2, "verifications": 2, "attempts": 4, "desk_calls": 1}


async def test_an_export_of_calls_alone_is_in_the_trail(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """About nobody, since there is no id without a name."""
    await called(postgres_store, database)
    assert await held(database, keyring) is not None
    written = (
        "SELECT who || ': ' || why FROM audit WHERE what = 'profile_exported' AND whom IS NULL"
    )
    assert await column(database_dsn, written) == ["ann: the person asked"]


async def test_nothing_is_held_on_a_stranger(database: Database, keyring: Keyring) -> None:
    """None, not an empty record."""
    assert await held(database, keyring, "nobody") is None


async def test_an_export_overwrites_nothing(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """A folder with something in it is refused."""
    await person(postgres_store)
    found = await held(database, keyring)
    assert found is not None
    (tmp_path / "mine").touch()
    with pytest.raises(ConfigurationError, match="must be new or empty"):
        write_holding(tmp_path, found)


async def used(dsn: str, account: str, days: float) -> None:
    """Let a profile have been used, and changed, so many days ago."""
    at = f"timestamptz '{NOW}' - interval '{days} days'"
    await execute(
        dsn, f"UPDATE profiles SET used_at = {at}, changed_at = {at} WHERE account = '{account}'"
    )


async def test_unused_profiles_expire_and_are_erased_later(
    database: Database, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Not a day before; who expired can enroll anew until the erasure."""
    for account, days in (("new", 299), ("old", 301)):
        await person(postgres_store, account)
        await used(database_dsn, account, days)
    assert (await retain(database, TENANT, RULES, NOW)).expired == 1
    old = await postgres_store.find(TENANT, AccountId("old"))
    new = await postgres_store.find(TENANT, AccountId("new"))
    assert old is not None
    assert new is not None
    assert (old.state, new.state) == (ProfileState.EXPIRED, ProfileState.ENROLLED)
    assert await retain(database, TENANT, RULES, NOW) == NOTHING
    await execute(
        database_dsn,
        f"UPDATE profiles SET changed_at = timestamptz '{NOW}' - interval '31 days' "
        "WHERE state = 'expired'",
    )
    assert (await retain(database, TENANT, RULES, NOW)).erased == 1
    assert await postgres_store.find(TENANT, AccountId("old")) is None
    assert await left(database_dsn, old.id) == ["audit.whom"]
    assert await retain(database, TENANT, RULES, NOW) == NOTHING
    assert isinstance(await verify(database, TENANT), AuditEnd)


async def test_who_was_reset_has_the_whole_time_to_enroll(
    administration: ProfileAdministration,
    database: Database,
    postgres_store: PostgresStore,
    database_dsn: str,
) -> None:
    """However long ago the person was accepted; nobody who is about to enroll is erased."""
    await person(postgres_store)
    await execute(database_dsn, "UPDATE profiles SET used_at = now() - interval '400 days'")
    assert await administration.reset(TENANT, ACCOUNT, who="ann", why="new telephone")
    today = datetime.now(UTC)
    assert (await retain(database, TENANT, RULES, today)).expired == 0
    assert (await retain(database, TENANT, RULES, today + timedelta(days=301))).expired == 1


async def test_old_records_are_deleted_and_the_enrollment_of_a_profile_stays(
    database: Database, postgres_store: PostgresStore
) -> None:
    """Verdicts, and enrollments that made no profile; those of another tenant are not touched."""
    await person(postgres_store)
    await postgres_store.enroll(declined())
    theirs = accepted(opening(tenant=OTHER_TENANT))
    await postgres_store.close(theirs)
    recent = replace(accepted(opening()), ended_at=NOW - timedelta(days=89))
    await postgres_store.close(recent)
    only = RetentionRules(records_days=90)
    assert await retain(database, TENANT, only, NOW) == Retained(0, 0, 2)
    assert await postgres_store.verdict(recent.opening.id) == recent
    assert await postgres_store.verdict(theirs.opening.id) == theirs
    assert await postgres_store.find(TENANT, ACCOUNT) is not None
    assert await retain(database, TENANT, only, NOW) == NOTHING


async def test_retention_works_in_batches_and_does_nothing_unless_told(
    database: Database, postgres_store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one batch is done to the end."""
    monkeypatch.setattr("ivr.storage.retention.BATCH", 2)
    for _ in range(5):
        await postgres_store.close(accepted(opening()))
    assert await retain(database, TENANT, RetentionRules(), NOW) == NOTHING
    assert (await retain(database, TENANT, RULES, NOW)).records == 5


def test_a_time_to_keep_is_a_day_at_least() -> None:
    """Nothing is deleted for a slip."""
    with pytest.raises(ValueError, match="at least one day"):
        RetentionRules(records_days=0)


async def test_a_folder_that_was_there_is_closed_to_others(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """It holds a voice from now on, whoever could read it before."""
    await postgres_store.enroll(enrolled())
    found = await holding(database, keyring, TENANT, ACCOUNT, who="ann", why="asked")
    assert found is not None
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(0o755)
    write_holding(folder, found)
    assert folder.stat().st_mode & 0o777 == 0o700
