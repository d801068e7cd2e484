"""Errors as Azure wrote them, whatever went wrong."""

from __future__ import annotations

import json

import pytest

from ivr.api.azure import FACE
from ivr.api.azure.refusals import LimitReachedError, too_many
from ivr.api.azure.rendering import CODE_HEADER, CODES, render_error
from ivr.api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    RefusedAudioError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequestError("no"), 400, "InvalidRequest"),
        (UnauthorizedError(), 401, "Unauthorized"),
        (ForbiddenError("no"), 403, "Forbidden"),
        (too_many(), 403, "InvalidOperation"),
        (NotFoundError("no"), 404, "NotFound"),
        (ConflictError("no"), 409, "Conflict"),
        (TooLargeError("no"), 413, "RequestEntityTooLarge"),
        (RefusedAudioError("no"), 415, "UnsupportedMediaType"),
        (TooManyRequestsError(7), 429, "RateLimit"),
        (InternalError(), 500, "InternalServerError"),
        (UnavailableError(), 503, "ServiceUnavailable"),
    ],
)
def test_an_error_has_a_code_and_words(error: ApiError, status: int, code: str) -> None:
    """One object with one member, and the code once more in a header."""
    response = render_error(error, "an id")
    assert (response.status, response.headers[CODE_HEADER]) == (status, code)
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"error": {"code": code, "message": error.message}}


def test_who_asks_too_fast_is_told_when_to_ask_again() -> None:
    """Azure's programs look at Retry-After."""
    assert render_error(TooManyRequestsError(7), "an id").headers["Retry-After"] == "7"


def test_every_refusal_of_an_operation_has_a_code() -> None:
    """None falls back to the code of another status."""
    every = {refusal for each in FACE.operations for refusal in each.every_refusal}
    assert {each.status for each in every} <= set(CODES)
    assert LimitReachedError.status in CODES


def test_the_paths_are_those_of_the_contract() -> None:
    """Method and path of each of Azure's 24 operations, below /speaker-recognition."""
    one, several = "/{profileId}", ("", ":reset", "/enrollments")
    places = {
        "/verification/text-dependent": "verify",
        "/verification/text-independent": "verify",
        "/identification/text-independent": None,
    }
    expected = {("POST", "/identification/text-independent/profiles:identifySingleSpeaker")}
    for place, verb in places.items():
        profiles = f"{place}/profiles"
        expected |= {("POST", profiles), ("GET", profiles), ("GET", f"{place}/phrases/{{locale}}")}
        expected |= {("GET", profiles + one), ("DELETE", profiles + one)}
        expected |= {("POST", profiles + one + more) for more in several if more}
        if verb:
            expected.add(("POST", f"{profiles}{one}:{verb}"))
    assert FACE.prefix == "/speaker-recognition"
    assert {(each.method, each.path) for each in FACE.operations} == expected
    assert len(FACE.operations) == len(expected)
