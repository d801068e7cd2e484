"""What each operating point costs: the error rates that the calibration measured, as pages show."""

from __future__ import annotations

from engine import SpeakerEngine
from engine.decision.operating_point import at_fmr
from engine.decision.purposes import point_for
from engine.errors import ModelError
from engine.types import Llr
from ivr.desk import Measured, ModelInUse, PointInUse, Search
from ivr.domain.operating_point import PointPurpose
from ivr.ports import RateUnreachableError
from ivr.rates import PURPOSES, common_rates, tuned

VOICES = (1, 10, 100, 1000)
"""How many voices a search may meet, as an example."""
SAME_LLR = 0.005
"""Cards round their thresholds to two digits."""


def model_in_use(engine: SpeakerEngine) -> ModelInUse:
    """Return what the supervisors' page tells of the model and its calibration."""
    card, fitted = engine.embedder.card, engine.calibration.card
    return ModelInUse(
        id=engine.model,
        description=card.description,
        limit=fitted.limit,
        fitted_on=fitted.fitted_on,
        fitted_with=fitted.fitted_with,
        speakers=fitted.speakers,
        target_trials=fitted.target_trials,
        non_target_trials=fitted.non_target_trials,
        eer=fitted.eer,
        cllr=fitted.cllr,
        points=tuple(Measured(each.threshold, each.fmr, each.fnmr) for each in fitted.points),
    )


def point_at(purpose: PointPurpose, rate: float | None, engine: SpeakerEngine) -> PointInUse:
    """Return what comes of a tenant's rate for a purpose; None: of the installation's."""
    own = rate is not None
    if rate is None:
        rate = common_rates(engine.rates)[purpose]
    try:
        at = tuned(engine, {purpose: rate})
    except RateUnreachableError as error:
        return PointInUse(rate, own, threshold=None, fault=str(error))
    if purpose is PointPurpose.VERIFICATION:
        # The threshold may be that of passphrases by parts; the price is told of the whole.
        fnmr = _fnmr(engine, at_fmr(rate, engine.calibration).threshold)
        return PointInUse(rate, own, at.point.threshold, at.point.basis, fnmr)
    return _of_search(purpose, rate, own, at)


def _of_search(purpose: PointPurpose, rate: float, own: bool, engine: SpeakerEngine) -> PointInUse:
    searches = tuple(_search(purpose, voices, engine) for voices in VOICES)
    alone = searches[0]
    return PointInUse(
        rate, own, alone.threshold, alone.basis, alone.fnmr, searches, fault=alone.fault
    )


def _search(purpose: PointPurpose, voices: int, engine: SpeakerEngine) -> Search:
    try:
        point = point_for(PURPOSES[purpose], engine.rates, engine.calibration, voices)
    except ModelError as error:
        return Search(voices, threshold=None, fault=str(error))
    return Search(voices, point.threshold, point.basis, _fnmr(engine, point.threshold))


def _fnmr(engine: SpeakerEngine, threshold: Llr) -> float | None:
    """Return the rate that was measured at a threshold; None where none was."""
    for measured in engine.calibration.card.points:
        if abs(measured.threshold - threshold) < SAME_LLR:
            return measured.fnmr
    return None
