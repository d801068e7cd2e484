"""The operating point: how strong the evidence must be before a claim is accepted.

Three ways lead to a threshold on the Llr:

* measured: the threshold at which impostors of the calibration's trials were accepted as often as
  the target allows (FMR as ISO/IEC 19795-1 defines it). Preferred, as far as the trials reach.
* bound: -ln(FMR). Where likelihood ratios are calibrated, the mean of exp(Llr) over impostors is
  1, so by Markov's inequality no more than a share exp(-t) of them exceeds t. It needs no data,
  and is stricter than necessary; where impostors were measured beyond it, it does not hold.
* costs: the Bayes threshold ln((1 - p) C_fa / (p C_miss)), which minimises the expected cost
  (Brummer & du Preez 2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from engine.decision.calibration import Calibration
from engine.errors import OutOfReachError
from engine.types import Llr
from engine.voice.card import CalibrationCard


class Basis(StrEnum):
    """Where a threshold comes from."""

    MEASURED = "measured"
    BOUND = "bound"
    TAIL = "tail"
    """Drawn on from the measured ones (`engine.decision.purposes`)."""
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The Llr from which on a claim is accepted, and why it is that one."""

    threshold: Llr
    basis: Basis


def at_fmr(target: float, calibration: Calibration) -> OperatingPoint:
    """Return the operating point for a false match rate in (0, 1), such as 0.01.

    The least strict measured threshold whose FMR does not exceed the target; beyond the measured
    ones the bound, and no less than the strictest of them. `ValueError` where the target is no
    rate; `OutOfReachError` where it is so low that the calibration could never accept anyone.
    """
    if not 0 < target < 1:
        raise ValueError(f"a target false match rate lies between 0 and 1, not {target}")
    points = calibration.card.points
    measured = [point.threshold for point in points if point.fmr <= target]
    if measured:
        return reachable(OperatingPoint(Llr(min(measured)), Basis.MEASURED), calibration)
    threshold = max(-math.log(target), *(point.threshold for point in points), -math.inf)
    return reachable(OperatingPoint(Llr(threshold), Basis.BOUND), calibration)


def lowest_fmr(card: CalibrationCard) -> float:
    """Return the false match rate from which on `at_fmr` reaches every higher one; 1 for none.

    None lower is reached.
    """
    beyond = [point.fmr for point in card.points if point.threshold > card.limit]
    if beyond:
        return min((point.fmr for point in card.points if point.fmr > max(beyond)), default=1.0)
    return min(math.exp(-card.limit), *(point.fmr for point in card.points), 1.0)


def percent_up(rate: float) -> str:
    """Return a rate in percent, rounded up, so that it is reached as it is told."""
    return f"{math.ceil(1e5 * rate) / 1e3:.3f} %"


def at_costs(
    prior: float, cost_miss: float, cost_false_accept: float, calibration: Calibration
) -> OperatingPoint:
    """Return the Bayes operating point for a prior of the claim in (0, 1) and two costs above 0.

    `ValueError` where they are not; `OutOfReachError` where no evidence could ever reach it.
    """
    if not (0 < prior < 1 and 0 < cost_miss < math.inf and 0 < cost_false_accept < math.inf):
        raise ValueError("a prior lies between 0 and 1, and costs are finite and above 0")
    odds_against = (1 - prior) / prior * cost_false_accept / cost_miss
    return reachable(OperatingPoint(Llr(math.log(odds_against)), Basis.COSTS), calibration)


def reachable(point: OperatingPoint, calibration: Calibration) -> OperatingPoint:
    """Return the point; `OutOfReachError` where the calibration supports no evidence as strong."""
    if point.threshold > calibration.card.limit:
        lowest = lowest_fmr(calibration.card)
        which = f", from {percent_up(lowest)} on" if lowest < 1 else ""
        raise OutOfReachError(
            f"the calibration of {calibration.model!r} supports Llrs up to "
            f"{calibration.card.limit:.1f}, and this operating point asks for "
            f"{point.threshold:.1f}: nobody could be accepted; aim for a higher false match rate"
            f"{which}"
        )
    return point
