"""What the API's operations work with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from engine import SpeakerEngine
from ivr.domain.call import AccountId, TenantId
from ivr.offline import Office
from ivr.storage import (
    ApiAnswers,
    ApiKeys,
    AzureProfiles,
    Browsing,
    Database,
    Drafts,
    Keyring,
    OperatingPoints,
    Outbox,
    ProfileAdministration,
    Watchlists,
)
from ivr.voice import EngineVoice

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ApiOffice:
    """The work on recordings, and the stores; everything is told whose tenant it is for."""

    files: Office
    """Enroll, verify and identify, as on files: `ivr.offline`."""
    database: Database
    profiles: ProfileAdministration
    drafts: Drafts
    watchlists: Watchlists
    points: OperatingPoints
    browsing: Browsing
    keys: ApiKeys
    answers: ApiAnswers
    azure: AzureProfiles
    azure_consent: str = ""
    """Which wording people agree to before a program written for Azure enrolls them."""
    phrases_folder: Path | None = None
    """Where passphrases of the customer's own are."""
    outbox: Outbox | None = None
    """Where verdicts of calls wait, if calls are taken here too."""

    @classmethod
    def of(
        cls,
        files: Office,
        database: Database,
        keyring: Keyring,
        azure_consent: str = "",
        outbox: Outbox | None = None,
    ) -> ApiOffice:
        """Furnish an office on one database."""
        return cls(
            files,
            database,
            ProfileAdministration(database),
            Drafts(database),
            Watchlists(database, keyring),
            OperatingPoints(database, keyring),
            Browsing(database),
            ApiKeys(database, keyring),
            ApiAnswers(database, keyring),
            AzureProfiles(database, keyring, files.voice.model),
            azure_consent,
            outbox=outbox,
        )

    @property
    def engine(self) -> SpeakerEngine:
        """What judges recordings, at the installation's rates."""
        assert isinstance(self.files.voice, EngineVoice), "the composition root puts it there"
        return self.files.voice.engine

    async def of_tenant(self, tenant: TenantId) -> Office:
        """Return the work on files at the tenant's own operating points.

        `StoreUnavailableError`; `RateUnreachableError` where another voice model came since.
        """
        return await self.files.of_tenant(tenant)

    async def forget(self, tenant: TenantId, account: AccountId) -> None:
        """Take who was erased before out of the verdicts that wait here; `OutboxError`.

        A letter written meanwhile finds no profile, and is stored without the account. One that
        cannot be opened is named in the log.
        """
        if self.outbox is None:
            return
        for path in (await self.outbox.forget(tenant, account)).unreadable:
            log.error("erasure_incomplete", file=path.name, advice="mend or delete it")
