"""From scores to a judgement: calibration, operating point and policy."""

from engine.decision.calibration import Calibration
from engine.decision.operating_point import Basis, OperatingPoint, at_costs, at_fmr
from engine.decision.policy import Limits, judge, shortcoming
from engine.decision.scoring import Evidence, evidence, score

__all__ = [
    "Basis",
    "Calibration",
    "Evidence",
    "Limits",
    "OperatingPoint",
    "at_costs",
    "at_fmr",
    "evidence",
    "judge",
    "score",
    "shortcoming",
]
