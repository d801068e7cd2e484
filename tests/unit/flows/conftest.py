"""What the flow tests share: services on fakes, with Alice enrolled as 1001."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from engine.types import PhraseId, Verdict
from ivr import ports
from ivr.domain.call import AccountId, CallState, Purpose, TenantId, step
from ivr.domain.mode import Mode
from ivr.domain.news import News
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import Profile, ProfileId, ProfileState
from ivr.domain.verification import Verification
from ivr.flows.conduct import conduct
from ivr.flows.rules import EnrollRules, PassiveRules, VerifyRules
from ivr.flows.services import Services
from ivr.ports import StoreUnavailableError
from tests.fakes.call import FakeCall, Step, facts
from tests.fakes.clock import FakeClock
from tests.fakes.keys import FakeKeys
from tests.fakes.profile_store import FakeProfileStore
from tests.fakes.voice import FakeVoice, voiceprint_of
from tests.unit.flows.people import ALICE


@dataclass
class Ledger:
    """A ledger over the fake store, which gives up as the outbox does."""

    store: FakeProfileStore
    closed: list[Verification] = field(default_factory=list)

    async def close(self, verification: Verification) -> Verification:
        """Write it, or keep what could not be written."""
        try:
            verification = await self.store.close(verification)
        except StoreUnavailableError:
            assert verification.verdict is Verdict.INCONCLUSIVE
        self.closed.append(verification)
        return verification


@dataclass
class Desk:
    """One worker on fakes, and what it did."""

    store: FakeProfileStore = field(default_factory=FakeProfileStore)
    voice: FakeVoice = field(default_factory=FakeVoice)
    ledger: ports.Ledger | None = None
    rules: VerifyRules = field(default_factory=VerifyRules)
    enroll_rules: EnrollRules = field(default_factory=EnrollRules)
    passive_rules: PassiveRules = field(default_factory=PassiveRules)
    watched: list[News] = field(default_factory=list)
    """What the agents' screens were told."""

    def tell(self, news: News) -> None:
        """See `ivr.ports.Desk.tell`."""
        self.watched.append(news)

    @property
    def services(self) -> Services:
        """What calls are conducted with."""
        ledger = self.ledger or Ledger(self.store)
        return Services(
            self.store,
            ledger,
            self.voice,
            FakeClock(),
            FakeKeys(),
            worker="worker-1",
            verify=self.rules,
            enroll=self.enroll_rules,
            passive=self.passive_rules,
            desk=self,
        )

    async def verify(
        self, *script: Step, account: str | None = "1001", number: str = ""
    ) -> FakeCall:
        """Conduct a verification call to its end; its states obey the table."""
        call = FakeCall(*script, facts=facts(Purpose.VERIFY, account=account, number=number))
        return await self.conducted(call)

    async def enroll(
        self,
        *script: Step,
        account: str | None = "1001",
        mode: Mode | None = None,
        phrase: PhraseId | None = None,
    ) -> FakeCall:
        """Conduct an enrollment call to its end; its states obey the table."""
        asked = facts(Purpose.ENROLL, account=account, call="enroll-1", mode=mode, phrase=phrase)
        return await self.conducted(FakeCall(*script, facts=asked))

    async def challenge(self, *script: Step) -> FakeCall:
        """Conduct a challenge call to its end; its states obey the table."""
        return await self.conducted(FakeCall(*script, facts=facts(Purpose.CHALLENGE)))

    async def identify(self, *script: Step, group: str = "staff") -> FakeCall:
        """Conduct an identification call to its end; its states obey the table."""
        asked = facts(Purpose.IDENTIFY, account=None, group=group)
        return await self.conducted(FakeCall(*script, facts=asked))

    async def conducted(self, call: FakeCall) -> FakeCall:
        """Conduct a call to its end; its states obey the table."""
        await conduct(call, self.services)
        state = CallState.ARRIVED
        for noted in call.noted:
            state = step(state, noted)
        assert state in (CallState.RELEASED, CallState.GONE)
        return call


@pytest.fixture
def desk() -> Desk:
    """A worker whose store is empty."""
    return Desk()


@pytest.fixture
def alice_enrolled(desk: Desk) -> Desk:
    """A worker whose store knows Alice as 1001."""
    desk.store.put(profile())
    return desk


def profile(state: ProfileState = ProfileState.ENROLLED, *, consented: bool = True) -> Profile:
    """Return Alice's profile."""
    return Profile(
        id=ProfileId(UUID(int=7)),
        tenant=TenantId("tenant"),
        account=AccountId("1001"),
        state=state,
        locale="en-US",
        passphrase=DEFAULT_PASSPHRASE,
        consented=consented,
        voiceprints=(voiceprint_of(ALICE),) * 3,
    )
