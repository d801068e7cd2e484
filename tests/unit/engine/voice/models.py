"""The built-in voice model, and copies of it to break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from engine.voice.card import card_in

MODELS = Path(__file__).parents[4] / "engine" / "voice" / "models"
CARD = card_in(MODELS)


def copied_model(folder: Path, **changes: Any) -> Path:
    """Copy the built-in model, change keys of its card, and return the card's path."""
    card = msgspec.json.decode(CARD.read_bytes()) | changes
    shutil.copy(CARD.parent / card["file"], folder)
    copied = folder / CARD.name
    copied.write_bytes(msgspec.json.encode(card))
    return copied
