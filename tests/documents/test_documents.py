"""All commands of the documents are typed, in their order, or stand in the table of `elsewhere`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.lab.apt import AptError
from ivr.lab.asterisk import AsteriskProgram
from ivr.lab.speech import synthetic
from tests.documents.calling import called
from tests.documents.conduct import faults, settled
from tests.documents.elsewhere import row_of
from tests.documents.machine import Machine, machine
from tests.documents.typed import commands, pages
from tests.integration.conftest import asterisk_program

__all__ = ["asterisk_program"]

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.long,
]

FIRST = "install.md"
"""What all other pages rest on."""
OTHERS = [name for name, page in pages().items() if name != FIRST and commands(page)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare(asterisk_program: AsteriskProgram, postgres_folder: Path) -> AsyncIterator[Machine]:
    """A machine with PostgreSQL and Asterisk; skips where no voices can be had."""
    try:
        synthetic("rms").say("Hello.", 0)
    except AptError as lack:
        pytest.skip(f"no voices: {lack}")
    async with machine(postgres_folder / "machine", asterisk_program) as built:
        yield built


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(bare: Machine) -> Machine:
    """The machine after docs/install.md."""
    bare.faults = await faults(bare, FIRST)
    return bare


async def test_install(installed: Machine) -> None:
    """Every command of the page ended as it should, and a telephone call does what it is for."""
    assert not installed.faults, "\n".join(installed.faults)
    await installed.serve()
    assert await called(installed) == ("enrolled", "agent-confirmed")


@pytest.mark.parametrize("page", OTHERS)
async def test_page(installed: Machine, page: str) -> None:
    """Every command of the page ends as it should."""
    await settled(installed, page)
    found = await faults(installed, page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["frobnicate --now", "countersign no-such-command"])
async def test_an_unknown_command_fails(installed: Machine, text: str) -> None:
    """What stands in no table is typed, and what cannot be typed fails."""
    assert row_of(text) is None
    done = await installed.type(text)
    assert done.status != 0
    assert re.search("not found|invalid choice", done.output)
