"""An identification among the profiles that a program names."""

from __future__ import annotations

from uuid import UUID

from ivr.api.azure.bodies import audio_of
from ivr.api.azure.kinds import IDENTIFICATION
from ivr.api.azure.recognising import identified
from ivr.api.azure.refusals import no_profile
from ivr.api.azure.shapes import PROFILE_IDS_MAX, Identification, IdentifyQuery
from ivr.api.errors import InvalidRequestError
from ivr.api.operations import Visit
from ivr.domain.azure import AzureProfile
from ivr.domain.profile import ProfileId


async def identify(visit: Visit) -> Identification:
    """Say whose voice, of those named, a recording is in."""
    query = visit.query(IdentifyQuery)
    candidates = [await _found(visit, each) for each in ids_in(query.profile_ids)]
    return await identified(
        visit.tenant,
        candidates,
        await audio_of(visit),
        await visit.office.of_tenant(visit.tenant),
        ignore_min_length=query.ignore_min_length,
    )


def ids_in(listed: str) -> tuple[ProfileId, ...]:
    """Return the ids of a comma-delimited list, each once, in order; `InvalidRequestError`."""
    names = [each.strip() for each in listed.split(",")]
    if len(names) > PROFILE_IDS_MAX:
        raise InvalidRequestError(
            f"Maximum number of profiles allowed per request is {PROFILE_IDS_MAX}."
        )
    try:
        return tuple(dict.fromkeys(ProfileId(UUID(each)) for each in names))
    except ValueError as error:
        raise InvalidRequestError(
            "Invalid profileIds parameter value. It should be comma-delimited list of IDs "
            "containing at least one ID."
        ) from error


async def _found(visit: Visit, profile: ProfileId) -> AzureProfile:
    found = await visit.office.azure.find(visit.tenant, IDENTIFICATION.kind, profile)
    if found is None:
        raise no_profile()
    return found
