"""The voice model, the calibration and the operating point in use, as the pages show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.types import ModelId
from ivr.desk.records import PointRecords
from ivr.domain.call import TenantId
from ivr.domain.operating_point import PointPurpose


@dataclass(frozen=True, slots=True)
class Measured:
    """A threshold, and the error rates that the calibration's trials had there."""

    threshold: float
    """Natural-log likelihood ratio."""
    fmr: float
    fnmr: float


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """What verdicts rest on at present."""

    id: ModelId
    description: str
    limit: float
    """Llrs lie within [-limit, limit]."""
    fitted_on: str
    fitted_with: str
    speakers: int
    target_trials: int
    non_target_trials: int
    eer: float
    cllr: float
    points: tuple[Measured, ...]
    """Empty where the calibration's card holds none."""


@dataclass(frozen=True, slots=True)
class PointInUse:
    """How sure a tenant wants to be when somebody is verified."""

    target_fmr: float
    """Share of impostors that one comparison may accept."""
    own: bool
    """Whether the tenant has set it; else it is the installation's."""
    threshold: float | None
    """The Llr from which on a claim is accepted; None where the model cannot be so sure."""
    basis: str = ""
    """Where that comes from: `measured`, `bound`, `tail` or `costs`."""
    fault: str = ""
    """Why the model cannot be so sure: every call is INCONCLUSIVE then."""


PointAt = Callable[[float | None], PointInUse]
"""What comes of a rate of the tenant's; None: of the installation's. Never raises."""


@dataclass(frozen=True, slots=True)
class InUse:
    """What verdicts rest on."""

    model: ModelInUse
    points: PointRecords
    at: PointAt

    async def point(self, tenant: TenantId) -> PointInUse:
        """Return the operating point of a tenant's next call; `StoreUnavailableError`."""
        own = await self.points.of(tenant)
        return self.at(own.get(PointPurpose.VERIFICATION))
