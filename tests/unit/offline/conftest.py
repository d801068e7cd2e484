"""An office on the real voice model, with a store in memory and sung files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine import SpeakerEngine
from engine.enrollment import EnrollmentRules
from engine.types import Locale
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.flows.rules import EnrollRules, FreeSpeechRules, VerifyRules
from ivr.offline import Office, Order
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.keys import FakeKeys
from tests.fakes.profile_store import FakeProfileStore

ENGINE = SpeakerEngine.load()
SHORT = FreeSpeechRules(verify_s=2.0, enroll=EnrollmentRules(1, 50, speech_s=6.0))
ORDER = Order(
    TenantId("harbour bank"),
    AccountId("4711"),
    Consent("en-US/1", ConsentGiven.DOCUMENT, NOON),
    Locale("en-US"),
    Mode.TEXT_INDEPENDENT,
    DEFAULT_PASSPHRASE,
)
SPOKEN = replace(ORDER, mode=Mode.TEXT_DEPENDENT)


@pytest.fixture
def store() -> FakeProfileStore:
    """Nobody is enrolled."""
    return FakeProfileStore()


@pytest.fixture
async def office(store: FakeProfileStore) -> AsyncIterator[Office]:
    """Six seconds of free speech make an enrollment here, two a verification; words are not
    recognised, for what is sung here has none."""
    voice = EngineVoice(ENGINE, Words([]), 2)
    yield Office(
        store, voice, FakeKeys(), FakeClock(), VerifyRules(free=SHORT), EnrollRules(free=SHORT)
    )
    await voice.close()
