"""How like each sound of English a moment of speech is: PocketSphinx's model, on the telephone.

The model (`en-us`, phonetically tied mixtures) comes along with PocketSphinx and was made from
16 kHz recordings. `telephone.json` turns its means to the telephone band: one linear map per stream
(MLLR: Leggetter & Woodland, 1995) and a factor per variance, estimated by
`python -m engine.training.telephone_phones` on openly licensed telephone-band English.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from engine.phrase.sphinx_files import (
    Definition,
    Floats,
    read_definition,
    read_gaussians,
    read_transitions,
    read_weights,
)

SILENCE: Final = "SIL"
STREAMS: Final = 3
"""Cepstra, their changes, and the changes of these."""
TELEPHONE: Final = Path(__file__).with_name("telephone.json")

_LEAST_VARIANCE: Final = 1e-3
_LEAST: Final = 1e-30


class Telephone(msgspec.Struct, frozen=True):
    """What turns the model to the telephone."""

    means: list[list[list[float]]]
    """`[streams, width, 1 + width]`: an offset, and what each mean becomes part of."""
    variances: list[list[float]]
    """Factors `[streams, width]`."""

    @classmethod
    def read(cls, path: Path = TELEPHONE) -> Self:
        """Read the one that comes along."""
        return msgspec.json.decode(path.read_bytes(), type=cls)


@dataclass(frozen=True, slots=True, eq=False)
class AcousticModel:
    """The phones' states ("senones"), each a mixture over the codebook of its phone."""

    definition: Definition
    onward: Floats
    """Log probabilities `[phones, 3, 2]` of staying in a state, and of going on."""
    weights: Floats
    """`[streams, densities, senones]`"""
    codebook: NDArray[np.int64]
    """The codebook of each senone, `[senones]`: the number of its phone."""
    slopes: Floats
    """`[streams, codebooks, 2 width, densities]`: times features and their squares."""
    offsets: Floats
    """`[streams, codebooks, 1, densities]`: added, it makes log densities."""

    @classmethod
    def made(cls, means: Floats, variances: Floats) -> Self:
        """Make it of means and variances `[codebooks, streams, densities, width]`."""
        folder = Path(pocketsphinx.get_model_path("en-us/en-us"))
        definition = read_definition(folder / "mdef")
        on = read_transitions(folder / "transition_matrices")
        states = np.arange(3)
        slopes = np.concatenate([means / variances, -0.5 / variances], axis=3)
        offsets = -0.5 * (means**2 / variances + np.log(2 * np.pi * variances)).sum(axis=3)
        weights = read_weights(folder / "sendump", means.shape[1], means.shape[2])
        return cls(
            definition=definition,
            onward=np.log(np.stack([on[:, states, states], on[:, states, states + 1]], axis=2)),
            weights=weights,
            codebook=_codebooks(definition, weights.shape[2]),
            slopes=np.ascontiguousarray(slopes.transpose(1, 0, 3, 2), np.float32),
            offsets=offsets.transpose(1, 0, 2)[:, :, None].astype(np.float32),
        )

    def states(self, phone: str, left: str, right: str, place: int) -> tuple[int, ...]:
        """Return the three senones of a phone between others, at a place in its word.

        Places as in `Definition.within`. Where the model has not met it there, those of the phone
        alone.
        """
        number, *beside = (self.definition.phones.index(each) for each in (phone, left, right))
        sequence = self.definition.within[number, beside[0], beside[1], place]
        if sequence < 0:
            return self.alone(phone)
        return tuple(self.definition.sequences[sequence].tolist())

    def alone(self, phone: str) -> tuple[int, ...]:
        """Return the three senones of a phone without neighbours."""
        return tuple(self.definition.alone[self.definition.phones.index(phone)].tolist())


def original() -> tuple[Floats, Floats]:
    """Read the model's own means and variances `[codebooks, streams, densities, width]`."""
    folder = Path(pocketsphinx.get_model_path("en-us/en-us"))
    variances = np.maximum(read_gaussians(folder / "variances"), np.float32(_LEAST_VARIANCE))
    return read_gaussians(folder / "means"), variances


@cache
def telephone_model() -> AcousticModel:
    """Return the model turned to the telephone, read once: 0.3 s and 40 MB."""
    return AcousticModel.made(*turned(*original(), Telephone.read()))


def turned(means: Floats, variances: Floats, telephone: Telephone) -> tuple[Floats, Floats]:
    """Turn means and variances `[codebooks, streams, densities, width]` to the telephone."""
    turn = np.array(telephone.means, np.float32)
    with_one = np.concatenate([np.ones_like(means[..., :1]), means], axis=3)
    factors = np.array(telephone.variances, np.float32)[None, :, None]
    return np.einsum("sdk,csmk->csmd", turn, with_one).astype(np.float32), variances * factors


@dataclass(frozen=True, slots=True, eq=False)
class Senones:
    """Some of a model's senones, in an order in which each codebook's are side by side.

    Laid out so that few large products make their likelihoods: those leave other threads alone.
    """

    chosen: NDArray[np.int64]
    """`[columns]`"""
    slopes: Floats
    """Of their codebooks, side by side: `[streams, 2 width, codebooks x densities]`."""
    offsets: Floats
    """`[streams, codebooks x densities]`"""
    weights: Floats
    """`[streams, codebooks, densities, most]`: as many senones as the largest codebook has."""
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Of each column its codebook and its place there, `[columns]` each."""

    @classmethod
    def of(cls, model: AcousticModel, wanted: Iterable[int]) -> Self:
        """Choose these."""
        each = np.unique(np.fromiter(wanted, np.int64))
        chosen = each[np.argsort(model.codebook[each], kind="stable")]
        books, first, column = np.unique(
            model.codebook[chosen], return_index=True, return_inverse=True
        )
        place = np.arange(len(chosen)) - first[column]
        streams, densities = model.weights.shape[:2]
        weights = np.zeros((streams, len(books), densities, int(place.max()) + 1), np.float32)
        weights[:, column, :, place] = model.weights[:, :, chosen].transpose(2, 0, 1)
        slopes = model.slopes[:, books].transpose(0, 2, 1, 3)
        return cls(
            chosen,
            np.ascontiguousarray(slopes.reshape(*slopes.shape[:2], -1)),
            model.offsets[:, books].reshape(streams, -1),
            weights,
            (column, place),
        )

    def columns(self, senones: NDArray[np.int64]) -> NDArray[np.int64]:
        """Say in which column each of these senones is."""
        order = np.argsort(self.chosen)
        return order[np.searchsorted(self.chosen, senones, sorter=order)]

    def likelihoods(self, features: Floats) -> Floats:
        """Return log likelihoods `[frames, columns]`, in nats, of features `[frames, 39]`."""
        streams = np.split(features, STREAMS, axis=1)
        return sum(
            (self._of_stream(number, each) for number, each in enumerate(streams)),
            np.zeros((len(features), len(self.chosen)), np.float32),
        )

    def _of_stream(self, stream: int, features: Floats) -> Floats:
        """Return what one stream `[frames, width]` adds, `[frames, columns]`."""
        weights, (book, place) = self.weights[stream], self.places
        powers = np.hstack([features, features * features]).astype(np.float32)
        logs = powers @ self.slopes[stream] + self.offsets[stream]
        logs = logs.reshape(len(features), *weights.shape[:2])
        best = logs.max(axis=2, keepdims=True)
        logs -= best
        np.exp(logs, out=logs)
        mixed = logs.transpose(1, 0, 2) @ weights
        found: Floats = np.log(mixed[book, :, place] + np.float32(_LEAST)).T + best[:, book, 0]
        return found


def _codebooks(definition: Definition, senones: int) -> NDArray[np.int64]:
    """Tell each senone's phone."""
    codebook = np.zeros(senones, np.int64)
    for phone in range(len(definition.phones)):
        met = np.unique(definition.within[phone])
        codebook[definition.sequences[met[met >= 0]]] = phone
        codebook[definition.alone[phone]] = phone
    return codebook
