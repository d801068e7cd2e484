"""Profiles: who is enrolled, or is to be."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from engine.types import PhraseId
from ivr.api.errors import ConflictError, InvalidRequestError, NotFoundError
from ivr.api.operations import Operation, Visit
from ivr.api.own import places
from ivr.api.own.values import AccountName, Label, LocaleName, PageQuery
from ivr.api.scopes import Scope
from ivr.domain.call import AccountId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import ProfileState
from ivr.storage import ProfileDetails, ProfileSummary, Terms
from ivr.words import UnknownPhraseError, listed

PLACE = "page token of profiles"


class ProfileAnswer(msgspec.Struct, frozen=True):
    """A profile, without its voice."""

    id: UUID
    account: str
    state: ProfileState
    mode: Mode
    locale: str
    passphrase: str
    consented: bool
    voiceprints: int
    created_at: datetime
    changed_at: datetime
    used_at: datetime


class ConsentAnswer(msgspec.Struct, frozen=True):
    """What the person agreed to."""

    text_version: str
    given: ConsentGiven
    at: datetime


class VoiceprintAnswer(msgspec.Struct, frozen=True):
    """How good a voiceprint is."""

    model: str
    net_speech_s: float
    snr_db: float
    level_dbfs: float
    clipped: float


class ProfileDetailsAnswer(msgspec.Struct, frozen=True):
    """A profile with what its person agreed to and how good its voiceprints are."""

    profile: ProfileAnswer
    consents: tuple[ConsentAnswer, ...]
    voiceprints: tuple[VoiceprintAnswer, ...]
    warnings: tuple[EnrollmentWarning, ...]


class ProfilesAnswer(msgspec.Struct, frozen=True):
    """A page of profiles, by account."""

    profiles: tuple[ProfileAnswer, ...]
    next_page: str | None


class ConsentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That the person agreed: you assert it, and keep the proof."""

    text_version: Label
    """Which wording."""
    at: Annotated[datetime, Meta(tz=True)]


class ProfileRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be enrolled, how, and by what right."""

    account: AccountName
    consent: ConsentRequest
    mode: Mode = Mode.TEXT_DEPENDENT
    locale: LocaleName = "en-US"
    passphrase: Label = DEFAULT_PASSPHRASE


async def create(visit: Visit) -> ProfileDetailsAnswer:
    """Begin a profile that waits for its recordings."""
    asked = await visit.json(ProfileRequest)
    await visit.concern(asked.account)
    if asked.consent.at > visit.office.files.clock.now():
        raise InvalidRequestError("consent.at is in the future")
    terms = _terms(asked, visit.office.phrases_folder)
    account = AccountId(asked.account)
    begun = await visit.office.drafts.begin(
        visit.tenant, account, terms, who=visit.program.who, why=visit.why
    )
    if begun is None:
        raise ConflictError("the account has a profile, or opted out; erase or reset that first")
    return await _shown(visit, account)


def _terms(asked: ProfileRequest, phrases_folder: Path | None) -> Terms:
    phrase = PhraseId(asked.passphrase)
    try:
        locale = listed(asked.locale, asked.mode, phrase, phrases_folder)
    except UnknownPhraseError as error:
        raise InvalidRequestError(str(error)) from error
    consent = Consent(asked.consent.text_version, ConsentGiven.DOCUMENT, asked.consent.at)
    return Terms(consent, locale, asked.mode, phrase)


async def page(visit: Visit) -> ProfilesAnswer:
    """Return a page of profiles."""
    asked = visit.query(PageQuery)
    after = places.read(visit, PLACE, asked.page, str) if asked.page else ""
    found = await visit.office.browsing.profiles(visit.tenant, after, asked.limit)
    full = len(found) == asked.limit
    following = places.write(visit, PLACE, found[-1].account) if full else None
    return ProfilesAnswer(tuple(answered(each) for each in found), following)


async def show(visit: Visit) -> ProfileDetailsAnswer:
    """Return one profile."""
    return await _shown(visit, await account_of(visit))


async def erase(visit: Visit) -> None:
    """Erase the person; what is kept of the request names nobody, or it would be erased too."""
    account = AccountId(visit.part("account", AccountName))
    told = {"who": visit.program.who, "why": visit.why}
    done = await visit.office.profiles.erase(visit.tenant, account, **told)
    await visit.office.forget(visit.tenant, account)
    if not done:
        raise _unknown()


async def reset(visit: Visit) -> ProfileDetailsAnswer:
    """Forget voice and consent, so that the person can enroll anew."""
    account, told = await account_of(visit), {"who": visit.program.who, "why": visit.why}
    if not await visit.office.profiles.reset(visit.tenant, account, **told):
        raise _unknown()
    return await _shown(visit, account)


async def opt_out(visit: Visit) -> ProfileDetailsAnswer:
    """Erase the voice and block the account, known or not."""
    account, told = await account_of(visit), {"who": visit.program.who, "why": visit.why}
    await visit.office.profiles.opt_out(visit.tenant, account, **told)
    return await _shown(visit, account)


async def unlock(visit: Visit) -> ProfileDetailsAnswer:
    """Count the profile's REJECTs anew."""
    account, told = await account_of(visit), {"who": visit.program.who, "why": visit.why}
    if not await visit.office.profiles.unlock(visit.tenant, account, **told):
        raise _unknown()
    return await _shown(visit, account)


async def account_of(visit: Visit) -> AccountId:
    """Return the account in the path, and note that the request is about it."""
    account = AccountId(visit.part("account", AccountName))
    await visit.concern(account)
    return account


def answered(summary: ProfileSummary) -> ProfileAnswer:
    """Return what is told of a profile."""
    return ProfileAnswer(
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


async def _shown(visit: Visit, account: AccountId) -> ProfileDetailsAnswer:
    details = await visit.office.profiles.show(visit.tenant, account)
    if details is None:
        raise _unknown()
    return _detailed(details)


def _detailed(details: ProfileDetails) -> ProfileDetailsAnswer:
    return ProfileDetailsAnswer(
        answered(details.summary),
        tuple(ConsentAnswer(each.text_version, each.given, each.at) for each in details.consents),
        tuple(
            VoiceprintAnswer(model, each.net_speech_s, each.snr_db, each.level_dbfs, each.clipped)
            for model, each in details.voiceprints
        ),
        details.warnings,
    )


def _unknown() -> NotFoundError:
    return NotFoundError("there is no such profile")


_ACCOUNT = {"account": AccountName}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="create_profile",
        method="POST",
        path="/profiles",
        scope=Scope.PROFILES_WRITE,
        perform=create,
        summary="Begin a profile, with its person's consent; it waits for recordings",
        status=201,
        takes=ProfileRequest,
        gives=ProfileDetailsAnswer,
        refusals=(ConflictError,),
    ),
    Operation(
        name="list_profiles",
        method="GET",
        path="/profiles",
        scope=Scope.PROFILES_READ,
        perform=page,
        summary="List profiles, by account",
        query=PageQuery,
        gives=ProfilesAnswer,
    ),
    Operation(
        name="show_profile",
        method="GET",
        path="/profiles/{account}",
        scope=Scope.PROFILES_READ,
        perform=show,
        summary="Return a profile, without its voice",
        gives=ProfileDetailsAnswer,
        parts=_ACCOUNT,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="erase_profile",
        method="DELETE",
        path="/profiles/{account}",
        scope=Scope.PROFILES_WRITE,
        perform=erase,
        summary="Erase the person: profile, recordings, consents, and the account in records",
        status=204,
        parts=_ACCOUNT,
        refusals=(NotFoundError,),
    ),
    *(
        Operation(
            name=f"{name}_profile",
            method="POST",
            path=f"/profiles/{{account}}/{name.replace('_', '-')}",
            scope=Scope.PROFILES_WRITE,
            perform=perform,
            summary=summary,
            gives=ProfileDetailsAnswer,
            parts=_ACCOUNT,
            refusals=(NotFoundError,),
        )
        for name, perform, summary in (
            ("reset", reset, "Forget voice and consent, so that the person can enroll anew"),
            ("opt_out", opt_out, "Erase the voice and block the account, until a reset"),
            ("unlock", unlock, "Count the profile's REJECTs in a row anew"),
        )
    ),
)
