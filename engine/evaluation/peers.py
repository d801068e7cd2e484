"""Other people's models on the same trials: optional, never needed to use the product."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.recordings import CorpusError
from engine.evaluation.scoring import Model
from engine.types import ENGINE_RATE_HZ, Samples


class Resemblyzer:
    """Resemblyzer 0.1.4 with the weights it carries (Wan et al., "Generalized end-to-end loss for
    speaker verification", 2018), used as its documentation says: volume, trimming, embedding."""

    name = "resemblyzer"

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its imports warn of old names in scipy and setuptools
            try:
                from resemblyzer import VoiceEncoder, preprocess_wav
            except ImportError as error:
                raise CorpusError(
                    f"the peer resemblyzer is not installed ({error}): "
                    "pip install 'countersign[peers]'"
                ) from error
        self._prepare = preprocess_wav
        self._encoder = VoiceEncoder("cpu", verbose=False)

    def embed(self, samples: Samples) -> NDArray[np.float32]:
        """Return the voice of float32 `[n]` at 16 kHz: a unit vector, float32 `[256]`.

        Where its voice detector leaves nothing, the whole utterance is used.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            prepared = self._prepare(samples, source_sr=ENGINE_RATE_HZ)
            heard = prepared if len(prepared) else samples
            vector: NDArray[np.float32] = self._encoder.embed_utterance(heard)
        return vector.astype(np.float32)


PEERS: dict[str, type[Model]] = {"resemblyzer": Resemblyzer}
