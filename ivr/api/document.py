"""The OpenAPI 3.1 document of a face, made from the same operations that the router serves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec

from ivr.api.bodies import PARTS_MAX
from ivr.api.errors import ApiError
from ivr.api.once import HEADER, HEADER_MAX_CHARACTERS
from ivr.api.operations import WHY_MAX_CHARACTERS, Operation, Uploads
from ivr.api.rendering import PROBLEM_TYPE, Problem

OPENAPI: Final = "3.1.0"
_REFERENCE: Final = "#/components/schemas/{name}"
_AUDIO_TYPES: Final = (
    "audio/wav",
    "audio/flac",
    "audio/ogg",
    "audio/basic",
    "audio/pcma",
    "application/octet-stream",
)
_BINARY: Final = {"type": "string", "format": "binary"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Style:
    """What a face's document says beside its operations."""

    title: str = "Countersign"
    summary: str = "Enroll, verify and identify people by voice, on your own machines."
    error: type[msgspec.Struct] = Problem
    """The struct that errors are written as."""
    error_type: str = PROBLEM_TYPE
    security: Json = field(default_factory=lambda: {"type": "http", "scheme": "bearer"})
    """The security scheme by which the API key is sent."""
    code: Callable[[type[ApiError]], str] = field(default=lambda refusal: refusal.code)
    """What the face calls an error."""


def document(prefix: str, operations: Iterable[Operation], style: Style) -> Json:
    """Return the document, plain values."""
    every = tuple(operations)
    structs = [style.error, *(each.gives for each in every), *(each.takes for each in every)]
    named = list(dict.fromkeys(each for each in structs if each is not None))
    _, schemas = msgspec.json.schema_components(named, ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for operation in every:
        path = paths.setdefault(prefix + _plain(operation.path), {})
        path[operation.method.lower()] = _operation(operation, style)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": style.title,
            "summary": style.summary,
            "version": version("countersign"),
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": style.security}},
        "security": [{"key": []}],
    }


def _plain(path: str) -> str:
    """Return the path without the expressions that the router matches its parts by."""
    return re.sub(r"{(\w+):[^}]*}", r"{\1}", path)


def _operation(operation: Operation, style: Style) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "parameters": [*_parts(operation), *_query(operation), *_of_writes(operation)],
        "responses": {str(operation.status): _success(operation), **_refusals(operation, style)},
    }
    if (body := _body(operation)) is not None:
        described["requestBody"] = body
    return described


def _parts(operation: Operation) -> Iterable[Json]:
    for name, kind in operation.parts.items():
        schema = msgspec.json.schema(kind)
        yield {"name": name, "in": "path", "required": True, "schema": _inlined(schema)}


def _query(operation: Operation) -> Iterable[Json]:
    if operation.query is None:
        return
    schema = _inlined(msgspec.json.schema(operation.query))
    for name, described in schema["properties"].items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": described}


def _of_writes(operation: Operation) -> Iterable[Json]:
    if not operation.writes:
        return
    yield {
        "name": "why",
        "in": "query",
        "description": "The reason, for the audit trail: never a person's name or number.",
        "schema": {"type": "string", "maxLength": WHY_MAX_CHARACTERS},
    }
    yield {
        "name": HEADER,
        "in": "header",
        "description": "Sent again with the same request, that is not done twice; for a day.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": HEADER_MAX_CHARACTERS,
            "pattern": r"^[\x21-\x7e]+$",
        },
    }


def _inlined(schema: Json) -> Json:
    """Return a schema of `msgspec` without references, as a parameter's must be."""
    definitions = schema.get("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            reference = value.get("$ref")
            if reference is not None:
                return resolved(definitions[reference.rpartition("/")[2]])
            return {key: resolved(each) for key, each in value.items() if key != "$defs"}
        return [resolved(each) for each in value] if isinstance(value, list) else value

    whole: Json = resolved(schema)
    return whole


def _body(operation: Operation) -> Json | None:
    if operation.takes is not None:
        reference = _REFERENCE.format(name=operation.takes.__name__)
        return {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}
    if operation.uploads is Uploads.NONE:
        return None
    several = operation.uploads is Uploads.SEVERAL
    most = PARTS_MAX if several else 1
    files = {"type": "array", "items": _BINARY, "minItems": 1, "maxItems": most}
    form = {"type": "object", "properties": {"recording": files}, "required": ["recording"]}
    content: Json = {kind: {"schema": _BINARY} for kind in _AUDIO_TYPES}
    content["multipart/form-data"] = {"schema": form}
    return {"required": True, "content": content}


def _success(operation: Operation) -> Json:
    said = HTTPStatus(operation.status).phrase
    if operation.gives is None:
        return {"description": said}
    reference = _REFERENCE.format(name=operation.gives.__name__)
    return {
        "description": said,
        "content": {"application/json": {"schema": {"$ref": reference}}},
    }


def _refusals(operation: Operation, style: Style) -> Json:
    """One answer for each status; several errors may share one."""
    by_status: dict[int, list[type[ApiError]]] = {}
    for refusal in operation.every_refusal:
        by_status.setdefault(refusal.status, []).append(refusal)
    reference = _REFERENCE.format(name=style.error.__name__)
    return {
        str(status): {
            "description": " ".join(_said(each, style) for each in dict.fromkeys(each_of)),
            "content": {style.error_type: {"schema": {"$ref": reference}}},
        }
        for status, each_of in sorted(by_status.items())
    }


def _said(refusal: type[ApiError], style: Style) -> str:
    return f"`{style.code(refusal)}`: {(refusal.__doc__ or '').partition(chr(10))[0]}"
