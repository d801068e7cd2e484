"""What the contract refuses, in the words that its programs know, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.enrollment import Objection
from engine.errors import ModelError
from engine.types import Reason, Shortcoming
from ivr.api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
)
from ivr.domain.azure import AzureProfile
from ivr.domain.profile import ProfileState


class LimitReachedError(ForbiddenError):
    """The profile has as much as it may have."""


def no_profile() -> NotFoundError:
    """Nobody, somebody else's, or of another kind: always the same words."""
    return NotFoundError("Requested profile doesn't exist.")


def changed_meanwhile() -> ConflictError:
    """Two requests met in one profile."""
    return ConflictError("Sending concurrent requests on same profile is not allowed.")


def in_training() -> ConflictError:
    """The voiceprints are of another voice model than the one in use."""
    return ConflictError(
        "The profile's voice print is being made anew for another voice model: try again later, or "
        "reset the profile and enroll anew."
    )


def not_enrolled() -> InvalidRequestError:
    """There is no voice to compare with."""
    return InvalidRequestError("Profile is not enrolled.")


def unreachable(error: ModelError) -> ConflictError:
    """The voice model cannot be as sure as a search among so many needs."""
    return ConflictError(f"So many candidates cannot be told apart at the rate set: {error}.")


def too_many() -> LimitReachedError:
    """No room for another recording."""
    return LimitReachedError(
        "The profile has as many recordings, or as much speech, as it may have: at most 50 "
        "enrollments, and 300 seconds."
    )


def audio_length(at_least_s: float, at_most_s: float) -> InvalidRequestError:
    """The recording is too short or too long."""
    return InvalidRequestError(
        f"Invalid audio length. Allowed are {at_least_s:g} to {at_most_s:g} seconds."
    )


def no_wording() -> ForbiddenError:
    """The operator has not said by which wording people agree."""
    return ForbiddenError(
        "Nobody may be enrolled here yet: the operator has to name, in api.azure_consent, the "
        "wording by which people agree to be recognised by voice."
    )


def too_little_speech(at_least_s: float) -> InvalidRequestError:
    """Free speech, and not enough of it."""
    return InvalidRequestError(
        f"Audio is too short: {at_least_s:g} seconds of speech, silence left out, are needed. "
        "ignoreMinLength=true lifts this down to what can be compared at all."
    )


SHORTCOMINGS: Final[Mapping[Shortcoming, str]] = {
    Shortcoming.TOO_SHORT: "Audio is too short: there is not enough speech in it.",
    Shortcoming.TOO_NOISY: "Audio is too noisy.",
    Shortcoming.TOO_QUIET: "Audio is too quiet.",
    Shortcoming.TOO_LOUD: "Audio is too loud: it is clipped.",
    Shortcoming.TONES: "Audio has tones of a telephone in it.",
    Shortcoming.MUSIC: "Audio has music in it.",
    Shortcoming.TWO_TALKERS: "Audio has more than one speaker in it.",
}

_OBJECTIONS: Final[Mapping[Objection, str]] = {
    Objection.WRONG_PHRASE: "Invalid passphrase.",
    Objection.CUT_OFF: "Invalid passphrase. The recording begins or ends in the middle of speech.",
    Objection.DUPLICATE: "This recording was sent before: each enrollment is spoken anew.",
    Objection.INCONSISTENT: "This recording does not sound like the person's others.",
    Objection.POOR: SHORTCOMINGS[Shortcoming.TOO_NOISY],
}


def unusable(shortcoming: Shortcoming) -> InvalidRequestError:
    """The audio is not fit for use."""
    return InvalidRequestError(SHORTCOMINGS[shortcoming])


def objection(why: Objection) -> ApiError:
    """The recording cannot be kept."""
    return too_many() if why is Objection.FULL else InvalidRequestError(_OBJECTIONS[why])


def undecided(reason: Reason, shortcoming: Shortcoming | None = None) -> ApiError:
    """A verification came to no verdict about the voice."""
    match reason:
        case Reason.NOT_ENOUGH_SPEECH | Reason.TOO_NOISY:
            return unusable(shortcoming or Shortcoming.TOO_SHORT)
        case Reason.NOT_ENROLLED:
            return not_enrolled()
        case Reason.EXPIRED:
            return InvalidRequestError(
                "Profile is not enrolled: its voice print can no longer be used. Reset it and "
                "enroll anew."
            )
        case Reason.LOCKED_OUT:
            return ForbiddenError(
                "The profile is locked after too many rejected attempts: wait, or have an "
                "administrator unlock it."
            )
        case Reason.NO_CONSENT | Reason.OPTED_OUT:
            return ForbiddenError("The person does not want to be recognised by voice.")
        case _:
            return InternalError()


def check_open(profile: AzureProfile) -> None:
    """Raise `ApiError` where nobody may be enrolled in the profile."""
    if profile.stand.state is ProfileState.OPTED_OUT:
        raise undecided(Reason.OPTED_OUT)
    if profile.stand.state is ProfileState.EXPIRED:
        raise undecided(Reason.EXPIRED)
