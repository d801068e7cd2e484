"""Real calls by what is said: a recording once more, another phrase, digits that are others."""

from __future__ import annotations

import pytest

from ivr.lab.softphone import PhoneCall
from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.stage import MATCH, OTHER_WORDS, REPLAYED, Stage
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


async def test_the_same_recording_is_known_again(stage: Stage) -> None:
    """Accepted when it is said, rejected when it is played; the agent is told."""
    said = stage.people.phrase
    first = await stage.asked()
    await first.speak(said)
    assert await stage.route(first) == "agent-confirmed"
    assert (await stage.records.verdict()).ending == MATCH
    await stage.records.begin()
    again = await stage.asked()
    await again.speak(said)
    assert await stage.route(again) == "agent-warning"
    assert (await stage.records.verdict()).ending == REPLAYED


async def test_a_challenge_wants_its_own_digits(stage: Stage) -> None:
    """The right voice with other words is asked once more, and then it is not decided."""
    call = await stage.asked(f"challenge-{ACCOUNT}")
    await _twice(stage, call)
    assert await stage.route(call) == "pin"
    assert (await stage.records.verdict()).ending == OTHER_WORDS


async def test_a_group_of_nobody_is_not_searched(stage: Stage) -> None:
    """The dialplan is told at once."""
    call = await stage.dial("identify-nobody")
    assert await stage.route(call) == "pin"
    row = await stage.records.verdict()
    assert (row.ending, row.account) == (("INCONCLUSIVE", "NOT_ENROLLED"), None)


async def _twice(stage: Stage, call: PhoneCall) -> None:
    await call.speak(stage.people.phrase)
    await patiently(call.heard_tone())
    await call.speak(stage.people.phrase)
