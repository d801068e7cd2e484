"""`python -m engine.training`: from a corpus to an ONNX file and its card, in one command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import torch

from engine.errors import EngineError
from engine.evaluation.recordings import CorpusError
from engine.training import cache as caches
from engine.training.checkpoint import load_weights
from engine.training.export import export, verify
from engine.training.network import SpeakerNet, parameters
from engine.training.recipe import RECIPES, Recipe, recipe
from engine.training.run import BEST_WEIGHTS, WEIGHTS, Run
from engine.training.witness import testify

_VERIFIED_ON = 20
_LICENCE = (
    "Apache-2.0. Trained from fresh weights on the train split of the corpus alone: Common Voice "
    "(CC0), speechocean762 (free for commercial use), LibriSpeech samples and Arabic speech "
    "commands (CC BY 4.0), dspspeech20 (MIT); noises from ESC-10 (CC BY 3.0)"
)
_UNFINISHED = 3


def main(argv: list[str]) -> int:
    """Run the command line; exit status 0: done, 2: a mistake, 3: the budget is not yet spent."""
    arguments = _parser().parse_args(argv)
    try:
        return _main(arguments)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _main(arguments: argparse.Namespace) -> int:
    cache = arguments.cache or arguments.out / "cache"
    decoded = caches.decode(arguments.corpus, cache, arguments.workers)
    lacking = caches.missing(arguments.corpus, cache)
    sys.stdout.write(f"decoded {decoded or 'nothing new'}; still missing: {lacking or 'none'}\n")
    if arguments.decode_only:
        return 0
    if lacking and not arguments.partial:
        raise CorpusError(f"the cache lacks {', '.join(lacking)}: decode them, or --partial")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.export_only:
        _ship(arguments, _recipe(arguments), caches.open_cache(cache))
        return 0
    return _train(arguments, _recipe(arguments), caches.open_cache(cache))


def _train(arguments: argparse.Namespace, chosen: Recipe, cache: caches.Cache) -> int:
    run = Run(chosen, cache, arguments.out, _device(arguments.device), arguments.compile)
    if arguments.start_from and run.step == 0:
        run.start_from(arguments.start_from)
    sys.stdout.write(
        f"{chosen.trunk}: {parameters(run.network):,} weights, {len(run.people.names):,} speakers "
        f"in {len(chosen.voices)} voices, {len(run.bank.starts):,} recordings, on {run.device}; "
        f"from step {run.step}\n"
    )
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda _number, _frame: run.stop())
    done = run.train(60 * arguments.stop_after if arguments.stop_after else float("inf"))
    if not done:
        sys.stdout.write(f"{100 * run.spent:.1f} % of the budget is spent: run again to go on\n")
    _ship(arguments, chosen, cache)
    return 0 if done else _UNFINISHED


def _ship(arguments: argparse.Namespace, chosen: Recipe, cache: caches.Cache) -> None:
    """Export the averaged weights, the last or the best on dev-telephone, and verify them."""
    network = SpeakerNet(chosen)
    weights = arguments.out / (BEST_WEIGHTS if arguments.pick == "best" else WEIGHTS)
    load_weights(network, weights, torch.device("cpu"))
    description = (
        f"Speaker model for the telephone band: {chosen.trunk}, {parameters(network):,} weights"
    )
    card = export(network, chosen, arguments.out, (arguments.id, description, _LICENCE))
    speech = cache.samples[:: max(1, len(cache.samples) // _VERIFIED_ON)]
    alone, whole = verify(network, chosen, card, speech)
    testify(network, chosen, card)
    sys.stdout.write(
        f"{card}: torch and onnxruntime differ by at most {alone:.1e}, "
        f"with their front ends by {whole:.1e}\n"
    )


def _recipe(arguments: argparse.Namespace) -> Recipe:
    changes = dict(change.split("=", 1) for change in arguments.set)
    if arguments.minutes:
        changes["minutes"] = str(arguments.minutes)
    return recipe(arguments.config, changes)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _change(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="folder with manifest.tsv and tar shards")
    add("--out", type=Path, required=True, help="folder of the run; goes on where it stopped")
    add("--cache", type=Path, help="folder of the decoded corpus (OUT/cache)")
    add("--decode-only", action="store_true", help="decode the shards that are there, and stop")
    add("--export-only", action="store_true", help="export OUT/weights.pt (or best.pt), and stop")
    add("--partial", action="store_true", help="train although shards are missing")
    add("--config", default="cores", choices=sorted(RECIPES), help="the recipe (cores)")
    add("--set", type=_change, action="append", default=[], metavar="KEY=VALUE",
        help="change the recipe: rate=0.001, chances=0.5, voices=plain")  # fmt: skip
    add("--minutes", type=float, help="budget of the whole run, over all its parts")
    add("--stop-after", type=float, metavar="MINUTES", help="stop this part early; run again")
    add("--start-from", type=Path, metavar="WEIGHTS",
        help="begin with an earlier weights.pt, or a model that ships (.onnx)")  # fmt: skip
    add("--pick", choices=("last", "best"), default="last", help="which weights to export (last)")
    add("--id", default="telephone", help="id of the model on its card (telephone)")
    add("--device", default="auto", help="cpu, cuda (whichever there is)")
    add("--compile", action="store_true", help="let torch compile the network (a C++ compiler)")
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes that decode")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
