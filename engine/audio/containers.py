"""What a file is, told from its first bytes, so that only what is accepted is ever decoded."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Container(StrEnum):
    """A kind of file that is accepted."""

    WAV = "WAV"
    FLAC = "FLAC"
    OPUS = "Ogg Opus"
    RAW_MULAW = "raw mu-law"
    RAW_ALAW = "raw A-law"


RAW_SUFFIXES: Final = {
    ".ulaw": Container.RAW_MULAW,
    ".mulaw": Container.RAW_MULAW,
    ".alaw": Container.RAW_ALAW,
}
"""Raw companded audio has no header; its name tells."""

_OGG: Final = b"OggS"
_OGG_FIRST_PACKET: Final = 28
"""The first page of an Ogg stream has one segment (RFC 7845, 3; RFC 3533, 6)."""
_OGG_PAGE_BYTES: Final = 27
"""Of a page before its segment table, whose length is the last of them (RFC 3533, 6)."""
_SHOWN_BYTES: Final = 8

_OTHERS: Final = (
    (0, b"ID3", "MP3"),
    (0, b"RIFX", "big-endian WAV"),
    (0, b"RF64", "64-bit WAV"),
    (0, b"riff", "Wave64"),
    (0, b"RIFF", "a RIFF file that is no WAV"),
    (0, b"FORM", "AIFF"),
    (0, b"caff", "CAF"),
    (0, b".snd", "AU"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (4, b"ftyp", "MP4 or M4A"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"\x30\x26\xb2\x75", "WMA"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
)


def container_of(content: bytes, suffix: str) -> Container | None:
    """Return what the content is, by its first bytes; else raw audio by its suffix, `.ulaw`."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return Container.WAV
    if content[:4] == b"fLaC":
        return Container.FLAC
    if _in_ogg(content).startswith(b"OpusHead"):
        return Container.OPUS
    return RAW_SUFFIXES.get(suffix.lower())


def breaks_off(content: bytes) -> bool:
    """Return whether the last page of an Ogg stream is there in part alone."""
    place = 0
    while content.startswith(_OGG, place):
        table = place + _OGG_PAGE_BYTES
        if table > len(content):
            return True
        lengths = content[table : table + content[table - 1]]
        place = table + content[table - 1] + sum(lengths)
    return place > len(content)


def foreign(content: bytes) -> str:
    """Name content that is not accepted as well as its first bytes tell."""
    if content.startswith(_OGG):
        return "Ogg Vorbis" if _in_ogg(content).startswith(b"\x01vorbis") else "Ogg, not Opus"
    for place, mark, name in _OTHERS:
        if content[place : place + len(mark)] == mark:
            return name
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        return "MP3"
    return f"no kind of audio that is known (it begins with {content[:_SHOWN_BYTES].hex(' ')})"


def _in_ogg(content: bytes) -> bytes:
    return content[_OGG_FIRST_PACKET:] if content.startswith(_OGG) else b""
