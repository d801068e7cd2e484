"""What a voice model makes of people in general: the cohort, and how voices vary.

It is made from many training speakers (`engine.training.background`) and lies in one small file.
The cohort's members are centroids, each of several people: nobody's voiceprint is among them.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from engine.errors import ModelError

FEWEST_PEOPLE = 5
"""A centroid of fewer is left out: it could be recognised as one of them."""

_SEED = 1

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A cohort, and the spread of the voices behind it."""

    cohort: Matrix
    """Unit vectors float32 `[n, dim]`, each the centroid of at least five people."""
    mean: Matrix
    """Of all voices, `[dim]`."""
    within: Matrix
    """Covariance of one person's embeddings over calls, `[dim, dim]`."""
    between: Matrix
    """Covariance of people's mean embeddings, `[dim, dim]`."""

    @classmethod
    def of(cls, voices: Matrix, speakers: NDArray[np.int64], centroids: int) -> Background:
        """Learn from unit vectors `[n, dim]` of the speakers `[n]`, numbered from 0.

        Speakers of one call say nothing of the spread within a person. `ModelError` where the
        speakers are too few for a single centroid of five.
        """
        counts = np.bincount(speakers)
        sums = np.zeros((len(counts), voices.shape[1]))
        np.add.at(sums, speakers, voices)
        means = sums / np.maximum(counts, 1)[:, None]
        apart = voices - means[speakers]
        several = counts[speakers] > 1
        freedom = max(1, int(several.sum() - (counts > 1).sum()))
        within = apart[several].T @ apart[several] / freedom
        present = means[counts > 0]
        return cls(
            centroids_of(present.astype(np.float32), centroids),
            present.mean(axis=0).astype(np.float32),
            within.astype(np.float32),
            np.cov(present.T).astype(np.float32),
        )

    def save(self, path: Path) -> None:
        """Write the file: the cohort and the rest at half precision; `OSError` as usual."""
        half = np.float16
        with path.open("wb") as file:
            np.savez(
                file,
                cohort=self.cohort.astype(half),
                mean=self.mean.astype(half),
                within=self.within.astype(half),
                between=self.between.astype(half),
            )

    @classmethod
    def load(cls, path: Path) -> Background:
        """Read the file; `ModelError` where it is absent or something else."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(*(stored[each.name].astype(np.float32) for each in fields(cls)))
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{path} is no background of a voice model ({error}): make it with "
                "python -m engine.training.background"
            ) from error


def centroids_of(people: Matrix, count: int) -> Matrix:
    """Return unit vectors `[at most count, dim]`: k-means centroids of people's means `[n, dim]`.

    Centroids of fewer than five people are left out; where none is left, all people make one.
    `ModelError` of fewer than five people.
    """
    if len(people) < FEWEST_PEOPLE:
        raise ModelError(
            f"{len(people)} people are too few for a cohort: every member stands for at least "
            f"{FEWEST_PEOPLE}"
        )
    count = max(1, min(count, len(people) // FEWEST_PEOPLE))
    random = np.random.default_rng(_SEED)
    found, member = kmeans2(people, count, minit="++", rng=random, missing="warn")
    kept = found[np.bincount(member, minlength=count) >= FEWEST_PEOPLE]
    if not len(kept):
        kept = people.mean(axis=0, keepdims=True)
    unit: Matrix = (kept / np.linalg.norm(kept, axis=1, keepdims=True)).astype(np.float32)
    return unit
