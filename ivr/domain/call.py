"""A call: what Asterisk told us about it, and the states it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from engine.types import PhraseId
from ivr.domain.mode import Mode

CallId = NewType("CallId", str)
"""Asterisk's channel id."""

TenantId = NewType("TenantId", str)
AccountId = NewType("AccountId", str)


class Purpose(StrEnum):
    """What the dialplan asked for."""

    VERIFY = "verify"
    ENROLL = "enroll"
    CHALLENGE = "challenge"
    IDENTIFY = "identify"
    PASSIVE = "passive"
    """Verify while the caller talks to somebody else: we only listen."""
    PASSIVE_ENROLL = "passive-enroll"

    @property
    def passive(self) -> bool:
        """Whether the caller goes on in the dialplan at once and is only overheard."""
        return self in (Purpose.PASSIVE, Purpose.PASSIVE_ENROLL)


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What the dialplan asked of us for one call."""

    purpose: Purpose
    tenant: TenantId
    account: AccountId | None
    """The claim the dialplan makes for the caller; None where it leaves that to us."""
    locale: str
    """Language of the prompts, BCP 47, such as `en-US`."""
    mode: Mode | None = None
    """What the caller is asked to say; None where the profile, or the configuration, decides."""
    phrase: PhraseId | None = None
    """The passphrase that an enrollment fixes; None for the configured one."""
    group: str = ""
    """Among whose members an identification looks."""
    agent: str = ""
    """To whom the dialplan offers the call already: an extension or a queue member."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call before a word is spoken."""

    id: CallId
    caller_number: str
    """As Asterisk shows it; empty where withheld. Never logged."""
    request: CallRequest


class CallState(StrEnum):
    """Where the conversation is."""

    ARRIVED = "arrived"
    ANSWERED = "answered"
    PROMPTING = "prompting"
    LISTENING = "listening"
    CHECKING = "checking"
    DECIDED = "decided"
    RELEASED = "released"
    GONE = "gone"


TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.ARRIVED: frozenset({CallState.ANSWERED, CallState.DECIDED}),
    CallState.ANSWERED: frozenset(
        {CallState.PROMPTING, CallState.LISTENING, CallState.CHECKING, CallState.DECIDED}
    ),
    CallState.PROMPTING: frozenset({CallState.LISTENING, CallState.CHECKING, CallState.DECIDED}),
    CallState.LISTENING: frozenset({CallState.PROMPTING, CallState.CHECKING, CallState.DECIDED}),
    CallState.CHECKING: frozenset({CallState.PROMPTING, CallState.DECIDED}),
    CallState.DECIDED: frozenset({CallState.RELEASED, CallState.GONE}),
    CallState.RELEASED: frozenset(),
    CallState.GONE: frozenset(),
}
"""Every legal step. A caller who hangs up is DECIDED (INCONCLUSIVE) and then GONE."""


class IllegalTransitionError(Exception):
    """The conversation took a step that the table does not allow: a fault of the program."""

    def __init__(self, before: CallState, after: CallState) -> None:
        super().__init__(f"a call cannot go from {before} to {after}")
        self.before = before
        self.after = after


def step(before: CallState, after: CallState) -> CallState:
    """Return `after`; `IllegalTransitionError` where the table does not allow it."""
    if after is not before and after not in TRANSITIONS[before]:
        raise IllegalTransitionError(before, after)
    return after
