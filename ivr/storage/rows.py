"""Rows to values of the domain and back: with `enrollment_rows` all that knows the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.types import (
    Finding,
    Fingerprint,
    Llr,
    ModelId,
    PhraseId,
    PhraseOutcome,
    Quality,
    Reason,
    Verdict,
    Voiceprint,
)
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.lockout import LockoutRules, locked_until
from ivr.domain.profile import Mode, Profile, ProfileId, ProfileState
from ivr.domain.verification import (
    Attempt,
    Opening,
    Verification,
    VerificationId,
    VerificationMode,
)
from ivr.storage.database import Row
from ivr.storage.keys import PersonKey, TurnedVoice
from ivr.storage.text import storable


def measures(quality: Quality) -> tuple[float, float, float, float]:
    """Return net speech, SNR, level and clipping."""
    return (quality.net_speech_s, quality.snr_db, quality.level_dbfs, quality.clipped)


def quality_columns(quality: Quality | None) -> tuple[float | None, ...]:
    """Return net speech, SNR, level and clipping, or four times None."""
    return (None, None, None, None) if quality is None else measures(quality)


def quality_from(row: Row) -> Quality | None:
    """Return the quality of an attempt or a voiceprint, None where it has none."""
    if row["net_speech_s"] is None:
        return None
    return Quality(row["net_speech_s"], row["snr_db"], row["level_dbfs"], row["clipped"])


def profile_from(row: Row, key: PersonKey | None, rules: LockoutRules) -> Profile:
    """Build a profile from a row of `find-profile` or `profiles-of-group`.

    `SealBrokenError` for what the person's key did not seal. Without a key nothing is kept of the
    voice. A group's profiles come without frames, fingerprints and parts: nobody is compared by
    them.
    """
    return Profile(
        id=ProfileId(row["id"]),
        tenant=TenantId(row["tenant"]),
        account=AccountId(row["account"]),
        state=ProfileState(row["state"]),
        locale=row["locale"],
        passphrase=row["passphrase"],
        consented=row["consented"],
        voiceprints=voiceprints_from(row, key, phrase_of(row)) if key else (),
        mode=Mode(row["mode"]),
        fingerprints=_fingerprints_from(row),
        frames=_frames_from(row, key) if key else (),
        locked_until=lockout_from(row, rules),
    )


def lockout_from(row: Row, rules: LockoutRules) -> datetime | None:
    """Return until when a row's `rejects` and `last_reject_at` lock, or None."""
    if not row["rejects"]:
        return None
    return locked_until(row["rejects"], row["last_reject_at"], rules)


def phrase_of(row: Row) -> PhraseId | None:
    """Return the passphrase that all recordings of a profile's row say; None for free speech."""
    spoken = Mode(row["mode"]) is Mode.TEXT_DEPENDENT and row["passphrase"]
    return PhraseId(row["passphrase"]) if spoken else None


def voiceprints_from(
    row: Row, key: PersonKey, phrase: PhraseId | None = None
) -> tuple[Voiceprint, ...]:
    """Build the voiceprints of a profile's or suspect's row, who says `phrase` in all of them.

    `SealBrokenError` for what the key did not seal.
    """
    if row["models"] is None:
        return ()
    voices = map(TurnedVoice, row["models"], row["embeddings"], row["parts"])
    every = zip(row["voiceprint_recordings"], voices, row["qualities"], row["seals"], strict=True)
    parts = _alone(row)
    return tuple(
        checked_voiceprint(key, recording, voice, Quality(*quality), seal, phrase, parts=parts)
        for recording, voice, quality, seal in every
    )


def checked_voiceprint(
    key: PersonKey,
    recording: UUID,
    voice: TurnedVoice,
    quality: Quality,
    seal: bytes,
    phrase: PhraseId | None,
    *,
    parts: bool = True,
) -> Voiceprint:
    """Build the voiceprint of a recording of `phrase`, with or without its parts.

    `SealBrokenError` for what the key did not seal.
    """
    key.check(recording, voice, measures(quality), seal)
    embedding = key.turn_back(voice if parts else voice._replace(parts=None))
    return Voiceprint(replace(embedding, phrase=phrase), quality)


def voiceprint_columns(voiceprint: Voiceprint, recording: UUID, key: PersonKey) -> tuple[Any, ...]:
    """Return model, turned vector, seal, quality and turned parts as a profile's row has them."""
    quality = measures(voiceprint.quality)
    voice = key.turn(voiceprint.embedding)
    seal = key.stamp(recording, voice, quality)
    return (voice.model, voice.vector, seal, *quality, voice.parts)


def suspect_columns(voiceprint: Voiceprint, suspect: UUID, key: PersonKey) -> tuple[Any, ...]:
    """Return model, turned vector, seal and quality as a suspect's row has them: without parts."""
    whole = replace(voiceprint.embedding, parts=None)
    return voiceprint_columns(replace(voiceprint, embedding=whole), suspect, key)[:-1]


def _alone(row: Row) -> bool:
    """Whether it is a profile's that was looked for by itself, with all it is compared by."""
    return "heard" in row.keys()  # noqa: SIM118 - a Record's `in` looks at the values


def _fingerprints_from(row: Row) -> tuple[Fingerprint, ...]:
    if not _alone(row):
        return ()
    found = (*(row["fingerprints"] or ()), *row["heard"])
    return tuple(Fingerprint(each) for each in found)


def _frames_from(row: Row, key: PersonKey) -> tuple[bytes, ...]:
    if not _alone(row) or row["frames"] is None:
        return ()
    every = zip(row["recordings"], row["frames"], strict=True)
    return tuple(key.open_frames(recording, sealed) for recording, sealed in every)


def consent_from(row: Row) -> Consent:
    """Build a consent from a row of `consent-of-account` or `consents-of-profile`."""
    return Consent(row["text_version"], ConsentGiven(row["given"]), row["given_at"])


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
        mode=VerificationMode(row.get("mode", VerificationMode.ASKED)),
    )


def closing_columns(
    verification: Verification, caller: bytes | None, stamp: bytes
) -> tuple[Any, ...]:
    """Return $1 to $33 of `close-verification`; `caller` is the keyed hash of the number."""
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
        storable(verification.explanation),
        *_attempt_columns(verification.attempts),
        list(verification.fingerprints),
        caller,
        verification.opening.mode,
        verification.threshold,
        list(verification.findings),
        verification.missed,
        verification.ordered,
        stamp,
    )


def _attempt_columns(attempts: Sequence[Attempt]) -> tuple[list[Any], ...]:
    rows = [
        (
            tried.verdict,
            tried.reason,
            tried.llr,
            *quality_columns(tried.quality),
            tried.phrase,
            tried.replay,
            tried.replay_shift_s,
        )
        for tried in attempts
    ]
    return tuple([row[column] for row in rows] for column in range(10))


def verification_from(row: Row, attempts: Sequence[Row]) -> Verification:
    """Build a closed verification from its row and those of its attempts.

    The fingerprints are not among them: they are the profile's.
    """
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
        explanation=row["explanation"],
        findings=tuple(Finding(each) for each in row["findings"]),
        threshold=_llr(row["threshold"]),
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
        Verdict(row["verdict"]),
        Reason(row["reason"]),
        _llr(row["llr"]),
        quality_from(row),
        PhraseOutcome(row["phrase"]),
        row["replay"],
        row["replay_shift_s"],
    )


def _llr(value: float | None) -> Llr | None:
    return None if value is None else Llr(value)
