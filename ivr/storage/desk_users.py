"""Who may sign in to the desk, and who has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.text import storable


class DeskUsers:
    """The desk's users and sessions. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: DeskUser, password: str) -> bool:
        """Add a user by the hash of a password, or change one and end their sessions.

        False where another tenant has a user of that name.
        """
        tenant, name = storable(user.tenant), storable(user.name)

        async def work(transaction: Transaction) -> bool:
            columns = (name, tenant, password, user.role, storable(user.agent))
            if await transaction.fetch_one("add-desk-user", *columns) is None:
                return False
            await transaction.execute("end-desk-sessions", tenant, name)
            return True

        return await self._database.transact(work, tenant=user.tenant)

    async def list(self, tenant: TenantId) -> Sequence[DeskUser]:
        """Return the users of a tenant, by name."""
        rows = await self._database.fetch("list-desk-users", storable(tenant), tenant=tenant)
        return tuple(_user(row) for row in rows)

    async def remove(self, tenant: TenantId, name: str) -> bool:
        """Remove a user and end their sessions; False where there is none."""
        names = (storable(tenant), storable(name))
        return bool(await self._database.fetch("remove-desk-user", *names, tenant=tenant))

    async def find(self, name: str) -> tuple[DeskUser, str] | None:
        """Return the user of a name with the hash of their password, or None."""
        row = await self._database.fetch_one("find-desk-user", storable(name), tenant=None)
        return None if row is None else (_user(row), row["password"])

    async def sign_in(self, user: DeskUser, kept: str, token: bytes, until: datetime) -> bool:
        """Begin a session, known by the 32 octets of a cookie's hash.

        False where `kept`, of which the password was, is not the user's hash any more.
        """
        columns = (token, storable(user.tenant), storable(user.name), until, kept)
        begun = await self._database.fetch("begin-desk-session", *columns, tenant=user.tenant)
        return bool(begun)

    async def signed_in(self, token: bytes) -> DeskUser | None:
        """Return whose session it is, or None."""
        row = await self._database.fetch_one("find-desk-session", token, tenant=None)
        return None if row is None else _user(row)

    async def sign_out(self, user: DeskUser, token: bytes) -> None:
        """End a session."""
        columns = (storable(user.tenant), token)
        await self._database.fetch("end-desk-session", *columns, tenant=user.tenant)


def _user(row: Row) -> DeskUser:
    return DeskUser(row["name"], TenantId(row["tenant"]), Role(row["role"]), row["agent"])
