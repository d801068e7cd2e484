"""`countersign bench`: where the time of a call goes."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ivr.lab import say_on_stderr
from ivr.lab.bench.embedding import measure_embedding
from ivr.lab.bench.gallery import measure_gallery
from ivr.lab.bench.load import measure_waiting
from ivr.lab.bench.programs import measure_api
from ivr.lab.bench.report import (
    api_json,
    api_table,
    as_json,
    embedding_table,
    gallery_json,
    gallery_table,
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
GALLERY_ROUNDS = 300
PROFILES = 100_000


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
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
    command.add_argument(
        "--profiles",
        type=count,
        default=PROFILES,
        metavar="N",
        help=f"among how many profiles the database is timed (default: {PROFILES}; takes 5 GB)",
    )
    command.add_argument(
        "--programs", action="store_true", help="only what programs get: the API and the database"
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Measure, and print five tables, or the two for programs."""
    configure_log("console", "error")
    say_on_stderr(f"load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        figures = {} if chosen.programs else _calls(Path(folder), chosen.calls, chosen.rounds)
        figures |= _programs(Path(folder), chosen.profiles)
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _calls(folder: Path, at_once: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Measure what calls cost and how long callers wait; print three tables."""
    say_on_stderr("measuring the stages of a call")
    stages = measure_stages(folder / "stages", STAGE_ROUNDS)
    print(f"\n{stage_table(stages)}\n", flush=True)
    embedded = measure_embedding(EMBEDDING_ROUNDS)
    print(f"{embedding_table(embedded)}\n", flush=True)
    waiting = measure_waiting(folder / "load", at_once, rounds, say_on_stderr)
    print(f"\n{load_table(waiting)}\n", flush=True)
    return as_json(stages, embedded, waiting)


def _programs(folder: Path, profiles: int) -> dict[str, Any]:
    """Measure the API, and the database among many profiles; print two tables."""
    asked = measure_api(folder / "api", API_TURNS)
    print(f"{api_table(asked)}\n", flush=True)
    say_on_stderr(f"making {profiles} profiles")
    gallery = measure_gallery(folder / "gallery", profiles, GALLERY_ROUNDS)
    print(f"{gallery_table(gallery)}\n", flush=True)
    return {"api": api_json(asked), "database": gallery_json(gallery)}


def counts(text: str) -> tuple[int, ...]:
    """Read whole numbers from 1 on, parted by commas; `ArgumentTypeError`."""
    return tuple(count(each) for each in text.split(","))


def count(text: str) -> int:
    """Read a whole number from 1 on; `ArgumentTypeError`."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)
