"""Who speaks over a prompt is told from its echo, and heard from where he began when it ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import soundfile

from engine.audio import Listener
from engine.types import Pcm
from ivr.flows.barge_in import BargeIn, begun
from ivr.media.prompts import BUILT_IN

SILENCE, SPEECH, ECHO = (np.full(160, amplitude, np.int16) for amplitude in (0, 3_000, 400))
ECHO_LOSS_DB = 14.0
"""Of a two-wire line whose hybrid fits badly."""
QUIET_DB = 10.0
"""A caller at -30 dBFS, where the prompts have -20."""
NOISE = np.random.default_rng(5).standard_normal(160).astype(np.float32) * 30


@pytest.mark.parametrize(
    ("frames", "count"),
    [
        ([], 0),
        ([SILENCE] * 50, 0),
        ([ECHO] * 50, 0),
        ([SPEECH] * 10 + [SILENCE] * 5, 0),
        ([SPEECH] * 10 + [SILENCE] * 4, 14),
        ([SILENCE] * 50 + [SPEECH] * 3, 8),
        ([SPEECH] * 3 + [SILENCE] * 5 + [SPEECH] * 3, 8),
        ([SILENCE] * 9 + [SPEECH] * 3 + [SILENCE] * 4 + [SPEECH] * 3, 15),
        ([SPEECH] * 50, 25),
    ],
)
def test_the_last_sound_is_kept_with_what_leads_to_it(frames: Sequence[Pcm], count: int) -> None:
    """Not a cough that is over, nor the prompt's echo, nor what is silent for long before it."""
    kept = begun(frames)
    assert len(kept) == count
    assert all(a is b for a, b in zip(kept, frames[len(frames) - count :], strict=True))


@pytest.mark.parametrize(
    "names",
    [
        ("after-the-tone-say", "phrase-seven-blue-boats"),
        ("after-the-tone-say", "phrase-my-voice-is-my-passport"),
        ("wrong-phrase", "after-the-tone-say", "phrase-thunder-over-the-valley"),
        ("after-the-tone-speak",),
        ("consent",),
        ("cut-off", "after-the-tone-say", "phrase-good-manners"),
    ],
)
def test_a_prompt_does_not_hush_itself(names: Sequence[str]) -> None:
    """Its echo is speech, and lasts as long; a quiet caller is louder than that."""
    prompt = np.concatenate([soundfile.read(BUILT_IN / f"en-US/{name}.wav")[0] for name in names])
    assert not _barged_in(prompt, ECHO_LOSS_DB)
    assert _barged_in(prompt, QUIET_DB)


def _barged_in(sound: np.ndarray, loss_db: float) -> bool:
    """Say whether a sound stops what plays, so much weaker, on a line with some noise."""
    listener, barge = Listener(), BargeIn()
    weaker = sound * 10.0 ** (-loss_db / 20.0) * 32_768
    for at in range(0, len(weaker) - 160, 160):
        pcm = np.rint(weaker[at : at + 160] + NOISE).astype(np.int16)
        if barge.follows(listener.push(pcm), pcm):
            return True
    return False
