"""Enroll, verify, identify and challenge people from recordings in files, without a telephone.

The same voice, the same rules and the same profiles as on the telephone: who is enrolled here can
be verified there, and the other way round.
"""

from ivr.offline.enrolling import Enrolled, Order, Remark, enroll, review, warnings_of
from ivr.offline.identifying import Found, identify, search
from ivr.offline.office import Office
from ivr.offline.verifying import verify
from ivr.offline.watching import Watchable, of_one_person, voiceprint

__all__ = [
    "Enrolled",
    "Found",
    "Office",
    "Order",
    "Remark",
    "Watchable",
    "enroll",
    "identify",
    "of_one_person",
    "review",
    "search",
    "verify",
    "voiceprint",
    "warnings_of",
]
