"""News of a call: what the desk is told while it goes on."""

from __future__ import annotations

from dataclasses import dataclass

from engine.types import Llr
from ivr.domain.call import CallId, CallState, Purpose, TenantId
from ivr.domain.claim import Claim
from ivr.domain.profile import ProfileId
from ivr.domain.verification import Attempt, VerificationId


@dataclass(frozen=True, slots=True)
class Onward:
    """What becomes of a caller whose verification, the last of this channel, may be over."""

    tenant: TenantId
    call: CallId
    agents: tuple[str, ...] = ()
    """To whom the call is offered besides, as the dialplan names them."""
    gone: bool = False
    """Whether the caller has hung up."""


@dataclass(frozen=True, slots=True)
class News:
    """What is known of a call by now; None says nothing, and what was told before still holds.

    The verdict is no news: the desk reads it where it is written.
    """

    tenant: TenantId
    verification: VerificationId
    call: CallId
    worker: str
    """The ARI application that took the call."""
    purpose: Purpose | None = None
    agents: tuple[str, ...] = ()
    """To whom the call is offered, as the dialplan names them; empty: nobody more."""
    state: CallState | None = None
    claim: Claim | None = None
    profile: ProfileId | None = None
    attempts: tuple[Attempt, ...] | None = None
    """All of them so far."""
    llr: Llr | None = None
    """Evidence so far."""
    threshold: Llr | None = None
    """What it is to reach."""
    confidence: int | None = None
    """0 to 100, as of a verification."""
    net_speech_s: float | None = None
    """Heard so far, where speech is gathered without attempts."""
    watchlisted: bool | None = None
