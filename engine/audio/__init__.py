"""Sound: from the telephone's bytes to an utterance, and what the line did to it."""

from engine.audio.activity import Segment, speech_in
from engine.audio.detector import warm
from engine.audio.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.audio.listener import Listener
from engine.audio.listening import ListeningLimits
from engine.audio.pcm import from_bytes, to_bytes, to_float, to_int
from engine.audio.quality import measure
from engine.audio.resample import Upsampler, to_engine_rate, upsample

__all__ = [
    "Listener",
    "ListeningLimits",
    "Segment",
    "Upsampler",
    "decode_alaw",
    "decode_mulaw",
    "encode_alaw",
    "encode_mulaw",
    "from_bytes",
    "measure",
    "speech_in",
    "to_bytes",
    "to_engine_rate",
    "to_float",
    "to_int",
    "upsample",
    "warm",
]
