"""`countersign evaluate`: how well a voice model tells people apart, with intervals."""

from __future__ import annotations

import argparse

from ivr.cli.settings import Commands


def add_to(commands: Commands) -> None:
    """Add the command; its options are the evaluation's own."""
    command = commands.add_parser(
        "evaluate", help="score trials of a voice model: error rates with intervals", add_help=False
    )
    command.set_defaults(run=run, takes_the_rest=True)


def run(chosen: argparse.Namespace) -> int:
    """Hand over to the evaluation, which reads its own options."""
    from engine.evaluation import main

    return main(chosen.rest)
