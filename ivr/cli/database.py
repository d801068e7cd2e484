"""`countersign database`: bring the schema up to this version; delete what is due."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.holdings import database_of
from ivr.storage import Retained, RetentionRules, forget_job_log, migrate, retain, tenants


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    actions.add_parser("migrate", help="apply what is missing").set_defaults(run=run)
    retaining = actions.add_parser(
        "retain", help="expire, erase and delete what is due; at any time, as often as you like"
    )
    for option, does in (
        ("--expire-days", "profiles that nobody was accepted by so long expire"),
        ("--erase-days", "profiles expired so long are erased"),
        ("--records-days", "records of calls so old are deleted"),
    ):
        retaining.add_argument(option, type=_days, metavar="N", help=f"{does}; default: never")
    retaining.set_defaults(run=run_retain)


def run(chosen: argparse.Namespace) -> int:
    """Apply the migrations that are missing, and say which."""
    applied = asyncio.run(_migrated(configuration_of(chosen, asterisk=False)))
    print(f"applied: {', '.join(map(str, applied)) or 'nothing; the schema is up to date'}")
    return 0


def run_retain(chosen: argparse.Namespace) -> int:
    """Do what is due in every tenant, and say how much."""
    rules = RetentionRules(chosen.expire_days, chosen.erase_days, chosen.records_days)
    done = asyncio.run(_retained(configuration_of(chosen, asterisk=False), rules))
    print(f"expired: {done.expired}, erased: {done.erased}, records deleted: {done.records}")
    return 0


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise argparse.ArgumentTypeError("at least one day")
    return days


async def _migrated(configuration: Configuration) -> tuple[int, ...]:
    if configuration.database.dsn:
        return await migrate(configuration.database.dsn)
    async with database_of(configuration):
        return ()


async def _retained(configuration: Configuration, rules: RetentionRules) -> Retained:
    done = Retained(0, 0, 0)
    async with database_of(configuration) as database:
        for tenant in await tenants(database):
            done += await retain(database, tenant, rules, datetime.now(UTC))
        await forget_job_log(database, datetime.now(UTC))
    return done
