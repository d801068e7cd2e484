"""Which model a command means: one that comes along, by id; a card, by path; or the only one."""

from __future__ import annotations

from pathlib import Path

import engine.voice
from engine.evaluation.scoring import OwnModel
from engine.voice.card import card_in

MODELS = Path(engine.voice.__file__).parent / "models"
"""Where the cards of the models lie that come along."""


def card_of(model: str | None) -> Path:
    """Return the path of the card that is meant; `ModelError` where it is not clear."""
    if model is None:
        return card_in(MODELS)
    own = MODELS / f"{model}.json"
    return own if own.exists() else card_in(Path(model))


def own_model(model: str | None) -> OwnModel:
    """Load the model that is meant; `ModelError` where it cannot be."""
    return OwnModel.load(card_of(model))
