"""From a verdict, or a search, to what the contract can say of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.identification import Candidate, Identification
from engine.types import Llr, Quality, Reason, Verdict
from ivr.api.azure.recognising import check_ready, identification_of, recognition_of
from ivr.api.azure.refusals import check_open, undecided
from ivr.api.azure.rendering import code_of
from ivr.api.azure.shapes import NOBODY, RecognitionResult
from ivr.api.errors import ApiError, ConflictError, InvalidRequestError
from ivr.domain.profile import ProfileState
from ivr.offline import Found
from tests.unit.azure.profiles import profile
from tests.unit.storage.records import accepted, opening

THRESHOLD = Llr(2.0)
SPOKEN = Quality(5.0, 30.0, -20.0, 0.0)
ENDED = replace(accepted(opening()), threshold=THRESHOLD)
EVERYBODY = {each.account: each for each in (profile(number=number) for number in range(1, 8))}
RANKED = tuple(Candidate(name, Llr(4.0 - place)) for place, name in enumerate(EVERYBODY))


def test_an_accept_is_an_accept() -> None:
    """And has half or more."""
    told = recognition_of(replace(ENDED, llr=Llr(2.0)))
    assert told is not None
    assert (told.recognition_result, told.score) == (RecognitionResult.ACCEPT, 0.5)


def test_another_voice_is_rejected_with_its_score() -> None:
    """Below half, however much it leans to the claim."""
    ended = replace(ENDED, verdict=Verdict.REJECT, reason=Reason.NO_MATCH, llr=Llr(1.99))
    told = recognition_of(ended)
    assert told is not None
    assert told.recognition_result is RecognitionResult.REJECT
    assert 0.4 < told.score < 0.5


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.REJECT, Reason.SPOOF_SUSPECTED),
        (Verdict.REJECT, Reason.WATCHLISTED),
        (Verdict.INCONCLUSIVE, Reason.WRONG_PHRASE),
    ],
)
def test_what_is_refused_for_another_reason_has_no_score(verdict: Verdict, reason: Reason) -> None:
    """The voice may match as it likes: a program that looks at the score must not accept it."""
    told = recognition_of(replace(ENDED, verdict=verdict, reason=reason, llr=Llr(9.0)))
    assert told is not None
    assert (told.recognition_result, told.score) == (RecognitionResult.REJECT, 0.0)


@pytest.mark.parametrize("reason", list(Reason))
def test_nothing_but_a_match_is_accepted(reason: Reason) -> None:
    """Every other reason is a Reject, or an error with a status of its own."""
    if reason is Reason.MATCH:
        return
    told = recognition_of(replace(ENDED, verdict=Verdict.INCONCLUSIVE, reason=reason))
    if told is not None:
        assert told.recognition_result is RecognitionResult.REJECT
        return
    refused = undecided(reason)
    assert refused.status in (400, 403, 500)
    assert code_of(type(refused)) in ("InvalidRequest", "Forbidden", "InternalServerError")


def test_the_likeliest_above_the_threshold_is_found() -> None:
    """With the five likeliest behind it, and scores that fall."""
    told = identification_of(Found(Identification(RANKED, THRESHOLD), None, SPOKEN), EVERYBODY)
    assert told is not None
    assert told.identified_profile == told.profiles_ranking[0]
    assert told.identified_profile.profile_id == EVERYBODY[RANKED[0].name].id
    scores = [each.score for each in told.profiles_ranking]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert [each >= 0.5 for each in scores] == [True, True, True, False, False]


def test_nobody_above_the_threshold_is_nobody() -> None:
    """The zero id, without a score; who was likeliest can still be seen."""
    searched = Identification(RANKED, Llr(5.0))
    told = identification_of(Found(searched, None, SPOKEN), EVERYBODY)
    assert told is not None
    assert (told.identified_profile.profile_id, told.identified_profile.score) == (NOBODY, 0.0)
    assert len(told.profiles_ranking) == 5


def test_a_recording_that_was_heard_before_is_nobody() -> None:
    """It says nothing of who would have matched."""
    told = identification_of(Found(None, Reason.SPOOF_SUSPECTED, SPOKEN), EVERYBODY)
    assert told is not None
    assert (told.identified_profile.profile_id, told.profiles_ranking) == (NOBODY, [])


@pytest.mark.parametrize(
    ("state", "recordings", "current", "error"),
    [
        (ProfileState.ENROLLING, 2, 2, InvalidRequestError),
        (ProfileState.ENROLLED, 3, 1, ConflictError),
    ],
)
def test_who_is_not_ready_is_not_compared_with(
    state: ProfileState, recordings: int, current: int, error: type[ApiError]
) -> None:
    """Not enrolled, or in training."""
    with pytest.raises(error):
        check_ready(profile(state, recordings=recordings, current=current))
    check_ready(profile(ProfileState.ENROLLED, recordings=3))


def test_an_opt_out_and_an_expiry_stop_an_enrollment() -> None:
    """The one for good, the other until a reset."""
    for state, status in ((ProfileState.OPTED_OUT, 403), (ProfileState.EXPIRED, 400)):
        with pytest.raises(ApiError) as raised:
            check_open(profile(state))
        assert raised.value.status == status
    check_open(profile())
