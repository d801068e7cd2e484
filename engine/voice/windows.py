"""Long speech as one voice: embedded window by window, so that memory and time stay bounded."""

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
LONGEST_PHRASE_S: Final = 30
"""What one run takes where there are parts to tell apart: as much as is listened to for them."""
LONGEST_S: Final = 300
"""Speech beyond this is left out: five minutes, as an enrollment takes at most."""


def embed_windows(
    utterance: Utterance, embedder: Embedder, parts: Sequence[Span] = ()
) -> Embedding:
    """Return the voice of an utterance of any length: the direction of its windows' mean.

    Up to `WINDOW_S` it is the embedder's own answer; that is also what its parts, of the first
    `LONGEST_PHRASE_S`, have in a longer one. Errors as `Embedder.embed`; `ModelError`, too, where
    the windows cancel each other out.
    """
    windows = cut(utterance.samples)
    if len(windows) <= 1:
        return embedder.embed(utterance, parts)
    vectors = [embedder.embed(Utterance(window)).vector for window in windows]
    whole = Embedding(_direction(np.mean(vectors, axis=0)), embedder.card.model)
    if not parts:
        return whole
    phrase = Utterance(utterance.samples[: LONGEST_PHRASE_S * ENGINE_RATE_HZ])
    return replace(whole, parts=embedder.embed(phrase, parts).parts)


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
