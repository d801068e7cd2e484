"""A checkup of everything the service stands on, before it takes calls or when it does not."""

from ivr.doctor.checkup import checkup
from ivr.doctor.finding import Finding, State

__all__ = ["Finding", "State", "checkup"]
