"""The watchlist: voices that a tenant knows as fraudsters'."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from engine.types import Voiceprint


@dataclass(frozen=True, slots=True)
class Suspect:
    """One voice of a watchlist; who it is, Countersign does not know."""

    id: UUID
    voiceprints: tuple[Voiceprint, ...]
