"""What the body of a request holds: one recording, or what a profile is made of."""

from __future__ import annotations

import asyncio

import msgspec

from engine.audio.files import AudioFile, AudioFileError, read_audio
from ivr.api.azure.shapes import NewProfile
from ivr.api.errors import InvalidRequestError, RefusedAudioError
from ivr.api.operations import Visit


async def audio_of(visit: Visit) -> AudioFile:
    """Read and decode the one recording of a request, in a thread.

    `RefusedAudioError` where the body is said to be something else, `InvalidRequestError` where it
    is not what it is said to be.
    """
    body = await visit.body()
    if body.json:
        raise RefusedAudioError(
            "Unsupported media type. Only 'audio/wav; codecs=audio/pcm' and its like are accepted."
        )
    if len(body.parts) != 1 or not body.parts[0].content:
        raise InvalidRequestError("Request body is missing. It is one recording.")
    (part,) = body.parts
    try:
        return await asyncio.to_thread(read_audio, part.content, f"audio{part.ending}")
    except AudioFileError as error:
        raise InvalidRequestError(
            f"Invalid audio format: {error.found}; {error.accepted}."
        ) from error


async def new_profile(visit: Visit) -> NewProfile:
    """Read what a profile is made of; errors as `audio_of`'s.

    Azure's own quickstart sends JSON in single quotes, which its server took.
    """
    body = await visit.body()
    if body.parts or body.fields:
        raise RefusedAudioError("Unsupported media type. Only 'application/json' is accepted.")
    if not body.json:
        raise InvalidRequestError("Request body is missing.")
    try:
        return _decoded(body.json)
    except msgspec.DecodeError:
        return _mended(body.json)


def _mended(content: bytes) -> NewProfile:
    try:
        return _decoded(content.replace(b"'", b'"'))
    except msgspec.DecodeError as error:
        raise InvalidRequestError(f"Invalid JSON: {error}.") from error


def _decoded(content: bytes) -> NewProfile:
    try:
        return msgspec.json.decode(content, type=NewProfile)
    except UnicodeDecodeError as error:
        raise InvalidRequestError("Invalid JSON: it is not UTF-8.") from error
