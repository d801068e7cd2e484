"""`countersign demo`: real calls on this machine, from enrollment to the dialplan's route."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from ivr.lab.demo import demonstrate
from ivr.logs import configure_log


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    command.add_argument("--corpus", type=Path, metavar="DIR", help="recordings of real people")
    command.add_argument("--stay", action="store_true", help="leave the system up afterwards")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Show it; 1 where a call did not end as announced."""
    configure_log("console", "error")
    return asyncio.run(demonstrate(chosen.corpus, stay=chosen.stay))
