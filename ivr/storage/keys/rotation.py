"""Changing keys while calls go on: every row says which key it needs, and both are at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from ivr.domain.call import TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys.keyring import Keyring
from ivr.storage.keys.person import TurnedVoice
from ivr.storage.keys.tenant import TenantKey
from ivr.storage.text import storable

BATCH = 20
"""Persons in a transaction: each is locked until it ends, some milliseconds a person."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The queries for one kind of person."""

    older: str
    voiceprints: str
    turn: str
    rekey: str
    keep_parts: bool
    """Whether their voiceprints have the parts of a passphrase beside them."""


_PROFILES = _Rows(
    "profiles-of-older-keys",
    "voiceprints-of-profile",
    "turn-voiceprint",
    "rekey-profile",
    keep_parts=True,
)
_SUSPECTS = _Rows(
    "suspects-of-older-keys",
    "voiceprints-of-suspect",
    "turn-suspect-voiceprint",
    "rekey-suspect",
    keep_parts=False,
)


async def rotate_master(
    database: Database, keyring: Keyring, tenants: tuple[TenantId, ...], *, who: str, why: str
) -> int:
    """Wrap every key by the current master key, and return how many were not.

    Idempotent: what is done is not done again. Raises `MasterKeyError` where a key is wrapped by a
    master key that is not at hand, and `StoreUnavailableError`.
    """
    await database.fetch(
        "rewrap-installation", keyring.master.current, keyring.rewrapped_secret(), tenant=None
    )
    work = partial(_rewrap, keyring=keyring, who=who, why=why)
    done = [
        await database.transact(partial(work, tenant=tenant), tenant=tenant) for tenant in tenants
    ]
    return sum(done)


async def _rewrap(
    transaction: Transaction, tenant: TenantId, keyring: Keyring, who: str, why: str
) -> int:
    current = keyring.master.current
    rows = await transaction.fetch("tenant-keys-of-other-masters", storable(tenant), current)
    for row in rows:
        where = (row["tenant"], row["generation"])
        await transaction.execute("rewrap-tenant-key", *where, current, keyring.rewrapped(row))
    if rows:
        await note(transaction, AuditEvent.KEYS_ROTATED, tenant, None, who, why)
    return len(rows)


async def rotate_tenant(
    database: Database, keyring: Keyring, tenant: TenantId, *, who: str, why: str
) -> AsyncIterator[int]:
    """Give a tenant a new key, and yield how many persons have it, batch by batch.

    Data keys are wrapped anew, each for its account, and voiceprints turned by a new matrix. Killed
    halfway, it goes on when it is called again, and makes no further key. Raises
    `StoreUnavailableError`, and `SealBrokenError` where a stored voiceprint is not as it was
    written.
    """
    newest = await database.transact(partial(_renewed, keyring, tenant), tenant=tenant)
    if newest is None:
        return
    for rows in (_PROFILES, _SUSPECTS):
        batch = partial(_turn_batch, keyring=keyring, newest=newest, rows=rows)
        while done := await database.transact(batch, tenant=tenant):
            yield done
    await database.transact(
        lambda transaction: _finish(transaction, newest, tenant, who, why), tenant=tenant
    )


async def _renewed(
    keyring: Keyring, tenant: TenantId, transaction: Transaction
) -> TenantKey | None:
    """Return the key to change to: a new one, unless an earlier change was cut off."""
    name = storable(tenant)
    row = await transaction.fetch_one("newest-tenant-key", name)
    if row is None:
        return None
    generation = row["generation"]
    left = [
        await transaction.fetch_one(rows.older, name, generation, 1)
        for rows in (_PROFILES, _SUSPECTS)
    ]
    if not any(left):
        await keyring.make(transaction, tenant, generation + 1)
    return await keyring.newest(transaction, tenant)


async def _turn_batch(
    transaction: Transaction, keyring: Keyring, newest: TenantKey, rows: _Rows
) -> int:
    older = await transaction.fetch(rows.older, newest.tenant, newest.generation, BATCH)
    for row in older:
        old = await keyring.key(newest.tenant, row["tenant_key"])
        await _turn_person(transaction, row, old, newest, rows)
    return len(older)


async def _turn_person(
    transaction: Transaction, row: Row, old: TenantKey, new: TenantKey, rows: _Rows
) -> None:
    person, account = row["id"], row.get("account")
    wrapped = old.rewrap(person, account, row["data_key"], new)
    before = old.person(person, account, row["data_key"])
    after = new.person(person, account, wrapped)
    for each in await transaction.fetch(rows.voiceprints, new.tenant, person):
        voice = TurnedVoice(each["model"], each["embedding"], each["parts"])
        quality = (each["net_speech_s"], each["snr_db"], each["level_dbfs"], each["clipped"])
        before.check(each["recording"], voice, quality, each["seal"])
        turned = after.turn(before.turn_back(voice))
        seal = after.stamp(each["recording"], turned, quality)
        parts = (turned.parts,) if rows.keep_parts else ()
        await transaction.execute(rows.turn, new.tenant, each["id"], turned.vector, seal, *parts)
    await transaction.execute(rows.rekey, new.tenant, person, new.generation, wrapped)


async def _finish(
    transaction: Transaction, newest: TenantKey, tenant: TenantId, who: str, why: str
) -> None:
    # Before the next statement looks for whom they are needed by.
    await transaction.fetch("hold-older-tenant-keys", newest.tenant, newest.generation)
    await transaction.execute("forget-tenant-keys", newest.tenant, newest.generation)
    await note(transaction, AuditEvent.KEYS_ROTATED, tenant, None, who, why)
