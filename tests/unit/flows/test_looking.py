"""The watchlist in a call: one look, at the end."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.types import Reason, Verdict
from ivr.domain.call import TenantId
from ivr.domain.watchlist import Suspect
from tests.fakes.call import HangsUp, Listens, Step
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk
from tests.unit.flows.people import ALICE, DIN, MALLORY, NEARLY_ALICE, OTHER_WORDS
from tests.unit.flows.test_verify import record, told, turn

RATHER_LIKE_NEARLY_ALICE = 2_700


def look_for(desk: Desk, who: int) -> None:
    """Put somebody on the tenant's watchlist."""
    suspect = Suspect(UUID(int=9), (voiceprint_of(who),))
    desk.store.suspects[TenantId("tenant")] = (suspect,)


@pytest.mark.parametrize(
    ("who", "script", "attempts"),
    [
        (ALICE, turn(ALICE), 1),
        (MALLORY, turn(MALLORY), 1),
        (NEARLY_ALICE, [step for _ in range(3) for step in turn(NEARLY_ALICE)], 3),
        (MALLORY, [*turn(DIN), *turn(MALLORY)], 2),
        (ALICE, [step for _ in range(3) for step in turn(ALICE, said=OTHER_WORDS)], 3),
    ],
    ids=["accepted", "rejected", "unsure to the end", "heard late", "other words"],
)
async def test_a_voice_of_the_watchlist_is_rejected(
    alice_enrolled: Desk, who: int, script: list[Step], attempts: int
) -> None:
    """Whoever it claims to be, whatever it says, and however its attempts were judged."""
    look_for(alice_enrolled, who)
    call = await alice_enrolled.verify(*script)
    assert told(call) == ("REJECT", "WATCHLISTED")
    assert len(record(alice_enrolled).attempts) == attempts
    assert alice_enrolled.watched[-1].watchlisted


async def test_several_attempts_are_one_look(alice_enrolled: Desk) -> None:
    """The mean decides, so that an honest caller has no three chances of a false alarm."""
    look_for(alice_enrolled, RATHER_LIKE_NEARLY_ALICE)
    call = await alice_enrolled.verify(*turn(NEARLY_ALICE), *turn(ALICE))
    assert told(call) == ("ACCEPT", "MATCH")
    assert not any(news.watchlisted for news in alice_enrolled.watched)


async def test_hanging_up_does_not_hide_from_the_watchlist(alice_enrolled: Desk) -> None:
    """What was said until then is looked for once the caller is gone."""
    look_for(alice_enrolled, NEARLY_ALICE)
    await alice_enrolled.verify(*turn(NEARLY_ALICE), Listens(), HangsUp())
    written = record(alice_enrolled)
    assert (written.verdict, written.reason) == (Verdict.REJECT, Reason.WATCHLISTED)
