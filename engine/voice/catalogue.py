"""Which voice models there are: built in, pulled into a folder, or public and not pulled yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import ModelError
from engine.voice.card import Card, read_card

BUILT_IN = Path(__file__).parent / "models"
PUBLIC = Path(__file__).parent / "public"
"""Cards alone: their files are other people's."""


class Place(StrEnum):
    """Where a model is."""

    BUILT_IN = "built in"
    PULLED = "pulled"
    PUBLIC = "not pulled"


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that is known, with the path of its card."""

    card: Card
    path: Path
    place: Place


def catalogue(folder: Path) -> list[Listed]:
    """Return every model known, those in `folder` included; a pulled one hides its public card.

    A model in `folder` is `ID/ID.json` with the ONNX file beside it. `ModelError` where a card is
    broken or the folder cannot be read.
    """
    try:
        pulled = [each / f"{each.name}.json" for each in sorted(folder.glob("[!.]*/"))]
    except OSError as error:
        raise ModelError(
            f"voice.models_folder, {folder}, cannot be read: {error.strerror}; name one that this "
            "user can read, or start in another folder"
        ) from error
    paths = {
        Place.BUILT_IN: sorted(BUILT_IN.glob("*.json")),
        Place.PULLED: [path for path in pulled if path.exists()],
        Place.PUBLIC: sorted(PUBLIC.glob("*.json")),
    }
    known: dict[str, Listed] = {}
    for place, cards in paths.items():
        for path in cards:
            card = read_card(path)
            known.setdefault(card.id, Listed(card, path, place))
    return list(known.values())


def find(model: str, folder: Path) -> Listed:
    """Return the model with this id; `ModelError` that names those there are."""
    known = {each.card.id: each for each in catalogue(folder)}
    if model not in known:
        raise ModelError(f"there is no voice model {model!r}; known are {', '.join(known)}")
    return known[model]


def as_it_came(card: Card, folder: Path) -> Listed | None:
    """Return the known model with this card's id and very network, as it was before any adapting.

    None where none is known. `ModelError` as `catalogue`.
    """
    alike = (card.id, card.sha256)
    known = catalogue(folder)
    return next((each for each in known if (each.card.id, each.card.sha256) == alike), None)


def card_of(model: str, folder: Path) -> Path:
    """Return the card of a model that can be loaded: by its id, or a path to a card (`.json`).

    `ModelError` where there is no such model, or it is not pulled yet.
    """
    if model.endswith(".json") or "/" in model:
        return Path(model)
    listed = find(model, folder)
    if listed.place is Place.PUBLIC:
        raise ModelError(
            f"the voice model {model} is not in {folder.absolute()}: "
            f"countersign models pull {model}"
        )
    return listed.path
