"""The cohort: other voices that say how much likeness a voice finds anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from engine.decision.scoring import LEAST_SPREAD, Compare
from engine.errors import ModelError, NoVoiceprintError
from engine.types import Embedding, Score, Voiceprint
from engine.voice.card import CohortCard

TOP = 100
"""Members that a voice is compared with, where nothing else is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Voices to normalise scores against, each the centroid of several people."""

    members: NDArray[np.float32]
    """Unit vectors float32 `[n, dim]` of the calibration's model."""
    top: int
    """How many of them a voice is compared with: those that it is most like."""

    @classmethod
    def load(cls, card: CohortCard, folder: Path) -> Cohort:
        """Read the file that the card names; `ModelError` unless it is the very one."""
        path = folder / card.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"the cohort {path} cannot be read: {error.strerror}") from error
        found = sha256(content).hexdigest()
        if found != card.sha256:
            raise ModelError(
                f"the cohort {path} is not the one on its card: sha256 {found}, expected "
                f"{card.sha256}; fetch it again"
            )
        return cls(np.load(io.BytesIO(content), allow_pickle=False).astype(np.float32), card.top)

    def save(self, path: Path) -> CohortCard:
        """Write the members at half precision and return what the card says of the file."""
        stored = io.BytesIO()
        np.save(stored, self.members.astype(np.float16))
        path.write_bytes(stored.getvalue())
        return CohortCard(path.name, sha256(stored.getvalue()).hexdigest(), self.top)

    def standing(self, embedding: Embedding) -> tuple[float, float]:
        """Return mean and standard deviation of a voice's cosines with the nearest members."""
        likeness = self.members @ embedding.vector
        top = min(self.top, len(likeness))
        nearest = np.partition(likeness, len(likeness) - top)[-top:]
        return float(nearest.mean()), max(float(nearest.std()), LEAST_SPREAD)

    def score(self, embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> Score:
        """Return the mean normalised score with the voiceprints, in standard deviations.

        `NoVoiceprintError` without voiceprints, `ModelMismatchError` where one is another model's;
        NaN where a voice holds NaN.
        """
        return _score(embedding, voiceprints, self.standing)

    def remembering(self) -> Compare:
        """Return `score` with a memory of every voice's standing, to compare the same ones often.

        It keeps the voices for as long as it is kept itself: not for calls.
        """
        standing = cache(self.standing)
        return lambda embedding, voiceprints: _score(embedding, voiceprints, standing)


def _score(
    embedding: Embedding,
    voiceprints: Sequence[Voiceprint],
    standing: Callable[[Embedding], tuple[float, float]],
) -> Score:
    if not voiceprints:
        raise NoVoiceprintError
    mean, spread = standing(embedding)
    scores = []
    for voiceprint in voiceprints:
        cosine = embedding.cosine(voiceprint.embedding)
        other_mean, other_spread = standing(voiceprint.embedding)
        scores.append(((cosine - mean) / spread + (cosine - other_mean) / other_spread) / 2)
    return Score(fmean(scores))
