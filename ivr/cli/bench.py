"""`countersign bench`: where the time of a call goes."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from ivr.cli.settings import Commands
from ivr.lab import say_on_stderr
from ivr.lab.bench.embedding import measure_embedding
from ivr.lab.bench.load import measure_waiting
from ivr.lab.bench.programs import measure_api
from ivr.lab.bench.report import (
    api_json,
    api_table,
    as_json,
    embedding_table,
    load_table,
    stage_table,
)
from ivr.lab.bench.stages import measure_stages
from ivr.logs import configure_log

AT_ONCE = (1, 10, 30)
ROUNDS = 2
STAGE_ROUNDS = 100
EMBEDDING_ROUNDS = 30
API_TURNS = 5


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("bench", help="measure where the time of a call goes")
    command.add_argument(
        "--calls",
        type=counts,
        default=AT_ONCE,
        metavar="N,N,...",
        help="how many calls at once, one measurement each (default: 1,10,30)",
    )
    command.add_argument(
        "--rounds",
        type=count,
        default=ROUNDS,
        metavar="N",
        help=f"how often each caller calls (default: {ROUNDS})",
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Measure, and print four tables."""
    configure_log("console", "error")
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        say_on_stderr(f"load average {os.getloadavg()[0]:.1f}; measuring the stages of a call")
        stages = measure_stages(Path(folder, "stages"), STAGE_ROUNDS)
        print(f"\n{stage_table(stages)}\n", flush=True)
        embedded = measure_embedding(EMBEDDING_ROUNDS)
        print(f"{embedding_table(embedded)}\n", flush=True)
        asked = measure_api(Path(folder, "api"), API_TURNS)
        print(f"{api_table(asked)}\n", flush=True)
        waiting = measure_waiting(Path(folder, "load"), chosen.calls, chosen.rounds, say_on_stderr)
    print(f"\n{load_table(waiting)}\nload average at the end: {os.getloadavg()[0]:.1f}")
    if chosen.json is not None:
        figures = {**as_json(stages, embedded, waiting), "api": api_json(asked)}
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def counts(text: str) -> tuple[int, ...]:
    """Read whole numbers from 1 on, parted by commas; `ArgumentTypeError`."""
    return tuple(count(each) for each in text.split(","))


def count(text: str) -> int:
    """Read a whole number from 1 on; `ArgumentTypeError`."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)
