"""The voice model, the calibration and the operating point in use, as the pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.types import ModelId
from ivr.desk.records import PointRecords
from ivr.domain.call import TenantId
from ivr.domain.operating_point import PointPurpose

RATE_BELOW = 0.5
"""Half and more would be no decision."""


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
class Search:
    """A rate, held by a search of so many voices together."""

    voices: int
    threshold: float | None
    """The Llr from which on a voice is taken for one of them; None where it is out of reach."""
    basis: str = ""
    """Where that comes from: `measured`, `bound`, `tail` or `costs`."""
    fnmr: float | None = None
    """The share of those who are among them and not found, by one comparison; None: unmeasured."""
    fault: str = ""
    """Why it is out of reach."""


@dataclass(frozen=True, slots=True)
class PointInUse:
    """How sure a tenant wants to be, for one purpose."""

    target_fmr: float
    """Verification: share of impostors that one comparison may accept. Else: share of strangers
    that a search of all voices together may take for one of them."""
    own: bool
    """Whether the tenant has set it; else it is the installation's."""
    threshold: float | None
    """The Llr from which on one comparison matches; None where the model cannot be so sure."""
    basis: str = ""
    """Where that comes from, as of a search."""
    fnmr: float | None = None
    """The share of right ones that one comparison does not match; None: unmeasured."""
    searches: tuple[Search, ...] = ()
    """By how many voices are searched; none for verification."""
    fault: str = ""
    """Why the model cannot be so sure."""


PointAt = Callable[[PointPurpose, float | None], PointInUse]
"""What comes of a rate of the tenant's; None: of the installation's. Never raises."""


@dataclass(frozen=True, slots=True)
class InUse:
    """What verdicts rest on."""

    model: ModelInUse
    points: PointRecords
    at: PointAt

    async def point(self, tenant: TenantId) -> PointInUse:
        """Return the point of a tenant's next verification; `StoreUnavailableError`."""
        return (await self.every_point(tenant))[PointPurpose.VERIFICATION]

    async def every_point(self, tenant: TenantId) -> Mapping[PointPurpose, PointInUse]:
        """Return all operating points of a tenant's next call; `StoreUnavailableError`."""
        own = await self.points.of(tenant)
        return {each: self.at(each, own.get(each)) for each in PointPurpose}

    def common_points(self) -> Mapping[PointPurpose, PointInUse]:
        """Return the installation's."""
        return {each: self.at(each, None) for each in PointPurpose}

    def choices(self) -> Mapping[PointPurpose, tuple[PointInUse, ...]]:
        """Return what comes of each rate that was measured, for each purpose."""
        rates = [point.fmr for point in self.model.points if 0 < point.fmr < RATE_BELOW]
        return {each: tuple(self.at(each, rate) for rate in rates) for each in PointPurpose}
