"""The parts that the commands on files work with, made of the configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ivr.app import database_of, keyring_of, load_earlier, load_engine
from ivr.clock import SystemClock
from ivr.config import Configuration
from ivr.domain.call import TenantId
from ivr.logs import configure_log
from ivr.media.prompts import PromptLibrary
from ivr.offline import Office
from ivr.storage import PostgresStore
from ivr.translation import enroll_rules, lockout_rules, prompt_folder, verify_rules
from ivr.voice import EngineVoice
from ivr.words import Words


@asynccontextmanager
async def office_of(
    configuration: Configuration, tenant: TenantId | None = None
) -> AsyncIterator[Office]:
    """Load the voice model and open the database; what goes wrong is told on standard error.

    The work is done at the operating points of `tenant`; None: at the installation's.
    """
    configure_log("console", "error")
    locales = PromptLibrary.load(prompt_folder(configuration)).locales
    async with AsyncExitStack() as stack:
        engine, earlier = load_engine(configuration), load_earlier(configuration)
        voice = EngineVoice(engine, Words.load(locales), earlier=earlier)
        stack.push_async_callback(voice.close)
        database = await stack.enter_async_context(database_of(configuration))
        keyring = await keyring_of(configuration, database)
        office = Office(
            PostgresStore(database, keyring, lockout_rules(configuration)),
            voice,
            keyring,
            SystemClock(),
            verify_rules(configuration),
            # Consent was given elsewhere, to words that the order names.
            enroll_rules(configuration, {}),
        )
        yield office if tenant is None else await office.of_tenant(tenant)
