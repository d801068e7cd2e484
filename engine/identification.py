"""Identification: whose voice of a group an utterance is, if anyone's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.decision.calibration import Calibration
from engine.decision.operating_point import OperatingPoint
from engine.decision.policy import fused
from engine.errors import ModelMismatchError, NoVoiceprintError
from engine.types import Embedding, Llr, ModelId, Quality, Voiceprint

SHORTLIST: Final = 50
"""So many of a larger group, those of the highest scores, are weighed; the rest stay unranked."""

N = TypeVar("N")
"""What a voice is called: whatever the caller knows it by."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[N]):
    """One voice of a group, and how much likelier the speech is if it was that person's."""

    name: N
    llr: Llr


@dataclass(frozen=True, slots=True)
class Identification(Generic[N]):
    """What a search found."""

    ranked: tuple[Candidate[N], ...]
    """The likeliest first: the whole group, or each utterance's `SHORTLIST` of a larger one."""
    threshold: Llr
    """What the first had to reach, in a group of this size."""

    @property
    def hits(self) -> tuple[Candidate[N], ...]:
        """Those at the threshold or above; empty: none of them."""
        return tuple(each for each in self.ranked if each.llr >= self.threshold)

    @property
    def found(self) -> Candidate[N] | None:
        """The likeliest, where it reaches the threshold; None: none of them."""
        return next(iter(self.hits), None)


class Gallery(Generic[N]):
    """A named group's voiceprints as one matrix, made once for any number of searches."""

    def __init__(self, group: Mapping[N, Sequence[Voiceprint]], model: ModelId) -> None:
        """Take a group of at least one voice, each with at least one voiceprint of `model`.

        `NoVoiceprintError` where there is none, `ModelMismatchError` where one is another's.
        """
        self.model = model
        self._voices = [(name, tuple(voiceprints)) for name, voiceprints in group.items()]
        if not self._voices:
            raise NoVoiceprintError
        self._means = np.stack([_mean(voiceprints, model) for _, voiceprints in self._voices])

    @classmethod
    def of(cls, group: Mapping[N, Sequence[Voiceprint]], calibration: Calibration) -> Self:
        """Take a group whose voiceprints are of the calibration's model; errors as the class."""
        return cls(group, calibration.model)

    def __len__(self) -> int:
        """How many voices there are."""
        return len(self._voices)

    def nearest(self, embedding: Embedding) -> list[tuple[N, tuple[Voiceprint, ...]]]:
        """Return the `SHORTLIST` of the highest scores, highest first.

        The score is the mean cosine with a person's voiceprints, as `engine.decision.scoring`'s.
        """
        if embedding.model != self.model:
            raise ModelMismatchError(embedding.model, self.model)
        scores = self._means @ embedding.vector
        return [self._voices[k] for k in np.argsort(-scores, kind="stable")[:SHORTLIST]]


def identify(
    embedding: Embedding,
    quality: Quality,
    gallery: Gallery[N],
    calibration: Calibration,
    point: OperatingPoint,
    earlier: Sequence[Voiceprint] = (),
) -> Identification[N]:
    """Search a group for the voice of an utterance.

    With `earlier` utterances of the same caller the mean Llr of all ranks, as attempts are fused:
    another try must not be another chance of a false match. `point` is for a group of this size
    (`engine.decision.purposes.point_for`). NaN evidence ranks last and is never a hit.
    `ModelMismatchError` between models.
    """
    said = [*earlier, Voiceprint(embedding, quality)]
    near = {name: prints for each in said for name, prints in gallery.nearest(each.embedding)}
    weighed = [
        Candidate(
            name, fused([calibration.weigh(each.embedding, each.quality, prints) for each in said])
        )
        for name, prints in near.items()
    ]
    ranked = sorted(weighed, key=lambda each: -np.nan_to_num(each.llr, nan=-np.inf))
    return Identification(tuple(ranked), point.threshold)


def resembling(
    voiceprints: Sequence[Voiceprint],
    gallery: Gallery[N],
    calibration: Calibration,
    point: OperatingPoint,
) -> tuple[Candidate[N], ...]:
    """Return who of a group sounds like a person with these voiceprints, the likeliest first.

    For warnings at enrollment: enrolled already, or on the watchlist. Each recording is weighed
    against the other's voiceprints, and the mean must reach the threshold.
    `NoVoiceprintError` without any, `ModelMismatchError` between models.
    """
    if not voiceprints:
        raise NoVoiceprintError
    *earlier, last = voiceprints
    return identify(last.embedding, last.quality, gallery, calibration, point, earlier).hits


def _mean(voiceprints: Sequence[Voiceprint], model: ModelId) -> NDArray[np.float32]:
    """The mean of the voiceprints' unit vectors, float32 `[dim]`."""
    if not voiceprints:
        raise NoVoiceprintError
    for voiceprint in voiceprints:
        if voiceprint.embedding.model != model:
            raise ModelMismatchError(voiceprint.embedding.model, model)
    mean: NDArray[np.float32] = np.mean(
        [voiceprint.embedding.vector for voiceprint in voiceprints], axis=0, dtype=np.float32
    )
    return mean
