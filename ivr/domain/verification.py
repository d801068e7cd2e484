"""A verification: a call's whole conversation, ending in exactly one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from engine.liveness import how
from engine.types import Finding, Fingerprint, Llr, ModelId, PhraseOutcome, Quality, Reason, Verdict
from ivr.domain.call import CallId, TenantId
from ivr.domain.claim import Claim
from ivr.domain.profile import ProfileId

VerificationId = NewType("VerificationId", UUID)


class VerificationMode(StrEnum):
    """How a verification comes by its speech."""

    ASKED = "asked"
    """The caller is asked to say something."""
    PASSIVE = "passive"
    """The caller talks to somebody else and is overheard."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A verification that has begun: kept so that none is forgotten, whatever fails."""

    id: VerificationId
    call: CallId
    tenant: TenantId
    worker: str
    """The ARI application that took the call."""
    started_at: datetime
    caller_number: str = ""
    """To count REJECTs by, and kept as a keyed hash alone; empty where withheld."""
    mode: VerificationMode = VerificationMode.ASKED


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try inside a call."""

    verdict: Verdict
    reason: Reason
    llr: Llr | None
    quality: Quality | None
    phrase: PhraseOutcome = PhraseOutcome.UNCHECKED
    replay: float | None = None
    """How like an earlier recording it was, in [0, 1]; None where nothing was compared."""
    replay_shift_s: float | None = None
    """How much later it began than the earlier recording that it repeats; None where it repeats
    none."""

    @property
    def replay_how(self) -> str | None:
        """Words for how it was known to be a repeat; None where it repeats none.

        Nor are there any for what was recorded before the shift was kept.
        """
        if self.replay is None or self.replay_shift_s is None:
            return None
        return how(self.replay, self.replay_shift_s)


@dataclass(frozen=True, slots=True)
class Verification:
    """How a call ended. No audio, no embedding: they lived in memory until here."""

    opening: Opening
    claim: Claim | None
    profile: ProfileId | None
    verdict: Verdict
    reason: Reason
    llr: Llr | None
    confidence: int
    """0 to 100: the posterior of the claim at even prior odds, in percent; 0 without evidence."""
    attempts: tuple[Attempt, ...]
    model: ModelId | None
    ended_at: datetime
    fingerprints: tuple[Fingerprint, ...] = ()
    """Of what was said: keyed hashes, kept with the profile to know a repeat by."""
    threshold: Llr | None = None
    """What the evidence had to reach; None where nothing was compared."""
    explanation: str = ""
    """One sentence on what the verdict rests on, for an agent to read."""
    findings: tuple[Finding, ...] = ()
    """What that sentence is made of: a page says it in another language."""
    ordered: bool = False
    """Whether an item of a batch, of the same id, ordered it: where that is gone its person was
    erased, and the record names no account."""

    @property
    def missed(self) -> bool | None:
        """Whether it counts towards a lockout; an ACCEPT begins the count anew, None leaves it.

        A REJECT counts. So does a caller who was asked, did not reach the threshold and hung up
        rather than try again: guessing is not free.
        """
        if self.verdict is not Verdict.INCONCLUSIVE:
            return self.verdict is Verdict.REJECT
        asked = self.opening.mode is VerificationMode.ASKED
        if not asked or self.reason is not Reason.CALLER_HUNG_UP:
            return None
        if self.llr is None or self.threshold is None or self.llr >= self.threshold:
            return None
        return True
