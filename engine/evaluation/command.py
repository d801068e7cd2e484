"""`countersign evaluate`: score a trial list, print the error rates, write them, draw them.

With flags of `engine.evaluation.questions` it answers those questions instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.evaluation.assessment import REPLICATES, Scored, assess
from engine.evaluation.audio_files import AudioFiles, Folder, Shards
from engine.evaluation.models import own_model
from engine.evaluation.peers import PEERS
from engine.evaluation.pitch import median_pitch, with_sex
from engine.evaluation.plots import draw, draw_pitch
from engine.evaluation.protocols import PROTOCOLS, calls
from engine.evaluation.questions import QUESTIONS
from engine.evaluation.recordings import CorpusError, read_manifest
from engine.evaluation.report import Result, as_json, lowest, table
from engine.evaluation.scoring import Model, OwnModel, score, score_by_parts
from engine.evaluation.trials import Trial, read_trials, without_speakers

_ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A set of trials with its audio."""

    name: str
    trials: list[Trial]
    files: AudioFiles


def main(argv: list[str]) -> int:
    """Run `countersign evaluate` with these arguments; returns the exit status, 2 for a mistake."""
    arguments = _parser().parse_args(argv)
    asked = [name for name in QUESTIONS if getattr(arguments, name)]
    try:
        if asked:
            _answer(asked, arguments)
        else:
            _evaluate(arguments)
    except EngineError as error:
        sys.stderr.write(f"countersign evaluate: {error}\n")
        return 2
    return 0


def _answer(asked: list[str], arguments: argparse.Namespace) -> None:
    """Print the reports that were asked for; the JSON holds each under its name."""
    if arguments.leave_out and asked != ["scoring"]:
        raise CorpusError("--leave-out is for trials and for --scoring; ask the rest without it")
    figures = {}
    for name in asked:
        report = QUESTIONS[name].run(arguments)
        sys.stdout.write(report.text.rstrip("\n") + "\n")
        figures[name] = report.figures
        if arguments.plot:
            arguments.plot.mkdir(parents=True, exist_ok=True)
            report.draw(arguments.plot)
    _write_json(figures, arguments.json)


def _evaluate(arguments: argparse.Namespace) -> None:
    models = _models(arguments)
    results: list[Result] = []
    with ExitStack() as stack:
        for task in _tasks(arguments, stack):
            kept = without_speakers(task.name, task.trials, arguments.leave_out)
            results += _results(replace(task, trials=kept), models, arguments)
    sys.stdout.write(table(results) + "\n")
    _write_json(as_json(results), arguments.json)


def _write_json(figures: Any, path: Path | None) -> None:
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _results(task: _Task, models: list[Model], arguments: argparse.Namespace) -> list[Result]:
    """Score one set of trials with every model."""
    scored = [each for model in models for each in _scored(model, task)]
    if arguments.plot:
        draw(task.name, scored, arguments.plot)
    if arguments.lowest:
        for model, each in scored:
            sys.stdout.write(lowest(task.name, model, each, arguments.lowest) + "\n")
    return [Result(model, task.name, assess(each, arguments.replicates)) for model, each in scored]


def _scored(model: Model, task: _Task) -> Iterator[tuple[str, Scored]]:
    """Score with one model; part by part as well, where it can and it is known what is said."""
    yield model.name, score(model, task.trials, task.files)
    by_parts = (
        score_by_parts(model, task.trials, task.files) if isinstance(model, OwnModel) else None
    )
    if by_parts is not None:
        yield f"{model.name}, by parts", by_parts


def _models(arguments: argparse.Namespace) -> list[Model]:
    models: list[Model] = [own_model(arguments.model)]
    return models + [PEERS[peer]() for peer in arguments.peer]


def _tasks(arguments: argparse.Namespace, stack: ExitStack) -> Iterator[_Task]:
    if arguments.trials:
        if not arguments.audio:
            raise CorpusError("--trials needs --audio DIR, the folder that the files lie in")
        yield _Task(arguments.trials.stem, read_trials(arguments.trials), Folder(arguments.audio))
        return
    if not arguments.corpus:
        raise CorpusError("name what to score: --corpus DIR, or --trials FILE with --audio DIR")
    recordings = read_manifest(arguments.corpus, arguments.split)
    found = calls(recordings)
    if len({call.speaker for call in found}) < 2:
        raise CorpusError(
            f"the split {arguments.split} of {arguments.corpus} has not two speakers with calls of "
            "all five words: the built-in protocols need them"
        )
    shards = stack.enter_context(closing(Shards(arguments.corpus, recordings)))
    pitch_hz = median_pitch(recordings, shards)
    if arguments.plot:
        draw_pitch(pitch_hz, arguments.plot)
    for name in PROTOCOLS if arguments.protocol == _ALL else (arguments.protocol,):
        yield _Task(name, with_sex(list(PROTOCOLS[name](found)), pitch_hz), shards)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="countersign evaluate", description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--corpus", type=Path, metavar="DIR", help="manifest.tsv and tar shards")
    source.add_argument("--trials", type=Path, metavar="FILE", help="a trial list, tab-separated")
    add = parser.add_argument
    add("--split", default="dev-telephone", help="of the corpus (dev-telephone)")
    add("--protocol", default=_ALL, choices=[*PROTOCOLS, _ALL], help="of the corpus (all)")
    add("--leave-out", action="append", default=[], metavar="SPEAKER",
        help="leave out all trials of a speaker, say whose label is in doubt")  # fmt: skip
    add("--lowest", type=int, default=0, metavar="N",
        help="list the N trials of one speaker that score lowest: is a label wrong?")  # fmt: skip
    add("--audio", type=Path, metavar="DIR", help="the folder of the trial list's files")
    add("--model", metavar="ID", help="id of a model that comes along, or the path of a card")
    add("--peer", action="append", default=[], choices=sorted(PEERS), help="measure it as well")
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    add("--plot", type=Path, metavar="DIR", help="draw DET curves and histograms there")
    add("--replicates", type=int, default=REPLICATES, help=f"of the bootstrap ({REPLICATES})")
    add("--background", type=Path, metavar="FILE", help="of the model, for --scoring")
    for name, question in QUESTIONS.items():
        add(f"--{name}", action="store_true", help=question.help)
    return parser
