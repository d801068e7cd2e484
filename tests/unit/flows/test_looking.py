"""The watchlist in a call: one look, at the end, whoever ends it."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.types import Reason, Verdict
from ivr.domain.call import Purpose, TenantId
from ivr.domain.profile import ProfileState
from ivr.domain.watchlist import Suspect
from ivr.flows.rules import PassiveRules
from tests.fakes.call import FakeCall, HangsUp, IsTold, Listens, Says, Step, Waits, facts
from tests.fakes.voice import voiceprint_of
from tests.unit.flows.conftest import Desk, profile
from tests.unit.flows.people import ALICE, DIN, MALLORY, NEARLY_ALICE, OTHER_WORDS, speech
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


ENDINGS = pytest.mark.parametrize(
    ("ending", "unlisted"),
    [
        ([HangsUp()], Reason.CALLER_HUNG_UP),
        ([IsTold()], Reason.NOT_ENOUGH_SPEECH),
        ([], Reason.NOT_ENOUGH_SPEECH),
    ],
    ids=["hangs up", "told to stop", "time is up"],
)
"""How a conversation ends before the voice is clear, and what it comes to by itself."""


def unclear(pieces: int, *ending: Step) -> FakeCall:
    """A caller rather like Alice says so many pieces of 1.5 s to an agent."""
    talk = [step for _ in range(pieces) for step in (Says(speech(NEARLY_ALICE)), Waits(2.0))]
    return FakeCall(*talk, *ending, facts=facts(Purpose.PASSIVE))


@pytest.fixture
def watching(alice_enrolled: Desk) -> Desk:
    """A worker that looks for whoever is rather like Alice, and does not listen for long."""
    alice_enrolled.passive_rules = PassiveRules(margin=4.0, longest_s=60.0)
    look_for(alice_enrolled, NEARLY_ALICE)
    return alice_enrolled


@ENDINGS
async def test_an_overheard_voice_is_looked_for_however_the_conversation_ends(
    watching: Desk, ending: list[Step], unlisted: Reason
) -> None:
    """What was heard until then is enough to compare, though not to decide on the claim."""
    await watching.conducted(unclear(3, *ending))
    written = record(watching)
    assert (written.verdict, written.reason) == (Verdict.REJECT, Reason.WATCHLISTED)
    assert len(written.attempts) == 1
    assert watching.watched[-1].watchlisted
    watching.store.closed.clear()
    watching.store.suspects.clear()
    await watching.conducted(unclear(3, *ending))
    assert record(watching).reason is unlisted


@ENDINGS
async def test_too_little_to_compare_is_not_looked_for(
    watching: Desk, ending: list[Step], unlisted: Reason
) -> None:
    """Two pieces are less than 4 s of speech."""
    await watching.conducted(unclear(2, *ending))
    assert record(watching).reason is unlisted
    assert not any(news.watchlisted for news in watching.watched)


@ENDINGS
async def test_of_who_opts_out_while_the_two_talk_no_voice_is_looked_for(
    watching: Desk, ending: list[Step], unlisted: Reason
) -> None:
    """The profile is looked at once more before anything is said about the voice."""
    call = unclear(3, *ending)
    call.meanwhile = lambda: watching.store.put(profile(ProfileState.OPTED_OUT))
    await watching.conducted(call)
    assert record(watching).reason is unlisted
