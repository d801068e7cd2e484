"""Fixtures of the fault tests: one stage a module, and after each test the look for leftovers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Generator
from uuid import uuid4

import pytest
import pytest_asyncio

from ivr.lab.apt import AptError
from ivr.lab.asterisk import AsteriskProgram
from tests.integration.faults.people import people, write_prompts
from tests.integration.faults.stage import UNHURRIED, Ground, Stage, open_stage
from tests.postgres import execute, with_database


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the application logged meanwhile: what is rare fails once."""
    report = yield
    stage = item.funcargs.get("stage") if isinstance(item, pytest.Function) else None
    if report.failed and isinstance(stage, Stage):
        lines = stage.system.application.lines[stage.begun :]
        report.sections.append(("countersign's log", "\n".join(map(json.dumps, lines))))
    return report


@pytest.fixture(scope="session")
def ground(asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Asterisk's program, callers and prompts; skips where no voices can be had."""
    try:
        callers = people()
    except AptError as lack:
        pytest.skip(f"no voices: {lack}")
    prompts = write_prompts(tmp_path_factory.mktemp("prompts"))
    return Ground(asterisk_program, callers, prompts)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_dsn(server_dsn: str, template_database: str) -> AsyncIterator[str]:
    """The DSN of a fresh, migrated database of the module's own."""
    name = f"countersign_{uuid4().hex[:12]}"
    await execute(server_dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    yield with_database(server_dsn, name)
    await execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The system that a module's tests share; a module that needs another one has its own."""
    folder = tmp_path_factory.mktemp("faults")
    async with open_stage(ground, folder, module_dsn, settings=UNHURRIED) as stage:
        yield stage
        await stage.check_end()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(house: Stage) -> AsyncIterator[Stage]:
    """The stage for one test, which must leave nothing behind."""
    await house.records.begin()
    house.begun = house.log_length
    yield house
    await house.check_after()
