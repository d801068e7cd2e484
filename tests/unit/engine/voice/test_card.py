"""What a model card promises, and how a broken one is named."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from engine.errors import ModelError
from engine.voice.card import Card, card_in, read_card, write_card


def test_the_built_in_card_describes_the_file_beside_it(card_path: Path) -> None:
    """Size and digest are those of the ONNX file, and the model is calibrated."""
    card = read_card(card_path)
    model = (card_path.parent / card.file).read_bytes()
    assert (len(model), sha256(model).hexdigest()) == (card.bytes, card.sha256)
    assert card.calibration is not None


def test_the_built_in_model_may_be_released(card_path: Path) -> None:
    """Its weights have a licence, and the card names those of the speech behind them."""
    assert read_card(card_path).licence.startswith("Apache-2.0. Trained")


def test_a_card_survives_writing_and_reading(card_path: Path, tmp_path: Path) -> None:
    """What is written is what is read."""
    card = read_card(card_path)
    write_card(card, tmp_path / "card.json")
    assert read_card(tmp_path / "card.json") == card


def test_an_absent_card_is_named(tmp_path: Path) -> None:
    """The message says where the card was looked for."""
    with pytest.raises(ModelError, match=r"no model card at .*nowhere\.json"):
        read_card(tmp_path / "nowhere.json")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"id": "x",}'])
def test_broken_json_is_named(tmp_path: Path, text: bytes) -> None:
    """A cut or garbled card is told apart from an unfit one."""
    (tmp_path / "card.json").write_bytes(text)
    with pytest.raises(ModelError, match=r"card\.json is not valid JSON"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize("key", ["id", "sha256", "dim", "features", "licence"])
def test_a_missing_key_is_named(card_path: Path, tmp_path: Path, key: str) -> None:
    """The message names the key to mend."""
    card = msgspec.json.decode(card_path.read_bytes())
    del card[key]
    (tmp_path / "card.json").write_bytes(msgspec.json.encode(card))
    with pytest.raises(ModelError, match=f"unfit: .*`{key}`"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("window", "kaiser"),
        ("kind", "kaldi-fbank-80"),
        ("window_samples", 513),
        ("mel_bins", 0),
        ("high_hz", 10),
        ("log_offset", 0),
    ],
)
def test_features_that_cannot_be_computed_are_refused(
    card_path: Path, tmp_path: Path, key: str, value: object
) -> None:
    """No front end runs on a recipe that it does not know."""
    card = msgspec.json.decode(card_path.read_bytes())
    card["features"][key] = value
    (tmp_path / "card.json").write_bytes(msgspec.json.encode(card))
    with pytest.raises(ModelError, match="features"):
        read_card(tmp_path / "card.json")


def test_a_card_cannot_point_outside_its_folder(model_with: Callable[..., Path]) -> None:
    """A card names a file beside it, not a path."""
    with pytest.raises(ModelError, match="file"):
        read_card(_renamed(model_with(), "../elsewhere.onnx"))


def test_a_score_that_speaks_against_the_claim_is_refused(card_path: Path) -> None:
    """The weight of the score is positive, or the card is unfit."""
    card = msgspec.json.decode(card_path.read_bytes())
    card["calibration"]["weights"]["score"] = -1.0
    with pytest.raises(msgspec.ValidationError, match="score"):
        msgspec.convert(card, Card)


def test_a_folder_stands_for_its_only_card(card_path: Path) -> None:
    """A folder with one card is that card; a card is itself."""
    assert card_in(card_path.parent) == card_path
    assert card_in(card_path) == card_path


@pytest.mark.parametrize("names", [(), ("a.json", "b.json")])
def test_a_folder_with_no_card_or_two_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """The message says what was found."""
    for name in names:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=", ".join(names) or "none"):
        card_in(tmp_path)


def _renamed(card_path: Path, file: str) -> Path:
    card = msgspec.json.decode(card_path.read_bytes())
    card_path.write_bytes(msgspec.json.encode(card | {"file": file}))
    return card_path
