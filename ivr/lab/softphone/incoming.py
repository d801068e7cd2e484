"""What a phone hears: audio, keys and the tone, out of RTP packets. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.types import Pcm
from ivr.lab.softphone import dtmf, rtp
from ivr.lab.softphone.errors import MalformedError
from ivr.lab.softphone.g711 import CODECS
from ivr.lab.softphone.tone import ToneListener

_CODECS = {codec.payload_type: codec for codec in CODECS}


@dataclass(frozen=True, slots=True, eq=False)
class HeardFrame:
    """One packet of audio."""

    at: float
    """When it arrived, by the event loop's monotonic clock, in seconds."""
    timestamp: int
    """Its RTP timestamp, in samples."""
    payload_type: int
    payload: bytes

    @property
    def pcm(self) -> Pcm:
        """The samples, int16 `[n]` at 8 kHz."""
        return _CODECS[self.payload_type].decode(self.payload)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a packet, or its absence, told."""

    key: str | None = None
    tone: bool = False
    """A tone has just ended."""
    sound: bool = False
    """It holds something louder than a line's noise."""


NOTHING = Noticed()

SOUND_LEVEL = 500
"""Whatever is louder is no line's noise: -36 dBFS."""


@dataclass(slots=True)
class Reception:
    """How well the stream arrived, in packets."""

    packets: int = 0
    malformed: int = 0
    lost: int = 0
    """Those that never came, counted by gaps in the sequence."""
    _latest: tuple[int, int] | None = None

    def count(self, packet: rtp.RtpPacket) -> None:
        """Take the next packet into account; another SSRC starts the sequence anew."""
        self.packets += 1
        if self._latest is not None and self._latest[0] == packet.ssrc:
            step = (packet.sequence - self._latest[1]) & 0xFFFF
            if step >= 0x8000:  # late, counted as lost before
                self.lost = max(0, self.lost - 1)
                return
            self.lost += max(0, step - 1)
        self._latest = packet.ssrc, packet.sequence


class Incoming:
    """The stream of one call, as received."""

    def __init__(self, events_type: int, *, keep: bool) -> None:
        """`events_type` is how we offered to take keys; `keep` whether audio is kept."""
        self._events_type = events_type
        self._keep = keep
        self._keys = dtmf.KeyListener()
        self._tone = ToneListener()
        self.reception = Reception()
        self.frames: list[HeardFrame] = []

    def receive(self, datagram: bytes, now: float) -> Noticed:
        """Take a packet; one that is no RTP is counted, and tells nothing."""
        try:
            packet = rtp.parse(datagram)
            self.reception.count(packet)
            return self._notice(packet, now)
        except MalformedError:
            self.reception.malformed += 1
            return NOTHING

    def wait(self, now: float) -> Noticed:
        """Let time pass: a tone may have ended because nothing is sent any more."""
        return Noticed(tone=self._tone.wait(now))

    @property
    def recording(self) -> Pcm:
        """Everything kept, in order of arrival, int16 `[n]` at 8 kHz."""
        return np.concatenate([np.zeros(0, np.int16), *(frame.pcm for frame in self.frames)])

    def _notice(self, packet: rtp.RtpPacket, now: float) -> Noticed:
        if packet.payload_type == self._events_type:
            return Noticed(key=self._keys.hear(packet.payload, packet.timestamp))
        codec = _CODECS.get(packet.payload_type)
        if codec is None:
            return NOTHING
        if self._keep:
            kept = HeardFrame(now, packet.timestamp, packet.payload_type, packet.payload)
            self.frames.append(kept)
        pcm = codec.decode(packet.payload)
        return Noticed(tone=self._tone.hear(pcm, now), sound=_sounds(pcm))


def _sounds(pcm: Pcm) -> bool:
    return bool(np.abs(pcm.astype(np.int32)).max(initial=0) > SOUND_LEVEL)
