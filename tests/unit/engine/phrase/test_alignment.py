"""Recordings of the same words are alike, whatever the language, level or line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.audio import upsample
from engine.errors import AudioError
from engine.phrase import PhraseFrames, alignment, alike, frames
from engine.phrase.alignment import WIDTH, unlikeness
from engine.phrase.warping import warped
from engine.types import PhraseOutcome, Samples, Utterance
from tests.unit.engine.audio.synthetic import noise, silence, voice

SUNG = voice(1.6)


def framed(samples: Samples) -> PhraseFrames:
    """Frames of a signal at 8 kHz."""
    return frames(Utterance(upsample(samples)))


def test_the_same_with_noise_is_alike() -> None:
    """Quieter, later, with noise."""
    again = np.concatenate([silence(0.2), 0.3 * SUNG]).astype(np.float32)
    again += noise(1.8, -65.0)
    assert alike(framed(again), [framed(SUNG)]).outcome is PhraseOutcome.RIGHT


def test_the_reverse_is_not_alike() -> None:
    """The same sounds in another order are other words."""
    finding = alike(framed(SUNG[::-1].copy()), [framed(SUNG)])
    assert finding.outcome is PhraseOutcome.WRONG


def test_nothing_to_compare_is_unchecked_and_no_sound_unsure() -> None:
    """Neither counts for or against."""
    silent = framed(np.zeros(8000, np.float32))
    assert alike(framed(SUNG), []).outcome is PhraseOutcome.UNCHECKED
    assert alike(framed(SUNG), [silent]).outcome is PhraseOutcome.UNCHECKED
    assert alike(silent, [framed(SUNG)]).outcome is PhraseOutcome.UNSURE


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(1),
        np.full(9000, 0.5),
        np.zeros(9000),
        np.sign(np.sin(np.arange(9000))),
    ],
    ids=["none", "one sample", "DC", "silence", "square"],
)
def test_any_audio_has_frames(samples: Samples) -> None:
    """Finite ones, which come back from bytes as they were."""
    heard = framed(samples.astype(np.float32))
    again = PhraseFrames.from_bytes(heard.to_bytes())
    assert np.array_equal(again.vectors, heard.vectors)
    assert heard.vectors.shape[1] == WIDTH
    assert alike(heard, [framed(SUNG)]).outcome is not PhraseOutcome.RIGHT


def test_half_a_frame_is_refused() -> None:
    """What was stored is not what came back."""
    with pytest.raises(AudioError, match="24 bytes each"):
        PhraseFrames.from_bytes(b"x" * 25)


def test_likeness_is_the_same_from_either_side() -> None:
    """Up to what the reversal adds."""
    other = framed(voice(1.4, pitch_hz=180.0))
    assert unlikeness(framed(SUNG), [other]) == pytest.approx(
        unlikeness(other, [framed(SUNG)]), abs=0.05
    )


def test_recordings_are_aligned_alike_alone_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many fit into memory at once, of whatever lengths."""
    said, seconds = framed(SUNG), (1.6, 0.9, 2.2, 1.3, 1.9)
    earlier = [framed(np.concatenate([noise(0.3, -50.0), voice(each)])) for each in seconds]
    together = unlikeness(said, earlier)
    monkeypatch.setattr(alignment, "_CELLS", 1)
    assert unlikeness(said, earlier) == together
    assert together == float(np.median([unlikeness(said, [each]) for each in earlier]))


@given(arrays.arrays(np.float64, (7, 5), elements=st.floats(0.1, 10)))
def test_warping_is_symmetric_and_bounded(
    distance: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    """The cost lies between the smallest and the largest distance."""
    (cost,) = warped([distance], 0)
    assert warped([distance.T.copy()], 0) == [pytest.approx(cost)]
    assert distance.min() - 1e-9 <= cost <= distance.max() + 1e-9
