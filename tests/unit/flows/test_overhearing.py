"""Pieces of a conversation: whose ears hear them."""

from __future__ import annotations

from ivr.flows.overhearing import Overhearing
from tests.fakes.call import FakeCall, Says, Waits
from tests.fakes.voice import FakeListener, FakeVoice
from tests.unit.flows.people import ALICE, speech


class Ears(FakeListener):
    """Ears for one piece."""

    def restart(self) -> None:
        """Fail: where no detector is idle this takes 0.1 s, here on the event loop of all calls."""
        raise AssertionError("ears are made anew by the voice, which has a thread for it")


class Voice(FakeVoice):
    """A voice that counts the ears it made."""

    made = 0

    async def listener(self) -> Ears:
        """Make ears."""
        self.made += 1
        return Ears()


async def test_each_piece_has_ears_of_its_own() -> None:
    """Also what comes to nothing: a silence, a cough."""
    cough, piece = Says(speech(ALICE, 0.1)), Says(speech(ALICE, 1.0))
    voice, pause = Voice(), Waits(1.0)
    call = FakeCall(Waits(2.0), cough, pause, piece, pause, piece, pause)
    overhearing = Overhearing(call, voice, longest_s=20.0)
    for _ in range(2):
        found = await overhearing.piece()
        assert found is not None
        assert found.quality.net_speech_s == 1.0
    assert voice.made == 4
