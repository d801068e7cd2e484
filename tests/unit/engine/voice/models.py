"""The built-in voice model, and copies of it to break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from engine.voice.card import card_in
from engine.voice.features import KaldiFeatures

MODELS = Path(__file__).parents[4] / "engine" / "voice" / "models"
CARD = card_in(MODELS)
KALDI: dict[str, Any] = {
    "kind": "kaldi-fbank",
    "full_scale": 1,
    "dither": 0,
    "edges": "snip",
    "offset": "frame-mean",
    "pre_emphasis": 0.97,
    "window": "povey",
    "window_samples": 400,
    "hop_samples": 160,
    "fft_samples": 512,
    "mel_bins": 80,
    "low_hz": 20.0,
    "high_hz": 8000.0,
    "mel_scale": "htk",
    "triangles": "linear-in-mel",
    "log_floor": 1.1920928955078125e-07,
    "normalisation": "utterance-mean",
}


def copied_model(folder: Path, **changes: Any) -> Path:
    """Copy the built-in model, change keys of its card, and return the card's path."""
    card = msgspec.json.decode(CARD.read_bytes()) | changes
    shutil.copy(CARD.parent / card["file"], folder)
    copied = folder / CARD.name
    copied.write_bytes(msgspec.json.encode(card))
    return copied


def kaldi_features(**changes: Any) -> KaldiFeatures:
    """The recipe of most public models, with keys changed."""
    return msgspec.convert(KALDI | changes, KaldiFeatures)
