"""A voiceprint of a file alone, for a watchlist."""

from __future__ import annotations

import asyncio

from engine.audio.files import AudioFile
from engine.types import Locale, Reason, Voiceprint
from ivr.domain.call import TenantId
from ivr.domain.locale import DEFAULT_LOCALE
from ivr.offline.hearing import heard
from ivr.offline.office import Office
from ivr.ports import Wanted


async def voiceprint(tenant: TenantId, file: AudioFile, office: Office) -> Voiceprint | Reason:
    """Return the voice of a file, or the reason why it cannot be used."""
    sound = await asyncio.to_thread(heard, file, words=False)
    shortcoming = office.voice.shortcoming(sound.quality)
    if shortcoming is not None:
        return shortcoming.reason
    wanted = Wanted(office.keys.replay_key(tenant), locale=Locale(DEFAULT_LOCALE))
    found = await office.voice.examine(sound.utterance, wanted)
    return Voiceprint(found.embedding, sound.quality)
