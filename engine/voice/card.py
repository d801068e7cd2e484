"""The model card: what a voice model is, what it wants to be fed, and how its scores are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from engine.errors import ModelError
from engine.types import ModelId

Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(gt=0)]
Rate = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Level:
    """How loud an utterance is made: `x / (rms + floor) * target_rms`, full scale being 1."""

    target_rms: Positive
    floor: Positive


@dataclass(frozen=True, slots=True)
class Features:
    """A log-mel front end, described so that it can be computed without any other source.

    The frames are centred (half an FFT of padding at each end). The window lies in the middle of
    the FFT. `power_offset` is added to each bin of |FFT|^2, `log_offset` to each mel energy.
    """

    kind: Literal["countersign-mel-48"]
    """A name for the whole recipe. Another recipe, such as Kaldi's fbank, is another kind."""
    level: Level
    padding: Literal["reflect"]
    window: Literal["hamming"]
    """Symmetric: 0.54 - 0.46 cos(2 pi n / (N - 1))."""
    window_samples: Count
    hop_samples: Count
    fft_samples: Count
    mel_bins: Count
    low_hz: Annotated[float, msgspec.Meta(ge=0)]
    high_hz: Positive
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
        if self.window_samples > self.fft_samples:
            raise ValueError("window_samples must not exceed fft_samples")
        if self.low_hz >= self.high_hz:
            raise ValueError("low_hz must be below high_hz")


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the calibration; `engine.decision.calibration` says what they multiply."""

    score: Positive
    log_test_s: float
    log_enrolled_s: float
    log_voiceprints: float
    bias: float
    test_snr: float = 0.0
    """As the next, a card from before it was measured leaves it out."""
    enrolled_snr: float = 0.0


@dataclass(frozen=True, slots=True)
class CohortCard:
    """The cohort that scores are normalised against."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[^/\\]+\.npy$")]
    """Float16 `[n, dim]`, which lies beside the card."""
    sha256: Sha256
    top: Count
    """How many of its members a voice is compared with: those that it is most like."""


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """A threshold, and the error rates measured there."""

    fmr: Rate
    fnmr: Annotated[float, msgspec.Meta(ge=0, le=1)]
    threshold: float
    """Natural-log likelihood ratio."""


@dataclass(frozen=True, slots=True)
class CalibrationCard:
    """A fitted calibration, and how good it was on speakers that it had not seen."""

    version: Count
    fitted_on: Name
    """Date, ISO 8601."""
    fitted_with: Name
    """The recordings, the trials and the cross-validation, in words."""
    weights: Weights
    limit: Positive
    """Llrs are held within [-limit, limit]."""
    speakers: Count
    target_trials: Count
    non_target_trials: Count
    cllr: Positive
    min_cllr: Positive
    eer: Rate
    points: tuple[MeasuredPoint, ...]
    cohort: CohortCard | None = None
    """None where the scores are raw cosines."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a voice model."""

    id: Name
    description: Name
    licence: Name
    file: Annotated[str, msgspec.Meta(pattern=r"^[^/\\]+\.onnx$")]
    """Name of the ONNX file, which lies beside the card."""
    sha256: Sha256
    bytes: Count
    sample_rate_hz: Literal[16_000]
    input: Name
    """Name of the ONNX input, float32 `[batch, mel_bins, frames]`."""
    output: Name
    """Name of the ONNX output, float32 `[batch, dim]`."""
    dim: Count
    features: Features
    calibration: CalibrationCard | None = None
    """None while the model is being calibrated: it can embed, but not compare."""

    @property
    def model(self) -> ModelId:
        """The id that the model's embeddings carry."""
        return ModelId(self.id)


def read_card(path: Path) -> Card:
    """Read a model card; `ModelError` where it is absent, broken or incomplete."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except FileNotFoundError as error:
        raise ModelError(f"no model card at {path}: put it there or correct the path") from error
    except OSError as error:
        raise ModelError(f"the model card {path} cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise ModelError(f"the model card {path} is unfit: {error}; mend that key") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"the model card {path} is not valid JSON: {error}; fetch it again") from (
            error
        )


def card_in(place: Path) -> Path:
    """Return the card at `place`: a card itself, or a folder with exactly one (`*.json`).

    `ModelError` where there is none or more than one, naming what was found.
    """
    if not place.is_dir():
        return place
    found = sorted(place.glob("*.json"))
    if len(found) == 1:
        return found[0]
    names = ", ".join(card.name for card in found) or "none"
    raise ModelError(f"{place} must hold one model card, found {names}: name the card's file")


def write_card(card: Card, path: Path) -> None:
    """Write a model card as indented JSON; `OSError` where the disk refuses."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
