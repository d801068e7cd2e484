"""The voice model alone: from samples to embedding on one core, Resemblyzer beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from engine import SpeakerEngine
from engine.audio import to_float
from engine.audio.resample import upsample
from engine.errors import EngineError
from engine.types import TELEPHONE_RATE_HZ, Utterance
from ivr.lab.bench.cores import only
from ivr.lab.bench.person import recordings
from ivr.lab.bench.stopwatch import Stage, time_all

UTTERANCE_S = 3.0
TARGET_MS = 15.0


@dataclass(frozen=True, slots=True)
class EmbeddingFigures:
    """How long an embedding takes, in turns with the other model's where that is installed."""

    ours: Stage
    peer: Stage | None
    """None where it is not installed."""
    absence: str = ""
    """Why there is no peer, and how to install it."""

    @property
    def ratio(self) -> float:
        """How many times as long the peer takes; NaN without one."""
        return self.peer.median_us / self.ours.median_us if self.peer else float("nan")


def measure_embedding(rounds: int) -> EmbeddingFigures:
    """Measure on one core, round by round in turns, on the same 3 s of speech."""
    with only(1):
        figures = _stages(_speech())
        both = [figures.ours, figures.peer] if figures.peer else [figures.ours]
        asyncio.run(time_all(both, rounds))
    return figures


def _stages(utterance: Utterance) -> EmbeddingFigures:
    engine = SpeakerEngine.load()
    ours = Stage(engine.model, lambda: engine.embed(utterance))
    # Torch counts the cores when it is imported: that has to happen on the one core.
    from engine.evaluation.peers import Resemblyzer

    try:
        resemblyzer = Resemblyzer()
    except EngineError as error:
        return EmbeddingFigures(ours, None, str(error))
    return EmbeddingFigures(
        ours, Stage("Resemblyzer 0.1.4", lambda: resemblyzer.embed(utterance.samples))
    )


def _speech() -> Utterance:
    """Rendered speech, repeated to the full length."""
    pcm = np.resize(recordings()[0], round(UTTERANCE_S * TELEPHONE_RATE_HZ))
    return Utterance(upsample(to_float(pcm)))
