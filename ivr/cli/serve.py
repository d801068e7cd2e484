"""`countersign serve`: take calls."""

from __future__ import annotations

import argparse
import asyncio

from ivr.app import serve
from ivr.cli.settings import configuration_of
from ivr.logs import configure_log


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Take calls."""
    configuration = configuration_of(chosen)
    configure_log(configuration.log.format, configuration.log.level)
    asyncio.run(serve(configuration))
    return 0
