"""A change of the voice model: new voiceprints of the sealed recordings, beside the old until done.

Every step is a transaction of its own and may be repeated; what is left to do is what the tables
lack, so that whoever was killed halfway is continued by anyone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from engine.types import Embedding, Locale, ModelId, Pcm, PhraseId, Quality, Voiceprint
from ivr.domain.call import AccountId, TenantId
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.rows import voiceprint_columns
from ivr.storage.text import storable

PAGE = 1000
"""Profiles asked for at a time."""
BY = "re-extraction"
"""Who did it, in the audit trail."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A recording whose voiceprint of the new voice model is still to be made."""

    recording: UUID
    enrollment: UUID
    pcm: Pcm
    """Telephone audio, int16 `[n]` at 8 kHz, unsealed: it never leaves the process."""
    quality: Quality
    locale: Locale
    phrase: PhraseId | None
    """The passphrase that was said; None for free speech."""
    wrapped: bytes
    """The profile's data key as it was wrapped: it tells whether the key has changed since."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many of a tenant's enrolled profiles and suspects are compared by each voice model."""

    profiles: dict[ModelId, int]
    suspects: dict[ModelId, int]
    """Of suspects no recording is kept: they are added anew."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A profile that cannot be moved to a voice model; it keeps the voiceprints that it has."""

    profile: ProfileId
    account: AccountId
    why: str


async def note_unreadable(
    database: Database, tenant: TenantId, profile: ProfileId, model: ModelId, why: str
) -> None:
    """Note that a profile cannot be moved, and why; `StoreUnavailableError`."""
    about = (storable(tenant), profile, model, storable(why))
    await database.fetch("note-unreadable", *about, tenant=tenant)


async def unreadable(
    database: Database, tenant: TenantId, model: ModelId
) -> tuple[Unreadable, ...]:
    """Return which profiles of a tenant cannot be moved to a model; `StoreUnavailableError`."""
    rows = await database.fetch("unreadable-profiles", storable(tenant), model, tenant=tenant)
    return tuple(
        Unreadable(ProfileId(row["id"]), AccountId(row["account"]), row["why"]) for row in rows
    )


async def note_model(database: Database, model: ModelId) -> None:
    """Note the voice model that a worker has; one never seen before becomes the newest."""
    await database.fetch("note-voice-model", model, tenant=None)


async def choose_model(database: Database, model: ModelId) -> None:
    """Let profiles be moved to this voice model, also if others came after it."""
    await database.fetch("choose-voice-model", model, tenant=None)


async def newest_model(database: Database) -> ModelId | None:
    """Return the voice model that profiles are moved to; None before any worker was started."""
    row = await database.fetch_one("newest-voice-model", tenant=None)
    return None if row is None else ModelId(row["model"])


async def spread(database: Database, tenant: TenantId) -> Spread:
    """Count a tenant's profiles and suspects by voice model; `StoreUnavailableError`."""
    name = storable(tenant)
    profiles = await database.fetch("profiles-by-model", name, tenant=tenant)
    suspects = await database.fetch("suspects-by-model", name, tenant=tenant)
    return Spread(
        {ModelId(row["model"]): row["profiles"] for row in profiles},
        {ModelId(row["model"]): row["suspects"] for row in suspects},
    )


async def stale(
    database: Database, tenant: TenantId, model: ModelId
) -> AsyncIterator[list[ProfileId]]:
    """Yield, page by page, the enrolled profiles that are not yet compared by this voice model."""
    after = UUID(int=0)
    while rows := await database.fetch(
        "stale-profiles", storable(tenant), model, after, PAGE, tenant=tenant
    ):
        yield [ProfileId(row["id"]) for row in rows]
        after = rows[-1]["id"]


async def next_material(
    database: Database, keyring: Keyring, tenant: TenantId, profile: ProfileId, model: ModelId
) -> Material | None:
    """Return a recording that lacks its voiceprint of this model; None where none does.

    `SealBrokenError` for audio that is not as it was sealed, `StoreUnavailableError`.
    """
    about = (storable(tenant), profile, model)
    row = await database.fetch_one("recordings-to-reextract", *about, tenant=tenant)
    if row is None:
        return None
    tenant_key = await keyring.key(row["tenant"], row["tenant_key"])
    key = tenant_key.person(profile, row["account"], row["data_key"])
    quality = Quality(row["net_speech_s"], row["snr_db"], row["level_dbfs"], row["clipped"])
    pcm = key.open_audio(row["recording"], row["audio"])
    return Material(
        row["recording"],
        row["enrollment"],
        pcm,
        quality,
        Locale(row["locale"]),
        PhraseId(row["passphrase"]) if Mode(row["mode"]) is Mode.TEXT_DEPENDENT else None,
        row["data_key"],
    )


async def keep_beside(
    database: Database,
    keyring: Keyring,
    tenant: TenantId,
    profile: ProfileId,
    material: Material,
    embedding: Embedding,
) -> bool:
    """Keep a new voiceprint beside the live one; False where the profile has changed meanwhile."""
    voiceprint = Voiceprint(embedding, material.quality)

    async def work(transaction: Transaction) -> bool:
        held = await _held(transaction, tenant, profile)
        if held is None or held["data_key"] != material.wrapped:
            return False
        tenant_key = await keyring.key(tenant, held["tenant_key"])
        key = tenant_key.person(profile, held["account"], held["data_key"])
        columns = voiceprint_columns(voiceprint, material.recording, key)
        where = (storable(tenant), profile, material.enrollment, material.recording)
        await transaction.execute("add-voiceprint-beside", *where, *columns)
        return True

    return await database.transact(work, tenant=tenant)


async def switch(database: Database, tenant: TenantId, profile: ProfileId, model: ModelId) -> bool:
    """Compare callers by the new voiceprints from now on, and delete the old: all or nothing.

    False, and nothing done, where a recording still lacks its own, and where it was done before.
    """
    return await database.transact(
        partial(_switched, tenant=tenant, profile=profile, model=model), tenant=tenant
    )


async def _switched(
    transaction: Transaction, tenant: TenantId, profile: ProfileId, model: ModelId
) -> bool:
    if await _held(transaction, tenant, profile) is None:
        return False
    row = await transaction.fetch_one("switch-voiceprints", storable(tenant), profile, model)
    assert row is not None, "a count has a row"
    if not row["shown"]:
        return False
    await transaction.execute("forget-unreadable", storable(tenant), profile)
    await note(transaction, AuditEvent.PROFILE_REEXTRACTED, tenant, profile, BY, model)
    return True


async def _held(transaction: Transaction, tenant: TenantId, profile: ProfileId) -> Row | None:
    return await transaction.fetch_one("hold-profile-by-id", storable(tenant), profile)
