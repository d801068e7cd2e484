"""Calls and enrollments made up for storage tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np

from engine.types import Embedding, Fingerprint, Llr, ModelId, Quality, Reason, Verdict, Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    Recording,
)
from ivr.domain.verification import Attempt, Opening, Verification, VerificationId

TENANT = TenantId("harbour bank")
OTHER_TENANT = TenantId("quay bank")
ACCOUNT = AccountId("4711")
WORKER = "countersign-a"
LETTER_KEY = bytes(32)
MODEL = ModelId("telephone/1")
BEGAN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
QUALITY = Quality(net_speech_s=1.7, snr_db=23.4, level_dbfs=-21.5, clipped=0.001)


def opening(*, worker: str = WORKER, tenant: TenantId = TENANT) -> Opening:
    """Return a verification that begins."""
    return Opening(VerificationId(uuid4()), CallId("1700000000.42"), tenant, worker, BEGAN)


def accepted(begun: Opening) -> Verification:
    """Return its end after two attempts, accepted."""
    return Verification(
        opening=begun,
        claim=Claim(begun.tenant, ACCOUNT, ClaimSource.DIALPLAN),
        profile=None,
        verdict=Verdict.ACCEPT,
        reason=Reason.MATCH,
        llr=Llr(7.25),
        confidence=99,
        attempts=(
            Attempt(Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH, None, None),
            Attempt(Verdict.ACCEPT, Reason.MATCH, Llr(7.25), QUALITY),
        ),
        model=MODEL,
        ended_at=BEGAN + timedelta(seconds=9),
        threshold=Llr(2.7),
    )


def rejected(begun: Opening) -> Verification:
    """Return another end of the same verification, rejected."""
    return replace(
        accepted(begun), verdict=Verdict.REJECT, reason=Reason.NO_MATCH, llr=Llr(-6.0), confidence=1
    )


def hung_up(begun: Opening) -> Verification:
    """Return the end of a verification of which nothing is known."""
    return Verification(
        opening=begun,
        claim=None,
        profile=None,
        verdict=Verdict.INCONCLUSIVE,
        reason=Reason.CALLER_HUNG_UP,
        llr=None,
        confidence=0,
        attempts=(),
        model=None,
        ended_at=BEGAN + timedelta(seconds=1),
    )


def voiceprint(seed: int, dim: int = 192) -> Voiceprint:
    """Return a voiceprint of random unit vectors, float32 `[dim]`, with as many parts as `seed`.

    Seed 0 has none.
    """
    vectors = np.random.default_rng(seed).standard_normal((1 + seed, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    embedding = Embedding(vectors[0], MODEL, vectors[1:] if seed else None)
    return Voiceprint(embedding, replace(QUALITY, net_speech_s=1.0 + seed))


def assert_same_voice(kept: Embedding, given: Embedding) -> None:
    """Vector and parts came back to 1e-6."""
    assert kept.model == given.model
    assert kept.vector.dtype == np.float32
    np.testing.assert_allclose(kept.vector, given.vector, atol=1e-6)
    assert (kept.parts is None) is (given.parts is None)
    if kept.parts is not None and given.parts is not None:
        assert kept.parts.dtype == np.float32
        np.testing.assert_allclose(kept.parts, given.parts, atol=1e-6)


def recording(seed: int) -> Recording:
    """Return a recording of noise, with its voiceprint."""
    noise = np.random.default_rng(seed).integers(-3000, 3000, 8_000).astype(np.int16)
    return Recording(voiceprint(seed), noise, Fingerprint(bytes([seed]) * 64), b"frames %d" % seed)


def enrolled(account: AccountId = ACCOUNT, tenant: TenantId = TENANT) -> Enrollment:
    """Return an enrollment that succeeded, with three voiceprints."""
    return Enrollment(
        id=EnrollmentId(uuid4()),
        call=CallId("1700000000.7"),
        tenant=tenant,
        worker=WORKER,
        account=account,
        locale="en-US",
        passphrase="my-voice-is-my-passport",
        result=EnrollmentResult.ENROLLED,
        reason=EnrollmentReason.COMPLETE,
        consent=Consent("en-US/1", ConsentGiven.KEY_PRESS, BEGAN),
        recordings=tuple(recording(seed) for seed in range(3)),
        started_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=40),
    )


def declined(account: AccountId | None = ACCOUNT) -> Enrollment:
    """Return an enrollment that ended without consent."""
    return replace(
        enrolled(),
        account=account,
        result=EnrollmentResult.DECLINED,
        reason=EnrollmentReason.NO_CONSENT,
        consent=None,
        recordings=(),
    )
