"""Verify, challenge and identify: a recording against a person or a group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from engine.errors import ModelError
from engine.types import PhraseOutcome, Reason, Verdict
from ivr.api.errors import ConflictError, InvalidRequestError
from ivr.api.operations import Operation, Uploads, Visit
from ivr.api.own import places
from ivr.api.own.profiles import account_of
from ivr.api.own.values import AccountName, ListName
from ivr.api.scopes import Scope
from ivr.domain.verification import Attempt, Verification
from ivr.offline import Found, identify, verify

CHALLENGE: Final = "challenge"
CHALLENGE_LASTS: Final = timedelta(minutes=5)


class AttemptAnswer(msgspec.Struct, frozen=True):
    """What a recording showed."""

    verdict: Verdict
    reason: Reason
    llr: float | None
    phrase: PhraseOutcome
    replay: float | None
    """How like an earlier recording it was, in [0, 1]; None where nothing was compared."""
    replay_shift_s: float | None
    """How much later it began than the recording that it repeats; None where it repeats none."""
    replay_how: str | None
    """Both in words, of a repeat alone."""
    net_speech_s: float | None
    snr_db: float | None


class VerificationAnswer(msgspec.Struct, frozen=True):
    """A verdict, as it was written."""

    id: UUID
    verdict: Verdict
    reason: Reason
    llr: float | None
    threshold: float | None
    """The llr that was needed; None where nothing was compared."""
    confidence: int
    explanation: str
    attempts: tuple[AttemptAnswer, ...]


class ChallengeAnswer(msgspec.Struct, frozen=True):
    """Digits to be spoken, in their order, and what to send with the recording of them."""

    digits: str
    challenge: str
    expires_at: datetime


class CandidateAnswer(msgspec.Struct, frozen=True):
    """A member of the group, and how much likelier the speech is if it was that person's."""

    account: str
    llr: float


class IdentificationAnswer(msgspec.Struct, frozen=True):
    """Who it is, if anyone of the group."""

    found: str | None
    """None: none of them, or there was no search."""
    reason: Reason | None
    """Why there was no search."""
    threshold: float | None
    ranked: tuple[CandidateAnswer, ...]


class VerifyQuery(msgspec.Struct, frozen=True):
    """What was asked for, if it was a challenge."""

    challenge: Annotated[str, Meta(max_length=1024)] = ""


class _Asked(msgspec.Struct, frozen=True):
    account: str
    digits: str
    until: float


async def verify_profile(visit: Visit) -> VerificationAnswer:
    """Verify a person against one recording; the verdict is recorded."""
    account = await account_of(visit)
    challenge = visit.query(VerifyQuery).challenge
    digits = _digits(visit, account, challenge) if challenge else ""
    recording = await visit.recording()
    office = await visit.files()
    return verdict_of(await verify(visit.tenant, account, recording, office, digits))


async def challenge_profile(visit: Visit) -> ChallengeAnswer:
    """Draw digits for a person to speak."""
    account, files = await account_of(visit), visit.office.files
    until = files.clock.now() + CHALLENGE_LASTS
    digits = files.voice.challenge(files.verify.digits)
    asked = _Asked(account, digits, until.timestamp())
    return ChallengeAnswer(digits, places.write(visit, CHALLENGE, asked), until)


async def identify_in_group(visit: Visit) -> IdentificationAnswer:
    """Look for the voice of one recording among a group; nothing is recorded."""
    group = visit.part("group", ListName)
    recording = await visit.recording()
    office = await visit.files()
    try:
        return _identified(await identify(visit.tenant, group, recording, office))
    except ModelError as error:
        raise ConflictError(f"the group cannot be searched at its rate: {error}") from error


def verdict_of(verification: Verification) -> VerificationAnswer:
    """Return what is told of a verdict."""
    return VerificationAnswer(
        verification.opening.id,
        verification.verdict,
        verification.reason,
        verification.llr,
        verification.threshold,
        verification.confidence,
        verification.explanation,
        tuple(_attempt(each) for each in verification.attempts),
    )


def _attempt(attempt: Attempt) -> AttemptAnswer:
    quality = attempt.quality
    return AttemptAnswer(
        attempt.verdict,
        attempt.reason,
        attempt.llr,
        attempt.phrase,
        attempt.replay,
        attempt.replay_shift_s,
        attempt.replay_how,
        None if quality is None else quality.net_speech_s,
        None if quality is None else quality.snr_db,
    )


def _digits(visit: Visit, account: str, challenge: str) -> str:
    """Return what the person was asked to speak; a challenge is one person's, and not for long."""
    asked = places.read(visit, CHALLENGE, challenge, _Asked)
    now = visit.office.files.clock.now()
    if asked.account != account or datetime.fromtimestamp(asked.until, UTC) < now:
        raise InvalidRequestError(
            "the challenge is another account's, or too old; ask for a new one"
        )
    return asked.digits


def _identified(found: Found) -> IdentificationAnswer:
    if found.identification is None:
        return IdentificationAnswer(None, found.reason, None, ())
    search = found.identification
    return IdentificationAnswer(
        None if search.found is None else search.found.name,
        None,
        search.threshold,
        tuple(CandidateAnswer(each.name, each.llr) for each in search.ranked),
    )


_ACCOUNT = {"account": AccountName}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="verify_profile",
        method="POST",
        path="/profiles/{account}/verify",
        scope=Scope.VERIFY,
        perform=verify_profile,
        summary="Verify a person against one recording; the verdict is recorded, the audio is not",
        uploads=Uploads.ONE,
        query=VerifyQuery,
        gives=VerificationAnswer,
        parts=_ACCOUNT,
    ),
    Operation(
        name="challenge_profile",
        method="POST",
        path="/profiles/{account}/challenges",
        scope=Scope.VERIFY,
        perform=challenge_profile,
        summary="Draw random digits for a person to speak",
        status=201,
        gives=ChallengeAnswer,
        parts=_ACCOUNT,
    ),
    Operation(
        name="identify",
        method="POST",
        path="/groups/{group}/identify",
        scope=Scope.IDENTIFY,
        perform=identify_in_group,
        summary="Look for the voice of one recording among a group; nothing is recorded",
        uploads=Uploads.ONE,
        gives=IdentificationAnswer,
        parts={"group": ListName},
        refusals=(ConflictError,),
        changes=False,
    ),
)
