"""What a voice model is fed: the recipes of its features, each complete enough to be computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(gt=0)]
Frequency = Annotated[float, msgspec.Meta(ge=0, le=8000)]


@dataclass(frozen=True, slots=True)
class Level:
    """How loud an utterance is made: `x / (rms + floor) * target_rms`, full scale being 1."""

    target_rms: Positive
    floor: Positive


class MelFeatures(
    msgspec.Struct, frozen=True, tag_field="kind", tag="countersign-mel", kw_only=True
):
    """A log-mel front end, described so that it can be computed without any other source.

    The frames are centred (half an FFT of padding at each end). The window lies in the middle of
    the FFT. `power_offset` is added to each bin of |FFT|^2, `log_offset` to each mel energy.
    """

    level: Level
    padding: Literal["reflect"]
    window: Literal["hamming"]
    """Symmetric: 0.54 - 0.46 cos(2 pi n / (N - 1))."""
    window_samples: Count
    hop_samples: Count
    fft_samples: Count
    mel_bins: Count
    low_hz: Frequency
    high_hz: Frequency
    mel_scale: Literal["htk"]
    """mel = 1127 ln(1 + f/700)."""
    triangles: Literal["linear-in-hertz"]
    """Corners evenly spaced in mel, sides straight over hertz, peak 1."""
    power_offset: Positive
    log_offset: Positive
    normalisation: Literal["utterance-mean"]
    """The mean over time is taken from each band."""

    def __post_init__(self) -> None:
        """Raise `ValueError` where the numbers contradict each other."""
        _check(self)


class KaldiFeatures(msgspec.Struct, frozen=True, tag_field="kind", tag="kaldi-fbank", kw_only=True):
    """Kaldi's log-mel filter bank (compute-fbank-feats), as most public voice models are fed.

    In this order, each frame by itself: the samples times `full_scale`, their mean removed,
    `x[n] - pre_emphasis x[n - 1]` (the first sample against itself), the window, zeros up to the
    FFT, |FFT|^2 without the bin at half the rate, the triangles, and the logarithm of what is at
    least `log_floor`.
    """

    full_scale: Literal[1, 32768]
    """What a sample at full scale counts: 1, or 32768 for the scale of int16."""
    dither: Literal[0]
    """No noise is added: the same speech has the same features."""
    edges: Literal["snip"]
    """Only frames that lie wholly within the utterance; see `Card.least_frames`."""
    offset: Literal["frame-mean"]
    pre_emphasis: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    window: Literal["hamming", "povey"]
    """Symmetric; povey is Hann's to the power 0.85."""
    window_samples: Count
    hop_samples: Count
    fft_samples: Count
    mel_bins: Count
    low_hz: Frequency
    high_hz: Frequency
    mel_scale: Literal["htk"]
    """mel = 1127 ln(1 + f/700)."""
    triangles: Literal["linear-in-mel"]
    """Corners evenly spaced in mel, sides straight over mel, peak 1."""
    log_floor: Positive
    normalisation: Literal["utterance-mean"]
    """The mean over time is taken from each band."""

    def __post_init__(self) -> None:
        """Raise `ValueError` where the numbers contradict each other."""
        _check(self)


Features: TypeAlias = MelFeatures | KaldiFeatures
"""Told apart by `kind`, which names the recipe as a whole."""


def _check(features: Features) -> None:
    if features.window_samples > features.fft_samples:
        raise ValueError("window_samples must not exceed fft_samples")
    if features.low_hz >= features.high_hz:
        raise ValueError("low_hz must be below high_hz")
