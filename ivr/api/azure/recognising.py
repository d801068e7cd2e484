"""Whose voice it is: one profile's, or one of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.audio.files import AudioFile
from engine.errors import ModelError
from engine.types import Quality, Reason, Verdict
from ivr.api.azure.enrolling import check_length
from ivr.api.azure.kinds import IDENTIFICATION, Contract
from ivr.api.azure.refusals import (
    in_training,
    not_enrolled,
    too_little_speech,
    undecided,
    unreachable,
)
from ivr.api.azure.scores import score_of
from ivr.api.azure.shapes import (
    NOBODY,
    Candidate,
    EnrollmentStatus,
    Identification,
    Recognition,
    RecognitionResult,
)
from ivr.api.azure.showing import status_of
from ivr.api.errors import ApiError
from ivr.domain.azure import AzureProfile
from ivr.domain.call import AccountId, TenantId
from ivr.domain.verification import Verification
from ivr.flows.rules import VerifyRules
from ivr.offline import Found, Office, search, verify

RANKED: Final = 5

_ABOUT_THE_VOICE: Final = (Reason.MATCH, Reason.NO_MATCH)
_REFUSED: Final = (Reason.WRONG_PHRASE, Reason.SPOOF_SUSPECTED, Reason.WATCHLISTED)
"""Not accepted, and not for want of speech: the contract knows no other word than Reject."""


def check_ready(profile: AzureProfile) -> None:
    """Raise unless a voice can be compared with the profile now."""
    match status_of(profile):
        case EnrollmentStatus.TRAINING:
            raise in_training()
        case EnrollmentStatus.ENROLLING:
            raise not_enrolled()
        case EnrollmentStatus.ENROLLED:
            return


async def verified(
    tenant: TenantId,
    profile: AzureProfile,
    contract: Contract,
    file: AudioFile,
    office: Office,
    *,
    ignore_min_length: bool,
) -> Recognition:
    """Verify a recording as any other, with record, lockout and audit, and say what came of it.

    `ApiError` where nothing came of it, and for a length that is not taken.
    """
    check_length(file.seconds, contract)
    rules = _lenient(office.verify) if ignore_min_length else office.verify
    asked = replace(office, verify=rules)
    verification = await verify(tenant, profile.account, file, asked)
    recognition = recognition_of(verification)
    if recognition is None:
        quality = verification.attempts[-1].quality if verification.attempts else None
        raise _nothing(verification.reason, quality, office, rules)
    return recognition


def recognition_of(verification: Verification) -> Recognition | None:
    """Say what a verification came to; None where there is nothing to say of the voice.

    A score counts for the voice alone: what is rejected for another reason has 0, so that no
    program takes it for a match.
    """
    if verification.reason in _REFUSED:
        return Recognition(recognition_result=RecognitionResult.REJECT, score=0.0)
    if verification.reason not in _ABOUT_THE_VOICE:
        return None
    accepted = verification.verdict is Verdict.ACCEPT
    result = RecognitionResult.ACCEPT if accepted else RecognitionResult.REJECT
    score = score_of(verification.llr, verification.threshold)
    return Recognition(recognition_result=result, score=score)


async def identified(
    tenant: TenantId,
    candidates: Sequence[AzureProfile],
    file: AudioFile,
    office: Office,
    *,
    ignore_min_length: bool,
) -> Identification:
    """Say whose voice of the candidates' a recording is; nothing is stored."""
    check_length(file.seconds, IDENTIFICATION)
    for profile in candidates:
        check_ready(profile)
    rules = _lenient(office.verify) if ignore_min_length else office.verify
    members = [await office.store.find(tenant, each.account) for each in candidates]
    known = [each for each in members if each is not None]
    try:
        found = await search(tenant, known, file, replace(office, verify=rules))
    except ModelError as error:
        raise unreachable(error) from error
    identification = identification_of(found, {each.account: each for each in candidates})
    if identification is None:
        raise _nothing(found.reason or Reason.UNAVAILABLE, found.quality, office, rules)
    return identification


def identification_of(
    found: Found, candidates: dict[AccountId, AzureProfile]
) -> Identification | None:
    """Say what a search found; None where nothing could be searched with or in.

    A recording that was heard before is nobody's voice.
    """
    if found.reason is Reason.SPOOF_SUSPECTED:
        return Identification(identified_profile=_NOBODY, profiles_ranking=[])
    if found.identification is None:
        return None
    searched = found.identification
    ranking = [
        Candidate(profile_id=candidates[each.name].id, score=score_of(each.llr, searched.threshold))
        for each in searched.ranked[:RANKED]
    ]
    best = ranking[0] if searched.found is not None else _NOBODY
    return Identification(identified_profile=best, profiles_ranking=ranking)


_NOBODY: Final = Candidate(profile_id=NOBODY, score=0.0)


def _lenient(rules: VerifyRules) -> VerifyRules:
    """The same without a least length of free speech."""
    return replace(rules, free=replace(rules.free, verify_s=0.0))


def _nothing(
    reason: Reason, quality: Quality | None, office: Office, rules: VerifyRules
) -> ApiError:
    """Return why there is nothing to say of the voice."""
    shortcoming = None if quality is None else office.voice.shortcoming(quality)
    if reason is Reason.NOT_ENOUGH_SPEECH and shortcoming is None and quality is not None:
        # Enough to compare a passphrase with, and not enough for free speech.
        return too_little_speech(rules.free.verify_s)
    return undecided(reason, shortcoming)
