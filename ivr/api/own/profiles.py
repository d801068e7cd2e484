"""Profiles: who is enrolled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from engine.types import ModelId
from ivr.api.errors import NotFoundError
from ivr.api.operations import Operation, Visit
from ivr.api.own.values import AccountName
from ivr.api.scopes import Scope
from ivr.domain.call import AccountId
from ivr.domain.consent import ConsentGiven
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileState
from ivr.storage import ProfileDetails, ProfileSummary


class Summary(msgspec.Struct, frozen=True):
    """A profile, without its voice."""

    id: UUID
    account: str
    state: ProfileState
    mode: Mode
    locale: str
    passphrase: str
    """Its id; fixed by the enrollment."""
    consented: bool
    voiceprints: int
    created_at: datetime
    changed_at: datetime
    used_at: datetime


class Agreement(msgspec.Struct, frozen=True):
    """What the person agreed to."""

    text_version: str
    given: ConsentGiven
    at: datetime


class Measured(msgspec.Struct, frozen=True):
    """How good a voiceprint is."""

    model: ModelId
    net_speech_s: float
    snr_db: float
    level_dbfs: float
    clipped: float


class Details(msgspec.Struct, frozen=True):
    """A profile with what its person agreed to and how good its voiceprints are."""

    profile: Summary
    consents: tuple[Agreement, ...]
    voiceprints: tuple[Measured, ...]
    warnings: tuple[EnrollmentWarning, ...]


async def show(visit: Visit) -> Details:
    """Return one profile."""
    account = AccountId(visit.part("account", AccountName))
    details = await visit.office.profiles.show(visit.tenant, account)
    if details is None:
        raise NotFoundError("there is no such profile")
    return detailed(details)


def summarised(summary: ProfileSummary) -> Summary:
    """Return what is told of a profile."""
    return Summary(
        id=summary.id,
        account=summary.account,
        state=summary.state,
        mode=summary.mode,
        locale=summary.locale,
        passphrase=summary.passphrase,
        consented=summary.consented,
        voiceprints=summary.voiceprints,
        created_at=summary.created_at,
        changed_at=summary.changed_at,
        used_at=summary.used_at,
    )


def detailed(details: ProfileDetails) -> Details:
    """Return all that is told of a profile."""
    return Details(
        summarised(details.summary),
        tuple(Agreement(each.text_version, each.given, each.at) for each in details.consents),
        tuple(
            Measured(model, each.net_speech_s, each.snr_db, each.level_dbfs, each.clipped)
            for model, each in details.voiceprints
        ),
        details.warnings,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="show_profile",
        method="GET",
        path="/profiles/{account}",
        scope=Scope.PROFILES_READ,
        perform=show,
        summary="Return a profile, without its voice",
        gives=Details,
        parts={"account": AccountName},
        refusals=(NotFoundError,),
    ),
)
