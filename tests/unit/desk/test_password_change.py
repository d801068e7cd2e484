"""A changed password ends what the old one began, a sign-in that is under way included."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from ivr.desk import hash_password
from ivr.desk.sessions import Sessions
from ivr.domain.desk import DeskUser, Role
from ivr.storage.database import Database, Transaction
from ivr.storage.desk_users import DeskUsers
from ivr.storage.keys import Keyring
from tests.patience import PATIENCE_S
from tests.postgres import column
from tests.unit.storage.records import TENANT

OLD, NEW = "correct horse battery", "another horse battery"
KEPT, CHANGED = hash_password(OLD, cost=16), hash_password(NEW, cost=16)
ANN = DeskUser("ann", TENANT, Role.AGENT, "1001")
WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class ChangedMeanwhile(DeskUsers):
    """Records in which a password is changed while somebody's is looked at."""

    async def find(self, name: str) -> tuple[DeskUser, str] | None:
        """Return what was there before the change."""
        found = await super().find(name)
        await self.add(ANN, CHANGED, who="ann", why="forgotten")
        return found


def door(users: DeskUsers) -> Sessions:
    """The door of the desk."""
    return Sessions(users, timedelta(hours=1), time.monotonic)


@pytest.fixture
async def users(database: Database, keyring: Keyring) -> DeskUsers:
    """Records in which there is Ann."""
    users = DeskUsers(database, keyring)
    assert await users.add(ANN, KEPT, who="ann", why="new")
    return users


async def test_a_sign_in_that_is_under_way_ends_too(
    users: DeskUsers, database: Database, keyring: Keyring
) -> None:
    """The old password is a wrong one from then on; the new one is right."""
    sessions = door(ChangedMeanwhile(database, keyring))
    assert await sessions.sign_in("ann", OLD) is None
    session = await door(users).sign_in("ann", NEW)
    assert session is not None
    assert await sessions.of(session.cookie) == session


async def test_a_sign_in_waits_for_a_change_that_is_being_written(
    users: DeskUsers, database: Database, database_dsn: str
) -> None:
    """It sees what comes of it, rather than what was there before."""

    async def change(transaction: Transaction) -> asyncio.Task[object]:
        columns = ("ann", TENANT, CHANGED, Role.AGENT, "1001", bytes(32))
        await transaction.fetch_one("add-desk-user", *columns)
        signing_in: asyncio.Task[object] = asyncio.create_task(door(users).sign_in("ann", OLD))
        async with asyncio.timeout(PATIENCE_S):
            while not await column(database_dsn, WAITING):
                assert not signing_in.done()
        return signing_in

    assert await (await database.transact(change, tenant=TENANT)) is None
