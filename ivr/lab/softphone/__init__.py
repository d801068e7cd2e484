"""A scripted telephone: places SIP calls whose audio leaves at exact times, for demo and tests."""

from ivr.lab.softphone.call import Ending, PhoneCall, Side
from ivr.lab.softphone.errors import (
    CallOverError,
    DialError,
    KeysError,
    MalformedError,
    SoftphoneError,
)
from ivr.lab.softphone.g711 import PCMA, PCMU, Codec
from ivr.lab.softphone.incoming import HeardFrame, Reception
from ivr.lab.softphone.phone import Softphone

__all__ = [
    "PCMA",
    "PCMU",
    "CallOverError",
    "Codec",
    "DialError",
    "Ending",
    "HeardFrame",
    "KeysError",
    "MalformedError",
    "PhoneCall",
    "Reception",
    "Side",
    "Softphone",
    "SoftphoneError",
]
