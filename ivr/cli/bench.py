"""`countersign bench`: where the time of a call goes."""

from __future__ import annotations

import argparse

from ivr.cli.settings import Commands


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("bench", help="measure where the time of a call goes")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Measure."""
    raise NotImplementedError
