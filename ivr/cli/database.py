"""`countersign database migrate`: bring a server's schema up to this version."""

from __future__ import annotations

import argparse
import asyncio

from ivr.app import database_of
from ivr.cli.settings import Commands, configuration_of
from ivr.config import Configuration
from ivr.storage import migrate


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("database", help="make or update the database's schema")
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    actions.add_parser("migrate", help="apply what is missing").set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Apply the migrations that are missing, and say which."""
    applied = asyncio.run(_migrated(configuration_of(chosen)))
    print(f"applied: {', '.join(map(str, applied)) or 'nothing; the schema is up to date'}")
    return 0


async def _migrated(configuration: Configuration) -> tuple[int, ...]:
    if configuration.database.dsn:
        return await migrate(configuration.database.dsn)
    async with database_of(configuration):
        return ()
