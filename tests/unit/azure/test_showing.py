"""Profiles on the wire: names, states and counts as the contract has them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.enrollment import PHRASE_RULES, SpeechMinimums
from ivr.api.azure.shapes import EnrollmentStatus, TextDependentProfiles
from ivr.api.azure.showing import (
    status_of,
    text_dependent,
    text_dependent_enrollment,
    text_independent,
    text_independent_enrollment,
)
from ivr.domain.azure import AzureProfile
from ivr.domain.profile import ProfileState
from tests.unit.azure.profiles import profile

FREE_RULES = SpeechMinimums().rules
ENROLLED = ProfileState.ENROLLED


def wire(shape: msgspec.Struct) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(shape))
    return shown


def test_a_new_profile_of_a_passphrase() -> None:
    """Every name is Azure's."""
    assert wire(text_dependent(profile(), PHRASE_RULES)) == {
        "profileId": "00000000-0000-0000-0000-000000000007",
        "locale": "en-US",
        "enrollmentStatus": "Enrolling",
        "createdDateTime": "2026-01-02T03:04:05Z",
        "lastUpdatedDateTime": "2026-01-02T03:04:05Z",
        "enrollmentsCount": 0,
        "enrollmentsLengthInSec": 0.0,
        "enrollmentsSpeechLengthInSec": 0.0,
        "remainingEnrollmentsCount": 3,
        "modelVersion": None,
    }


def test_a_profile_of_free_speech_that_wants_more() -> None:
    """It counts seconds of speech, where the other counts recordings."""
    shown = wire(text_independent(profile(recordings=1, speech_s=1.354), FREE_RULES))
    assert shown["profileStatus"] == "Active"
    assert shown["enrollmentsLengthInSec"] == 2.03
    assert shown["enrollmentsSpeechLengthInSec"] == 1.35
    assert shown["remainingEnrollmentsSpeechLengthInSec"] == 18.65
    assert shown["modelVersion"] == "2026-02-03"
    assert "remainingEnrollmentsCount" not in shown


def test_what_a_recording_has_come_to() -> None:
    """Counts of the profile, and the length of this very recording."""
    done = profile(ENROLLED, recordings=3, speech_s=8.64)
    shown = wire(text_dependent_enrollment(done, PHRASE_RULES, "say this", 3.5, 2.88))
    assert (shown["enrollmentStatus"], shown["remainingEnrollmentsCount"]) == ("Enrolled", 0)
    assert (shown["passPhrase"], shown["audioLengthInSec"]) == ("say this", 3.5)
    assert shown["audioSpeechLengthInSec"] == 2.88
    free = wire(text_independent_enrollment(done, FREE_RULES, 3.5, 2.88))
    assert free["remainingEnrollmentsSpeechLengthInSec"] == 0.0
    assert "passPhrase" not in free


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (profile(), EnrollmentStatus.ENROLLING),
        (profile(recordings=2), EnrollmentStatus.ENROLLING),
        (profile(ENROLLED, recordings=3), EnrollmentStatus.ENROLLED),
        (profile(ENROLLED, recordings=3, current=2), EnrollmentStatus.TRAINING),
        (profile(ENROLLED, recordings=3, current=0), EnrollmentStatus.TRAINING),
        (profile(ENROLLED), EnrollmentStatus.ENROLLING),
        (profile(ProfileState.EXPIRED, recordings=3), EnrollmentStatus.ENROLLING),
        (profile(ProfileState.OPTED_OUT), EnrollmentStatus.ENROLLING),
    ],
)
def test_the_state_says_whether_a_voice_can_be_compared(
    one: AzureProfile, status: EnrollmentStatus
) -> None:
    """Enrolled alone does; Training has a voice, of another model."""
    assert status_of(one) is status
    assert one.ready == (status is EnrollmentStatus.ENROLLED)


def test_more_is_asked_for_while_the_recordings_do_not_agree() -> None:
    """A program that waits for nothing to be missing must not wait for ever with 0 before it."""
    torn = profile(recordings=4, speech_s=30.0)
    assert text_dependent(torn, PHRASE_RULES).remaining_enrollments_count == 1
    assert text_independent(torn, FREE_RULES).remaining_enrollments_speech_length_in_sec > 0


def test_who_may_not_be_used_is_inactive() -> None:
    """After an opt-out, or too long unused."""
    for state in (ProfileState.OPTED_OUT, ProfileState.EXPIRED):
        assert text_independent(profile(state), FREE_RULES).profile_status == "Inactive"


def test_the_last_page_has_no_link() -> None:
    """The field is absent, not null: programs follow what is there."""
    assert wire(TextDependentProfiles(value=[])) == {"value": []}
    linked = wire(TextDependentProfiles(value=[], next_link="https://here"))
    assert linked == {"value": [], "nextLink": "https://here"}
