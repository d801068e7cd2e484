"""Verdicts as they are stored, and what proves that a worker wrote them.

Whoever may write the tables may write ACCEPT into the record of a call that is under way. Without
the master key nobody makes its stamp, and no call is told an ACCEPT that has none.
"""

from __future__ import annotations

import hmac
from typing import Final

import structlog

from ivr.domain.call import TenantId
from ivr.domain.verification import Verification, VerificationId
from ivr.storage.database import Database, Transaction
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring
from ivr.storage.keys.sealing import place
from ivr.storage.rows import verification_from
from ivr.storage.text import storable

_ADVICE: Final = (
    "unless the person was erased meanwhile, or a worker of an older version wrote it: change the "
    "password of the login in database.dsn, and see docs/security.md, who could do what"
)

log = structlog.get_logger()


class NotOursError(StoreRefusedError):
    """An ACCEPT stands in the record of a verification that no worker wrote."""

    def __init__(self) -> None:
        super().__init__("the ACCEPT in the record of this verification bears no stamp of ours")


async def closed_verification(
    database: Database, tenant: TenantId, wanted: VerificationId
) -> tuple[Verification, bytes | None] | None:
    """Return a closed verification with its attempts and its stamp; `StoreUnavailableError`."""

    async def work(transaction: Transaction) -> tuple[Verification, bytes | None] | None:
        row = await transaction.fetch_one("find-verdict", wanted)
        if row is None:
            return None
        attempts = await transaction.fetch("attempts-of-verification", wanted)
        return verification_from(row, attempts), row["stamp"]

    return await database.transact(work, tenant=tenant)


def said_by(verification: Verification) -> bytes:
    """Return what a stamp binds: which call it was, who was claimed, and what was decided."""
    opening, claim = verification.opening, verification.claim
    return place(
        "a verdict",
        str(opening.id),
        storable(opening.tenant),
        storable(opening.call),
        _told(None if claim is None else storable(claim.account)),
        _told(None if claim is None else claim.source.value),
        _told(None if verification.profile is None else str(verification.profile)),
        verification.verdict.value,
        verification.reason.value,
        _told(None if verification.llr is None else float(verification.llr).hex()),
        str(int(verification.confidence)),
    )


def check_stamp(verification: Verification, stamp: bytes | None, keyring: Keyring) -> None:
    """Raise `NotOursError` unless a worker wrote it so, and tell the log what to do."""
    ours = keyring.verdict_stamp(verification.opening.tenant, said_by(verification))
    if not hmac.compare_digest(stamp or b"", ours):
        number = str(verification.opening.id)
        log.error("verdict_not_ours", verification=number, advice=_ADVICE)
        raise NotOursError


def _told(said: str | None) -> str:
    """Return a part of which there may be none, told apart from one that is empty."""
    return "-" if said is None else f"={said}"
