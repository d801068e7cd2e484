"""What an embedder promises, and what it says of a model that it cannot use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.errors import AudioError, ModelError
from engine.types import ENGINE_RATE_HZ, Span, Utterance
from engine.voice.card import card_in
from engine.voice.embedder import Embedder
from tests.unit.engine.voice.models import MODELS

TRAINED = Path(__file__).parent / "trained.npz"
ModelWith = Callable[..., Path]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The built-in model."""
    return Embedder.load(card_in(MODELS))


@pytest.mark.parametrize("seconds", [1 / ENGINE_RATE_HZ, 0.2, 3.0, 40.0])
def test_a_voice_is_a_unit_vector(embedder: Embedder, seconds: float) -> None:
    """Whatever the length of the speech, and it names its model."""
    embedding = embedder.embed(_speech(seconds))
    assert embedding.vector.shape == (embedder.card.dim,)
    assert embedding.vector.dtype == np.float32
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-5)
    assert embedding.model == embedder.card.id


def test_silence_has_a_finite_voice(embedder: Embedder) -> None:
    """It means nothing, but it is a number."""
    assert np.isfinite(embedder.embed(Utterance(np.zeros(16_000, np.float32))).vector).all()


def test_the_embedding_is_the_trainers(embedder: Embedder) -> None:
    """The trained weights gave this vector; `python -m engine.training` writes the file anew."""
    trained = np.load(TRAINED)
    assert embedder.card.sha256 == str(trained["sha256"]), "made from another file"
    found = embedder.embed(Utterance(trained["samples"])).vector
    np.testing.assert_allclose(found, trained["vector"], atol=1e-5)


def test_each_part_has_a_voice_of_its_own(embedder: Embedder) -> None:
    """That of the whole stays as it was, and is that of a part which is all of it."""
    speech = _speech(3.0)
    found = embedder.embed(speech, [Span(0.0, 1.0), Span(2.0, 3.2), Span(0.0, 3.0)])
    assert found.parts is not None
    assert found.parts.shape == (3, embedder.card.dim)
    np.testing.assert_allclose(np.linalg.norm(found.parts, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found.vector, embedder.embed(speech).vector, atol=1e-6)
    np.testing.assert_allclose(found.parts[2], found.vector, atol=1e-6)
    assert float(found.parts[0] @ found.parts[1]) < 0.95


def test_a_part_hears_what_is_there(embedder: Embedder) -> None:
    """What is far from it makes less of a difference than what is in it."""
    first, second = _speech(2.0).samples, _noise(2.0).samples
    orders = (first, first), (first, second), (second, first)
    found = [
        embedder.embed(Utterance(np.concatenate(order)), [Span(0.0, 1.0)]).parts for order in orders
    ]
    alone, followed, other = (parts[0] for parts in found if parts is not None)
    assert float(alone @ followed) > float(alone @ other) + 0.1


def test_the_shortest_part_has_a_voice(embedder: Embedder) -> None:
    """Also at the end, where nothing follows, and in speech that is no longer itself."""
    for seconds, part in ((1.0, Span(0.999, 1.0)), (0.01, Span(0.0, 0.01)), (2.0, Span(0.5, 0.5))):
        found = embedder.embed(_speech(seconds), [part]).parts
        assert found is not None
        assert np.isfinite(found).all()


@pytest.mark.parametrize("part", [Span(1.5, 2.0), Span(-1.0, 0.0)])
def test_a_part_beyond_the_speech_is_refused(embedder: Embedder, part: Span) -> None:
    """There is no voice in it."""
    with pytest.raises(AudioError, match=r"lies outside an utterance of 1\.00 s"):
        embedder.embed(_speech(1.0), [part])


def test_threads_do_not_disturb_each_other(embedder: Embedder) -> None:
    """Eight threads at once get what one thread gets alone."""
    utterances = [_speech(0.2 + 0.1 * n) for n in range(16)]
    alone = [embedder.embed(each).vector for each in utterances]
    with ThreadPoolExecutor(8) as pool:
        together = [each.vector for each in pool.map(embedder.embed, utterances)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_empty_utterance_is_refused(embedder: Embedder) -> None:
    """The caller of the engine is told, not the network."""
    with pytest.raises(AudioError, match="empty"):
        embedder.embed(Utterance(np.zeros(0, np.float32)))


def test_another_file_than_the_cards_is_refused(model_with: ModelWith) -> None:
    """A changed byte is found before the network is loaded; both digests are named."""
    card_path = model_with()
    file = _file(card_path)
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    with pytest.raises(ModelError, match=rf"{file.name} is not the one.*sha256 \w{{64}}.*fetch"):
        Embedder.load(card_path)


def test_an_absent_network_is_named(model_with: ModelWith) -> None:
    """The message says which file to fetch."""
    card_path = model_with()
    _file(card_path).unlink()
    with pytest.raises(ModelError, match=rf"no voice model at .*{_file(card_path).name}"):
        Embedder.load(card_path)


def test_a_folder_in_place_of_a_network_is_named(model_with: ModelWith) -> None:
    """What the operating system refuses to read is the operator's to mend."""
    card_path = model_with()
    _file(card_path).unlink()
    _file(card_path).mkdir()
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        Embedder.load(card_path)


def test_a_file_that_is_no_network_is_named(model_with: ModelWith) -> None:
    """Even where the digest is right."""
    garbage = b"not a network"
    card_path = model_with(sha256=sha256(garbage).hexdigest(), bytes=len(garbage))
    _file(card_path).write_bytes(garbage)
    with pytest.raises(ModelError, match="is not an ONNX file that onnxruntime"):
        Embedder.load(card_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input": "audio"}, "takes .*'feats'.*'audio'"),
        ({"spans": "words"}, "takes .*'spans'.*'words'"),
        ({"spans": None}, "takes .*'spans'.*correct the card"),
        ({"output": "voice"}, "gives .*'embedding'.*'voice'"),
        ({"dim": 256}, r"shape \(192,\).* dim 256"),
    ],
)
def test_a_network_that_its_card_misdescribes_is_refused(
    model_with: ModelWith, changes: dict[str, Any], message: str
) -> None:
    """The message says what the network has and what the card says."""
    with pytest.raises(ModelError, match=message):
        Embedder.load(model_with(**changes))


def test_features_that_the_network_does_not_take_are_refused(
    model_with: ModelWith, card_path: Path
) -> None:
    """A card with 40 mel bins for a network of 48 fails at the start, not in a call."""
    features = msgspec.json.decode(card_path.read_bytes())["features"]
    with pytest.raises(ModelError, match="40 mel bins"):
        Embedder.load(model_with(features=features | {"mel_bins": 40}))


def _file(card_path: Path) -> Path:
    file: str = msgspec.json.decode(card_path.read_bytes())["file"]
    return card_path.parent / file


def _noise(seconds: float) -> Utterance:
    samples = np.random.default_rng(3).standard_normal(round(seconds * ENGINE_RATE_HZ)) * 0.1
    return Utterance(samples.astype(np.float32))


def _speech(seconds: float) -> Utterance:
    """A buzz with a moving formant: enough like speech to have a voice."""
    n = np.arange(round(seconds * ENGINE_RATE_HZ))
    buzz = np.sign(np.sin(n / 20)) * np.sin(n / 8 * (1 + np.sin(n / 4000) / 4))
    return Utterance((0.2 * buzz).astype(np.float32))
