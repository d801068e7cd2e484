"""Voices made of numbers, and a calibration to weigh them with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.decision.calibration import Calibration
from engine.types import Embedding, ModelId, Quality, Voiceprint
from engine.voice.card import CalibrationCard, MeasuredPoint, Weights

MODEL = ModelId("test-model")


def voice(angle: float, model: str = MODEL) -> Embedding:
    """A unit vector in the plane, at an angle in radians."""
    vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
    return Embedding(vector, ModelId(model))


def quality(net_speech_s: float = 2.0) -> Quality:
    """A good recording of so much net speech."""
    return Quality(net_speech_s, snr_db=30.0, level_dbfs=-20.0, clipped=0.0)


def voiceprint(angle: float, net_speech_s: float = 2.0, model: str = MODEL) -> Voiceprint:
    """A good enrollment recording of a voice."""
    return Voiceprint(voice(angle, model), quality(net_speech_s))


def in_parts(whole: float, *angles: float, model: str = MODEL) -> Voiceprint:
    """A good recording of a voice whose parts are at other angles than the whole."""
    parts = np.stack([voice(angle).vector for angle in angles])
    return Voiceprint(replace(voice(whole, model), parts=parts), quality())


@pytest.fixture
def calibration() -> Calibration:
    """A calibration with round numbers."""
    return calibrated()


def calibrated(weights: Weights | None = None, limit: float = 6.0) -> Calibration:
    """A calibration with these weights."""
    card = CalibrationCard(
        version=1,
        fitted_on="2026-01-01",
        fitted_with="made up for the tests",
        weights=weights or Weights(10.0, 0.5, 0.25, 0.5, -4.0),
        limit=limit,
        speakers=100,
        target_trials=1000,
        non_target_trials=9000,
        cllr=0.3,
        min_cllr=0.28,
        eer=0.08,
        points=(MeasuredPoint(0.05, 0.1, 1.5), MeasuredPoint(0.01, 0.3, 3.0)),
    )
    return Calibration(MODEL, card)
