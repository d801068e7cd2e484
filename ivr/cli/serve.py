"""`countersign serve`: take calls."""

from __future__ import annotations

import argparse
import asyncio

from ivr.app import serve
from ivr.cli.settings import Commands, configuration_of
from ivr.logs import configure_log


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("serve", help="take calls until told to stop")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Take calls."""
    configuration = configuration_of(chosen)
    configure_log(configuration.log.format, configuration.log.level)
    asyncio.run(serve(configuration))
    return 0
