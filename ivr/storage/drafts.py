"""Profiles that were begun, with their person's consent, and wait for recordings."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from engine.types import Locale, PhraseId
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import Draft
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileId, ProfileState
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.text import storable


@dataclass(frozen=True, slots=True)
class Terms:
    """How a person is to be enrolled, and by what right."""

    consent: Consent
    locale: Locale
    mode: Mode
    phrase: PhraseId
    """Fixed by the enrollment where the mode is text-dependent."""


class Drafts:
    """Enrollments to come. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, tenant: TenantId, account: AccountId, terms: Terms, *, who: str, why: str
    ) -> ProfileId | None:
        """Make a profile with its consent; None where the account has one that is in use.

        One that expired or was reset is begun anew.
        """

        async def work(transaction: Transaction) -> ProfileId | None:
            await transaction.execute("note-tenant", storable(tenant))
            how = (terms.mode, storable(terms.locale), storable(terms.phrase))
            profile = await _free(transaction, storable(tenant), storable(account), how)
            if profile is None:
                return None
            await transaction.execute("begin-profile", storable(tenant), profile, *how)
            await transaction.execute("forget-voice", profile)
            consent = terms.consent
            said = (storable(consent.text_version), consent.given, consent.at)
            await transaction.execute("add-consent", storable(tenant), profile, None, *said)
            await note(transaction, AuditEvent.PROFILE_BEGUN, tenant, profile, who, why)
            return profile

        return await self._database.transact(work, tenant=tenant)

    async def find(self, tenant: TenantId, account: AccountId) -> tuple[Draft, Terms] | None:
        """Return the account's draft and its terms; None where it has none."""
        names = (storable(tenant), storable(account))
        row = await self._database.fetch_one("find-draft", *names, tenant=tenant)
        return None if row is None else (Draft(ProfileId(row["id"]), True), _terms(row))


async def _free(
    transaction: Transaction, tenant: str, account: str, how: tuple[str, ...]
) -> ProfileId | None:
    """Return the account's profile, made if need be and locked; None where it is in use."""
    held = await transaction.fetch_one("claim-profile", uuid4(), tenant, account, *how)
    assert held is not None, "it is made or locked"
    if held["state"] == ProfileState.EXPIRED:
        return ProfileId(held["id"])
    # A query of its own: one that waited for the row would see the consents of before.
    consents = await transaction.fetch("consents-of-profile", held["id"])
    begun = held["state"] != ProfileState.ENROLLING or bool(consents)
    return None if begun else ProfileId(held["id"])


def _terms(row: Row) -> Terms:
    consent = Consent(row["text_version"], ConsentGiven(row["given"]), row["given_at"])
    return Terms(consent, Locale(row["locale"]), Mode(row["mode"]), PhraseId(row["passphrase"]))
