"""G.711 against libsndfile, which has its own tables."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from engine.audio import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.errors import AudioError
from engine.types import Pcm

EVERY_BYTE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)

Decode = Callable[[bytes], Pcm]
Encode = Callable[[Pcm], bytes]
LAWS = [
    pytest.param(decode_mulaw, encode_mulaw, "ULAW", id="mu-law"),
    pytest.param(decode_alaw, encode_alaw, "ALAW", id="A-law"),
]


@pytest.mark.parametrize(("decode", "encode", "subtype"), LAWS)
def test_every_byte_decodes_as_in_libsndfile(decode: Decode, encode: Encode, subtype: str) -> None:
    """All 256 bytes give the reference's samples."""
    reference, _ = soundfile.read(
        io.BytesIO(EVERY_BYTE),
        dtype="int16",
        format="RAW",
        subtype=subtype,
        samplerate=8000,
        channels=1,
    )
    assert decode(EVERY_BYTE).tolist() == reference.tolist()


@pytest.mark.parametrize(("decode", "encode", "subtype"), LAWS)
def test_encoding_loses_no_more_than_libsndfile(
    decode: Decode, encode: Encode, subtype: str
) -> None:
    """No sample lies further from its code than the reference's code is."""
    file = io.BytesIO()
    soundfile.write(file, EVERY_SAMPLE, 8000, format="RAW", subtype=subtype)
    linear = EVERY_SAMPLE.astype(np.int32)
    ours = np.abs(decode(encode(EVERY_SAMPLE)) - linear)
    theirs = np.abs(decode(file.getvalue()) - linear)
    assert (ours <= theirs).all()
    assert ours.max() < 1024


@pytest.mark.parametrize(("decode", "encode", "subtype"), LAWS)
def test_what_was_compressed_once_stays(decode: Decode, encode: Encode, subtype: str) -> None:
    """A second passage through the same law changes nothing."""
    pcm = decode(EVERY_BYTE)
    assert decode(encode(pcm)).tolist() == pcm.tolist()


def test_silence_is_the_telephone_s_idle_pattern() -> None:
    """mu-law's idle byte is zero; A-law has no zero, and its idle byte is the least it has."""
    assert decode_mulaw(b"\xff\x7f").tolist() == [0, 0]
    assert decode_alaw(b"\xd5\x55").tolist() == [8, -8]


def test_only_int16_is_compressed() -> None:
    """Floats would be wrapped, so they are refused."""
    with pytest.raises(AudioError, match="float32"):
        encode_mulaw(np.zeros(4, np.float32))
