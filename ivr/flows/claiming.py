"""Whom does the caller claim to be? The dialplan, the caller's number or keyed digits say it."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.domain.call import AccountId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.profile import Profile
from ivr.domain.prompt import Prompt
from ivr.flows.conversation import ask_keys
from ivr.ports import Call, ProfileStore

KEYED_AT_MOST = 32
KEYED_TRIES = 2


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which claims are taken, in this order; a claim by the dialplan always comes first."""

    sources: tuple[ClaimSource, ...] = (
        ClaimSource.DIALPLAN,
        ClaimSource.CALLER_NUMBER,
        ClaimSource.KEYED,
    )
    key_wait_s: float = 5.0


async def resolve_claim(
    call: Call, store: ProfileStore, rules: ClaimRules, *, known: bool = True
) -> tuple[Claim, Profile | None] | None:
    """Return the claim and the profile it names, or None where no claim was made.

    Where `known`, a caller's number is a claim only if somebody is known by it.
    """
    for source in sorted(rules.sources, key=lambda each: each is not ClaimSource.DIALPLAN):
        account = await _claimed(call, source, rules)
        if account is None:
            continue
        tenant = call.facts.request.tenant
        profile = await store.find(tenant, account)
        if profile is not None or not known or source is not ClaimSource.CALLER_NUMBER:
            return Claim(tenant, account, source), profile
    return None


async def _claimed(call: Call, source: ClaimSource, rules: ClaimRules) -> AccountId | None:
    match source:
        case ClaimSource.DIALPLAN:
            return call.facts.request.account
        case ClaimSource.CALLER_NUMBER:
            return AccountId(call.facts.caller_number) if call.facts.caller_number else None
        case ClaimSource.KEYED:
            return await _keyed(call, rules)


async def _keyed(call: Call, rules: ClaimRules) -> AccountId | None:
    for _ in range(KEYED_TRIES):
        keys = await ask_keys(
            call, Prompt.KEY_ACCOUNT, at_most=KEYED_AT_MOST, wait_s=rules.key_wait_s
        )
        if keys:
            return AccountId(keys)
    return None
