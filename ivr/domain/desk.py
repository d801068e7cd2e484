"""The desk: who may look at calls, and what is shown to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.types import Llr, ModelId, Reason, Verdict
from ivr.domain.call import CallId, TenantId
from ivr.domain.verification import VerificationId


class Role(StrEnum):
    """What a user of the desk may see and do."""

    AGENT = "agent"
    """The calls that are offered to them."""
    SUPERVISOR = "supervisor"
    """All calls of the tenant, and its figures."""
    ADMINISTRATOR = "administrator"
    """The same; kept apart for what will be theirs alone."""


@dataclass(frozen=True, slots=True)
class DeskUser:
    """Somebody who may sign in."""

    name: str
    tenant: TenantId
    role: Role
    agent: str
    """Their extension or queue member, as the dialplan names them; empty: none."""

    @property
    def sees(self) -> str | None:
        """Return the agent whose calls they see; None: they see all."""
        return self.agent if self.role is Role.AGENT else None


@dataclass(frozen=True, slots=True)
class Card:
    """A call as the desk shows it."""

    number: int
    """Grows with every change, over all calls of the tenant."""
    verification: VerificationId
    tenant: TenantId
    call: CallId
    worker: str
    agents: frozenset[str]
    """To whom it was offered."""
    body: str
    """All that is shown, as JSON."""

    def shown_to(self, user: DeskUser) -> bool:
        """Say whether a user may see it."""
        everything = user.role is not Role.AGENT
        return self.tenant == user.tenant and (everything or user.agent in self.agents)


@dataclass(frozen=True, slots=True)
class Gone:
    """A call that is on the desk no more: its person was erased."""

    verification: VerificationId
    tenant: TenantId


class StepUp(StrEnum):
    """What an agent can ask for; the dialplan finds it in `COUNTERSIGN_STEP_UP`."""

    CHALLENGE = "challenge"
    """Random digits, in the caller's voice."""
    PIN = "pin"


class StepUpState(StrEnum):
    """How far that has come."""

    WANTED = "wanted"
    TELLING = "telling"
    """A worker took it upon itself to tell the dialplan: nobody else does."""
    TOLD = "told"
    """The variable is set: the dialplan acts on it when the agent hands the call back."""
    NOW = "now"
    """The call was taken back from the agent, as the dialplan allows: it acts on it now."""
    GONE = "gone"
    """The caller has left."""
    FAILED = "failed"
    """Asterisk could not be told; it may be asked for again."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What an agent found out about who really called."""

    verification: VerificationId
    same_person: bool
    verdict: Verdict
    reason: Reason
    llr: Llr | None
    model: ModelId | None
    said_at: datetime
