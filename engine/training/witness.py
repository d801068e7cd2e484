"""What the trained weights say of one made-up sound: the tests then need no torch and no speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.training.features import front_end
from engine.training.recipe import Recipe
from engine.types import ENGINE_RATE_HZ, Samples, Utterance
from engine.voice.card import read_card
from engine.voice.frontend import LogMel

_SECONDS = 1.0


def testify(network: nn.Module, recipe: Recipe, card: Path) -> Path:
    """Write `ID.trained.npz` beside the card: samples, the embedding of them, the file's digest.

    `samples` is float32 `[16000]` at 16 kHz, `vector` float32 `[dim]`. `network` is the one that
    `export` returned from, rounded. The file belongs to the tests of `engine.voice`.
    """
    samples = _buzz()
    features = LogMel(front_end(recipe.mel_bins))(Utterance(samples))
    with torch.inference_mode():
        vector = network(torch.from_numpy(features).unsqueeze(0))[0].numpy()
    file = card.with_suffix(".trained.npz")
    digest = np.array(read_card(card).sha256)
    np.savez_compressed(file, samples=samples, vector=vector, sha256=digest)
    return file


def _buzz() -> Samples:
    """A buzz with a moving formant: enough like speech to have a voice."""
    n = np.arange(round(_SECONDS * ENGINE_RATE_HZ))
    buzz = np.sign(np.sin(n / 20)) * np.sin(n / 8 * (1 + np.sin(n / 4000) / 4))
    return (0.2 * buzz).astype(np.float32)
