"""Rows to values of the domain and back: the only place that knows the columns' order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import Embedding, Llr, ModelId, Quality, Reason, Verdict, Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import Profile, ProfileId, ProfileState
from ivr.domain.verification import Attempt, Opening, Verification, VerificationId
from ivr.storage.database import Row


def storable(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold, NUL and lone surrogates, by U+FFFD."""
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def vector_to_octets(vector: NDArray[np.float32]) -> bytes:
    """Pack float32 `[dim]` into 4 * dim octets, little-endian."""
    return vector.astype("<f4").tobytes()


def vector_from_octets(octets: bytes) -> NDArray[np.float32]:
    """Unpack float32 `[dim]` from 4 * dim octets, little-endian."""
    return np.frombuffer(octets, "<f4").astype(np.float32)


def quality_columns(quality: Quality | None) -> tuple[float | None, ...]:
    """Return net speech, SNR, level and clipping, or four times None."""
    if quality is None:
        return (None, None, None, None)
    return (quality.net_speech_s, quality.snr_db, quality.level_dbfs, quality.clipped)


def quality_from(row: Row) -> Quality | None:
    """Return the quality of an attempt or a voiceprint, None where it has none."""
    if row["net_speech_s"] is None:
        return None
    return Quality(row["net_speech_s"], row["snr_db"], row["level_dbfs"], row["clipped"])


def profile_from(rows: Sequence[Row]) -> Profile:
    """Build a profile from the rows of `find-profile`, at least one."""
    first = rows[0]
    return Profile(
        id=ProfileId(first["id"]),
        tenant=TenantId(first["tenant"]),
        account=AccountId(first["account"]),
        state=ProfileState(first["state"]),
        locale=first["locale"],
        passphrase=first["passphrase"],
        consented=first["consented"],
        voiceprints=tuple(found for row in rows if (found := _voiceprint_from(row))),
    )


def _voiceprint_from(row: Row) -> Voiceprint | None:
    quality = quality_from(row)
    if quality is None:
        return None
    embedding = Embedding(vector_from_octets(row["embedding"]), ModelId(row["model"]))
    return Voiceprint(embedding, quality)


def opening_columns(opening: Opening) -> tuple[Any, ...]:
    """Return $1 to $5 of `open-verification` and `close-verification`."""
    return (
        opening.id,
        storable(opening.call),
        storable(opening.tenant),
        storable(opening.worker),
        opening.started_at,
    )


def opening_from(row: Row) -> Opening:
    """Build the opening of a row of verifications."""
    return Opening(
        id=VerificationId(row["id"]),
        call=CallId(row["call"]),
        tenant=TenantId(row["tenant"]),
        worker=row["worker"],
        started_at=row["started_at"],
    )


def closing_columns(verification: Verification) -> tuple[Any, ...]:
    """Return $1 to $21 of `close-verification`."""
    claim = verification.claim
    return (
        *opening_columns(verification.opening),
        storable(claim.account) if claim else None,
        claim.source if claim else None,
        verification.profile,
        verification.verdict,
        verification.reason,
        verification.llr,
        verification.confidence,
        verification.model,
        verification.ended_at,
        *_attempt_columns(verification.attempts),
    )


def _attempt_columns(attempts: Sequence[Attempt]) -> tuple[list[Any], ...]:
    rows = [
        (tried.verdict, tried.reason, tried.llr, *quality_columns(tried.quality))
        for tried in attempts
    ]
    return tuple([row[column] for row in rows] for column in range(7))


def verification_from(row: Row, attempts: Sequence[Row]) -> Verification:
    """Build a closed verification from its row and those of its attempts."""
    return Verification(
        opening=opening_from(row),
        claim=_claim_from(row),
        profile=ProfileId(row["profile"]) if row["profile"] else None,
        verdict=Verdict(row["verdict"]),
        reason=Reason(row["reason"]),
        llr=_llr(row["llr"]),
        confidence=row["confidence"],
        attempts=tuple(_attempt_from(tried) for tried in attempts),
        model=ModelId(row["model"]) if row["model"] else None,
        ended_at=row["ended_at"],
    )


def _claim_from(row: Row) -> Claim | None:
    if row["claim_account"] is None:
        return None
    return Claim(
        TenantId(row["tenant"]),
        AccountId(row["claim_account"]),
        ClaimSource(row["claim_source"]),
    )


def _attempt_from(row: Row) -> Attempt:
    return Attempt(
        Verdict(row["verdict"]), Reason(row["reason"]), _llr(row["llr"]), quality_from(row)
    )


def _llr(value: float | None) -> Llr | None:
    return None if value is None else Llr(value)


def enrollment_columns(enrollment: Enrollment, profile: ProfileId | None) -> tuple[Any, ...]:
    """Return $1 to $12 of `add-enrollment`."""
    return (
        enrollment.id,
        storable(enrollment.call),
        storable(enrollment.tenant),
        storable(enrollment.worker),
        None if enrollment.account is None else storable(enrollment.account),
        profile,
        storable(enrollment.locale),
        enrollment.passphrase,
        enrollment.result,
        enrollment.reason,
        enrollment.started_at,
        enrollment.ended_at,
    )
