"""What the audit trail can say was done; who, whom and why stand beside it in the table."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from ivr.domain.call import TenantId
from ivr.storage.database import Transaction
from ivr.storage.text import storable


class AuditEvent(StrEnum):
    """What was done."""

    VERIFICATION_CLOSED = "verification_closed"
    PROFILE_ENROLLED = "profile_enrolled"
    ENROLLMENT_ENDED = "enrollment_ended"
    """An enrollment call that made no profile."""
    PROFILE_RESET = "profile_reset"
    PROFILE_ERASED = "profile_erased"
    PROFILE_OPTED_OUT = "profile_opted_out"
    PROFILE_EXPIRED = "profile_expired"
    PROFILE_EXPORTED = "profile_exported"
    PROFILE_UNLOCKED = "profile_unlocked"
    CALLER_UNLOCKED = "caller_unlocked"
    RECORDS_EXPIRED = "records_expired"
    SUSPECT_ADDED = "suspect_added"
    SUSPECT_REMOVED = "suspect_removed"
    GROUP_CHANGED = "group_changed"
    KEYS_ROTATED = "keys_rotated"
    PROFILE_BEGUN = "profile_begun"
    OPERATING_POINT_CHANGED = "operating_point_changed"
    API_KEY_MADE = "api_key_made"
    API_KEY_REVOKED = "api_key_revoked"
    PROFILE_REEXTRACTED = "profile_reextracted"
    """Its voiceprints were made anew, by another voice model, of the sealed recordings."""
    DESK_USER_ADDED = "desk_user_added"
    DESK_USER_CHANGED = "desk_user_changed"
    """Another password, role or extension."""
    DESK_USER_REMOVED = "desk_user_removed"
    ROWS_STAMPED = "rows_stamped"
    """Rows that decide were looked at by an operator, and are believed from now on."""
    ROWS_DROPPED = "rows_dropped"
    """They were looked at, and are gone."""


async def note(
    transaction: Transaction,
    what: AuditEvent,
    tenant: TenantId,
    whom: UUID | None,
    who: str,
    why: str,
) -> None:
    """Add an entry to the tenant's trail, as the last thing in its transaction.

    The trail is locked until that ends; what locks a profile after it can meet a deadlock.
    """
    await transaction.execute(
        "add-audit-entry", storable(tenant), storable(who), what, whom, None, storable(why)
    )
