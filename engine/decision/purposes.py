"""One operating point for each purpose: what a tenant tolerates, turned into thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.decision.calibration import Calibration
from engine.decision.operating_point import OperatingPoint, at_fmr
from engine.types import Purpose


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

    `ModelError` where the calibration supports no evidence as strong as that would need.
    """
    return at_fmr(share(rates.of(purpose), voices), calibration)
