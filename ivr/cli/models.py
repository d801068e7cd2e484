"""`countersign models`: list, show, pull and choose voice models."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from engine import SpeakerEngine
from engine.voice.card import CalibrationCard, Card
from engine.voice.catalogue import Listed, Place, card_of, catalogue, find
from engine.voice.features import KaldiFeatures
from ivr.choosing import choose
from ivr.cli.settings import Commands, voice_of
from ivr.config import ConfigurationError
from ivr.pulling import Demand, pull

CALIBRATE = (
    "countersign adapt (with calls of your own) or python -m engine.decision.calibrate CARD CORPUS"
)
_OVERRULES = "COUNTERSIGN_VOICE_MODEL"


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the models there are, one a line")
    listing.set_defaults(run=run_list)
    _model(actions, "show", "show a model's card").set_defaults(run=run_show)
    pulling = _model(actions, "pull", "fetch a public model, verify it and put it in place")
    pulling.add_argument("--sha256", type=digest, help="what the file must have")
    pulling.add_argument(
        "--trust-first-use", action="store_true", help="where no sha256 is stated: pin what comes"
    )
    pulling.add_argument("--file", type=Path, help="the ONNX file, fetched by other means")
    pulling.set_defaults(run=run_pull)
    using = _model(actions, "use", "write a model, or a card's path, into the configuration")
    using.set_defaults(run=run_use)


def _model(actions: Commands, name: str, does: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=does)
    parser.add_argument("model", metavar="ID")
    return parser


def digest(text: str) -> str:
    """Read a sha256 in hexadecimal; `ArgumentTypeError`."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no sha256: 64 hexadecimal digits")
    return text.lower()


def run_list(chosen: argparse.Namespace) -> int:
    """Print the models; a star marks the one that the service loads."""
    voice = voice_of(chosen)
    for each in catalogue(Path(voice.models_folder)):
        star = "*" if each.card.id == voice.model else " "
        print(f"{star} {each.card.id:26} {each.place:10} {_size(each.card):>8}  {_state(each)}")
    return 0


def run_show(chosen: argparse.Namespace) -> int:
    """Print a card."""
    listed = find(chosen.model, Path(voice_of(chosen).models_folder))
    for name, value in _lines(listed):
        print(f"{name:14} {value}")
    return 0


def run_pull(chosen: argparse.Namespace) -> int:
    """Pull a model, and say what it needs before the service takes it."""
    folder = Path(voice_of(chosen).models_folder)
    listed = find(chosen.model, folder)
    if listed.place is Place.BUILT_IN:
        print(f"{chosen.model} is built in: there is nothing to pull")
        return 0
    demand = Demand(chosen.sha256, chosen.trust_first_use, chosen.file)
    path = pull(listed.card, folder, demand)
    print(f"pulled to {path.absolute()}")
    pulled = find(chosen.model, folder).card
    print(f"{pulled.bytes} bytes, sha256 {pulled.sha256}\nlicence: {pulled.licence}")
    print(f"It is not calibrated yet, and the service refuses it until it is: {CALIBRATE}")
    return 0


def run_use(chosen: argparse.Namespace) -> int:
    """Try the model as the service would, then write it into the configuration file."""
    if chosen.config is None:
        raise ConfigurationError(
            "--config", None, "name the file to write to: countersign --config FILE models use ID"
        )
    voice = voice_of(chosen)
    path = card_of(chosen.model, Path(voice.models_folder))
    SpeakerEngine.load(path, voice.target_fmr)
    named = chosen.model if path.stem == chosen.model else str(path.absolute())
    choose(chosen.config, named)
    print(f"{chosen.config} now says voice.model = {named!r}; restart the service")
    print(
        "voiceprints of another model cannot be compared with it: set voice.previous_model to the "
        "one of before, and jobs move who is enrolled (docs/jobs.md)"
    )
    if os.environ.get(_OVERRULES, named) != named:
        print(f"but {_OVERRULES}={os.environ[_OVERRULES]} in the environment wins over the file")
    return 0


def _size(card: Card) -> str:
    return f"{card.bytes / 1e6:.1f} MB" if card.bytes else "?"


def _state(listed: Listed) -> str:
    card = listed.card
    if card.calibration is not None:
        parts = card.calibration_by_parts
        also = "" if parts is None else f"{100 * parts.eer:.1f} % by parts, as a whole "
        return f"calibrated, EER {also}{100 * card.calibration.eer:.1f} %"
    if listed.place is Place.PUBLIC:
        return "sha256 stated" if card.sha256 else "no sha256 stated"
    return "not calibrated"


def _lines(listed: Listed) -> list[tuple[str, object]]:
    """What a card says, by name."""
    card = listed.card
    features = card.features
    kind = "kaldi-fbank" if isinstance(features, KaldiFeatures) else "countersign-mel"
    lines: list[tuple[str, object]] = [
        ("model", f"{card.id}: {card.description}"),
        ("licence", card.licence),
        ("place", f"{listed.place}: {listed.path.parent}"),
        ("file", f"{card.file}, {_size(card)}"),
        ("sha256", card.sha256 or "stated by nobody: pull needs --sha256 or --trust-first-use"),
        ("features", f"{kind}, {features.mel_bins} bands, {features.window} window"),
        ("embedding", f"{card.dim} numbers"),
    ]
    if card.source is not None:
        lines += [
            ("publisher", f"{card.source.publisher}, {card.source.page}"),
            ("address", card.source.address),
            ("stated by", card.source.stated_by or "nobody"),
            ("training data", card.source.training_data),
        ]
    by_parts = card.calibration_by_parts
    return [
        *lines,
        ("calibration", _calibration(card.calibration)),
        *_points(card.calibration),
        *([("part by part", _calibration(by_parts))] if by_parts else []),
        *_points(by_parts),
    ]


def _points(fitted: CalibrationCard | None) -> list[tuple[str, object]]:
    """What was measured to cost what, for who chooses an operating point."""
    measured = () if fitted is None else fitted.points
    return [
        (
            f"at FMR {100 * each.fmr:g} %",
            f"FNMR {100 * each.fnmr:.1f} %, a claim is accepted from an Llr of "
            f"{each.threshold:.2f}",
        )
        for each in measured
    ]


def _calibration(fitted: CalibrationCard | None) -> str:
    if fitted is None:
        return f"none: the service refuses it before {CALIBRATE}"
    return (
        f"version {fitted.version} of {fitted.fitted_on}: EER {100 * fitted.eer:.1f} %, "
        f"Cllr {fitted.cllr:.3f}; {fitted.fitted_with}"
    )
