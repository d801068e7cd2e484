"""Identify the voice of a file among a group; nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from engine.audio.files import AudioFile
from engine.identification import Identification
from engine.types import Locale, Quality, Reason, ReplayOutcome, Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.locale import DEFAULT_LOCALE
from ivr.domain.profile import Profile
from ivr.flows.obstacles import obstacle_to
from ivr.offline.hearing import heard
from ivr.offline.office import Office
from ivr.ports import Wanted


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, or why there was none."""

    identification: Identification[AccountId] | None
    reason: Reason | None
    """NOT_ENROLLED: the group has nobody to compare with. SPOOF_SUSPECTED: it is a recording of the
    likeliest that was heard before."""
    quality: Quality

    @property
    def verdict(self) -> Verdict:
        """What the telephone says: REJECT for none of them, and for a recording heard before."""
        if self.reason is Reason.SPOOF_SUSPECTED:
            return Verdict.REJECT
        if self.identification is None:
            return Verdict.INCONCLUSIVE
        return Verdict.REJECT if self.identification.found is None else Verdict.ACCEPT


async def identify(tenant: TenantId, group: str, file: AudioFile, office: Office) -> Found:
    """Rank the members of a tenant's group by how like the file's voice they are.

    `StoreUnavailableError` where the group cannot be read; else errors as `search`'s.
    """
    return await search(tenant, await office.store.group(tenant, group), file, office)


async def search(
    tenant: TenantId, members: Sequence[Profile], file: AudioFile, office: Office
) -> Found:
    """Rank profiles of a tenant by how like the file's voice they are.

    As much free speech is needed as on the telephone. `StoreUnavailableError` where the likeliest
    cannot be read, `OutOfReachError` where the profiles are too many for anybody to be named.
    """
    sound = await asyncio.to_thread(heard, file, words=False)
    shortcoming = office.voice.shortcoming(sound.quality)
    if shortcoming is not None:
        return Found(None, shortcoming.reason, sound.quality)
    if sound.quality.net_speech_s < office.verify.free.verify_s:
        return Found(None, Reason.NOT_ENOUGH_SPEECH, sound.quality)
    now = office.clock.now()
    usable = [each for each in members if obstacle_to(each, office.voice.model, now) is None]
    if not usable:
        return Found(None, Reason.NOT_ENROLLED, sound.quality)
    wanted = Wanted(office.keys.replay_key(tenant), locale=Locale(DEFAULT_LOCALE))
    found = await office.voice.examine(sound.utterance, wanted)
    identification = office.voice.identify(found.embedding, sound.quality, usable)
    likeliest = await office.store.find(tenant, identification.ranked[0].name)
    earlier = () if likeliest is None else likeliest.fingerprints
    replay = await office.voice.repeat(found.fingerprint, earlier)
    if replay.outcome is ReplayOutcome.REPEAT:
        return Found(None, Reason.SPOOF_SUSPECTED, sound.quality)
    return Found(identification, None, sound.quality)
