"""What the service looks like at this moment: asked when somebody asks, not counted along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.domain.call import CallState


@dataclass(frozen=True, slots=True)
class Present:
    """Sizes and depths; what could not be found out is left out, not told as 0."""

    calls: Mapping[CallState, int]
    """How many calls are in which state."""
    outbox: Mapping[str, int] = field(default_factory=dict)
    """How many letters are `waiting`, and how many were `set_aside`."""
    connections: Mapping[str, int] = field(default_factory=dict)
    """How many connections to PostgreSQL are `busy`, how many `idle`, and how many `allowed`."""
    jobs: Mapping[str, int] = field(default_factory=dict)
    """How many jobs of each duty are in the queue that all workers share."""
