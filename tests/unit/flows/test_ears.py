"""Ears are given back when they have heard, however that ended: each takes 12 MB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest

from engine.types import Locale
from ivr.domain.prompt import Prompt
from ivr.flows.conversation import ask_speech
from ivr.flows.overhearing import Overhearing
from ivr.ports import CallerHungUpError, CallLostError, ToldToStopError, Wanted
from tests.fakes.call import FakeCall, HangsUp, IsTold, Listens, LosesMedia, Says, Step, Waits
from tests.fakes.voice import FakeListener, FakeVoice
from tests.unit.flows.people import ALICE, speech


class Ears(FakeListener):
    """Ears that are counted while they are open."""

    def __init__(self, count: Counter[str]) -> None:
        super().__init__()
        self._count = count
        count["made"] += 1

    def close(self) -> None:
        """Hear nothing more."""
        self._count["closed"] += 1


class Voice(FakeVoice):
    """A voice that counts the ears it made."""

    def __init__(self) -> None:
        super().__init__()
        self.ears: Counter[str] = Counter()

    async def listener(self) -> Ears:
        """Make ears."""
        return Ears(self.ears)


SPOKEN = Says(speech(ALICE, 2.0))
Hear = Callable[[FakeCall, "Voice"], Awaitable[None]]
WANTED = Wanted(b"key", Locale("en-US"))


async def asked(call: FakeCall, voice: Voice) -> None:
    """Ask for speech once."""
    await ask_speech(call, voice, Prompt.TONE, wanted=WANTED, barge_in=True)


async def overheard(call: FakeCall, voice: Voice) -> None:
    """Overhear until something is said, or nothing is for long."""
    await Overhearing(call, voice, longest_s=20.0).piece()


@pytest.mark.parametrize("hear", [asked, overheard])
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ((HangsUp(),), CallerHungUpError),
        ((Waits(0.5), HangsUp()), CallerHungUpError),
        ((Waits(0.5), SPOKEN, HangsUp()), CallerHungUpError),
        ((Waits(0.5), LosesMedia()), CallLostError),
        ((Waits(0.5), IsTold()), ToldToStopError),
    ],
)
async def test_who_hangs_up_keeps_no_ears(
    hear: Hear, script: Sequence[Step], error: type[Exception]
) -> None:
    """Whatever still refers to them: the error that ended the call does."""
    voice = Voice()
    with pytest.raises(error):
        await hear(FakeCall(*script), voice)
    assert voice.ears == {"made": 1, "closed": 1}


@pytest.mark.parametrize("hear", [asked, overheard])
@pytest.mark.parametrize("script", [(Listens(), SPOKEN, Waits(3.0)), ()])
async def test_who_was_heard_keeps_no_ears(hear: Hear, script: Sequence[Step]) -> None:
    """Nor who was silent."""
    voice = Voice()
    await hear(FakeCall(*script), voice)
    assert voice.ears["made"] == voice.ears["closed"] > 0
