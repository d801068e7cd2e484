"""Every operation of the contract, for the router and the OpenAPI document."""

from __future__ import annotations

from uuid import UUID

from ivr.api.azure.identifying import identify
from ivr.api.azure.kinds import IDENTIFICATION, TEXT_DEPENDENT, TEXT_INDEPENDENT, Contract
from ivr.api.azure.profiles import Desk
from ivr.api.azure.shapes import (
    ActivationPhrases,
    AudioQuery,
    Identification,
    IdentifyQuery,
    ListQuery,
    LocaleName,
    NewProfile,
    PassPhrases,
    Recognition,
    TextDependentEnrollment,
    TextDependentProfile,
    TextDependentProfiles,
    TextIndependentEnrollment,
    TextIndependentProfile,
    TextIndependentProfiles,
    VersionQuery,
)
from ivr.api.errors import ConflictError, NotFoundError
from ivr.api.operations import Operation, Uploads
from ivr.api.scopes import Scope
from ivr.domain.mode import Mode

_ID = {"profileId": UUID}


def operations() -> tuple[Operation, ...]:
    """Return all of them."""
    return (
        *_profiles(TEXT_DEPENDENT),
        *_enrolling(TEXT_DEPENDENT),
        _verify(TEXT_DEPENDENT),
        *_profiles(TEXT_INDEPENDENT),
        *_enrolling(TEXT_INDEPENDENT),
        _verify(TEXT_INDEPENDENT),
        *_profiles(IDENTIFICATION),
        *_enrolling(IDENTIFICATION),
        _identify(),
    )


def _profiles(contract: Contract) -> tuple[Operation, ...]:
    """Making, finding and deleting."""
    desk, dependent = Desk(contract), contract.kind.mode is Mode.TEXT_DEPENDENT
    one = TextDependentProfile if dependent else TextIndependentProfile
    many = TextDependentProfiles if dependent else TextIndependentProfiles
    place = f"{contract.path}/profiles"
    return (
        Operation(
            name=f"{contract.kind}_create_profile",
            method="POST",
            path=place,
            scope=Scope.PROFILES_WRITE,
            perform=desk.make,
            summary="Make an empty profile",
            status=201,
            gives=one,
            takes=NewProfile,
            query=VersionQuery,
        ),
        Operation(
            name=f"{contract.kind}_list_profiles",
            method="GET",
            path=place,
            scope=Scope.PROFILES_READ,
            perform=desk.page,
            summary="Return the profiles, by id, in pages",
            gives=many,
            query=ListQuery,
        ),
        Operation(
            name=f"{contract.kind}_get_profile",
            method="GET",
            path=f"{place}/{{profileId}}",
            scope=Scope.PROFILES_READ,
            perform=desk.show,
            summary="Return one profile",
            gives=one,
            query=VersionQuery,
            parts=_ID,
            refusals=(NotFoundError,),
        ),
        Operation(
            name=f"{contract.kind}_delete_profile",
            method="DELETE",
            path=f"{place}/{{profileId}}",
            scope=Scope.PROFILES_WRITE,
            perform=desk.delete,
            summary="Erase the person",
            status=204,
            query=VersionQuery,
            parts=_ID,
            refusals=(NotFoundError,),
        ),
    )


def _enrolling(contract: Contract) -> tuple[Operation, ...]:
    """Filling, emptying, and what may be said."""
    desk, dependent = Desk(contract), contract.kind.mode is Mode.TEXT_DEPENDENT
    return (
        Operation(
            name=f"{contract.kind}_reset_profile",
            method="POST",
            path=f"{contract.path}/profiles/{{profileId}}:reset",
            scope=Scope.PROFILES_WRITE,
            perform=desk.reset,
            summary="Forget the voice and the passphrase",
            gives=TextDependentProfile if dependent else TextIndependentProfile,
            query=VersionQuery,
            parts=_ID,
            refusals=(NotFoundError, ConflictError),
        ),
        Operation(
            name=f"{contract.kind}_create_enrollment",
            method="POST",
            path=f"{contract.path}/profiles/{{profileId}}/enrollments",
            scope=Scope.PROFILES_WRITE,
            perform=desk.enroll,
            summary="Take one more recording of the person",
            status=201,
            gives=TextDependentEnrollment if dependent else TextIndependentEnrollment,
            uploads=Uploads.ONE,
            query=AudioQuery,
            parts=_ID,
            refusals=(NotFoundError, ConflictError),
        ),
        Operation(
            name=f"{contract.kind}_list_phrases",
            method="GET",
            path=f"{contract.path}/phrases/{{locale}}",
            scope=Scope.PROFILES_READ,
            perform=desk.pass_phrases if dependent else desk.activation_phrases,
            summary="Return what the person may be asked to say",
            gives=PassPhrases if dependent else ActivationPhrases,
            query=VersionQuery,
            parts={"locale": LocaleName},
        ),
    )


def _verify(contract: Contract) -> Operation:
    return Operation(
        name=f"{contract.kind}_verify_profile",
        method="POST",
        path=f"{contract.path}/profiles/{{profileId}}:verify",
        scope=Scope.VERIFY,
        perform=Desk(contract).verify,
        summary="Say whether a recording is in the person's voice",
        gives=Recognition,
        uploads=Uploads.ONE,
        query=AudioQuery,
        parts=_ID,
        refusals=(NotFoundError, ConflictError),
    )


def _identify() -> Operation:
    return Operation(
        name="identify_single_speaker",
        method="POST",
        path=f"{IDENTIFICATION.path}/profiles:identifySingleSpeaker",
        scope=Scope.IDENTIFY,
        perform=identify,
        summary="Say whose voice, of up to fifty, a recording is in",
        gives=Identification,
        uploads=Uploads.ONE,
        query=IdentifyQuery,
        refusals=(NotFoundError, ConflictError),
        changes=False,
    )
