"""Voices for the demo and the tests: synthetic ones for everybody, real ones from a corpus."""

from ivr.lab.speech.corpus import CorpusError, CorpusPerson, CorpusSpeaker, people
from ivr.lab.speech.speaker import VOICES, Speaker, SyntheticSpeaker, synthetic
from ivr.lab.speech.synthesis import Synthesiser, SynthesisError, Voice, render

__all__ = [
    "VOICES",
    "CorpusError",
    "CorpusPerson",
    "CorpusSpeaker",
    "Speaker",
    "SynthesisError",
    "Synthesiser",
    "SyntheticSpeaker",
    "Voice",
    "people",
    "render",
    "synthetic",
]
