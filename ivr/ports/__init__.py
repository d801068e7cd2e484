"""What the flows need of the world: each port a Protocol, each failure a named error."""

from ivr.ports.around import Clock, Desk, Meter
from ivr.ports.call import Call, Frame, Heard, Key, KeysMissed, PromptEnded
from ivr.ports.ears import Ear, Examination, Listener, Measurement, Wanted
from ivr.ports.errors import (
    CallerHungUpError,
    CallLostError,
    PortError,
    RateUnreachableError,
    StoreUnavailableError,
    ToldToStopError,
)
from ivr.ports.store import Keys, Ledger, ProfileStore
from ivr.ports.voice import Voice

__all__ = [
    "Call",
    "CallLostError",
    "CallerHungUpError",
    "Clock",
    "Desk",
    "Ear",
    "Examination",
    "Frame",
    "Heard",
    "Key",
    "Keys",
    "KeysMissed",
    "Ledger",
    "Listener",
    "Measurement",
    "Meter",
    "PortError",
    "ProfileStore",
    "PromptEnded",
    "RateUnreachableError",
    "StoreUnavailableError",
    "ToldToStopError",
    "Voice",
    "Wanted",
]
