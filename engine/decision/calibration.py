"""The calibration: from a score, and how much speech is behind it, to a likelihood ratio."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from engine.decision.scoring import Evidence
from engine.errors import ModelError, ModelMismatchError
from engine.types import Llr, ModelId
from engine.voice.card import CalibrationCard, Card

SPEECH_S = (0.5, 10.0)
"""Net speech counts within this range; the fit has seen nothing beyond it."""

VOICEPRINTS = (1, 5)
"""Likewise the number of voiceprints."""


def terms(evidence: Evidence) -> tuple[float, float, float, float, float]:
    """Return what the weights multiply, in the order of `Weights`; NaN where the evidence is."""
    test, enrolled = np.log(np.clip((evidence.test_s, evidence.enrolled_s), *SPEECH_S))
    voiceprints = np.log(np.clip(evidence.voiceprints, *VOICEPRINTS))
    return float(evidence.score), float(test), float(enrolled), float(voiceprints), 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A versioned map from evidence to natural-log likelihood ratio, tied to one voice model.

    Affine in the score, with offsets for net speech and number of voiceprints: logistic
    regression with quality measures (Brummer & du Preez, "Application-independent evaluation of
    speaker detection", 2006; Mandasari et al., "Quality measure functions for calibration of
    speaker recognition systems in various duration conditions", 2013). The weight of the score is
    positive, so more alike never means less likely.
    """

    model: ModelId
    card: CalibrationCard

    @classmethod
    def of(cls, card: Card) -> Calibration:
        """Take the calibration from a model's card; `ModelError` where it has none."""
        if card.calibration is None:
            raise ModelError(
                f"the voice model {card.id!r} is not calibrated, so it cannot compare: "
                "run python -m engine.decision.calibrate on its card"
            )
        return cls(card.model, card.calibration)

    def llr(self, evidence: Evidence) -> Llr:
        """Weigh the evidence; held within the card's limit, NaN where the evidence is NaN.

        `ModelMismatchError` where the evidence is another model's.

        The limit is what the number of trials can support (Vergeer et al., "Numerical likelihood
        ratios outputted by LR systems are often based on extrapolation: when to stop
        extrapolating?", Science & Justice 56, 2016). `np.clip` keeps NaN; `min` would hide it.
        """
        if evidence.model != self.model:
            raise ModelMismatchError(evidence.model, self.model)
        llr = np.dot(astuple(self.card.weights), terms(evidence))
        return Llr(float(np.clip(llr, -self.card.limit, self.card.limit)))
