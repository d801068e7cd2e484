"""A backup: dumped, restored elsewhere, verified against; without the master key it is noise."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from engine.types import Verdict
from ivr.domain.call import AccountId
from ivr.domain.enrollment import EnrollmentResult
from ivr.offline import enroll, verify
from ivr.storage.administration import ProfileAdministration
from ivr.storage.audit_chain import AuditEnd
from ivr.storage.audit_chain import verify as verify_audit
from ivr.storage.binaries import Binaries
from ivr.storage.cluster import Cluster
from ivr.storage.database import Database
from ivr.storage.errors import MasterKeyError
from ivr.storage.keys import Keyring, MasterKeys
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, execute, store_on, with_database
from tests.unit.jobs.batching import stage_of
from tests.unit.offline.conftest import ORDER
from tests.unit.offline.files import HER, sung, three
from tests.unit.storage.records import ACCOUNT, TENANT, accepted, enrolled, opening


@dataclass(frozen=True, slots=True)
class Backup:
    """A dump, and the way back."""

    server_dsn: str
    file: Path

    async def take(self, dsn: str) -> str:
        """Dump a database as docs/install.md says, and return what stands in the file."""
        whole, plain = str(self.file), f"{self.file}.sql"
        await asyncio.to_thread(
            _run, "pg_dump", "--format=custom", f"--file={whole}", f"--dbname={dsn}"
        )
        await asyncio.to_thread(_run, "pg_restore", f"--file={plain}", whole)
        return await asyncio.to_thread(Path(plain).read_text, encoding="utf-8")

    async def restore(self, dsn: str) -> None:
        """Restore the dump into an empty database."""
        carefully = ("--exit-on-error", "--single-transaction")
        await asyncio.to_thread(_run, "pg_restore", *carefully, f"--dbname={dsn}", str(self.file))


def _run(program: str, *arguments: str) -> None:
    outcome = Binaries.find().run(program, *arguments)
    assert outcome.status == 0, outcome.output


@pytest.fixture
def backup(server_dsn: str) -> Iterator[Backup]:
    """A place for one dump, where the server's user may write."""
    with tempfile.TemporaryDirectory(prefix="countersign-test-") as folder:
        Path(folder).chmod(0o777)
        yield Backup(server_dsn, Path(folder) / "countersign.dump")


@pytest.fixture
async def elsewhere(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty database to restore into."""
    name = f"countersign_restored_{uuid4().hex[:8]}"
    await execute(server_dsn, f'CREATE DATABASE "{name}"')
    yield with_database(server_dsn, name)
    await execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_a_restored_database_knows_the_person_and_its_trail(
    postgres_store: PostgresStore, database_dsn: str, backup: Backup, elsewhere: str
) -> None:
    """Voiceprints compare as they did, verifications go on, the audit trail is whole."""
    enrollment = enrolled()
    await postgres_store.enroll(enrollment)
    await backup.take(database_dsn)
    await backup.restore(elsewhere)
    async with await Database.connect(elsewhere) as database:
        store = await store_on(database)
        profile = await store.find(TENANT, ACCOUNT)
        assert profile is not None
        for kept, given in zip(profile.voiceprints, enrollment.voiceprints, strict=True):
            np.testing.assert_allclose(kept.embedding.vector, given.embedding.vector, atol=1e-6)
        closed = replace(accepted(opening()), profile=profile.id)
        assert await store.close(closed) == closed
        assert isinstance(await verify_audit(database, TENANT), AuditEnd)


async def test_a_person_is_verified_by_voice_on_another_server(
    database: Database,
    keyring: Keyring,
    database_dsn: str,
    backup: Backup,
    own_cluster: Cluster,
    tmp_path: Path,
) -> None:
    """Enrolled here, dumped, restored there: the person is accepted, and nobody else."""
    async with stage_of(tmp_path, database, keyring) as here:
        enrolled_here = await enroll(ORDER, three(), here.office)
        assert enrolled_here.enrollment.result is EnrollmentResult.ENROLLED
    await backup.take(database_dsn)
    there = own_cluster.dsn("restored", "postgres")
    await execute(own_cluster.dsn("postgres", "postgres"), "CREATE DATABASE restored")
    await backup.restore(there)
    async with (
        await Database.connect(there) as restored,
        stage_of(tmp_path, restored, await Keyring.open(restored, MASTER)) as stage,
    ):
        himself = await verify(ORDER.tenant, ORDER.account, sung(7), stage.office)
        she = await verify(ORDER.tenant, ORDER.account, sung(8, HER), stage.office)
        assert (himself.verdict, she.verdict) == (Verdict.ACCEPT, Verdict.REJECT)
        assert isinstance(await verify_audit(restored, ORDER.tenant), AuditEnd)
    await execute(own_cluster.dsn("postgres", "postgres"), "DROP DATABASE restored WITH (FORCE)")


async def test_without_the_master_key_a_dump_is_noise(
    postgres_store: PostgresStore, database_dsn: str, backup: Backup, elsewhere: str
) -> None:
    """No audio, frames or vector stands in it, and another key opens nothing."""
    enrollment = enrolled()
    await postgres_store.enroll(enrollment)
    dump = await backup.take(database_dsn)
    for kept in enrollment.recordings:
        for octets in (kept.pcm.tobytes()[:32], kept.frames, kept.voiceprint.embedding.vector[:8]):
            assert bytes(octets).hex() not in dump
    await backup.restore(elsewhere)
    async with await Database.connect(elsewhere) as database:
        with pytest.raises(MasterKeyError):
            await Keyring.open(database, MasterKeys((bytes(32),)))


async def test_a_person_erased_before_the_dump_is_not_in_it(
    database: Database, postgres_store: PostgresStore, database_dsn: str, backup: Backup
) -> None:
    """Nor is the account, in any table."""
    account = replace(enrolled(), account=AccountId("erase-me-8472"))
    await postgres_store.enroll(account)
    assert account.account is not None
    assert account.account in await backup.take(database_dsn)
    administration = ProfileAdministration(database)
    assert await administration.erase(TENANT, account.account, who="ann", why="asked to")
    assert account.account not in await backup.take(database_dsn)
