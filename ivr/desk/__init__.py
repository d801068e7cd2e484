"""The desk: the agents' screen-pop, and the supervisors' figures."""

from ivr.desk.model import InUse, Measured, ModelInUse, PointInUse
from ivr.desk.part import DeskRules, asking_part, desk_part
from ivr.desk.passwords import hash_password

__all__ = [
    "DeskRules",
    "InUse",
    "Measured",
    "ModelInUse",
    "PointInUse",
    "asking_part",
    "desk_part",
    "hash_password",
]
