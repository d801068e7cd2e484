"""The only door to onnxruntime: a voice model turned into a function from speech to a voice."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, Self, assert_never

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from engine.errors import AudioError, ModelError
from engine.types import ENGINE_RATE_HZ, Embedding, Span, Utterance
from engine.voice.card import Card, read_card
from engine.voice.features import Features, KaldiFeatures, MelFeatures
from engine.voice.frontend import LogMel
from engine.voice.kaldi import KaldiBank

_ERRORS_ONLY = 3
_FEWEST_FRAMES = 16
"""Of a part: what is shorter takes in some of its neighbours, so that there is something."""
_NUMBER, _WHOLE_NUMBER = "tensor(float)", "tensor(int64)"


class FrontEnd(Protocol):
    """From an utterance to features float32 `[mel_bins, frames]`."""

    def __call__(self, utterance: Utterance) -> NDArray[np.float32]:
        """Compute the features; `AudioError` where the utterance is empty or not finite."""
        ...


class Embedder:
    """A loaded voice model. Safe for use from several threads; each call uses one core."""

    def __init__(self, card: Card, session: ort.InferenceSession) -> None:
        self.card = card
        self._session = session
        self._input = card.input or session.get_inputs()[0].name
        self._output = card.output or session.get_outputs()[0].name
        self._features = front_end(card.features)

    @classmethod
    def load(cls, card_path: Path) -> Self:
        """Read the card, verify the ONNX file beside it and try it once.

        `ModelError` where either is absent, corrupt or not what the card says it is.
        """
        card = read_card(card_path)
        file = card_path.parent / card.file
        session = _session(_verified(file, card), file)
        _check_names(session, card, file)
        embedder = cls(card, session)
        embedder._try_once(file)
        return embedder

    def embed(self, utterance: Utterance, parts: Sequence[Span] = ()) -> Embedding:
        """Return the voice of an utterance and of its parts: unit vectors, float32 `[dim]`.

        A part is heard among its neighbours where the network takes spans, and else by itself; what
        of it lies outside the utterance is left out. `AudioError` where all of it does, and where
        the utterance is empty or not finite; `ModelError` where the network answers with something
        that is no direction.
        """
        if self.card.spans is None:
            return self._cut(utterance, parts)
        features = self.features(utterance)
        spans = [_frames(part, utterance.seconds, features.shape[1]) for part in parts]
        return self._voice(self._run(features, spans))

    def features(self, utterance: Utterance) -> NDArray[np.float32]:
        """Return what the network hears, float32 `[mel_bins, frames]`; `AudioError` as `embed`."""
        return self._features(utterance)

    def voice_of(self, features: NDArray[np.float32]) -> Embedding:
        """Return the voice in features, float32 `[mel_bins, frames]`; `ModelError` as `embed`."""
        return self._voice(self._run(features))

    def _cut(self, utterance: Utterance, parts: Sequence[Span]) -> Embedding:
        """Embed each part as if nothing else had been said."""
        cuts = [slice(*(round(each * ENGINE_RATE_HZ) for each in part)) for part in parts]
        heard = [utterance, *(Utterance(utterance.samples[each]) for each in cuts)]
        return self._voice(np.stack([self._run(self.features(each))[0] for each in heard]))

    def _voice(self, vectors: NDArray[np.float32]) -> Embedding:
        """Name vectors `[1 + parts, dim]`, that of the whole first."""
        whole, *parts = (_unit(each) for each in vectors)
        return Embedding(whole, self.card.model, np.stack(parts) if parts else None)

    def _run(
        self, features: NDArray[np.float32], spans: Sequence[tuple[int, int]] = ()
    ) -> NDArray[np.float32]:
        """Return what the network says, `[1 + spans, dim]`: of all frames, then of some."""
        laid_out = _laid_out(features, self.card)
        feed: dict[str, NDArray[Any]] = {self._input: laid_out[np.newaxis]}
        if self.card.spans is not None:
            feed[self.card.spans] = np.array([(0, laid_out.size), *spans], np.int64)
        vectors: NDArray[np.float32] = self._session.run([self._output], feed)[0]
        return vectors

    def _try_once(self, file: Path) -> None:
        """Embed a second of silence: what would fail in a call fails here."""
        try:
            vector = self._run(self._features(Utterance(np.zeros(ENGINE_RATE_HZ, np.float32))))[0]
        except Exception as error:  # onnxruntime's errors share no root of their own
            raise ModelError(
                f"the voice model {file} cannot be run on the features that its card describes "
                f"({self.card.features.mel_bins} mel bins): {error}"
            ) from error
        if vector.shape != (self.card.dim,):
            raise ModelError(
                f"the voice model {file} answers with shape {vector.shape}, where its card says "
                f"dim {self.card.dim}: correct the card"
            )


def front_end(features: Features) -> FrontEnd:
    """Return what computes the features that a card describes."""
    match features:
        case MelFeatures():
            return LogMel(features)
        case KaldiFeatures():
            return KaldiBank(features)
        case _:
            assert_never(features)


def _laid_out(features: NDArray[np.float32], card: Card) -> NDArray[np.float32]:
    """Repeat `[mel_bins, frames]` up to the card's least, and turn it to the card's layout."""
    lacking = card.least_frames - features.shape[1]
    if lacking > 0:
        features = np.pad(features, ((0, 0), (0, lacking)), mode="wrap")
    return features if card.layout == "batch, mel_bins, frames" else features.T


def _verified(file: Path, card: Card) -> bytes:
    """Read the ONNX file; `ModelError` unless it is the very file that the card names."""
    if card.sha256 is None:
        raise ModelError(f"the card of {card.id} states no sha256: countersign models pull pins it")
    try:
        model = file.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"no voice model at {file}: fetch it, or name another card") from error
    except OSError as error:
        raise ModelError(f"the voice model {file} cannot be read: {error.strerror}") from error
    found = sha256(model).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"the voice model {file} is not the one on its card: {len(model)} bytes with sha256 "
            f"{found}, expected {card.bytes} bytes with {card.sha256}; fetch it again"
        )
    return model


def _session(model: bytes, file: Path) -> ort.InferenceSession:
    """Load the network for one thread per call: calls run side by side, not spread over cores."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERRORS_ONLY
    for pool in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no root of their own
        raise ModelError(
            f"the voice model {file} is not an ONNX file that onnxruntime {ort.__version__} can "
            f"load: {error}"
        ) from error


def _check_names(session: ort.InferenceSession, card: Card, file: Path) -> None:
    inputs = [(each.name, each.type) for each in session.get_inputs()]
    outputs = [each.name for each in session.get_outputs()]
    wanted = [(card.input or (inputs[0][0] if inputs else ""), _NUMBER)]
    if card.spans is not None:
        wanted.append((card.spans, _WHOLE_NUMBER))
    output_fits = card.output in outputs if card.output else len(outputs) == 1
    if inputs != wanted or not output_fits:
        raise ModelError(
            f"the voice model {file} takes {inputs} and gives {outputs}, where its card says "
            f"{wanted} and {card.output!r}: correct the card"
        )


def _frames(part: Span, seconds: float, frames: int) -> tuple[int, int]:
    """Return from which frame to before which a part of an utterance lies, at least a few."""
    if part.start_s >= seconds or part.end_s <= 0:
        raise AudioError(
            f"a part from {part.start_s:.2f} to {part.end_s:.2f} s lies outside an utterance of"
            f" {seconds:.2f} s"
        )
    per_s = frames / seconds
    first = min(max(0, round(part.start_s * per_s)), max(0, frames - _FEWEST_FRAMES))
    return first, max(first + _FEWEST_FRAMES, round(part.end_s * per_s))


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to length 1; `ModelError` where the vector has no direction."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise ModelError("the voice model answered with a vector of no direction: replace it")
    unit: NDArray[np.float32] = (vector / np.float32(length)).astype(np.float32)
    return unit
