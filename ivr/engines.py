"""The voice models that the operator's settings name, ready for use."""

from __future__ import annotations

from pathlib import Path

from engine import SpeakerEngine
from ivr.config import Configuration
from ivr.translation import (
    listening_limits,
    model_path,
    previous_model_path,
    quality_limits,
)


def load_engine(configuration: Configuration) -> SpeakerEngine:
    """Load the voice model with the operator's limits; `EngineError` where that cannot be."""
    return _engine_of(model_path(configuration), configuration)


def load_earlier(configuration: Configuration) -> SpeakerEngine | None:
    """Load the voice model of before a change, where one is named; as `load_engine`."""
    card = previous_model_path(configuration)
    return None if card is None else _engine_of(card, configuration)


def _engine_of(card: Path, configuration: Configuration) -> SpeakerEngine:
    return SpeakerEngine.load(
        card,
        configuration.voice.target_fmr,
        quality_limits(configuration),
        listening_limits(configuration),
    )
