"""The calibration: from a score, and how much speech is behind it, to a likelihood ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from engine.decision.cohort import Cohort
from engine.decision.scoring import Compare, in_parts, score, score_by_parts
from engine.errors import ModelError, ModelMismatchError
from engine.types import Embedding, Llr, ModelId, Quality, Score, Voiceprint
from engine.voice.card import CalibrationCard, Card

SPEECH_S = (0.5, 10.0)
"""Net speech counts within this range; the fit has seen nothing beyond it, nor all of it."""

VOICEPRINTS = (1, 5)
"""Likewise the number of voiceprints, of which the fit has seen one and three."""

SNR_DB = (5.0, 40.0)
"""Likewise the SNR."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one comparison found, and what it rests on."""

    score: Score
    test_s: float
    """Net speech of the utterance that is tested, in seconds."""
    enrolled_s: float
    """Mean net speech of the voiceprints, in seconds."""
    voiceprints: int
    """How many there are."""
    test_snr_db: float
    """SNR of the utterance that is tested."""
    enrolled_snr_db: float
    """Mean SNR of the voiceprints."""
    same_words: bool = False
    """Whether the same passphrase was said on both sides: then any two sound more alike."""


def evidence(
    embedding: Embedding,
    quality: Quality,
    voiceprints: Sequence[Voiceprint],
    compare: Compare = score,
) -> Evidence:
    """Compare an utterance with a person's voiceprints; errors as `compare`, which scores."""
    found = rests_on(compare(embedding, voiceprints), quality, voiceprints)
    return replace(found, same_words=same_words(embedding, voiceprints))


def same_words(embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> bool:
    """Say whether it is the same passphrase as in most of the voiceprints."""
    same = sum(each.embedding.phrase == embedding.phrase for each in voiceprints)
    return embedding.phrase is not None and 2 * same > len(voiceprints)


def rests_on(score: Score, quality: Quality, voiceprints: Sequence[Voiceprint]) -> Evidence:
    """Say what a score of an utterance of this quality rests on; at least one voiceprint."""
    enrolled = [voiceprint.quality for voiceprint in voiceprints]
    return Evidence(
        score=score,
        test_s=quality.net_speech_s,
        enrolled_s=fmean(each.net_speech_s for each in enrolled),
        voiceprints=len(voiceprints),
        test_snr_db=quality.snr_db,
        enrolled_snr_db=fmean(each.snr_db for each in enrolled),
    )


def terms(found: Evidence) -> tuple[float, ...]:
    """Return what the weights multiply, in the order of `Weights`; NaN where the evidence is."""
    test, enrolled = np.log(np.clip((found.test_s, found.enrolled_s), *SPEECH_S))
    voiceprints = np.log(np.clip(found.voiceprints, *VOICEPRINTS))
    snr = np.clip((found.test_snr_db, found.enrolled_snr_db), *SNR_DB) / 10
    known = (found.score, test, enrolled, voiceprints, 1.0, *snr, found.same_words)
    return tuple(map(float, known))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A versioned map from evidence to natural-log likelihood ratio, tied to one voice model.

    Affine in the score, with offsets for net speech, SNR, number of voiceprints, and whether the
    same words were said: logistic regression with quality measures (Brummer & du Preez,
    "Application-independent evaluation of speaker detection", 2006; Mandasari et al., "Quality
    measure functions for calibration of speaker recognition systems in various duration
    conditions", 2013). The weight of the score is positive, so more alike never means less likely.
    """

    model: ModelId
    card: CalibrationCard
    cohort: Cohort | None = None
    by_parts: Calibration | None = None
    """Of passphrases compared part by part; its scores are raw."""

    @classmethod
    def of(cls, card: Card, folder: Path | None = None) -> Calibration:
        """Take the calibration from a model's card, and its cohort from the card's folder.

        `ModelError` where it has none, or where its cohort cannot be had.
        """
        if card.calibration is None:
            raise ModelError(
                f"the voice model {card.id!r} is not calibrated, so it cannot compare: "
                "run python -m engine.decision.calibrate on its card"
            )
        by_parts = card.calibration_by_parts
        fine = None if by_parts is None else cls(card.model, by_parts)
        named = card.calibration.cohort
        if named is None:
            return cls(card.model, card.calibration, by_parts=fine)
        if folder is None:
            raise ModelError(
                f"the cohort {named.file} of {card.id!r} lies beside its card: say where"
            )
        cohort = Cohort.load(named, folder)
        if cohort.members.ndim != 2 or cohort.members.shape[1] != card.dim:
            raise ModelError(
                f"the cohort {named.file} has shape {cohort.members.shape}, not n x {card.dim}"
            )
        return cls(card.model, card.calibration, cohort, fine)

    @property
    def compare(self) -> Compare:
        """How scores are made that this calibration can weigh."""
        return score if self.cohort is None else self.cohort.score

    def weigh(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints.

        `NoVoiceprintError` without voiceprints; `ModelMismatchError` where the embedding or a
        voiceprint is another model's than the calibration.
        """
        if embedding.model != self.model:
            raise ModelMismatchError(embedding.model, self.model)
        return self.llr(evidence(embedding, quality, voiceprints, self.compare))

    def weigh_phrase(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh a passphrase against a person's voiceprints of the same one; errors as `weigh`.

        Part by part against those that have its parts, where these are most of them and that is
        calibrated; as a whole against all otherwise.
        """
        if self.by_parts is not None and embedding.model == self.model:
            found = score_by_parts(embedding, voiceprints)
            if found is not None:
                alike = in_parts(embedding, voiceprints)
                return self.by_parts.llr(rests_on(found, quality, alike))
        return self.weigh(embedding, quality, voiceprints)

    def llr(self, found: Evidence) -> Llr:
        """Weigh the evidence; held within the card's limit, NaN where the evidence is NaN.
        The limit is what the number of trials can support (Vergeer et al., "Numerical likelihood
        ratios outputted by LR systems are often based on extrapolation: when to stop
        extrapolating?", Science & Justice 56, 2016). `np.clip` keeps NaN; `min` would hide it.
        """
        llr = np.dot(astuple(self.card.weights), terms(found))
        return Llr(float(np.clip(llr, -self.card.limit, self.card.limit)))
