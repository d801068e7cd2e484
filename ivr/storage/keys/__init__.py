"""The keys of what is stored: master, tenant and data keys, sealing, and turned voiceprints."""

from ivr.storage.keys.keyring import Keyring
from ivr.storage.keys.master import (
    MasterKeys,
    make_master_file,
    master_from_command,
    master_from_file,
)
from ivr.storage.keys.person import PersonKey, TurnedVoice
from ivr.storage.keys.sealing import SealBrokenError
from ivr.storage.keys.tenant import TenantKey

__all__ = [
    "Keyring",
    "MasterKeys",
    "PersonKey",
    "SealBrokenError",
    "TenantKey",
    "TurnedVoice",
    "make_master_file",
    "master_from_command",
    "master_from_file",
]
