"""How sure a tenant wants to be: rates that it has set in place of the installation's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class PointPurpose(StrEnum):
    """What a rate is for."""

    VERIFICATION = "verification"
    IDENTIFICATION = "identification"
    ENROLLMENT = "enrollment"
    """For the warning that a voice is enrolled already."""
    WATCHLIST = "watchlist"


OwnRates = Mapping[PointPurpose, float]
"""The share of strangers that may pass, in (0, 1), for each purpose with a rate of the tenant's."""
