"""What a checkup asks of the database and the outbox; nothing here is made or changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.storage.administration import tenants
from ivr.storage.database import APPLICATION_ROLE, Database
from ivr.storage.errors import OutboxError
from ivr.storage.keys.keyring import Keyring
from ivr.storage.keys.master import MasterKeys
from ivr.storage.letters import LetterBox


@dataclass(frozen=True, slots=True)
class Rights:
    """What login and role of the DSN could do beyond what the application needs."""

    unbound: bool
    """The login is a superuser, or row-level security does not hold for it."""
    login_owns: int
    """Tables that the login owns, as one does that migrates."""
    role_owns: int
    """Tables that the role owns in which the application works: it should be none."""


async def rights(database: Database) -> Rights:
    """Return what login and role could do; `StoreUnavailableError`."""
    row = await database.fetch_one("rights-of-login", APPLICATION_ROLE, tenant=None)
    assert row is not None, "the login that asks is a role"
    return Rights(row["unbound"], row["login_owns"], row["role_owns"])


async def keys_of(database: Database, master: MasterKeys) -> Keyring | None:
    """Return the database's keys, as these wrap them; None where it has none yet.

    `MasterKeyError` where they are wrapped by another, `SealBrokenError` where they are altered.
    """
    row = await database.fetch_one("find-installation", tenant=None)
    return None if row is None else Keyring.of(database, master, row)


async def unbound_tenants(database: Database, keyring: Keyring) -> int:
    """Return how many tenants have a key, of an older version, that binds no accounts.

    `MasterKeyError` and `SealBrokenError` as from `keys_of`.
    """
    return [await keyring.binds(tenant) for tenant in await tenants(database)].count(False)


def outbox_depth(folder: Path) -> tuple[int, int]:
    """Return how many verdicts wait in an outbox's folder, and how many were set aside.

    `OutboxError` where none could be kept there: a file is written and deleted to find out.
    """
    box = LetterBox(folder, b"")
    try:
        box.attempt()
        return box.depth()
    except OSError as error:
        raise OutboxError(str(error)) from error
