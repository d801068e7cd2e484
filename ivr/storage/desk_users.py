"""Who may sign in to the desk, and who has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.stamps import DESK_SESSIONS, DESK_USERS
from ivr.storage.text import storable


class DeskUsers:
    """The desk's users and sessions. `StoreUnavailableError` from every method.

    A user or a session that nobody of us made is none; the log tells of it.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def add(self, user: DeskUser, password: str, *, who: str, why: str) -> bool:
        """Add a user by the hash of a password, or change one and end their sessions.

        False where another tenant has a user of that name.
        """
        tenant, name = storable(user.tenant), storable(user.name)
        written = {"name": name, "tenant": tenant, "password": password}
        written |= {"role": user.role, "agent": storable(user.agent)}
        stamp = DESK_USERS.stamp(written, self._keyring)

        async def work(transaction: Transaction) -> bool:
            columns = (*written.values(), stamp)
            row = await transaction.fetch_one("add-desk-user", *columns)
            if row is None:
                return False
            await transaction.execute("end-desk-sessions", tenant, name)
            what = AuditEvent.DESK_USER_ADDED if row["added"] else AuditEvent.DESK_USER_CHANGED
            await note(transaction, what, user.tenant, row["id"], who, why)
            return True

        return await self._database.transact(work, tenant=user.tenant)

    async def list(self, tenant: TenantId) -> Sequence[tuple[UUID, DeskUser]]:
        """Return the users of a tenant, by name, each with the id that the audit trail has."""
        rows = await self._database.fetch("list-desk-users", storable(tenant), tenant=tenant)
        return tuple((row["id"], _user(row)) for row in rows)

    async def remove(self, tenant: TenantId, name: str, *, who: str, why: str) -> UUID | None:
        """Remove a user, end their sessions and return the id; None where there is none."""
        names = (storable(tenant), storable(name))

        async def work(transaction: Transaction) -> UUID | None:
            row = await transaction.fetch_one("remove-desk-user", *names)
            if row is None:
                return None
            removed: UUID = row["id"]
            await note(transaction, AuditEvent.DESK_USER_REMOVED, tenant, removed, who, why)
            return removed

        return await self._database.transact(work, tenant=tenant)

    async def find(self, name: str) -> tuple[DeskUser, str] | None:
        """Return the user of a name with the hash of their password, or None."""
        row = await self._database.fetch_one("find-desk-user", storable(name), tenant=None)
        if row is None or not DESK_USERS.is_believed(row, row["stamp"], self._keyring):
            return None
        return _user(row), row["password"]

    async def sign_in(self, user: DeskUser, kept: str, token: bytes, until: datetime) -> bool:
        """Begin a session, known by the 32 octets of a cookie's hash.

        False where `kept`, of which the password was, is not the user's hash any more.
        """
        tenant, name = storable(user.tenant), storable(user.name)
        written = {"token": token, "tenant": tenant, "name": name, "expires_at": until}
        stamp = DESK_SESSIONS.stamp(written, self._keyring)
        columns = (*written.values(), kept, stamp)
        begun = await self._database.fetch("begin-desk-session", *columns, tenant=user.tenant)
        return bool(begun)

    async def signed_in(self, token: bytes) -> DeskUser | None:
        """Return whose session it is, or None."""
        row = await self._database.fetch_one("find-desk-session", token, tenant=None)
        if row is None or not DESK_SESSIONS.is_believed(row, row["session_stamp"], self._keyring):
            return None
        return _user(row) if DESK_USERS.is_believed(row, row["stamp"], self._keyring) else None

    async def sign_out(self, user: DeskUser, token: bytes) -> None:
        """End a session."""
        columns = (storable(user.tenant), token)
        await self._database.fetch("end-desk-session", *columns, tenant=user.tenant)


def _user(row: Row) -> DeskUser:
    return DeskUser(row["name"], TenantId(row["tenant"]), Role(row["role"]), row["agent"])
