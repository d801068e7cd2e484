"""The desk: the agents' screen-pop, and the supervisors' figures."""

from ivr.desk.model import Measured, ModelInUse
from ivr.desk.part import DeskRules, desk_part
from ivr.desk.passwords import hash_password

__all__ = ["DeskRules", "Measured", "ModelInUse", "desk_part", "hash_password"]
