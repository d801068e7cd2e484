"""Voices of more, or of less, than one utterance: of windows of long speech, and of its parts.

Long speech is embedded window by window, so that memory and time stay bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.types import ENGINE_RATE_HZ, Embedding, Samples, Span, Utterance
from engine.voice.embedder import Embedder

WINDOW_S: Final = 10
"""What one run of the network takes; longer speech is cut into equal windows of at most this."""
LONGEST_S: Final = 300
"""Speech beyond this is left out: five minutes, as an enrollment takes at most."""


def embed_windows(utterance: Utterance, embedder: Embedder) -> Embedding:
    """Return the voice of an utterance of any length: the direction of its windows' mean.

    Up to `WINDOW_S` it is the embedder's own answer. Errors as `Embedder.embed`; `ModelError`,
    too, where the windows cancel each other out.
    """
    windows = cut(utterance.samples)
    if len(windows) <= 1:
        return embedder.embed(utterance)
    vectors = [embedder.embed(Utterance(window)).vector for window in windows]
    return Embedding(_direction(np.mean(vectors, axis=0)), embedder.card.model)


def with_parts(
    embedding: Embedding, utterance: Utterance, parts: Sequence[Span], embedder: Embedder
) -> Embedding:
    """Return an utterance's voice with that of each part of it; as it is where there are no parts.

    What lies outside the utterance is left out. Errors as `Embedder.embed`, and `AudioError` for a
    part that lies there altogether.
    """
    if not parts:
        return embedding
    cuts = [slice(*(round(each * ENGINE_RATE_HZ) for each in part)) for part in parts]
    vectors = [embedder.embed(Utterance(utterance.samples[each])).vector for each in cuts]
    return replace(embedding, parts=np.stack(vectors))


def cut(samples: Samples) -> list[Samples]:
    """Cut float32 `[n]` at 16 kHz into the fewest windows of equal length up to `WINDOW_S`."""
    kept = samples[: LONGEST_S * ENGINE_RATE_HZ]
    count = -(-len(kept) // (WINDOW_S * ENGINE_RATE_HZ))
    return [np.ascontiguousarray(part) for part in np.array_split(kept, count)] if count else []


def _direction(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(mean))
    if not np.isfinite(length) or length == 0:
        raise ModelError("the windows of this speech point nowhere together: record it again")
    unit: NDArray[np.float32] = (mean / np.float32(length)).astype(np.float32)
    return unit
