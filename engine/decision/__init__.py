"""From scores to a judgement: calibration, operating point and policy."""

from engine.decision.calibration import Calibration, Evidence, evidence
from engine.decision.operating_point import Basis, OperatingPoint, at_costs, at_fmr
from engine.decision.policy import QualityLimits, judge, shortcoming
from engine.decision.scoring import score

__all__ = [
    "Basis",
    "Calibration",
    "Evidence",
    "OperatingPoint",
    "QualityLimits",
    "at_costs",
    "at_fmr",
    "evidence",
    "judge",
    "score",
    "shortcoming",
]
