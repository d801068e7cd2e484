"""The voice model and the calibration in use, as the supervisors' page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.types import ModelId


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
    target_fmr: float
    """Share of impostors that one comparison may accept, as it is configured."""
    threshold: float
    """The Llr from which on a claim is accepted."""
    basis: str
    """Where that threshold comes from: `measured`, `bound`, `tail` or `costs`."""
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
