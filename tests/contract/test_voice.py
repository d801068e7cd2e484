"""What a flow may rely on of a search among voices, of the fake engine as of the real one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

import numpy as np
import pytest
from structlog.testing import capture_logs

from engine import SpeakerEngine
from engine.errors import OutOfReachError
from engine.identification import Identification
from engine.types import Embedding, Quality, Voiceprint
from ivr.domain.call import AccountId
from ivr.domain.profile import Profile, ProfileId
from ivr.domain.watchlist import Suspect
from ivr.ports import Voice
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.fakes.voice import FakeVoice, voiceprint_of
from tests.unit.flows.conftest import profile
from tests.unit.flows.people import ALICE

FEW, MANY = 3, 2000
"""How many a search can tell apart, and more than it can."""


@dataclass(frozen=True)
class Searching:
    """A voice engine, and somebody whom it hears."""

    voice: Voice
    said: Voiceprint

    def group(self, members: int) -> list[Profile]:
        """So many people, each in that voice."""
        whose = replace(profile(), voiceprints=(self.said,))
        accounts = (AccountId(str(number)) for number in range(members))
        return [replace(whose, id=ProfileId(uuid4()), account=account) for account in accounts]

    def identified(self, members: int) -> Identification[AccountId]:
        """Search so many people for the voice."""
        return self.voice.identify(self.said.embedding, self.said.quality, self.group(members))


def on_the_fake() -> Searching:
    """Alice, whose voice is an amplitude."""
    return Searching(FakeVoice(), voiceprint_of(ALICE))


def on_the_engine() -> Searching:
    """A voice that the model might have made."""
    engine = SpeakerEngine.load()
    dim = engine.embedder.card.dim
    vector = np.full(dim, dim**-0.5, np.float32)
    said = Voiceprint(Embedding(vector, engine.model), Quality(6.0, 30.0, -20.0, 0.0))
    return Searching(EngineVoice(engine, Words([])), said)


@pytest.fixture(params=[on_the_fake, on_the_engine])
def searching(request: pytest.FixtureRequest) -> Searching:
    """Each of the two engines."""
    made: Searching = request.param()
    return made


def test_whoever_is_of_a_group_within_reach_can_be_named(searching: Searching) -> None:
    """And the log has nothing to say."""
    with capture_logs() as logged:
        assert searching.voice.reaches(FEW)
    assert searching.identified(FEW).found is not None
    assert logged == []


def test_voices_of_two_people_are_told_apart(searching: Searching) -> None:
    """The places of those that are of one voice; of two people alone, none."""
    said, embedding = searching.said, searching.said.embedding
    other = replace(said, embedding=replace(embedding, vector=-embedding.vector))
    assert searching.voice.of_one_voice([said, other, said]) == (0, 2)
    assert searching.voice.of_one_voice([said, other]) == ()


def test_a_group_out_of_reach_cannot_be_searched(searching: Searching) -> None:
    """Ask before: the log says what to do, and a search raises."""
    with capture_logs() as logged:
        assert not searching.voice.reaches(MANY)
    assert [each["event"] for each in logged] == ["search_out_of_reach"]
    with pytest.raises(OutOfReachError, match="search a smaller group"):
        searching.identified(MANY)


def test_among_suspects_and_people_out_of_reach_nobody_is_found(searching: Searching) -> None:
    """Those searches end nothing: whoever is like each of them is like none of too many."""
    voice, said = searching.voice, [searching.said]
    for voices, found in ((FEW, True), (MANY, False)):
        suspects = [Suspect(uuid4(), (searching.said,)) for _ in range(voices)]
        assert voice.suspected(said, suspects) is found
        assert bool(voice.resembling(said, searching.group(voices))) is found
