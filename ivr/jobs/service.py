"""The jobs as a part of the service: which duties this worker has, by its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from engine import SpeakerEngine
from ivr.config import Configuration
from ivr.jobs.batches import BatchWork
from ivr.jobs.reextraction import Reextraction, embedding_with
from ivr.jobs.retention import Retention
from ivr.jobs.worker import Duty, Worker, working
from ivr.offline import Office
from ivr.settings import Retention as RetentionSettings
from ivr.storage import Batches, Database, Keyring, RetentionRules
from ivr.words import Words


@asynccontextmanager
async def jobs_of(
    configuration: Configuration,
    database: Database,
    keyring: Keyring,
    engine: SpeakerEngine,
    words: Words,
    office: Office,
) -> AsyncIterator[None]:
    """Do jobs meanwhile, unless `jobs.run` says that others do them."""
    if not configuration.jobs.run:
        yield
        return
    async with (
        duties_of(configuration, database, keyring, engine, words, office) as duties,
        working(Worker(database, duties)),
    ):
        yield


@asynccontextmanager
async def duties_of(
    configuration: Configuration,
    database: Database,
    keyring: Keyring,
    engine: SpeakerEngine,
    words: Words,
    office: Office,
) -> AsyncIterator[list[Duty]]:
    """Yield what a worker of this configuration can do."""
    rules = retention_rules(configuration.retention)
    hour = configuration.retention.hour
    retention = Retention(database, rules, lambda: datetime.now(UTC), f"17 {hour} * * *")
    embed = embedding_with(engine, words)
    async with Reextraction(database, keyring, engine.model, embed) as reextraction:
        yield [reextraction, retention, *_batches(configuration, database, keyring, office)]


def _batches(
    configuration: Configuration, database: Database, keyring: Keyring, office: Office
) -> list[Duty]:
    folder = configuration.jobs.batch_folder
    return [BatchWork(database, Batches(database, keyring), office, Path(folder))] if folder else []


def retention_rules(settings: RetentionSettings) -> RetentionRules:
    """Return the rules; 0 days in the settings means never."""
    return RetentionRules(
        settings.expire_days or None, settings.erase_days or None, settings.records_days or None
    )
