"""A real Asterisk for the tests: one shared, and one of its own where a test breaks it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.lab import LabError
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk, find
from tests.integration import line_stage, probing


@pytest.fixture(scope="session")
def asterisk_program() -> AsteriskProgram:
    """The Asterisk that the tests run; skips them, with the reason, where there is none.

    Not where `CI` is set: there a green run must mean that they ran.
    """
    try:
        return find()
    except LabError as lack:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Asterisk: {lack}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk(
    asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk shared by all tests: leave it running, and leave no channel in it."""
    folder = tmp_path_factory.mktemp("asterisk")
    async with PrivateAsterisk(
        folder, program=asterisk_program, extra_dialplan=probing.DIALPLAN
    ) as shared:
        yield shared


@pytest_asyncio.fixture
async def own_asterisk(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk of the test's own, to kill, stop and start."""
    async with PrivateAsterisk(
        tmp_path, program=asterisk_program, extra_dialplan=probing.DIALPLAN
    ) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line_asterisk(
    asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk with callers that need no telephone; a module may have another one."""
    async with PrivateAsterisk(
        tmp_path_factory.mktemp("line"),
        program=asterisk_program,
        extra_modules=line_stage.MODULES,
        extra_dialplan=line_stage.DIALPLAN,
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def stage(line_asterisk: PrivateAsterisk) -> AsyncIterator[line_stage.Stage]:
    """A stage that asserts at its end that nothing is left over."""
    async with line_stage.open_stage(line_asterisk) as stage:
        yield stage
