"""What a request can be refused for. Each is caller's, except the last three, which are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ApiError(Exception):
    """A request that is not answered as asked: a status, a code for programs, words for people.

    The words never quote what was sent, nor say whether somebody exists whom the program may not
    see.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})


class InvalidRequestError(ApiError):
    """The request cannot be read, or a value in it is not allowed."""

    status, code = 400, "invalid_request"


class UnauthorizedError(ApiError):
    """No key that is taken; always the same words, whatever is wrong with it."""

    status, code = 401, "unauthorized"

    def __init__(self) -> None:
        super().__init__(
            "a valid API key is needed: send one that `countersign api-keys create` printed",
            {"WWW-Authenticate": "Bearer"},
        )


class ForbiddenError(ApiError):
    """The key is good, and has not the scope."""

    status, code = 403, "forbidden"


class NotFoundError(ApiError):
    """There is no such thing, or no such path."""

    status, code = 404, "not_found"


class MethodNotAllowedError(ApiError):
    """The path is there, and knows other methods."""

    status, code = 405, "method_not_allowed"


class ConflictError(ApiError):
    """It cannot be done as things stand."""

    status, code = 409, "conflict"


class TooLargeError(ApiError):
    """The body is beyond the limit."""

    status, code = 413, "too_large"


class RefusedAudioError(ApiError):
    """The body is of no kind that is taken, or its audio is not."""

    status, code = 415, "unsupported_media"


class ReusedKeyError(ApiError):
    """An idempotency key came a second time, with another request."""

    status, code = 422, "idempotency_key_reused"


class TooManyRequestsError(ApiError):
    """The key's rate is used up for now."""

    status, code = 429, "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"too many requests with this key; send the next in {retry_after_s} s",
            {"Retry-After": str(retry_after_s)},
        )


class InternalError(ApiError):
    """A fault of ours; the log has it under the request's id."""

    status, code = 500, "internal_error"

    def __init__(self) -> None:
        super().__init__("this is a fault of ours; the log has it under the id of this request")


class BusyError(ApiError):
    """As many recordings wait to be examined as may; nothing was done."""

    status, code = 503, "busy"

    def __init__(self) -> None:
        super().__init__("too many recordings wait to be examined; try again", {"Retry-After": "5"})


class UnavailableError(ApiError):
    """The database cannot be reached; nothing was done, or it is safe to send it again."""

    status, code = 503, "unavailable"

    def __init__(self) -> None:
        super().__init__(
            "the database cannot be reached at the moment; try again", {"Retry-After": "5"}
        )
