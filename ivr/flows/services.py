"""What every call is conducted with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ivr.domain.call import CallRequest
from ivr.domain.news import News
from ivr.domain.operating_point import OwnRates
from ivr.flows.metering import NothingMeasured
from ivr.flows.rules import EnrollRules, PassiveRules, VerifyRules
from ivr.ports import Clock, Desk, Keys, Ledger, Meter, ProfileStore, Voice


class NobodyWatches:
    """`ivr.ports.Desk` where there is none."""

    def tell(self, news: News) -> None:
        """Let it pass."""


@dataclass(frozen=True, slots=True)
class Services:
    """The ports and rules that all calls of one worker share."""

    store: ProfileStore
    ledger: Ledger
    voice: Voice
    clock: Clock
    keys: Keys
    worker: str
    """The ARI application that takes the calls."""
    verify: VerifyRules = field(default_factory=VerifyRules)
    enroll: EnrollRules = field(default_factory=EnrollRules)
    desk: Desk = field(default_factory=NobodyWatches)
    meter: Meter = field(default_factory=NothingMeasured)
    passive: PassiveRules = field(default_factory=PassiveRules)
    longest_call_s: float = 300.0
    """A conversation that takes longer ends INCONCLUSIVE: the last guard, not a rule of talk."""

    def at(self, own: OwnRates) -> Services:
        """Return the same at a tenant's own rates; `RateUnreachableError`."""
        return replace(self, voice=self.voice.at(own)) if own else self

    def limit_s(self, request: CallRequest) -> float:
        """Return how long this call may take before it is given up as a fault."""
        patience_s = self.passive.longest_s if request.purpose.passive else 0.0
        return self.longest_call_s + patience_s
