"""The model card: what a voice model is, what it wants to be fed, and how its scores are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from engine.errors import ModelError
from engine.types import ModelId
from engine.voice.features import Count, Features, Positive

Rate = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Address = Annotated[str, msgspec.Meta(pattern="^https?://")]


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
    same_words: float = 0.0
    """Likewise."""


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
class Source:
    """Where a model comes from that other people made."""

    publisher: Name
    page: Address
    """Where it is described."""
    address: Address
    """Where its ONNX file is fetched from."""
    stated_by: Name | None
    """Who states the file's size and digest, in words; None where nobody does."""
    training_data: Name
    """What it learnt from, and on what terms, in words."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a voice model."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.+_-]*$", max_length=64)]
    description: Name
    licence: Name
    file: Annotated[str, msgspec.Meta(pattern=r"^[^/\\]+\.onnx$")]
    """Name of the ONNX file, which lies beside the card."""
    sha256: Sha256 | None
    """None, as `bytes`, on the card of a model that is not pulled and whose maker states none."""
    bytes: Count | None
    sample_rate_hz: Literal[16_000]
    input: Name | None
    """Name of the ONNX input, float32 with the axes of `layout`; None for the only one it has."""
    output: Name | None
    """Name of the ONNX output, float32 `[batch, dim]`; None for the only one it has."""
    dim: Count
    features: Features
    calibration: CalibrationCard | None = None
    """None while the model is being calibrated: it can embed, but not compare."""
    calibration_by_parts: CalibrationCard | None = None
    """Of passphrases compared part by part; None where they are compared as a whole."""
    layout: Literal["batch, mel_bins, frames", "batch, frames, mel_bins"] = (
        "batch, mel_bins, frames"
    )
    """The axes of the ONNX input."""
    spans: Name | None = None
    """Name of the ONNX input int64 `[spans, 2]` for which frames, from which to before which, there
    is a vector each; None where the network takes none, and gives one of all frames."""
    least_frames: Count = 1
    """An utterance of fewer frames is repeated until it has so many."""
    source: Source | None = None
    """None for a model of this project's."""

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
