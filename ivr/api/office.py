"""What the API's operations work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from engine.audio.files import AudioFile, AudioFileError, read_audio
from ivr.api.errors import RefusedAudioError
from ivr.offline import Office
from ivr.storage import (
    ApiAnswers,
    ApiKeys,
    Database,
    Drafts,
    Keyring,
    ProfileAdministration,
    Watchlists,
)


@dataclass(frozen=True, slots=True)
class ApiOffice:
    """The work on recordings, and the stores; everything is told whose tenant it is for."""

    files: Office
    """Enroll, verify and identify, as on files: `ivr.offline`."""
    database: Database
    profiles: ProfileAdministration
    drafts: Drafts
    watchlists: Watchlists
    keys: ApiKeys
    answers: ApiAnswers

    @classmethod
    def of(cls, files: Office, database: Database, keyring: Keyring) -> ApiOffice:
        """Furnish an office on one database."""
        return cls(
            files,
            database,
            ProfileAdministration(database),
            Drafts(database),
            Watchlists(database, keyring),
            ApiKeys(database),
            ApiAnswers(database),
        )


async def decoded(content: bytes, name: str) -> AudioFile:
    """Decode a recording in a thread; the ending of `name` tells raw audio's kind.

    `RefusedAudioError` says what was found and what is accepted.
    """
    try:
        return await asyncio.to_thread(read_audio, content, name)
    except AudioFileError as error:
        raise RefusedAudioError(
            f"the recording is refused: {error.found}; {error.accepted}"
        ) from None
