"""The check of the rows that decide: what an older version wrote, and what nobody of us did."""

from __future__ import annotations

import pytest

from ivr.doctor import Finding, State
from ivr.doctor.stamps import check_stamps
from ivr.domain.operating_point import PointPurpose
from ivr.storage.database import Database
from ivr.storage.keys import Keyring, MasterKeys
from ivr.storage.operating_points import OperatingPoints
from ivr.storage.stamping import drop, strangers, take_over
from tests.postgres import MASTER, execute
from tests.unit.storage.records import TENANT
from tests.unit.storage.test_stamped_rows import TOLD, steal

FORGE = "UPDATE operating_points SET target_fmr = 0.5"


async def found(database: Database) -> Finding:
    """Return what is found of the stamps."""
    return await check_stamps(database, MASTER)


async def test_a_database_of_before_is_warned_of_until_its_rows_are_stamped(
    database: Database, database_dsn: str
) -> None:
    """With the command; what is changed in spite of a stamp is a fault all the same."""
    wrapped = MASTER.wrap(bytes(32), "the installation's secret")
    await database.fetch("make-installation", MASTER.current, wrapped, tenant=None)
    await execute(database_dsn, f"INSERT INTO tenants VALUES ('{TENANT}')")
    row = f"INSERT INTO operating_points VALUES ('{TENANT}', 'watchlist', 0.05)"
    await execute(database_dsn, row)
    warned = await found(database)
    assert warned.state is State.WARNING
    assert "(1 have none)" in warned.found
    assert 'countersign keys stamp --why ".."' in warned.mend
    keyring = await Keyring.open(database, MASTER)
    await OperatingPoints(database, keyring).set(TENANT, PointPurpose.VERIFICATION, 0.01, **TOLD)
    await steal(database_dsn, f"{FORGE} WHERE purpose = 'verification'")
    assert (await found(database)).state is State.FAULT
    await drop(database, (await strangers(database, keyring))[:1], **TOLD)
    await take_over(database, keyring, await strangers(database, keyring), **TOLD)
    assert (await found(database)).state is State.GOOD


async def test_a_row_that_is_not_ours_is_a_fault(database: Database, database_dsn: str) -> None:
    """It is told in which table, and what to do."""
    assert (await found(database)).state is State.GOOD, "a database that is new"
    keyring = await Keyring.open(database, MASTER)
    assert (await found(database)).state is State.GOOD
    await OperatingPoints(database, keyring).set(TENANT, PointPurpose.VERIFICATION, 0.01, **TOLD)
    assert (await found(database)).state is State.GOOD
    await steal(database_dsn, FORGE)
    finding = await found(database)
    assert finding.state is State.FAULT
    assert "operating_points 1" in finding.found
    assert 'countersign keys stamp --drop --why ".."' in finding.mend


@pytest.mark.parametrize("master", [None, MasterKeys((bytes(32),))])
@pytest.mark.usefixtures("keyring")
async def test_without_the_keys_nothing_is_told(
    database: Database, master: MasterKeys | None
) -> None:
    """The check of the keys says what is wrong with them."""
    assert (await check_stamps(database, master)).state is State.SKIPPED
