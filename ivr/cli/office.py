"""The parts that the commands on files work with, made of the configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from engine import SpeakerEngine
from ivr.clock import SystemClock
from ivr.config import Configuration
from ivr.domain.call import TenantId
from ivr.engines import load_earlier, load_engine
from ivr.holdings import database_of, keyring_of, lockout_rules
from ivr.logs import configure_log
from ivr.media.prompts import PromptLibrary
from ivr.offline import Office
from ivr.storage import Database, Keyring, PostgresStore
from ivr.translation import enroll_rules, phrases_folder, prompt_folder, verify_rules
from ivr.voice import EngineVoice
from ivr.words import Words


@dataclass(frozen=True, slots=True)
class Furnished:
    """The work on files, and what it rests on."""

    office: Office
    engine: SpeakerEngine
    words: Words
    database: Database
    keyring: Keyring


@asynccontextmanager
async def office_of(
    configuration: Configuration, tenant: TenantId | None = None
) -> AsyncIterator[Office]:
    """Yield the work on files; what goes wrong is told on standard error.

    The work is done at the operating points of `tenant`; None: at the installation's.
    """
    configure_log("console", "error")
    async with furnished(configuration) as parts:
        yield parts.office if tenant is None else await parts.office.of_tenant(tenant)


@asynccontextmanager
async def furnished(configuration: Configuration) -> AsyncIterator[Furnished]:
    """Load the voice model and open the database."""
    locales = PromptLibrary.load(prompt_folder(configuration)).locales
    async with AsyncExitStack() as stack:
        engine, earlier = load_engine(configuration), load_earlier(configuration)
        words = Words.load(locales, phrases_folder(configuration))
        voice = EngineVoice(engine, words, earlier=earlier)
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
        yield Furnished(office, engine, words, database, keyring)
