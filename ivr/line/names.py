"""The names of what we make in Asterisk, so that after a crash it can be told whose it was.

`countersign~APPLICATION~KIND~CALL`: no application's name holds a `~`, so that two of them on one
Asterisk never take each other's for orphans.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from ivr.domain.call import CallId

NAME_MAX_CHARACTERS = 140
"""AST_MAX_PUBLIC_UNIQUEID of Asterisk 22's channel.h is 149; the rest is for `AGAIN`."""

AGAIN = "-again"
"""What ARI's client appends to a media channel's id that it had to ask for twice."""


class Kind(StrEnum):
    """What we make."""

    MEDIA = "media"
    SNOOP = "snoop"
    BRIDGE = "bridge"
    RECORDING = "recording"
    NEXT_RECORDING = "recording-next"
    """Two names take turns: Asterisk tells the end of one before it lets go of its name."""
    PLAYBACK = "playback"


RECORDINGS = (Kind.RECORDING, Kind.NEXT_RECORDING)

_HEARING = ([Kind.MEDIA], [Kind.SNOOP])


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one Stasis application gives."""

    app: str

    def of(self, kind: Kind, call: CallId) -> str:
        """Return the name of the call's thing of that kind; each call has one of each."""
        name = f"{self._prefix(kind)}{call}"
        if len(name) <= NAME_MAX_CHARACTERS:
            return name
        return self._prefix(kind) + hashlib.blake2b(call.encode(), digest_size=16).hexdigest()

    def all_of(self, call: CallId) -> frozenset[str]:
        """Return every name that may be in use for the call."""
        names = {self.of(kind, call) for kind in Kind}
        return frozenset(names | {self.of(Kind.MEDIA, call) + AGAIN})

    def is_ours(self, kind: Kind, name: str) -> bool:
        """Say whether this application gave the name."""
        return name.startswith(self._prefix(kind))

    def is_media(self, channel: str) -> bool:
        """Say whether a channel was made by any Countersign to hear with, and is no caller."""
        return channel.startswith("countersign~") and channel.split("~")[2:3] in _HEARING

    def _prefix(self, kind: Kind) -> str:
        return f"countersign~{self.app}~{kind}~"
