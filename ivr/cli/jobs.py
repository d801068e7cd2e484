"""`countersign jobs`: how far they are, a worker for nothing else, and which voice model counts."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from tqdm import tqdm

from engine import SpeakerEngine
from ivr.cli.office import furnished
from ivr.cli.output import print_json
from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.engines import load_engine
from ivr.holdings import database_of
from ivr.jobs import duties_of
from ivr.jobs.progress import Progress, progress
from ivr.jobs.worker import Worker, working
from ivr.logs import configure_log
from ivr.running import stop_signals
from ivr.storage import Database
from ivr.storage.reextraction import choose_model

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
MENDING = (
    "It is still verified by the previous model, where that is at hand. Put its recordings back "
    "from a backup and it is moved within ten minutes, or reset the profile and enroll the person "
    "anew"
)


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    status = actions.add_parser("status", help="how far the jobs are")
    status.add_argument("--json", action="store_true", help="print JSON for programs")
    status.add_argument(
        "--follow",
        action="store_true",
        help="show a bar until every profile is moved, or cannot be",
    )
    status.set_defaults(run=run_status)
    work = actions.add_parser("work", help="do jobs and take no calls, until told to stop")
    work.set_defaults(run=run_work)
    choose = actions.add_parser(
        "choose-model", help="move profiles to voice.model, also where a newer one was in use"
    )
    choose.set_defaults(run=run_choose)


def run_status(chosen: argparse.Namespace) -> int:
    """Print how far the jobs are."""
    configure_log("console", "error")
    found = asyncio.run(_status(configuration_of(chosen, asterisk=False), chosen.follow))
    if chosen.json:
        print_json(plain(found))
    else:
        print(told(found))
    return 0


def run_work(chosen: argparse.Namespace) -> int:
    """Do jobs until SIGTERM or SIGINT."""
    configuration = configuration_of(chosen, asterisk=False)
    configure_log(configuration.log.format, configuration.log.level)
    asyncio.run(_work(configuration))
    return 0


def run_choose(chosen: argparse.Namespace) -> int:
    """Let profiles be moved to the configured voice model."""
    configuration = configuration_of(chosen, asterisk=False)
    engine = load_engine(configuration)
    asyncio.run(_choose(configuration, engine))
    print(f"profiles are moved to {engine.model} by workers that have it as voice.model")
    return 0


def told(found: Progress) -> str:
    """Return the progress for people."""
    lines = [f"voice model: {found.model or 'none yet: no worker was started'}"]
    for each in found.changes:
        lines.append(f"  {each.tenant}: {each.moved} of {each.profiles} profiles moved to it")
        lines += [
            f"  {each.tenant}: profile {stuck.profile} (account {stuck.account}) cannot be moved: "
            f"{stuck.why}. {MENDING}"
            for stuck in each.unreadable
        ]
        if each.suspects_left:
            lines.append(
                f"  {each.tenant}: {each.suspects_left} suspects are of another model; of them "
                "no recording is kept: add them anew"
            )
    lines += [f"queue: {count} x {duty}" for duty, count in sorted(found.waiting.items())]
    lines += [
        f"timetable: {each.duty} at {each.when}, last {each.last or 'never'}, next {each.next}"
        for each in found.timetable
    ]
    return "\n".join(lines)


def plain(found: Progress) -> dict[str, Any]:
    """Return the progress as plain values."""
    answer: dict[str, Any] = msgspec.to_builtins(found)
    return {
        **answer,
        "moved": found.moved,
        "profiles": found.profiles,
        "unreadable": found.unreadable,
    }


async def _status(configuration: Configuration, follow: bool) -> Progress:
    async with database_of(configuration) as database:
        if follow:
            await _follow(database)
        return await progress(database)


async def _follow(database: Database) -> None:
    """Show a bar until every profile is moved, or cannot be."""
    with tqdm(desc="re-extraction", unit="profile") as bar:
        while True:
            found = await progress(database)
            bar.total = found.profiles
            done = found.moved + found.unreadable
            bar.update(done - bar.n)
            if done == found.profiles:
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _work(configuration: Configuration) -> None:
    async with _worker(configuration) as worker, working(worker):
        signals = stop_signals()
        log.info("jobs_ready")
        await signals.get()


async def _choose(configuration: Configuration, engine: SpeakerEngine) -> None:
    async with database_of(configuration) as database:
        await choose_model(database, engine.model)


@asynccontextmanager
async def _worker(configuration: Configuration) -> AsyncIterator[Worker]:
    async with (
        furnished(configuration) as parts,
        duties_of(
            configuration, parts.database, parts.keyring, parts.engine, parts.words, parts.office
        ) as duties,
    ):
        yield Worker(parts.database, duties)
