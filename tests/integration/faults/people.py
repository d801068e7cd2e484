"""Who calls: one enrolled person and another, and sound files that keep the calls short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine import SpeakerEngine
from engine.types import TELEPHONE_RATE_HZ, Hearing, Pcm, Voiceprint
from ivr.domain.prompt import Prompt
from ivr.lab.scenes import NEW_CALL, PHRASE
from ivr.lab.speech import synthetic
from ivr.media.prompts import BUILT_IN

ACCOUNT = "1001"
SHORT_PROMPT_S = 0.1
LONG_LOCALE = "en-GB"
"""Speaks the built-in prompts, which last for seconds; en-US does not here."""


@dataclass(frozen=True, slots=True)
class People:
    """One person's voiceprints, and what that person and another say in later calls."""

    voiceprints: tuple[Voiceprint, ...]
    enrolling: tuple[Pcm, ...]
    phrase: Pcm
    other: Pcm


def people() -> People:
    """Let two synthetic people speak, and enroll the first."""
    person, other = synthetic("slt"), synthetic("awb")
    enrolling = tuple(person.say(PHRASE, take) for take in range(3))
    return People(
        voiceprints_of(enrolling),
        enrolling,
        _bare(person.say(PHRASE, NEW_CALL)),
        _bare(other.say(PHRASE, NEW_CALL)),
    )


def voiceprints_of(recordings: Sequence[Pcm]) -> tuple[Voiceprint, ...]:
    """Make what an enrollment call makes of these recordings."""
    engine = SpeakerEngine.load()
    return tuple(_voiceprint(engine, pcm) for pcm in recordings)


def _voiceprint(engine: SpeakerEngine, pcm: Pcm) -> Voiceprint:
    listener = engine.listener()
    assert listener.push(np.concatenate([pcm, silence(1.0)])) is Hearing.ENDED
    return Voiceprint(engine.embed(listener.utterance()), listener.quality())


def silence(seconds: float) -> Pcm:
    """Return digital silence."""
    return np.zeros(round(seconds * TELEPHONE_RATE_HZ), np.int16)


def _bare(pcm: Pcm) -> Pcm:
    """Return a recording without the silence at its ends, so that its end is the end of speech."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.05 * np.abs(pcm.astype(np.int32)).max())
    bare: Pcm = pcm[loud[0] : loud[-1] + 1]
    return bare


def write_prompts(folder: Path) -> Path:
    """Write prompts of a tenth of a second, the tone as it is, and the long ones beside them."""
    short = folder / "en-US"
    short.mkdir(parents=True)
    (folder / LONG_LOCALE).symlink_to(BUILT_IN / "en-US")
    for prompt in Prompt:
        soundfile.write(short / f"{prompt.value}.wav", _hum(), TELEPHONE_RATE_HZ, "PCM_16")
    (short / f"{Prompt.TONE.value}.wav").write_bytes(
        (BUILT_IN / "en-US" / f"{Prompt.TONE.value}.wav").read_bytes()
    )
    return folder


def _hum() -> Pcm:
    times_s = np.arange(SHORT_PROMPT_S * TELEPHONE_RATE_HZ) / TELEPHONE_RATE_HZ
    return (3000 * np.sin(2 * np.pi * 440 * times_s)).astype(np.int16)
