"""The cards of public models: complete, honest, and right for a network of their signature."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from engine.errors import AudioError, ModelError
from engine.types import ENGINE_RATE_HZ, Span, Utterance
from engine.voice.card import Card, read_card, write_card
from engine.voice.catalogue import PUBLIC, Place, card_of, catalogue, find
from engine.voice.embedder import Embedder
from engine.voice.features import KaldiFeatures
from tests.unit.engine.voice.models import MODELS
from tests.unit.engine.voice.tiny_network import tiny_network

MODELS_PAGE = MODELS.parents[2] / "docs" / "models.md"
CARDS = [pytest.param(read_card(path), id=path.stem) for path in sorted(PUBLIC.glob("*.json"))]


def test_there_are_public_models() -> None:
    """At least those that everybody names."""
    assert {"wespeaker-resnet34-lm", "3dspeaker-campplus-en", "3dspeaker-eres2netv2-zh"} <= {
        path.stem for path in PUBLIC.glob("*.json")
    }


@pytest.mark.parametrize("card", CARDS)
def test_a_public_card_says_whose_the_model_is_and_who_states_its_digest(card: Card) -> None:
    """Licence and training data are told apart, and size and digest come with who says so."""
    assert card.source is not None
    assert card.source.address.startswith("https://")
    assert card.source.address.endswith(card.file)
    assert (card.sha256 is None) == (card.bytes is None) == (card.source.stated_by is None)
    assert card.calibration is None


@pytest.mark.parametrize("card", CARDS)
def test_a_public_card_stands_in_the_documents(card: Card) -> None:
    """With its size, its licence and whether anybody states its digest."""
    rows = [row.split(" | ") for row in MODELS_PAGE.read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if row[0] == f"| `{card.id}`")
    assert row[3] == str(card.dim)
    assert card.licence.startswith(row[4])
    assert row[6] == ("stated |" if card.sha256 else "not stated |")
    assert card.bytes is None or row[2] == f"{card.bytes / 1e6:.1f}"


@pytest.mark.parametrize("card", CARDS)
def test_a_public_card_has_its_makers_features(card: Card) -> None:
    """WeSpeaker: Hamming and the scale of int16; 3D-Speaker: Povey and samples in [-1, 1]."""
    assert isinstance(card.features, KaldiFeatures)
    found = card.features.window, card.features.full_scale
    assert found == (("hamming", 32768) if card.id.startswith("wespeaker") else ("povey", 1))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("seconds", [1 / ENGINE_RATE_HZ, 0.1, 3.0])
def test_a_network_of_the_same_signature_has_a_voice(
    card: Card, seconds: float, tmp_path: Path
) -> None:
    """Front end, layout, names and size fit together, however short the speech."""
    embedder = Embedder.load(_made(card, tmp_path))
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, round(seconds * ENGINE_RATE_HZ))
    vector = embedder.embed(Utterance(samples.astype(np.float32))).vector
    assert vector.shape == (card.dim,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_network_that_knows_no_spans_hears_parts_by_themselves(tmp_path: Path) -> None:
    """Each as if nothing else had been said."""
    embedder = Embedder.load(_made(_card("3dspeaker-campplus-en"), tmp_path))
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, 3 * ENGINE_RATE_HZ).astype(np.float32)
    found = embedder.embed(Utterance(noise), [Span(0.0, 1.0), Span(2.5, 3.7)])
    assert found.parts is not None
    stretches = noise[:ENGINE_RATE_HZ], noise[round(2.5 * ENGINE_RATE_HZ) :]
    for vector, stretch in zip((found.vector, *found.parts), (noise, *stretches), strict=True):
        np.testing.assert_array_equal(vector, embedder.embed(Utterance(stretch)).vector)
    with pytest.raises(AudioError):
        embedder.embed(Utterance(noise), [Span(3.5, 4.0)])


def test_a_card_without_a_digest_is_not_loaded(tmp_path: Path) -> None:
    """Nobody knows whether the file beside it is the right one: it has to be pulled."""
    card = _card("wespeaker-ecapa512-lm")
    path = _made(card, tmp_path)
    write_card(card, path)
    with pytest.raises(ModelError, match="states no sha256: countersign models pull"):
        Embedder.load(path)


def test_names_of_another_network_are_refused(tmp_path: Path) -> None:
    """The message says what the network has and what the card says."""
    path = _made(replace(_card("wespeaker-resnet34-lm"), input="x"), tmp_path)
    write_card(replace(read_card(path), input="feats"), path)
    with pytest.raises(ModelError, match=r"takes .*'x'.*'feats'"):
        Embedder.load(path)


def test_a_pulled_model_hides_its_public_card(tmp_path: Path) -> None:
    """It is listed once, where it can be loaded from."""
    made = _made(_card("3dspeaker-campplus-en"), tmp_path)
    listed = [each for each in catalogue(tmp_path) if each.card.id == "3dspeaker-campplus-en"]
    assert [(each.place, each.path) for each in listed] == [(Place.PULLED, made)]
    assert card_of("3dspeaker-campplus-en", tmp_path) == made


def test_a_half_made_folder_is_no_model(tmp_path: Path) -> None:
    """Neither one without a card nor one that is just being pulled."""
    (tmp_path / "wespeaker-resnet34-lm").mkdir()
    (tmp_path / ".pulling-x").mkdir()
    assert find("wespeaker-resnet34-lm", tmp_path).place is Place.PUBLIC


def test_a_model_that_is_not_pulled_says_how_to_pull_it(tmp_path: Path) -> None:
    """The service names the command."""
    with pytest.raises(ModelError, match="countersign models pull wespeaker-resnet34-lm"):
        card_of("wespeaker-resnet34-lm", tmp_path)


def test_an_unknown_model_is_told_which_there_are(tmp_path: Path) -> None:
    """A misspelt id is found at once."""
    with pytest.raises(ModelError, match=r"no voice model 'resnet'; known are .*resnet34-lm"):
        card_of("resnet", tmp_path)


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    """Whoever keeps a model elsewhere names its card."""
    assert card_of("elsewhere/card.json", tmp_path) == Path("elsewhere/card.json")


def _card(name: str) -> Card:
    return read_card(PUBLIC / f"{name}.json")


def _made(card: Card, folder: Path) -> Path:
    """A tiny network with the card's signature, and the card made right for it."""
    network = tiny_network(card.input or "x", card.output or "embedding", card.dim)
    made = folder / card.id
    made.mkdir()
    (made / card.file).write_bytes(network)
    right = replace(card, sha256=sha256(network).hexdigest(), bytes=len(network))
    write_card(right, made / f"{card.id}.json")
    return made / f"{card.id}.json"
