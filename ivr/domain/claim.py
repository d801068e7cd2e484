"""The claim: whom the caller says to be, and how we came to think so."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from ivr.domain.call import AccountId, TenantId

ACCOUNT_MAX_CHARACTERS = 128


def account_fault(account: str) -> str | None:
    """Say why no person can be enrolled under an account; None where one can.

    No dialplan could name one with a control character, and no variable of a FastAGI call hold it.
    """
    if not 0 < len(account) <= ACCOUNT_MAX_CHARACTERS:
        return f"an account has 1 to {ACCOUNT_MAX_CHARACTERS} characters"
    if any(unicodedata.category(character) == "Cc" for character in account):
        return "an account holds no control character"
    return None


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
