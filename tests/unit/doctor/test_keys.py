"""The check of the database's keys: wrapped by ours, and each bound to an account."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.doctor import Finding, State
from ivr.doctor.database import check_database
from ivr.storage.database import Database
from ivr.storage.keys import Keyring
from ivr.storage.keys.rotation import rotate_tenant
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, write_master
from tests.unit.doctor.test_parts import configured
from tests.unit.storage.records import OTHER_TENANT, TENANT, enrolled
from tests.unit.storage.test_renamed import Former


@pytest.fixture
def place(tmp_path: Path, database_dsn: str) -> tuple[Path, str]:
    """Where a doctor finds a configuration, and a database."""
    return tmp_path, database_dsn


async def keys(place: tuple[Path, str]) -> Finding:
    """Return what is found of the keys."""
    folder, dsn = place
    file = write_master(folder / "key")
    changes = {"DATABASE_FOLDER": "", "DATABASE_DSN": dsn, "KEYS_MASTER_FILE": str(file)}
    configuration = configured(folder, **changes)
    return {each.check: each async for each in check_database(configuration, MASTER)}["keys"]


async def test_keys_that_bind_no_accounts_are_told_of(
    database: Database, place: tuple[Path, str]
) -> None:
    """With the command that makes others, until it has come to its end with every tenant."""
    assert (await keys(place)).state is State.GOOD
    former = await Former.open(database, MASTER)
    for tenant in (TENANT, OTHER_TENANT):
        await PostgresStore(database, former).enroll(enrolled(tenant=tenant))
    keyring = await Keyring.open(database, MASTER)
    for number, tenant in enumerate((TENANT, OTHER_TENANT)):
        found = await keys(place)
        assert found.state is State.WARNING
        assert f"{2 - number} tenant(s)" in found.found
        assert "countersign keys rotate --tenants --why" in found.mend
        turning = rotate_tenant(database, keyring, tenant, who="ann", why="to bind")
        assert await anext(turning) == 1
        assert f"{2 - number} tenant(s)" in (await keys(place)).found, "nothing is forgotten yet"
        assert [done async for done in turning] == []
    assert (await keys(place)).state is State.GOOD
