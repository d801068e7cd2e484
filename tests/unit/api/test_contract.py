"""What the documents promise: nothing that schemathesis thinks of finds a fault of ours."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ivr.api.faces import FACES
from ivr.api.own import FACE as OWN
from tests.unit.api.conftest import Client

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
"""Of each kind, for each operation: enough to reach every parameter, and over in seconds."""


async def test_no_request_meets_a_fault_or_an_undocumented_answer(client: Client) -> None:
    """Good requests and bad ones, to every operation of the served document.

    Azure's contract is explored in tests/integration/azure.
    """
    await asyncio.to_thread(_explore, f"{client.base}{OWN.prefix}/openapi.json", client.token)


async def test_no_operation_answers_without_a_key(client: Client) -> None:
    """Each of every face: 401, whatever else is wrong with the request."""
    async with aiohttp.ClientSession() as session:
        for face in FACES:
            for operation in face.operations:
                path = face.prefix + re.sub("{[^}]*}", "x", operation.path)
                async with session.request(operation.method, client.base + path) as answer:
                    assert answer.status == 401, operation.name


async def test_the_page_needs_no_other_server(client: Client) -> None:
    """Its policy allows its own files alone, and they are there."""
    async with client.session.get(f"{client.base}/v1/try") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-" not in policy
    for file in re.findall(r'(?:src|href)="([^"]*)"', page):
        async with client.session.get(f"{client.base}/v1/{file}") as answer:
            assert answer.status == 200, file


def _explore(document_url: str, token: str) -> None:
    schema = schemathesis.openapi.from_url(document_url)
    headers = {"Authorization": f"Bearer {token}", "Ocp-Apim-Subscription-Key": token}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(found.ok(), mode, headers)


def _try(
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    headers: dict[str, str],
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    attempt()
