"""What is held on a person, for the person: everything as JSON, and the audio as sound files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from engine.types import Pcm
from ivr.domain.call import AccountId, TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring, PersonKey, TurnedVoice
from ivr.storage.text import storable

_PARTS = {
    "consents": "held-consents",
    "recordings": "held-recordings",
    "voiceprints": "held-voiceprints",
    "enrollments": "held-enrollments",
    "verifications": "held-verifications",
    "attempts": "held-attempts",
    "feedback": "held-feedback",
    "fingerprints_heard": "held-fingerprints",
    "warnings": "held-warnings",
    "groups": "held-groups",
    "answers": "held-answers",
    "batches": "held-batches",
    "audit": "held-audit",
}
"""What the export calls each part, and the query for it."""


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
    """Return what is held on a person, or None where there is no profile; noted in the audit trail.

    Raises `StoreUnavailableError`, and `SealBrokenError` for audio that is not as it was sealed.
    """

    async def work(transaction: Transaction) -> tuple[Row, dict[str, Any], Sequence[Row]] | None:
        names = (storable(tenant), storable(account))
        profile = await transaction.fetch_one("held-profile", *names)
        if profile is None:
            return None
        about = (names[0], profile["id"])
        parts = {
            part: [_plain(row) for row in await transaction.fetch(query, *about)]
            for part, query in _PARTS.items()
        }
        sealed = await transaction.fetch("held-audio", *about)
        await note(transaction, AuditEvent.PROFILE_EXPORTED, tenant, profile["id"], who, why)
        return profile, parts, sealed

    found = await database.transact(work, tenant=tenant)
    if found is None:
        return None
    profile, parts, sealed = found
    record = {"profile": _plain(profile), **parts}
    audio: tuple[tuple[UUID, Pcm], ...] = ()
    if profile["data_key"] is not None:
        tenant_key = await keyring.key(profile["tenant"], profile["tenant_key"])
        key = tenant_key.person(profile["id"], profile["data_key"])
        audio = tuple((row["id"], key.open_audio(row["id"], row["audio"])) for row in sealed)
        for voiceprint in record["voiceprints"]:
            voiceprint.update(_in_clear(key, voiceprint))
    else:
        _drop(record["voiceprints"], "parts")
    for part in ("profile", "voiceprints"):
        _drop(record[part], "data_key", "tenant_key", "embedding")
    return Holding(record, audio)


def _in_clear(key: PersonKey, row: dict[str, Any]) -> dict[str, Any]:
    """Return vector and parts as numbers; parts None where there are none."""
    voice = key.turn_back(TurnedVoice(row["model"], row["embedding"], row["parts"]))
    parts = None if voice.parts is None else [_numbers(part) for part in voice.parts]
    return {"vector": _numbers(voice.vector), "parts": parts}


def _numbers(vector: NDArray[np.float32]) -> list[float]:
    return [round(float(number), 7) for number in vector]


def _plain(row: Row) -> dict[str, Any]:
    return dict(row)


def _drop(part: dict[str, Any] | list[dict[str, Any]], *columns: str) -> None:
    for row in part if isinstance(part, list) else [part]:
        for column in columns:
            row.pop(column, None)
