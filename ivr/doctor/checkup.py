"""All checks, one after another: each is made even where another found a fault."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ivr.config import Configuration
from ivr.doctor.database import check_database
from ivr.doctor.finding import Finding
from ivr.doctor.parts import check_master_key, check_model, check_outbox, check_prompts
from ivr.doctor.switch import check_asterisk
from ivr.doctor.webhook import check_webhook


async def checkup(configuration: Configuration) -> AsyncIterator[Finding]:
    """Check Asterisk, database, keys, model, prompts, outbox and webhook; yield what is found.

    It disturbs nothing: a service that runs keeps its calls, and nothing is made or changed but a
    media channel, for a moment, and a file in the outbox, which is deleted again. The webhook's
    receiver is connected to, and told nothing.
    """
    async for finding in check_asterisk(configuration):
        yield finding
    master, finding = check_master_key(configuration)
    yield finding
    async for finding in check_database(configuration, master):
        yield finding
    yield check_model(configuration)
    yield check_prompts(configuration)
    yield check_outbox(configuration)
    async for finding in check_webhook(configuration):
        yield finding
