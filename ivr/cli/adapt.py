"""`countersign adapt`: fit a model's calibration and cohort to one's own labelled calls."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from engine.audio.files import AudioFileError
from engine.decision.calibration import Calibration
from engine.decision.known_words import KnownWords
from engine.decision.operating_point import lowest_fmr, percent_up
from engine.decision.trials import CallTakes
from engine.evaluation.adaptation import (
    BEFORE,
    FEWEST_PAIRS,
    FEWEST_SPEAKERS,
    Adapted,
    Row,
    adapted,
)
from engine.evaluation.adaptation_by_parts import AdaptedByParts, adapted_by_parts
from engine.evaluation.assessment import REPLICATES, Figure
from engine.evaluation.labelled_calls import LabelledCall, known_words, labelled_calls, takes_of
from engine.voice.card import CalibrationCard, Card, write_card
from engine.voice.catalogue import as_it_came, card_of
from engine.voice.embedder import Embedder
from ivr.cli.settings import voice_of

_STEPS = 3


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    add = command.add_argument
    add("calls", type=Path, help="a folder with a subfolder per speaker, or a table (TSV)")
    add("--out", type=Path, required=True, metavar="DIR", help="a new folder for the adapted model")
    add("--model", metavar="ID", help="id of a model or path of its card (the configured one)")
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    add("--replicates", type=int, default=REPLICATES, help=f"of the bootstrap ({REPLICATES})")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Hear the calls, fit, report, and write the new model's folder."""
    voice = voice_of(chosen)
    source = card_of(chosen.model or voice.model, Path(voice.models_folder))
    embedder = Embedder.load(source)
    card = embedder.card
    before = starting_from(source, card, Path(voice.models_folder))
    if chosen.out.exists():
        print(f"{chosen.out} exists already: name a new folder")
        return 2
    labelled = labelled_calls(chosen.calls)
    known = known_words(labelled)
    calls = _heard(labelled, embedder, known)
    found, by_parts = _fitted(calls, before, card, chosen.replicates)
    _tell(found, by_parts)
    if chosen.json:
        rows = [asdict(row) for row in (*found.rows, *by_parts.rows)]
        figures = {"rows": rows, "kept": found.kept}
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if found.kept == BEFORE:
        print("the calibration that came is surely better: nothing is written")
        return 1
    made = _written(
        replace(card, calibration_by_parts=by_parts.calibration), source, found, chosen.out
    )
    cards = [each for each in (found.calibration, by_parts.calibration) if each is not None]
    print(reach(cards, voice.target_fmr))
    print(f'written: {made}; the service loads it with [voice] model = "{made.absolute()}"')
    return 0


def starting_from(source: Path, card: Card, models: Path) -> Calibration | None:
    """Return the calibration that the model came with, None where it had none.

    The card at `source` may be adapted already, and then to some of the speakers that are to be
    unknown; where nothing else is known of the model it is what there is.
    """
    came = as_it_came(card, models)
    if came is not None:
        card, source = came.card, came.path
    elif card.calibration is not None:
        print(
            f"{card.id} is neither built in nor in {models}: its calibration is started from, and "
            "may know some of these speakers already; the figures are too good then"
        )
    return None if card.calibration is None else Calibration.of(card, source.parent)


def _fitted(
    calls: list[CallTakes], before: Calibration | None, card: Card, replicates: int
) -> tuple[Adapted, AdaptedByParts]:
    version, version_by_parts = _next(card.calibration), _next(card.calibration_by_parts)
    with tqdm(total=_STEPS, desc="fit", unit="step", disable=None) as bar:
        found = adapted(calls, before, replicates, lambda _: bar.update(), version)
    fine = None if before is None else before.by_parts
    return found, adapted_by_parts(calls, fine, replicates, version_by_parts)


def _next(before: CalibrationCard | None) -> int:
    return 1 if before is None else before.version + 1


def _heard(
    calls: list[LabelledCall], embedder: Embedder, known: KnownWords | None
) -> list[CallTakes]:
    """Hear every call; files that are no audio are named and left out."""
    numbers: dict[str, int] = {}
    heard: list[CallTakes] = []
    for call in tqdm(calls, desc="hear", unit="call", disable=None):
        try:
            number = numbers.setdefault(call.speaker, len(numbers))
            heard.append(takes_of(call, number, embedder, known))
        except AudioFileError as error:
            tqdm.write(f"left out: {error}")
    return heard


def _tell(found: Adapted, by_parts: AdaptedByParts) -> None:
    print("on speakers unknown to the fit, 95 % intervals by speaker:")
    print(f"{'':24} {'Cllr':22} {'minCllr':22} {'FMR % at 1 %':22} FNMR % there")
    for row in found.rows:
        print(f"{row.name:24} {_figures(row)}{'  <- kept' if row.name == found.kept else ''}")
    for row in by_parts.rows:
        print(f"{row.name:24} {_figures(row)}")
    if by_parts.calibration is None:
        print(
            f"{by_parts.speakers} speakers were understood to say one phrase in two calls, and "
            f"{by_parts.pairs} pairs of them the same one; {FEWEST_SPEAKERS} speakers and "
            f"{FEWEST_PAIRS} pairs are needed: passphrases will be compared as a whole"
        )


def reach(cards: Sequence[CalibrationCard], wanted: float) -> str:
    """Say the lowest rate of verification, rounded up, and whether the configured one is lower."""
    limit = min(card.limit for card in cards)
    lowest = max(lowest_fmr(replace(card, limit=limit)) for card in cards)
    told = (
        f"the lowest false match rate that it can reach is {percent_up(lowest)}: "
        "a tenant with a lower one gets INCONCLUSIVE, UNAVAILABLE; more speakers reach further"
    )
    if wanted < lowest:
        told += f"\n[voice] target_fmr = {wanted} is lower: the service would not start with it"
    return told


def _figures(row: Row) -> str:
    shown = [_shown(row.cllr), _shown(row.min_cllr), _shown(row.fmr, 100), _shown(row.fnmr, 100)]
    return " ".join(f"{each:22}" for each in shown).rstrip()


def _shown(figure: Figure, scale: float = 1.0) -> str:
    value, low, high = (f"{scale * each:.2f}" for each in (figure.value, figure.low, figure.high))
    return f"{value} [{low} {high}]"


def _written(card: Card, source: Path, found: Adapted, folder: Path) -> Path:
    """Write the card, its cohort and the ONNX file, a hard link where the disk allows one."""
    folder.mkdir(parents=True)
    network = folder / card.file
    try:
        os.link(source.parent / card.file, network)
    except OSError:
        shutil.copyfile(source.parent / card.file, network)
    fitted = found.calibration
    if found.cohort is not None:
        fitted = replace(fitted, cohort=found.cohort.save(folder / f"{card.id}-cohort.npy"))
    path = folder / f"{card.id}.json"
    write_card(replace(card, calibration=fitted), path)
    return path
