"""Profiles of the Azure-compatible API: made empty, and filled recording by recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Fingerprint, ModelId, PhraseId, Quality
from ivr.domain.azure import Addition, AzureKind, AzureProfile, Kept, Stand
from ivr.domain.call import TenantId
from ivr.domain.enrollment import Recording
from ivr.domain.profile import ProfileId, ProfileState
from ivr.storage.audit import AuditEvent, note
from ivr.storage.azure_writing import AdditionWriting
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.erasure import erase_person
from ivr.storage.keys import Keyring, PersonKey, TurnedVoice
from ivr.storage.keys.sealing import SEAL_OCTETS
from ivr.storage.rows import checked_voiceprint, phrase_of
from ivr.storage.text import storable

_SAMPLE_OCTETS: Final = 2
_NOBODY: Final = UUID(int=0)


class AzureProfiles:
    """`ivr.api.azure.ports.AzureStore` on a database. `StoreUnavailableError` from every method.

    `model` is the voice model in use: voiceprints of others count for nothing. `who` goes to the
    audit trail.
    """

    def __init__(self, database: Database, keyring: Keyring, model: ModelId) -> None:
        self._database = database
        self._keyring = keyring
        self._model = model

    async def make(self, tenant: TenantId, kind: AzureKind, locale: str) -> AzureProfile:
        """Make an empty profile."""
        profile = ProfileId(uuid4())
        await self._database.fetch("note-tenant", storable(tenant), tenant=tenant)
        await self._database.fetch(
            "make-azure-profile", tenant, profile, kind, kind.mode, locale, tenant=tenant
        )
        made = await self.find(tenant, kind, profile)
        assert made is not None, "it was just made"
        return made

    async def find(
        self, tenant: TenantId, kind: AzureKind, profile: ProfileId
    ) -> AzureProfile | None:
        """Return the profile, or None where the tenant has none such of that kind."""
        row = await self._database.fetch_one(
            "find-azure-profile", storable(tenant), kind, profile, self._model, tenant=tenant
        )
        return None if row is None else _profile(row)

    async def page(
        self, tenant: TenantId, kind: AzureKind, after: UUID | None, at_most: int
    ) -> Sequence[AzureProfile]:
        """Return the profiles of a kind whose ids follow `after`, by id."""
        place = (storable(tenant), kind, after or _NOBODY, at_most, self._model)
        rows = await self._database.fetch("azure-profiles", *place, tenant=tenant)
        return tuple(_profile(row) for row in rows)

    async def kept(self, tenant: TenantId, profile: ProfileId) -> Sequence[Kept]:
        """Return its recordings that have a voiceprint of the model in use, in order.

        Raises `SealBrokenError`, a `StoreUnavailableError`, for one that is not as it was written.
        """
        rows = await self._database.fetch(
            "azure-recordings", storable(tenant), profile, self._model, tenant=tenant
        )
        return tuple([_kept(row, await self._key(row, tenant)) for row in rows])

    async def add(
        self, tenant: TenantId, profile: AzureProfile, addition: Addition, *, who: str
    ) -> bool:
        """Write one more recording; False where the profile has changed since it was read."""
        writing = AdditionWriting(self._keyring, tenant, profile, addition, who)
        return await self._database.transact(writing.write, tenant=tenant)

    async def reset(self, tenant: TenantId, profile: AzureProfile, *, who: str) -> bool:
        """Forget voice, phrase and consent; False where the profile has changed meanwhile."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("hold-azure-profile", storable(tenant), profile.id)
            if row is None or ProfileState(row["state"]) is not profile.stand.state:
                return False
            await transaction.execute("empty-azure-profile", storable(tenant), profile.id)
            await transaction.execute("forget-voice", profile.id)
            await transaction.execute("touch-azure-profile", storable(tenant), profile.id)
            why = "reset through the Azure-compatible API"
            await note(transaction, AuditEvent.PROFILE_RESET, tenant, profile.id, who, why)
            return True

        return await self._database.transact(work, tenant=tenant)

    async def erase(self, tenant: TenantId, profile: AzureProfile, *, who: str) -> bool:
        """Erase the person, as `ProfileAdministration.erase`; False where there is none."""

        async def work(transaction: Transaction) -> bool:
            erased = await erase_person(transaction, tenant, profile.account)
            if erased is None:
                return False
            why = "deleted through the Azure-compatible API"
            await note(transaction, AuditEvent.PROFILE_ERASED, tenant, erased, who, why)
            return True

        return await self._database.transact(work, tenant=tenant)

    async def _key(self, row: Row, tenant: TenantId) -> PersonKey:
        tenant_key = await self._keyring.key(tenant, row["tenant_key"])
        return tenant_key.person(row["profile"], row["account"], row["data_key"])


def _profile(row: Row) -> AzureProfile:
    return AzureProfile(
        id=ProfileId(row["id"]),
        kind=AzureKind(row["kind"]),
        stand=Stand(ProfileState(row["state"]), row["version"], row["changed_at"]),
        locale=row["locale"],
        phrase=PhraseId(row["passphrase"]) if row["passphrase"] else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        recordings=row["recordings"],
        audio_s=_seconds(row["sealed_octets"], row["recordings"]),
        speech_s=row["speech_s"],
        current=row["current"],
        voiced_at=row["voiced_at"],
    )


def _kept(row: Row, key: PersonKey) -> Kept:
    quality = Quality(row["net_speech_s"], row["snr_db"], row["level_dbfs"], row["clipped"])
    voice = TurnedVoice(row["model"], row["embedding"], row["parts"])
    recording = Recording(
        checked_voiceprint(key, row["id"], voice, quality, row["seal"], phrase_of(row)),
        np.zeros(0, np.int16),
        Fingerprint(row["fingerprint"]),
        key.open_frames(row["id"], row["frames"]),
    )
    return Kept(row["id"], recording, _seconds(row["sealed_octets"], 1))


def _seconds(sealed_octets: int, recordings: int) -> float:
    """The length of audio that is sealed in so many octets: what a seal adds is known."""
    samples = (sealed_octets - recordings * SEAL_OCTETS) // _SAMPLE_OCTETS
    return samples / TELEPHONE_RATE_HZ
