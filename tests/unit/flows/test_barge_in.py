"""Who has begun to speak when a prompt ends is heard from where he began."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.types import Pcm
from ivr.flows.barge_in import begun

SILENCE, SPEECH, ECHO = (np.full(160, amplitude, np.int16) for amplitude in (0, 3_000, 400))


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
