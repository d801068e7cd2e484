"""Profiles as the contract shows them: counts, and what is still missing."""

from __future__ import annotations

from engine.enrollment import EnrollmentRules
from ivr.api.azure.shapes import (
    EnrollmentStatus,
    ProfileStatus,
    TextDependentEnrollment,
    TextDependentProfile,
    TextIndependentEnrollment,
    TextIndependentProfile,
)
from ivr.domain.azure import AzureProfile
from ivr.domain.profile import ProfileState

_DIGITS = 2
_UNSETTLED_S = 1.0
"""Asked for where there is enough speech, and not all of it is of one voice."""


def status_of(profile: AzureProfile) -> EnrollmentStatus:
    """Return whether a voice can be compared with the profile."""
    if profile.ready:
        return EnrollmentStatus.ENROLLED
    if profile.stand.state is ProfileState.ENROLLED and profile.recordings:
        return EnrollmentStatus.TRAINING
    return EnrollmentStatus.ENROLLING


def text_dependent(profile: AzureProfile, rules: EnrollmentRules) -> TextDependentProfile:
    """Show a profile of a passphrase."""
    return TextDependentProfile(
        profile_id=profile.id,
        locale=profile.locale,
        enrollment_status=status_of(profile),
        created_date_time=profile.created_at,
        last_updated_date_time=profile.updated_at,
        enrollments_count=profile.recordings,
        enrollments_length_in_sec=_rounded(profile.audio_s),
        enrollments_speech_length_in_sec=_rounded(profile.speech_s),
        remaining_enrollments_count=remaining_count(profile, rules),
        model_version=_model_version(profile),
    )


def text_independent(profile: AzureProfile, rules: EnrollmentRules) -> TextIndependentProfile:
    """Show a profile of free speech."""
    closed = profile.stand.state in (ProfileState.EXPIRED, ProfileState.OPTED_OUT)
    return TextIndependentProfile(
        profile_id=profile.id,
        locale=profile.locale,
        profile_status=ProfileStatus.INACTIVE if closed else ProfileStatus.ACTIVE,
        enrollment_status=status_of(profile),
        created_date_time=profile.created_at,
        last_updated_date_time=profile.updated_at,
        enrollments_count=profile.recordings,
        enrollments_length_in_sec=_rounded(profile.audio_s),
        enrollments_speech_length_in_sec=_rounded(profile.speech_s),
        remaining_enrollments_speech_length_in_sec=remaining_s(profile, rules),
        model_version=_model_version(profile),
    )


def text_dependent_enrollment(
    profile: AzureProfile, rules: EnrollmentRules, words: str, audio_s: float, speech_s: float
) -> TextDependentEnrollment:
    """Show what a recording of a passphrase, already counted in the profile, has come to."""
    return TextDependentEnrollment(
        profile_id=profile.id,
        enrollment_status=status_of(profile),
        enrollments_count=profile.recordings,
        enrollments_length_in_sec=_rounded(profile.audio_s),
        enrollments_speech_length_in_sec=_rounded(profile.speech_s),
        remaining_enrollments_count=remaining_count(profile, rules),
        pass_phrase=words,
        audio_length_in_sec=_rounded(audio_s),
        audio_speech_length_in_sec=_rounded(speech_s),
    )


def text_independent_enrollment(
    profile: AzureProfile, rules: EnrollmentRules, audio_s: float, speech_s: float
) -> TextIndependentEnrollment:
    """Show what a recording of free speech, already counted in the profile, has come to."""
    return TextIndependentEnrollment(
        profile_id=profile.id,
        enrollment_status=status_of(profile),
        enrollments_count=profile.recordings,
        enrollments_length_in_sec=_rounded(profile.audio_s),
        enrollments_speech_length_in_sec=_rounded(profile.speech_s),
        remaining_enrollments_speech_length_in_sec=remaining_s(profile, rules),
        audio_length_in_sec=_rounded(audio_s),
        audio_speech_length_in_sec=_rounded(speech_s),
    )


def remaining_count(profile: AzureProfile, rules: EnrollmentRules) -> int:
    """Return how many recordings are missing; at least one while not all agree."""
    if profile.stand.state is ProfileState.ENROLLED:
        return 0
    return max(1, rules.recordings - profile.recordings)


def remaining_s(profile: AzureProfile, rules: EnrollmentRules) -> float:
    """Return how much net speech is missing; some while not all agree."""
    if profile.stand.state is ProfileState.ENROLLED:
        return 0.0
    missing_s = rules.speech_s - profile.speech_s
    return _rounded(missing_s if missing_s > 0 else _UNSETTLED_S)


def _model_version(profile: AzureProfile) -> str | None:
    return None if profile.voiced_at is None else profile.voiced_at.date().isoformat()


def _rounded(seconds: float) -> float:
    return round(seconds, _DIGITS)
