"""RTP packets (RFC 3550, clause 5.1) as bytes and back."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ivr.lab.softphone.errors import MalformedError

FRAME_S = 0.02
FRAME_SAMPLES = 160
_FIXED = struct.Struct("!BBHII")
_VERSION = 2
_RTCP_TYPES = range(72, 77)
"""RTCP's 200-204 read as RTP payload types: reserved for telling the two apart (RFC 5761)."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; `timestamp` counts samples at 8 kHz."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Return the packet as sent: no padding, no extension, no contributing sources."""
        second = (self.marker << 7) | self.payload_type
        head = _FIXED.pack(
            _VERSION << 6, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc
        )
        return head + self.payload


def parse(datagram: bytes) -> RtpPacket:
    """Read one packet; `MalformedError` for anything else, RTCP included."""
    if len(datagram) < _FIXED.size:
        raise MalformedError(f"{len(datagram)} bytes are too few for RTP")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(datagram)
    if first >> 6 != _VERSION:
        raise MalformedError(f"RTP version {first >> 6}")
    if second & 0x7F in _RTCP_TYPES:
        raise MalformedError("RTCP where RTP belongs")
    payload = datagram[_start_of_payload(datagram, first) : _end_of_payload(datagram, first)]
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, payload, bool(second & 0x80))


def _start_of_payload(datagram: bytes, first: int) -> int:
    start = _FIXED.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(datagram) < start + 4:
            raise MalformedError("RTP header extension cut short")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    if start > len(datagram):
        raise MalformedError("RTP header longer than its packet")
    return start


def _end_of_payload(datagram: bytes, first: int) -> int:
    if not first & 0x20:
        return len(datagram)
    end = len(datagram) - datagram[-1]
    if datagram[-1] == 0 or end < _start_of_payload(datagram, first):
        raise MalformedError("RTP padding longer than its packet")
    return end
