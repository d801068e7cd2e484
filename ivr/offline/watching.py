"""The voice of one person in files, for a watchlist."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.audio.files import AudioFile, AudioFileError
from engine.types import Locale, Reason, Voiceprint
from ivr.domain.call import TenantId
from ivr.domain.enrollment import EnrollmentReason
from ivr.domain.locale import DEFAULT_LOCALE
from ivr.offline.hearing import heard
from ivr.offline.office import Office
from ivr.ports import Voice, Wanted

Watchable = Voiceprint | Reason | EnrollmentReason | AudioFileError
"""The voice of a file, or why it is of no use."""


async def voiceprint(tenant: TenantId, file: AudioFile, office: Office) -> Voiceprint | Reason:
    """Return the voice of a file, or the reason why it cannot be used."""
    sound = await asyncio.to_thread(heard, file, words=False)
    shortcoming = office.voice.shortcoming(sound.quality)
    if shortcoming is not None:
        return shortcoming.reason
    wanted = Wanted(office.keys.replay_key(tenant), locale=Locale(DEFAULT_LOCALE))
    found = await office.voice.examine(sound.utterance, wanted)
    return Voiceprint(found.embedding, sound.quality)


def of_one_person(found: Sequence[Watchable], voice: Voice) -> list[Watchable]:
    """Return what was found in files, INCONSISTENT in place of what is of another voice.

    As in an enrollment each must sound like the others; where no two do, all are of another.
    """
    places = [place for place, each in enumerate(found) if isinstance(each, Voiceprint)]
    voices = [each for each in found if isinstance(each, Voiceprint)]
    agreeing = {places[each] for each in voice.of_one_voice(voices)}
    odd = set(places) - agreeing
    return [
        EnrollmentReason.INCONSISTENT if place in odd else each for place, each in enumerate(found)
    ]
