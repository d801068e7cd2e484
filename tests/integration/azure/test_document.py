"""The OpenAPI document of the Azure-compatible API: no fault of ours, no answer unannounced."""

from __future__ import annotations

import asyncio

from ivr.api.azure import FACE
from tests.integration.azure.conftest import Program
from tests.unit.api.test_contract import _explore as explore


async def test_no_request_meets_a_fault_or_an_undocumented_answer(program: Program) -> None:
    """Good requests and bad ones, to every operation of the served document."""
    document = f"{program.endpoint}{FACE.prefix}/openapi.json"
    await asyncio.to_thread(explore, document, program.key)
