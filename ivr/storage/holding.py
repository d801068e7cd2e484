"""What is held on a person, for the person: everything as JSON, and the audio as sound files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.types import Pcm
from ivr.domain.call import AccountId, TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring, PersonKey, TurnedVoice
from ivr.storage.text import storable

_OF_THE_PROFILE: Final = {
    "consents": "held-consents",
    "recordings": "held-recordings",
    "voiceprints": "held-voiceprints",
    "fingerprints_heard": "held-fingerprints",
    "warnings": "held-warnings",
    "groups": "held-groups",
    "audit": "held-audit",
}
"""What the export calls each part that hangs on the profile, and the query for it."""
_OF_THE_CALLS: Final = {
    "enrollments": "held-enrollments",
    "verifications": "held-verifications",
    "attempts": "held-attempts",
    "feedback": "held-feedback",
    "desk_calls": "held-desk-calls",
}
"""The same of what calls left; those of before the profile, or without one, name the account."""
_OF_THE_ACCOUNT: Final = {"answers": "held-answers", "batches": "held-batches"}
"""The same of what goes by the account alone."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Everything that is held on one person."""

    record: dict[str, Any]
    """Plain values, ready for JSON; a voiceprint as its numbers, fingerprints as their length."""
    audio: Sequence[tuple[UUID, Pcm]]
    """The recordings, int16 `[n]` at 8 kHz, by the ids they have in the record."""


async def holding(
    database: Database,
    keyring: Keyring,
    tenant: TenantId,
    account: AccountId,
    *,
    who: str,
    why: str,
) -> Holding | None:
    """Return what is held on a person, or None where nothing is; noted in the audit trail.

    Of somebody without a profile, for whom the record's `profile` is None, that is what names the
    account: what `erase_person` would take it out of. Raises `StoreUnavailableError`, and
    `SealBrokenError` for audio that is not as it was sealed.
    """

    async def work(transaction: Transaction) -> _Found | None:
        found = await _find(transaction, storable(tenant), storable(account))
        if found.profile is None and not any(found.parts.values()):
            return None
        whom = None if found.profile is None else found.profile["id"]
        await note(transaction, AuditEvent.PROFILE_EXPORTED, tenant, whom, who, why)
        return found

    found = await database.transact(work, tenant=tenant)
    if found is None:
        return None
    key = await _key(keyring, found.profile)
    return Holding(_record(found, key), () if key is None else _opened(found.audio, key))


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands in the database; audio and voiceprints as they are kept there."""

    profile: Row | None
    parts: dict[str, list[dict[str, Any]]]
    audio: Sequence[Row]


async def _find(transaction: Transaction, tenant: str, account: str) -> _Found:
    profile = await transaction.fetch_one("held-profile", tenant, account)
    whom = None if profile is None else profile["id"]
    parts = {}
    for queries, about in (
        (_OF_THE_PROFILE, (tenant, whom)),
        (_OF_THE_CALLS, (tenant, whom, account)),
        (_OF_THE_ACCOUNT, (tenant, account)),
    ):
        for part, query in queries.items():
            parts[part] = [dict(row) for row in await transaction.fetch(query, *about)]
    return _Found(profile, parts, await transaction.fetch("held-audio", tenant, whom))


async def _key(keyring: Keyring, profile: Row | None) -> PersonKey | None:
    """Return what the person's voice is kept under; None where no voice is."""
    if profile is None or profile["data_key"] is None:
        return None
    tenant_key = await keyring.key(profile["tenant"], profile["tenant_key"])
    return tenant_key.person(profile["id"], profile["account"], profile["data_key"])


def _opened(sealed: Sequence[Row], key: PersonKey) -> tuple[tuple[UUID, Pcm], ...]:
    return tuple((row["id"], key.open_audio(row["id"], row["audio"])) for row in sealed)


def _record(found: _Found, key: PersonKey | None) -> dict[str, Any]:
    profile = found.profile
    return {
        "profile": None if profile is None else _without(dict(profile), "data_key", "tenant_key"),
        **found.parts,
        "voiceprints": [_voiceprint(row, key) for row in found.parts["voiceprints"]],
        "desk_calls": [
            {**call, "news": msgspec.json.decode(call["news"])}
            for call in found.parts["desk_calls"]
        ],
    }


def _voiceprint(row: dict[str, Any], key: PersonKey | None) -> dict[str, Any]:
    """Return it with vector and parts as numbers; without them where there is no key."""
    said = _without(row, "embedding", "parts")
    return said if key is None else {**said, **_in_clear(key, row)}


def _in_clear(key: PersonKey, row: dict[str, Any]) -> dict[str, Any]:
    """Return vector and parts as numbers; parts None where there are none."""
    voice = key.turn_back(TurnedVoice(row["model"], row["embedding"], row["parts"]))
    parts = None if voice.parts is None else [_numbers(part) for part in voice.parts]
    return {"vector": _numbers(voice.vector), "parts": parts}


def _numbers(vector: NDArray[np.float32]) -> list[float]:
    return [round(float(number), 7) for number in vector]


def _without(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in columns}
