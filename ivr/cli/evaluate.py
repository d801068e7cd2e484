"""`countersign evaluate`: how well a voice model tells people apart, with intervals."""

from __future__ import annotations

import argparse


def add_to(command: argparse.ArgumentParser) -> None:
    """Leave all that follows to the evaluation, whose options they are."""
    command.set_defaults(run=run, takes_the_rest=True)


def run(chosen: argparse.Namespace) -> int:
    """Hand over to the evaluation, which reads its own options."""
    from engine.evaluation import main

    return main(chosen.rest)
