"""The checks of PostgreSQL: there, of our schema, no more rights than needed, keys that fit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from ivr.config import Configuration
from ivr.doctor.clock import check_clock, now
from ivr.doctor.finding import Finding, fault, good, skipped, warning
from ivr.doctor.stamps import check_stamps
from ivr.holdings import database_of
from ivr.ports import StoreUnavailableError
from ivr.storage import (
    Database,
    MasterKeyError,
    MasterKeys,
    SchemaMissingError,
    SchemaNewerError,
    SchemaOutdatedError,
    SealBrokenError,
    keys_of,
    rights,
    unbound_tenants,
)

UNMIGRATED = (SchemaMissingError, SchemaOutdatedError)
CHECKS = ("schema", "role", "keys", "stamps", "database_clock")


async def check_database(
    configuration: Configuration, master: MasterKeys | None
) -> AsyncIterator[Finding]:
    """Check the configured server, or the embedded one where it has been started before."""
    folder = configuration.database.folder
    if _unmade(folder):
        yield good("database", f"will be made at the first start, in {folder}")
        return
    try:
        async with database_of(configuration) as database:
            yield good("database", "answers")
            yield good("schema", "current")
            async for finding in _connected(database, master, embedded=bool(folder)):
                yield finding
    except (*UNMIGRATED, SchemaNewerError) as error:
        yield good("database", "answers")
        yield _schema_fault(error)
        for check in CHECKS[1:]:
            yield skipped(check, "the schema does not fit")
    except StoreUnavailableError as error:
        yield fault("database", error, "docs/install.md, step 2; [database] in the configuration")
        for check in CHECKS:
            yield skipped(check, "the database cannot be used")


def _unmade(folder: str) -> bool:
    """Say whether an embedded database is configured that was never started."""
    return bool(folder) and not Path(folder, "data").exists()


def _schema_fault(error: StoreUnavailableError) -> Finding:
    if isinstance(error, UNMIGRATED):
        mend = "countersign database migrate, with the DSN of the tables' owner"
    else:
        mend = "install the version of Countersign that migrated it, or a newer one"
    return fault("schema", error, mend)


async def _connected(
    database: Database, master: MasterKeys | None, *, embedded: bool
) -> AsyncIterator[Finding]:
    yield await _role(database, embedded=embedded)
    yield await _keys(database, master)
    yield await check_stamps(database, master)
    before = now()
    theirs = await database.time()
    yield check_clock("database_clock", theirs, before, now())


async def _role(database: Database, *, embedded: bool) -> Finding:
    check, has = "role", await rights(database)
    if has.role_owns:
        return fault(
            check,
            f"the role countersign_app owns {has.role_owns} table(s): row-level security does not "
            "hold for an owner",
            "as a superuser: REASSIGN OWNED BY countersign_app TO the login that migrates",
        )
    if embedded:
        return good(check, "owns nothing; the embedded server is this user's own")
    if has.unbound:
        return fault(
            check,
            "the login of the DSN is a superuser, or bypasses row-level security",
            "take a login that is a member of countersign_app and nothing else: docs/install.md",
        )
    if has.login_owns:
        return warning(
            check,
            f"the login of the DSN owns {has.login_owns} table(s): it could change the schema",
            "give the workers a login of their own: docs/install.md, step 2",
        )
    return good(check, "owns nothing, and row-level security holds for it")


async def _keys(database: Database, master: MasterKeys | None) -> Finding:
    check = "keys"
    if master is None:
        return skipped(check, "there is no master key that can be used")
    try:
        keyring = await keys_of(database, master)
        if keyring is None:
            return good(check, "none yet: a new database")
        unbound = await unbound_tenants(database, keyring)
    except (MasterKeyError, SealBrokenError) as error:
        return fault(
            check,
            error,
            "put the database's master key on a line of the key file: docs/security.md",
        )
    if unbound:
        return warning(
            check,
            f"those of {unbound} tenant(s) do not bind accounts yet: whoever can write the tables "
            "can put one person's voice under another's account",
            'once every worker is of this version: countersign keys rotate --tenants --why ".."',
        )
    return good(check, "wrapped by the master key")
