"""The claim: whom the caller says to be, and how we came to think so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.domain.call import AccountId, TenantId

ACCOUNT_MAX_CHARACTERS = 128


class ClaimSource(StrEnum):
    """Who made the claim."""

    DIALPLAN = "dialplan"
    CALLER_NUMBER = "caller_number"
    KEYED = "keyed"


@dataclass(frozen=True, slots=True)
class Claim:
    """An account of a tenant that the caller claims to be."""

    tenant: TenantId
    account: AccountId
    source: ClaimSource
