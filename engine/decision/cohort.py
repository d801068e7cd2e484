"""The cohort: other voices that say how much likeness a voice finds anywhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.decision.scoring import normalised
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

    def score(self, embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> Score:
        """Return the mean normalised score with the voiceprints, in standard deviations.

        `NoVoiceprintError` without voiceprints, `ModelMismatchError` where one is another model's;
        NaN where a voice holds NaN.
        """
        if not voiceprints:
            raise NoVoiceprintError
        enrolled = [voiceprint.embedding for voiceprint in voiceprints]
        scores = np.array([embedding.cosine(other) for other in enrolled], dtype=np.float64)
        vectors = np.stack([embedding.vector, *(other.vector for other in enrolled)])
        likeness = vectors.astype(np.float64) @ self.members.T.astype(np.float64)
        table = np.zeros((len(vectors), len(vectors)))
        table[1:, 0] = scores
        return Score(float(normalised(table, likeness, self.top)[1:, 0].mean()))
