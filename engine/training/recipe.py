"""The recipe: every choice of a training run in one value, and the recipes that are kept."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from engine.errors import EngineError


class RecipeError(EngineError):
    """A recipe is unknown or contradicts itself (the operator's to mend)."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each thing is to happen to a crop on its way through the telephone, in [0, 1]."""

    room: float = 0.4
    noise: float = 0.6
    babble: float = 0.2
    suppression: float = 0.15
    handset: float = 0.7
    carbon: float = 0.15
    gain_control: float = 0.25
    clipping: float = 0.1
    echo: float = 0.1
    band: float = 0.9
    hum: float = 0.1
    line: float = 0.5
    codec: float = 0.7
    """Of one codec; half as likely is a second one behind it."""
    loss: float = 0.15
    masking: float = 0.5
    """Of hiding a few mel bands and a stretch of time from the network (SpecAugment)."""


def scaled(chances: Chances, factor: float) -> Chances:
    """Make everything so many times as likely, and nothing more than certain."""
    return Chances(**{f.name: min(1.0, getattr(chances, f.name) * factor) for f in fields(chances)})


@dataclass(frozen=True, slots=True)
class Voice:
    """A change of everyone's voice, which makes every speaker a further one."""

    speed: float
    """Of tempo and pitch; 1.1 is faster and higher."""
    formants: float
    """Of the vocal tract's resonances alone; 1.1 is a shorter tract."""


PLAIN = Voice(1.0, 1.0)
SPEEDS = (PLAIN, Voice(0.9, 1.0), Voice(1.1, 1.0))
SPEEDS_AND_TRACTS = (*SPEEDS, Voice(1.0, 0.9), Voice(1.0, 1.1), Voice(0.9, 1.11), Voice(1.1, 0.91))


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out of a run, the corpus aside."""

    trunk: str = "ecapa"
    width: int = 256
    """Channels of the trunk, in its own sense."""
    dim: int = 192
    mel_bins: int = 64
    dropout: float = 0.1

    voices: tuple[Voice, ...] = SPEEDS
    unsteadiness: float = 0.03
    """How much faster or slower, and so higher or lower, a speaker is in one crop than in another:
    nobody speaks the same way in two calls."""
    speakers: int = 128
    """Different speakers in a batch."""
    views: int = 2
    """Crops of each."""
    crops_s: tuple[float, ...] = (1.0, 1.5, 2.0, 2.5, 3.0)
    """Lengths of crops; one is drawn for each batch."""
    longest_piece_s: float = 2.0
    """A crop is joined from pieces of several utterances; none is longer than this."""
    chances: Chances = field(default_factory=Chances)

    minutes: float = 20.0
    """Time budget. The schedules follow the share of it that is spent."""
    steps: int = 1_000_000_000
    """Budget of steps; whichever budget ends first ends the run."""
    rate: float = 2e-3
    """Peak learning rate of AdamW."""
    weight_decay: float = 0.05
    warmup_share: float = 0.03
    scale: float = 32.0
    """Inverse temperature of the softmax over cosines."""
    margin: float = 0.2
    """In radians, reached after a third of the run."""
    kin_margin: float = 0.06
    """Added to the cosines with other speakers of the same corpus and language."""
    subcentres: int = 2
    contrast: float = 1.0
    """Weight of the contrast between the views of a batch."""
    average_over_steps: float = 1000.0
    """Time constant of the average of the weights."""

    final_share: float = 0.15
    """Last part of the run: longer crops, larger margin."""
    final_margin: float = 0.35
    final_crops_s: tuple[float, ...] = (2.0, 3.0, 4.0, 5.0)

    evaluations: int = 12
    seed: int = 1


RECIPES: dict[str, Recipe] = {
    "tiny": Recipe(
        width=32, dim=32, speakers=8, crops_s=(1.0,), final_crops_s=(1.5,), steps=6, minutes=5.0,
        evaluations=2, voices=(PLAIN, Voice(1.1, 1.0)), average_over_steps=10,
    ),
    "small": Recipe(
        width=128, dim=128, speakers=32, crops_s=(1.5, 2.0), final_crops_s=(3.0,), minutes=180.0,
        rate=3e-3, average_over_steps=300,
    ),
    "cores": Recipe(
        trunk="resnet", width=16, speakers=64, voices=(PLAIN,), chances=scaled(Chances(), 0.75),
        crops_s=(1.0, 1.6, 2.4), final_crops_s=(2.4,), final_share=0.08, contrast=2.0,
        margin=0.15, final_margin=0.2, minutes=300.0, average_over_steps=300, evaluations=8,
    ),
    "gpu": Recipe(
        trunk="resnet", width=24, speakers=384, contrast=2.0, crops_s=(0.8, 1.8),
        final_crops_s=(1.8, 3.2), final_margin=0.25, minutes=8.7, evaluations=3,
    ),
    "gpu-ecapa": Recipe(width=384, speakers=256, voices=SPEEDS_AND_TRACTS, minutes=20.0),
    "gpu-campplus": Recipe(
        trunk="campplus", width=20, speakers=256, voices=SPEEDS_AND_TRACTS, minutes=20.0,
    ),
    "gpu-redimnet": Recipe(
        trunk="redimnet", width=12, speakers=256, voices=SPEEDS_AND_TRACTS, minutes=20.0,
    ),
}  # fmt: skip


def recipe(name: str, changes: dict[str, str] | None = None) -> Recipe:
    """Return a known recipe with some of its values changed, given as text.

    `RecipeError` names what is unknown or unfit. `chances.room` reaches into the chances;
    `voices` takes `plain`, `speeds` or `tracts`.
    """
    if name not in RECIPES:
        raise RecipeError(f"no recipe {name!r}; known: {', '.join(RECIPES)}")
    chosen = RECIPES[name]
    for key, text in (changes or {}).items():
        chosen = _changed(chosen, key, text)
    return chosen


def _changed(chosen: Recipe, key: str, text: str) -> Recipe:
    if key.startswith("chances."):
        inner = _with(chosen.chances, key.removeprefix("chances."), text)
        return replace(chosen, chances=inner)
    if key == "chances":
        return replace(chosen, chances=scaled(chosen.chances, float(text)))
    return _with(chosen, key, text)


_VOICES = {"plain": (PLAIN,), "speeds": SPEEDS, "tracts": SPEEDS_AND_TRACTS}


def _with(value: Any, key: str, text: str) -> Any:
    """Replace one field of a dataclass by text, read as the type of the field's default."""
    defaults: dict[str, Any] = {f.name: f.default for f in fields(value)}
    if key not in defaults:
        raise RecipeError(f"a recipe has no {key!r}")
    present = defaults[key]
    try:
        if key == "voices":
            return replace(value, voices=_VOICES[text])
        if isinstance(present, tuple):
            return replace(value, **{key: tuple(float(part) for part in text.split(","))})
        return replace(value, **{key: type(present)(text)})
    except (KeyError, ValueError) as error:
        raise RecipeError(f"{text!r} is no value for {key!r} of a recipe") from error
