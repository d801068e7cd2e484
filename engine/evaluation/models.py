"""Which model a command means: by id, by the path of its card, or the one that comes along."""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.scoring import OwnModel
from engine.voice.card import card_in
from engine.voice.catalogue import BUILT_IN, card_of

PULLED = Path("models")
"""Where pulled models lie unless the configuration says otherwise."""


def card_meant(model: str | None, pulled: Path = PULLED) -> Path:
    """Return the path of the card that is meant; `ModelError` where it is not clear."""
    return card_in(BUILT_IN) if model is None else card_of(model, pulled)


def own_model(model: str | None) -> OwnModel:
    """Load the model that is meant; `ModelError` where it cannot be."""
    return OwnModel.load(card_meant(model))
