"""What an API key may be allowed to do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One kind of operation."""

    PROFILES_READ = "profiles:read"
    PROFILES_WRITE = "profiles:write"
    """Begin, enroll and erase profiles."""
    VERIFY = "verify"
    IDENTIFY = "identify"
    GROUPS_WRITE = "groups:write"
    """Change groups and watchlists."""
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    RECORDS_READ = "records:read"
    """Read past verifications."""
    AUDIT_READ = "audit:read"
