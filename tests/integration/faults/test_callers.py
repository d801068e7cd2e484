"""Difficult callers, all at once on one system: each ends in the one verdict that is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from engine.types import Pcm
from ivr.lab.softphone import CallOverError, PhoneCall
from ivr.lab.speech.level import active_dbfs, at_level
from tests.integration.faults.people import silence
from tests.integration.faults.records import Row
from tests.integration.faults.stage import MATCH, NOTHING_SAID, Ground, Stage, open_stage
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

QUIET_DBFS = -45.0
CLIPPED_DB = 30.0
"""So far over full scale is who shouts into the microphone."""
SHORT_OF_BREATH = {"COUNTERSIGN_LISTENING_LONGEST_S": "6.5"}
"""Twice the phrase: wherever the listening begins, the phrase is in it once from end to end."""
NO_HURRY = {"COUNTERSIGN_VERIFY_KEY_WAIT_S": "5"}
"""All call at once: on a busy machine a key may be told of late, and would be the next number's."""

Part = Callable[[Stage, PhoneCall], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one caller."""

    row: Row
    route: str


async def _silent(stage: Stage, call: PhoneCall) -> None:
    """Say nothing."""


async def _endless(stage: Stage, call: PhoneCall) -> None:
    await patiently(call.heard_tone())
    await call.speak(np.concatenate([stage.people.phrase for _ in range(8)]))


async def _quiet(stage: Stage, call: PhoneCall) -> None:
    await _each_time(call, lambda: at_dbfs(stage.people.phrase, QUIET_DBFS))


async def _clipping(stage: Stage, call: PhoneCall) -> None:
    await _each_time(call, lambda: amplified(stage.people.phrase, CLIPPED_DB))


async def _other(stage: Stage, call: PhoneCall) -> None:
    await _each_time(call, lambda: next(stage.people.others))


async def _hurried(stage: Stage, call: PhoneCall) -> None:
    """Cut the prompt of half a minute short by a key, and speak."""
    await stage.prompted(call)
    await call.press("5")
    await call.speak(np.concatenate([silence(0.5), stage.people.phrase]))


async def _fumbling(stage: Stage, call: PhoneCall) -> None:
    """Press keys before speaking and after it."""
    await patiently(call.heard_tone())
    await call.press("0*")
    await call.speak(stage.people.phrase)
    await call.press("#")


async def _keying(stage: Stage, call: PhoneCall) -> None:
    """Key 64 digits where at most 32 are an account."""
    await stage.prompted(call)
    await call.press("1001" * 16 + "#")


CALLERS: Mapping[str, tuple[str, Part]] = {
    "silent": ("verify-silent", _silent),
    "endless": ("verify-endless", _endless),
    "quiet": ("verify-quiet", _quiet),
    "clipping": ("verify-clipping", _clipping),
    "other": ("verify-other", _other),
    "hurried": ("slow-verify-hurried", _hurried),
    "fumbling": ("verify-fumbling", _fumbling),
    "keying": ("verify-keyed", _keying),
}


def at_dbfs(pcm: Pcm, dbfs: float) -> Pcm:
    """Return the recording with its speech at a level."""
    samples = at_level((pcm / 32_768).astype(np.float32), dbfs)
    assert active_dbfs(samples) == pytest.approx(dbfs, abs=0.1)
    return (samples * 32_768).astype(np.int16)


def amplified(pcm: Pcm, decibels: float) -> Pcm:
    """Return the recording louder, cut off at full scale."""
    loud: Pcm = np.clip(pcm * 10 ** (decibels / 20), -32_768, 32_767).astype(np.int16)
    return loud


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, Outcome]]:
    """All of them call; afterwards nothing is left, and the next call is taken."""
    folder = tmp_path_factory.mktemp("callers")
    async with open_stage(ground, folder, module_dsn, settings=SHORT_OF_BREATH | NO_HURRY) as stage:
        for account in CALLERS:
            await stage.records.enroll(account, stage.people.recordings)
        await stage.records.begin()
        found = await asyncio.gather(*(_call(stage, *each) for each in CALLERS.values()))
        rows = {row.account: row for row in await stage.records.verdicts(len(CALLERS))}
        yield {
            name: Outcome(rows[None if name == "keying" else name], route)
            for name, route in zip(CALLERS, found, strict=True)
        }
        await stage.check_after()
        await stage.check_end()


async def _call(stage: Stage, extension: str, part: Part) -> str:
    """Call, play a part, and return where the dialplan sent the caller."""
    call = await stage.dial(extension)
    playing = asyncio.create_task(part(stage, call))
    route = await stage.route(call)
    playing.cancel()
    await asyncio.wait({playing})
    if not playing.cancelled() and not isinstance(playing.exception(), CallOverError):
        playing.result()
    return route


async def _each_time(call: PhoneCall, take: Callable[[], Pcm]) -> None:
    """Say the same words after every tone, each time anew: the same sound would be a recording."""
    while True:
        await call.heard_tone()
        await call.speak(take())


async def test_caller_who_never_speaks(outcomes: Mapping[str, Outcome]) -> None:
    """Asked as often as allowed, then sent on."""
    outcome = outcomes["silent"]
    assert (outcome.row.ending, outcome.row.attempts) == (NOTHING_SAID, 2)
    assert outcome.route == "pin"


async def test_caller_who_speaks_without_stopping(outcomes: Mapping[str, Outcome]) -> None:
    """What came until the limit is judged; nobody waits for a pause that does not come."""
    outcome = outcomes["endless"]
    assert (outcome.row.ending, outcome.row.attempts) == (MATCH, 1)
    assert outcome.route == "agent-confirmed"


async def test_caller_at_45_db_below_full_scale(outcomes: Mapping[str, Outcome]) -> None:
    """Quiet, but still within what can be compared."""
    outcome = outcomes["quiet"]
    assert (outcome.row.ending, outcome.row.attempts) == (MATCH, 1)


async def test_caller_who_clips(outcomes: Mapping[str, Outcome]) -> None:
    """Distorted speech is not compared, neither for nor against the caller."""
    outcome = outcomes["clipping"]
    assert (outcome.row.ending, outcome.row.attempts) == (("INCONCLUSIVE", "TOO_NOISY"), 2)
    assert outcome.route == "pin"


async def test_another_voice(outcomes: Mapping[str, Outcome]) -> None:
    """The measure of all the others: somebody else is refused on the same stage."""
    outcome = outcomes["other"]
    assert outcome.row.ending == ("REJECT", "NO_MATCH")
    assert outcome.route == "agent-warning"


async def test_key_during_a_prompt(outcomes: Mapping[str, Outcome]) -> None:
    """It stops the prompt of half a minute, and the caller is heard from there on."""
    outcome = outcomes["hurried"]
    assert (outcome.row.ending, outcome.row.attempts) == (MATCH, 1)


async def test_keys_around_the_speech(outcomes: Mapping[str, Outcome]) -> None:
    """Where speech is asked for, keys mean nothing."""
    outcome = outcomes["fumbling"]
    assert (outcome.row.ending, outcome.row.attempts) == (MATCH, 1)


async def test_64_digits_are_no_account(outcomes: Mapping[str, Outcome]) -> None:
    """A number cut short would be another person's: the caller is asked once more, and no more."""
    outcome = outcomes["keying"]
    assert outcome.row.ending == ("INCONCLUSIVE", "NO_CLAIM")
    assert outcome.route == "pin"
