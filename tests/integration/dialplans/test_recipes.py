"""The recipes of dialplans/, by ARI and by FastAGI: real calls, all at once on one system."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from ivr.lab.softphone import PhoneCall
from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.records import Row
from tests.integration.faults.stage import SPEECH_LEVEL, UNAVAILABLE, Stage
from tests.integration.faults.waiting import patiently, until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

RECRUIT = "1002"
PIN = "4711"
DIAL_TONE, PROMPT = 2_400, 400
"""Loud samples that tell the PIN's dial tone from a prompt, which lasts 0.1 s here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a call was sent, and what it left in the records."""

    route: str
    rows: tuple[Row, ...]
    enrollments: tuple[Row, ...]


Course = Callable[[Stage], Coroutine[Any, Any, str]]


async def _says_the_phrase(stage: Stage, extension: str, number: str = "") -> PhoneCall:
    call = await stage.asked(extension, number)
    await call.speak(stage.people.phrase)
    return call


async def _hears(call: PhoneCall, samples: int, since: int = 0) -> None:
    """Wait until so many loud samples were heard from a place in the recording on."""

    async def heard() -> bool:
        loud = np.abs(call.recording[since:].astype(np.int32)) > SPEECH_LEVEL
        return int(np.count_nonzero(loud)) >= samples

    await until(heard)


async def _keys(call: PhoneCall, pin: str) -> int:
    """Key a PIN; return the place in the recording from which on all is an answer to it.

    The first digit ends the dial tone, and nothing is heard until the last key.
    """
    await call.press(pin)
    heard = len(call.recording)
    await call.press("#")
    return heard


async def _verified(stage: Stage, extension: str, number: str = "") -> str:
    return await stage.route(await _says_the_phrase(stage, extension, number))


async def _verified_and_keyed(stage: Stage, pin: str) -> str:
    call = await _says_the_phrase(stage, "recipe-verify-pin")
    await _hears(call, DIAL_TONE, since=len(call.recording))
    await _keys(call, pin)
    return await stage.route(call)


async def _guesses(stage: Stage) -> str:
    """Key three PINs, none of which is right."""
    call = await stage.dial("recruit")
    heard = 0
    for pin in ("0000", "1111", "2222"):
        await _hears(call, DIAL_TONE, heard)
        heard = await _keys(call, pin)
    return await stage.route(call, enrolling=True)


async def _enrolls(stage: Stage) -> str:
    """Mistype the PIN once, agree, and say the phrase as often as it takes."""
    call = await stage.dial("agi-recruit")
    heard = 0
    for pin in ("4712", PIN):
        await _hears(call, DIAL_TONE, heard)
        heard = await _keys(call, pin)
    await _hears(call, PROMPT, heard)
    await call.press("1")
    await patiently(call.heard_tone())
    speaking = asyncio.create_task(_speaks_after_each_tone(stage, call))
    route = await stage.route(call, enrolling=True)
    speaking.cancel()
    await asyncio.wait({speaking})
    return route


async def _speaks_after_each_tone(stage: Stage, call: PhoneCall) -> None:
    """Say the phrase, anew each time; the first tone was heard already."""
    while True:
        await call.speak(stage.people.phrase)
        await call.heard_tone()


async def _silent(stage: Stage, extension: str) -> str:
    call = await stage.dial(extension)
    return await stage.route(call)


async def _steps_up(stage: Stage) -> str:
    call = await _says_the_phrase(stage, "recipe-verify-challenge")
    await patiently(call.heard_tone())
    return await stage.route(call)


COURSES: Mapping[str, Course] = {
    "verify by AGI": lambda stage: _verified(stage, f"agi-verify-{ACCOUNT}"),
    "queue": lambda stage: _verified(stage, "recipe-verify-queue", "5550101"),
    "queue of FreePBX": lambda stage: _verified(stage, "office", ACCOUNT),
    "pin": lambda stage: _verified_and_keyed(stage, PIN),
    "wrong pin": _guesses,
    "enroll": _enrolls,
    "step up": _steps_up,
    "tenant": lambda stage: _silent(stage, "5551002"),
    "challenge by AGI": lambda stage: _silent(stage, f"agi-challenge-{ACCOUNT}"),
    "identify by AGI": lambda stage: _silent(stage, "agi-identify-nobody"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def routes(stage: Stage) -> Mapping[str, str]:
    """Place all calls at once; return where each was sent."""
    for account in (ACCOUNT, RECRUIT):
        digest = hashlib.sha1(f"{account}:{PIN}".encode()).hexdigest()
        await stage.system.asterisk.command(f"database put countersign-pin {account}/{digest} 1")
    found = await asyncio.gather(*(course(stage) for course in COURSES.values()))
    return dict(zip(COURSES, found, strict=True))


@pytest.mark.parametrize(
    ("course", "route"),
    [
        ("verify by AGI", "agent-confirmed"),
        ("pin", "agent-confirmed"),
        ("wrong pin", "enroll-failed"),
        ("enroll", "enrolled"),
        ("step up", "pin"),
        ("tenant", "pin"),
        ("challenge by AGI", "pin"),
        ("identify by AGI", "pin"),
    ],
)
async def test_calls_go_where_the_recipe_says(
    routes: Mapping[str, str], course: str, route: str
) -> None:
    """Each outcome has one way on."""
    assert routes[course] == route


async def test_agents_see_the_verdict_before_the_name(
    stage: Stage, routes: Mapping[str, str]
) -> None:
    """By the queue and by FreePBX's."""
    told = await stage.system.asterisk.command("dialplan show globals")
    seen = dict(line.strip().split("=", 1) for line in told.splitlines() if "=" in line)
    assert routes["queue"] == routes["queue of FreePBX"] == ""
    assert seen["SEEN5550101"].startswith("ACCEPT")
    assert seen[f"SEEN{ACCOUNT}"].startswith("ACCEPT")


async def test_records_are_those_of_any_call(stage: Stage, routes: Mapping[str, str]) -> None:
    """Whatever the way in, each verification ended with its verdict, and one person enrolled."""
    rows = await stage.records.verifications()
    endings = sorted(row.ending for row in rows)
    assert len(rows) == len(routes) - 2 + 1, "one to each but enrollments, two to the step-up"
    accepted = [ending for ending in endings if ending[0] == "ACCEPT"]
    assert accepted == [("ACCEPT", "MATCH")] * 5, endings
    assert ("INCONCLUSIVE", "NOT_ENROLLED") in endings
    enrollments = await stage.records.enrollments()
    recruited = [row.ending for row in enrollments if row.account == RECRUIT]
    assert recruited == [("ENROLLED", "COMPLETE")]


async def test_agi_server_that_dies_leaves_the_fallback(
    stage: Stage, routes: Mapping[str, str]
) -> None:
    """Killed in the middle of a call, and away before the next: the dialplan goes on, alone."""
    call = await stage.asked(f"agi-verify-{ACCOUNT}")
    await stage.system.application.kill()
    assert await stage.route(call) == "pin-only"
    assert await stage.route(await stage.dial(f"agi-verify-{ACCOUNT}")) == "pin-only"
    await stage.system.application.start()

    async def ended() -> bool:
        return all(row.verdict is not None for row in await stage.records.verifications())

    await until(ended)
    assert UNAVAILABLE in [row.ending for row in await stage.records.verifications()]
