"""One operating point for each purpose: what a tenant tolerates, turned into thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.decision.calibration import Calibration
from engine.decision.operating_point import Basis, OperatingPoint, at_fmr, reachable
from engine.errors import OutOfReachError
from engine.types import Llr, Purpose
from engine.voice.card import MeasuredPoint

VOICES_COUNTED: Final = 1_000_000_000
"""No group has more."""

_TAIL_FMR: Final = 0.1


@dataclass(frozen=True, slots=True)
class TargetRates:
    """How often each comparison may be wrong, as a tenant wants it; each in (0, 1)."""

    verify: float = 0.01
    """FMR: the share of impostors that one comparison may accept."""
    identify: float = 0.05
    """FPIR: the share of strangers that may be taken for anyone of the group, all together."""
    watchlist: float = 0.05
    """FPIR: the share of honest callers who may be taken for anyone of the watchlist."""
    duplicate: float = 0.01
    """FPIR: the share of new persons who may be taken for anyone enrolled already."""

    def of(self, purpose: Purpose) -> float:
        """Return the rate for a purpose."""
        rates: Mapping[Purpose, float] = {
            Purpose.VERIFY: self.verify,
            Purpose.IDENTIFY: self.identify,
            Purpose.WATCHLIST: self.watchlist,
            Purpose.DUPLICATE: self.duplicate,
        }
        return rates[purpose]


def share(fpir: float, voices: int) -> float:
    """Return the FMR of one comparison with which `voices` of them together stay within `fpir`.

    For a search of n independent comparisons FPIR = 1 - (1 - FMR)^n (ISO/IEC 19795-1:2021 on
    open-set identification; the form is Sidak's, "Rectangular confidence regions", 1967). Where
    the comparisons depend on one another positively, as those of one utterance do, FPIR is less.
    `ValueError` where the rate lies outside (0, 1) or there are no voices.
    """
    if not 0 < fpir < 1 or voices < 1:
        raise ValueError(f"a rate in (0, 1) and at least one voice, not {fpir} and {voices}")
    return fpir if voices == 1 else -math.expm1(math.log1p(-fpir) / voices)


def point_for(
    purpose: Purpose, rates: TargetRates, calibration: Calibration, voices: int = 1
) -> OperatingPoint:
    """Return the operating point for a purpose, where an utterance meets so many voices.

    Verification has the point of `at_fmr`, the stricter of two where passphrases are compared by
    parts as well. A search, even of one voice, goes on beyond the measured ones by `tail`: a larger
    group never asks for less. `OutOfReachError` where the calibration, or either of two, supports
    no evidence as strong as needed.
    """
    target = share(rates.of(purpose), voices)
    if purpose is Purpose.VERIFY and voices == 1:
        return _of_verification(target, calibration)
    points = calibration.card.points
    if any(point.fmr <= target for point in points):
        return at_fmr(target, calibration)
    threshold = tail(target, points)
    if threshold > calibration.card.limit and voices > 1:
        raise OutOfReachError(
            f"the calibration of {calibration.model!r} supports Llrs up to "
            f"{calibration.card.limit:.1f}, and among {voices} voices {threshold:.1f} would be "
            "needed: aim for a higher rate, or search a smaller group"
        )
    return reachable(OperatingPoint(threshold, Basis.TAIL), calibration)


def _of_verification(target: float, calibration: Calibration) -> OperatingPoint:
    if calibration.by_parts is None:
        return at_fmr(target, calibration)
    both = (calibration, calibration.by_parts)
    point = max((at_fmr(target, each) for each in both), key=lambda point: point.threshold)
    for each in both:
        reachable(point, each)
    return point


def most_voices(purpose: Purpose, rates: TargetRates, calibration: Calibration) -> int:
    """Return how many voices an utterance may meet; beyond, and with 0, no evidence is enough.

    `VOICES_COUNTED` stands for any number.
    """

    def reached(voices: int) -> bool:
        try:
            point_for(purpose, rates, calibration, voices)
        except OutOfReachError:
            return False
        return True

    if not reached(1):
        return 0
    if reached(VOICES_COUNTED):
        return VOICES_COUNTED
    most, beyond = 1, VOICES_COUNTED
    while beyond - most > 1:
        middle = (most + beyond) // 2
        most, beyond = (middle, beyond) if reached(middle) else (most, middle)
    return most


def tail(target: float, points: Sequence[MeasuredPoint]) -> Llr:
    """Return the threshold for an FMR below all measured ones, at most the bound -ln(FMR).

    Far out, impostors' Llrs thin out exponentially (peaks over threshold: Pickands, "Statistical
    inference using extreme order statistics", 1975, with shape 0). The rate is that between the
    measured points of an FMR up to 10 %; with fewer than two of them only the bound is left. It is
    no less than the strictest measured one: where that lies beyond, the bound does not hold.
    """
    bound = max(-math.log(target), *(each.threshold for each in points), -math.inf)
    known = sorted((each for each in points if each.fmr <= _TAIL_FMR), key=lambda each: each.fmr)
    if len(known) < 2 or known[0].threshold <= known[-1].threshold:
        return Llr(bound)
    last, first = known[0], known[-1]
    fall = (last.threshold - first.threshold) / math.log(first.fmr / last.fmr)
    return Llr(min(bound, last.threshold + fall * math.log(last.fmr / target)))
