"""A tenant's own rates laid over the installation's: what the engine is to aim for."""

from __future__ import annotations

from collections.abc import Mapping

from engine import SpeakerEngine
from engine.decision.purposes import TargetRates, most_voices
from engine.errors import ModelError
from engine.types import Purpose
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.ports import RateUnreachableError

PURPOSES: Mapping[PointPurpose, Purpose] = {
    PointPurpose.VERIFICATION: Purpose.VERIFY,
    PointPurpose.IDENTIFICATION: Purpose.IDENTIFY,
    PointPurpose.ENROLLMENT: Purpose.DUPLICATE,
    PointPurpose.WATCHLIST: Purpose.WATCHLIST,
}
"""What the engine calls what a tenant sets a rate for."""


def common_rates(rates: TargetRates) -> Mapping[PointPurpose, float]:
    """Return the installation's rates by their purpose."""
    return {each: rates.of(purpose) for each, purpose in PURPOSES.items()}


def voices_max(engine: SpeakerEngine, purpose: PointPurpose, rate: float) -> int | None:
    """Return how many voices a search may meet at a rate; None where it is no search."""
    if purpose is PointPurpose.VERIFICATION:
        return None
    rates = TargetRates(rate, rate, rate, rate)
    return most_voices(PURPOSES[purpose], rates, engine.calibration)


def refuse_rate(engine: SpeakerEngine, purpose: PointPurpose, rate: float) -> None:
    """Raise `RateUnreachableError` where no evidence is enough, be it for a single voice."""
    at = tuned(engine, {purpose: rate})
    try:
        at.point_among(1, PURPOSES[purpose])
    except ModelError as error:
        raise RateUnreachableError(str(error)) from error


def tuned(engine: SpeakerEngine, own: OwnRates) -> SpeakerEngine:
    """Return the engine at a tenant's own rates; it shares the voice model.

    `RateUnreachableError` where the calibration cannot be so sure.
    """
    rates = {**common_rates(engine.rates), **own}
    target = TargetRates(
        verify=rates[PointPurpose.VERIFICATION],
        identify=rates[PointPurpose.IDENTIFICATION],
        watchlist=rates[PointPurpose.WATCHLIST],
        duplicate=rates[PointPurpose.ENROLLMENT],
    )
    try:
        return engine.at(target)
    except ModelError as error:
        raise RateUnreachableError(str(error)) from error
