"""Where nobody speaks the line is listened to: whoever is on hold is told what is heard of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from engine import SpeakerEngine
from engine.evaluation.unwanted import STEADY_HZ, music, on_the_line, tone
from engine.types import TELEPHONE_RATE_HZ, Embedding, Pcm, Quality, Voiceprint
from ivr.domain.call import AccountId, Purpose, TenantId
from ivr.domain.prompt import Prompt
from ivr.flows.conduct import conduct
from ivr.flows.rules import EnrollRules
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.fakes.call import FakeCall, Listens, Presses, Says, Step, facts
from tests.unit.flows.conftest import Desk, profile

LONG_S = 40.0
ENGINE = SpeakerEngine.load()

HEARD = pytest.mark.parametrize(
    ("kind", "hint", "explanation"),
    [
        ("music", Prompt.MUSIC, "Voice not judged; music on the line."),
        ("tones", Prompt.TONES, "Voice not judged; tones on the line."),
    ],
)


def line(kind: str) -> Pcm:
    """Return what is on the line, int16 `[n]` at 8 kHz."""
    random = np.random.default_rng(5)
    if kind == "music":
        return on_the_line(music(LONG_S, random), random)
    if kind == "tones":
        return on_the_line(tone(STEADY_HZ["US busy"], LONG_S, -20.0), random)
    return np.zeros(round(LONG_S * TELEPHONE_RATE_HZ), np.int16)


@pytest.fixture
async def voice() -> AsyncIterator[EngineVoice]:
    """The real ears: what is no speech to them is none."""
    made = EngineVoice(ENGINE, Words([]), 1)
    yield made
    await made.close()


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A worker whose store knows somebody of whom the real voice model has a voiceprint."""
    dim = ENGINE.embedder.card.dim
    vector = np.full(dim, dim**-0.5, np.float32)
    print_ = Voiceprint(Embedding(vector, ENGINE.model), Quality(6.0, 30.0, -20.0, 0.0))
    desk.store.put(replace(profile(), voiceprints=(print_,)))
    desk.store.groups[TenantId("tenant"), "staff"] = {AccountId("1001")}
    return desk


async def called(desk: Desk, voice: EngineVoice, purpose: Purpose, *script: Step) -> FakeCall:
    """Conduct a call with the real ears."""
    account = None if purpose is Purpose.IDENTIFY else "1001"
    call = FakeCall(*script, facts=facts(purpose, account=account, group="staff"))
    await conduct(call, replace(desk.services, voice=voice))
    return call


@HEARD
@pytest.mark.parametrize("purpose", [Purpose.VERIFY, Purpose.CHALLENGE, Purpose.IDENTIFY])
async def test_a_line_on_hold_is_told_so_and_the_record_says_it(
    known: Desk, voice: EngineVoice, purpose: Purpose, kind: str, hint: Prompt, explanation: str
) -> None:
    """Not that nothing was heard: whoever reads the record would not know why."""
    call = await called(known, voice, purpose, Says(line(kind)))
    assert [played[0] for played in call.played[1:]] == [hint, hint]
    (written,) = known.store.closed.values()
    assert (written.verdict, written.reason) == ("INCONCLUSIVE", "TOO_NOISY")
    assert [each.reason for each in written.attempts] == ["TOO_NOISY"] * 3
    assert written.explanation == explanation
    assert written.llr is None


async def test_a_silent_line_is_told_that_nothing_was_heard(
    known: Desk, voice: EngineVoice
) -> None:
    """There is nothing else to say of it."""
    call = await called(known, voice, Purpose.VERIFY, Says(line("silence")))
    assert call.played[1][0] is Prompt.NOTHING_HEARD
    (written,) = known.store.closed.values()
    assert (written.verdict, written.reason) == ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
    assert written.explanation == "Voice not judged."


@HEARD
async def test_who_enrolls_over_a_line_on_hold_is_told_so(
    desk: Desk, voice: EngineVoice, kind: str, hint: Prompt, explanation: str
) -> None:
    """And the enrollment fails for that reason."""
    desk.enroll_rules = EnrollRules(tries_max=2)
    call = await called(desk, voice, Purpose.ENROLL, Listens(), Presses("1"), Says(line(kind)))
    assert call.played[2][0] is hint
    assert call.released is not None
    assert call.released["COUNTERSIGN_REASON"] == "TOO_NOISY"
