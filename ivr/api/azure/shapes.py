"""What goes over the wire: each field's name in the contract is its name here in camel case."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

PROFILE_IDS_MAX: Final = 50
PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 500
NOBODY: Final = UUID(int=0)
"""Stands where no candidate was identified."""

Version = Annotated[str, msgspec.Meta(pattern="^2021-09-05$")]
LocaleName = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z]{2}-?[a-zA-Z]{2}$")]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)]
ProfileIds = Annotated[str, msgspec.Meta(min_length=1, max_length=50 * 39)]
"""Comma-delimited; a UUID has 36 characters, and some write braces around it or a space."""
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class EnrollmentStatus(StrEnum):
    """Whether a voice can be compared with the profile."""

    ENROLLING = "Enrolling"
    TRAINING = "Training"
    """The voice is there, and is being made anew for another voice model."""
    ENROLLED = "Enrolled"


class ProfileStatus(StrEnum):
    """Whether the profile may be used at all."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class RecognitionResult(StrEnum):
    """What a verification came to."""

    ACCEPT = "Accept"
    REJECT = "Reject"


class _Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all of them share."""


class VersionQuery(_Shape, frozen=True, kw_only=True):
    """The query of every operation."""

    api_version: Version = msgspec.field(name="api-version")


class AudioQuery(VersionQuery, frozen=True, kw_only=True):
    """The query of an operation that takes free speech."""

    ignore_min_length: bool = False
    """Take less net speech than is asked for otherwise."""


class IdentifyQuery(AudioQuery, frozen=True, kw_only=True):
    """The query of an identification."""

    profile_ids: ProfileIds


class ListQuery(VersionQuery, frozen=True, kw_only=True):
    """The query of a list."""

    maxpagesize: PageSize | None = None
    top: PageSize | None = msgspec.field(name="$top", default=None)
    """Its name in v2.0."""
    skip_token: UUID | None = msgspec.field(name="$skiptoken", default=None)
    """Out of a `nextLink`: programs follow that, and do not make it."""


class NewProfile(_Shape, frozen=True, kw_only=True):
    """What a profile is made of."""

    locale: LocaleName


class TextDependentProfile(_Shape, frozen=True, kw_only=True):
    """A profile whose person always says the same passphrase."""

    profile_id: UUID
    locale: LocaleName
    enrollment_status: EnrollmentStatus
    created_date_time: datetime
    last_updated_date_time: datetime
    enrollments_count: Count
    enrollments_length_in_sec: Seconds
    enrollments_speech_length_in_sec: Seconds
    remaining_enrollments_count: Count
    model_version: str | None
    """Day on which its newest voiceprint was made; null before there is one."""


class TextIndependentProfile(_Shape, frozen=True, kw_only=True):
    """A profile whose person may say anything."""

    profile_id: UUID
    locale: LocaleName
    profile_status: ProfileStatus
    enrollment_status: EnrollmentStatus
    created_date_time: datetime
    last_updated_date_time: datetime
    enrollments_count: Count
    enrollments_length_in_sec: Seconds
    enrollments_speech_length_in_sec: Seconds
    remaining_enrollments_speech_length_in_sec: Seconds
    model_version: str | None
    """Day on which its newest voiceprint was made; null before there is one."""


Profile = TextDependentProfile | TextIndependentProfile


class TextDependentEnrollment(_Shape, frozen=True, kw_only=True):
    """What became of one recording of a passphrase."""

    profile_id: UUID
    enrollment_status: EnrollmentStatus
    enrollments_count: Count
    enrollments_length_in_sec: Seconds
    enrollments_speech_length_in_sec: Seconds
    remaining_enrollments_count: Count
    pass_phrase: str
    audio_length_in_sec: Seconds
    audio_speech_length_in_sec: Seconds


class TextIndependentEnrollment(_Shape, frozen=True, kw_only=True):
    """What became of one recording of free speech."""

    profile_id: UUID
    enrollment_status: EnrollmentStatus
    enrollments_count: Count
    enrollments_length_in_sec: Seconds
    enrollments_speech_length_in_sec: Seconds
    remaining_enrollments_speech_length_in_sec: Seconds
    audio_length_in_sec: Seconds
    audio_speech_length_in_sec: Seconds


class _Page(_Shape, frozen=True, kw_only=True, omit_defaults=True):
    next_link: str | None = None
    """Where the next page is; absent on the last."""


class TextDependentProfiles(_Page, frozen=True, kw_only=True):
    """A page of profiles, by id."""

    value: list[TextDependentProfile]


class TextIndependentProfiles(_Page, frozen=True, kw_only=True):
    """A page of profiles, by id."""

    value: list[TextIndependentProfile]


class Recognition(_Shape, frozen=True, kw_only=True):
    """A verification's end; see `ivr.api.azure.scores` for the score."""

    recognition_result: RecognitionResult
    score: Score


class Candidate(_Shape, frozen=True, kw_only=True):
    """Somebody whom a voice was compared with."""

    profile_id: UUID
    score: Score


class Identification(_Shape, frozen=True, kw_only=True):
    """Whose voice it is: nobody's is the zero UUID."""

    identified_profile: Candidate
    profiles_ranking: list[Candidate]
    """The five likeliest."""


class PassPhrase(_Shape, frozen=True, kw_only=True):
    """A sentence that an enrollment may fix."""

    pass_phrase: str


class PassPhrases(_Shape, frozen=True, kw_only=True):
    """Those of a locale."""

    value: list[PassPhrase]


class ActivationPhrase(_Shape, frozen=True, kw_only=True):
    """A sentence that an enrollment by free speech may begin with."""

    activation_phrase: str


class ActivationPhrases(_Shape, frozen=True, kw_only=True):
    """Those of a locale."""

    value: list[ActivationPhrase]


class ErrorDetail(_Shape, frozen=True, kw_only=True):
    """What went wrong: a code for programs, words for people."""

    code: str
    message: str


class ErrorShape(_Shape, frozen=True, kw_only=True):
    """The body of every error."""

    error: ErrorDetail
