"""How the contract carries the key, and how it writes errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from ivr.api.azure.refusals import LimitReachedError
from ivr.api.azure.shapes import ErrorDetail, ErrorShape
from ivr.api.document import Style
from ivr.api.errors import ApiError

KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
CODE_HEADER: Final = "x-ms-error-code"

CODES: Final[Mapping[int, str]] = {
    400: "InvalidRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "IdempotencyKeyReused",
    429: "RateLimit",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


def key_in_header(request: web.Request) -> str:
    """Return the API key, or an empty string."""
    return request.headers.get(KEY_HEADER, "").strip()


def render_error(error: ApiError, request_id: str) -> web.Response:
    """Write an error; the id of the request is in a header of every answer already."""
    code = code_of(type(error))
    detail = ErrorDetail(code=code, message=error.message)
    headers = {name: value for name, value in error.headers.items() if name != "WWW-Authenticate"}
    return web.Response(
        status=error.status,
        body=msgspec.json.encode(ErrorShape(error=detail)),
        content_type="application/json",
        headers={**headers, CODE_HEADER: code},
    )


def code_of(refusal: type[ApiError]) -> str:
    """Return the code that stands in the body and in a header."""
    if issubclass(refusal, LimitReachedError):
        return "InvalidOperation"
    return CODES.get(refusal.status, "InvalidRequest")


STYLE: Final = Style(
    title="Countersign, as Azure Speaker Recognition 2021-09-05",
    summary="Verify and identify speakers, for programs that were written for Azure.",
    error=ErrorShape,
    error_type="application/json",
    security={"type": "apiKey", "name": KEY_HEADER, "in": "header"},
    code=code_of,
)
