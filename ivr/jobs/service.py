"""The jobs as a part of the service: which duties this worker has, by its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from engine import SpeakerEngine
from ivr.config import Configuration
from ivr.jobs.reextraction import Reextraction, embedding_with
from ivr.jobs.retention import Retention
from ivr.jobs.worker import Duty, Worker, working
from ivr.settings import Retention as RetentionSettings
from ivr.storage import Database, Keyring, RetentionRules


@asynccontextmanager
async def jobs_of(
    configuration: Configuration, database: Database, keyring: Keyring, engine: SpeakerEngine
) -> AsyncIterator[None]:
    """Do jobs meanwhile, unless `jobs.run` says that others do them."""
    if not configuration.jobs.run:
        yield
        return
    async with (
        duties_of(configuration, database, keyring, engine) as duties,
        working(Worker(database, duties)),
    ):
        yield


@asynccontextmanager
async def duties_of(
    configuration: Configuration, database: Database, keyring: Keyring, engine: SpeakerEngine
) -> AsyncIterator[list[Duty]]:
    """Yield what a worker of this configuration can do."""
    rules = retention_rules(configuration.retention)
    hour = configuration.retention.hour
    retention = Retention(database, rules, lambda: datetime.now(UTC), f"17 {hour} * * *")
    embed = embedding_with(engine)
    async with Reextraction(database, keyring, engine.model, embed) as reextraction:
        yield [reextraction, retention]


def retention_rules(settings: RetentionSettings) -> RetentionRules:
    """Return the rules; 0 days in the settings means never."""
    return RetentionRules(
        settings.expire_days or None, settings.erase_days or None, settings.records_days or None
    )
