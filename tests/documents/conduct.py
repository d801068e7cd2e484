"""How one command of a document is put to the test."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import TypeVar

from tests.documents import people
from tests.documents.elsewhere import row_of
from tests.documents.expected import SHOWS, STATUS, TRIES
from tests.documents.machine import Machine
from tests.documents.scenes import (
    ANSWERS,
    BEFORE,
    IN_THE_TREE,
    LEARNT,
    PAGES,
    SETTINGS,
    VARIABLES,
    a_person,
    configure,
)
from tests.documents.terminal import Heard, Outcome
from tests.documents.typed import Command, commands, pages

Found = TypeVar("Found")

OURS, REASON = "countersign", "WHY"
ENDLESS = f"{OURS} jobs work"
"""It goes on until it is told to stop."""


async def settled(machine: Machine, page: str) -> None:
    """Bring about what a page takes for granted; a service that runs with its settings runs on."""
    here = machine.place.tree if page in IN_THE_TREE else machine.folder
    await machine.sure(f"cd {here}")
    if page in SETTINGS:
        machine.certify()
        configure(machine, SETTINGS[page])
    if page in PAGES:
        await PAGES[page](machine)
    if machine.service is None or machine.served != machine.settings:
        await machine.serve()


async def faults(machine: Machine, page: str) -> list[str]:
    """Put every command of a page to the test, and return what is wrong with each that fails."""
    found = []
    for command in commands(pages()[page]):
        try:
            await conduct(machine, command)
        except AssertionError as fault:
            found.append(f"{command.where}: {command.text}: {fault}")
    return found


async def conduct(machine: Machine, command: Command) -> None:
    """Type a command, or check what is left of it; an assertion tells where it stands.

    One of ours that was typed in the same words and ended as it should is not typed once more.
    """
    if (row := row_of(command.text)) is not None:
        await row.check(machine, command.text)
    elif (same := alike(command.text)) not in machine.shown:
        await _carry_out(machine, command)
        machine.shown |= {same} - {""}


def alike(text: str) -> str:
    """Return what two commands of ours have in common that show the same; "" for another's.

    The reasons that they give may differ, and what is a comment.
    """
    if not text.startswith(f"{OURS} "):
        return ""
    said = shlex.split(text, comments=True)
    return shlex.join(REASON if before == "--why" else word for before, word in pairwise(said))


async def _carry_out(machine: Machine, command: Command) -> None:
    if "ACCOUNT" in command.text:
        await a_person(machine)
    if (scene := _of(BEFORE, command.text)) is not None:
        await scene(machine)
    done = await _typed(machine, command.text)
    allowed = _of(STATUS, command.text) or (0,)
    for _ in range(1, _of(TRIES, command.text) or 1):
        if done.status not in allowed:
            done = await _typed(machine, command.text)
    told = f"status {done.status}\n{done.output}"
    assert done.status in allowed, told
    shown = _of(SHOWS, command.text)
    assert shown is None or re.search(shown, done.output, re.MULTILINE), told
    for name, pattern in _of(LEARNT, command.text) or ():
        found = re.search(pattern, done.output, re.MULTILINE)
        assert found is not None, told
        await machine.sure(f"{name}='{found[1]}'")


async def _typed(machine: Machine, text: str) -> Outcome:
    for capital, variable in VARIABLES.items():
        text = re.sub(rf"{re.escape(capital)}\b", variable, text)
    if text.startswith(ENDLESS):
        return await _until_ready(machine, text)
    answers = _of(ANSWERS, text) or ""
    return await machine.type(text, answers=answers, heard=_listener(machine, text))


async def _until_ready(machine: Machine, text: str) -> Outcome:
    """Let it run until it says that it works, and tell it to stop, as systemd would."""
    stopped = f"{text} & read enter; kill -TERM $!; wait $!"
    return await machine.type(stopped, heard=lambda line: '"jobs_ready"' in line)


def _listener(machine: Machine, text: str) -> Heard | None:
    """Whoever is asked for digits records them into the file."""
    if not text.startswith("countersign challenge"):
        return None
    return partial(people.record_digits, machine.folder / text.split()[-1])


def _of(table: Mapping[str, Found], command: str) -> Found | None:
    """Return what a table has for a command, by how it begins."""
    return next((value for begins, value in table.items() if command.startswith(begins)), None)
