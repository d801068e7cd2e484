"""The person of the benchmark: a voice, its recordings, and its profile made without a call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np

from engine import SpeakerEngine
from engine.decision.explanation import EN_US
from engine.liveness import fingerprint
from engine.phrase import frames
from engine.types import TELEPHONE_RATE_HZ, Pcm, Quality, Span, Utterance, Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    Recording,
)
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.lab.scenes import NEW_CALL, PHRASE
from ivr.lab.speech import synthetic
from ivr.storage import Database, Keyring, PostgresStore, make_master_file
from ivr.words import Words

VOICE = "rms"
REPETITIONS = 3
RECORDINGS = 9
"""So many callers in a row say it differently, over different lines."""
ACCOUNT = AccountId("1001")
TENANT = TenantId("default")
NOBODYS_KEY = bytes(32)
_SILENCE_S = 1.0
"""More than the end silence."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the engine made of a recording."""

    utterance: Utterance
    quality: Quality
    ended_at_s: float
    """From where on it counts the end silence, in seconds of the recording."""


def recordings() -> list[Pcm]:
    """Return calls' worth of the passphrase, int16 `[n]` at 8 kHz each; renders, so it blocks."""
    speaker = synthetic(VOICE)
    return [speaker.say(PHRASE, NEW_CALL * call) for call in range(1, RECORDINGS + 1)]


def enrolled(engine: SpeakerEngine) -> tuple[Recording, ...]:
    """Return an enrollment's recordings; renders and embeds, so it blocks."""
    takes = [synthetic(VOICE).say(PHRASE, take) for take in range(REPETITIONS)]
    return tuple(_recording(engine, pcm) for pcm in takes)


def _recording(engine: SpeakerEngine, pcm: Pcm) -> Recording:
    heard = hear(engine, pcm)
    voice = engine.embed(heard.utterance, parts(heard.utterance))
    voiceprint = Voiceprint(voice, heard.quality)
    # Under a key of nobody's: the callers of the benchmark say what was never enrolled.
    printed = fingerprint(heard.utterance, NOBODYS_KEY)
    return Recording(voiceprint, pcm, printed, frames(heard.utterance).to_bytes())


def parts(utterance: Utterance) -> tuple[Span, ...]:
    """Return where the parts of the passphrase lie; none where it is not recognised."""
    return words().recognised(utterance, EN_US, DEFAULT_PASSPHRASE).parts


@cache
def words() -> Words:
    """Return what knows the words of the language, read once."""
    return Words.load([EN_US])


def hear(engine: SpeakerEngine, pcm: Pcm) -> Heard:
    """Listen to one recording, int16 `[n]` at 8 kHz, to the end of its speech."""
    listener = engine.listener()
    listener.push(np.concatenate([pcm, silence(_SILENCE_S)]))
    ended_at_s = listener.silent_since_s
    if ended_at_s is None:
        raise ValueError("there is no speech in this recording")
    return Heard(listener.utterance(), listener.quality(), ended_at_s)


def silence(seconds: float) -> Pcm:
    """Return that much digital silence, int16 `[n]` at 8 kHz."""
    return np.zeros(round(seconds * TELEPHONE_RATE_HZ), np.int16)


async def enroll(dsn: str, master_file: Path, engine: SpeakerEngine, worker: str) -> None:
    """Write the person's profile, as an enrollment call would."""
    made = await asyncio.to_thread(enrolled, engine)
    async with await Database.connect(dsn) as database:
        keyring = await Keyring.open(database, make_master_file(master_file))
        await PostgresStore(database, keyring).enroll(enrollment(made, worker))


def enrollment(made: tuple[Recording, ...], worker: str) -> Enrollment:
    """Return the person's enrollment of these recordings."""
    now = datetime.now(UTC)
    return Enrollment(
        id=EnrollmentId(uuid4()),
        call=CallId("bench"),
        tenant=TENANT,
        worker=worker,
        account=ACCOUNT,
        locale="en-US",
        passphrase=DEFAULT_PASSPHRASE,
        result=EnrollmentResult.ENROLLED,
        reason=EnrollmentReason.COMPLETE,
        consent=Consent("en-US/1", ConsentGiven.KEY_PRESS, now),
        recordings=made,
        started_at=now,
        ended_at=now,
    )
