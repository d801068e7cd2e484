"""Who calls: one enrolled person and another, and sound files that keep the calls short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile

from engine import SpeakerEngine
from engine.liveness import fingerprint
from engine.phrase import frames
from engine.types import TELEPHONE_RATE_HZ, Hearing, Pcm, Voiceprint
from ivr.domain.enrollment import Recording
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.prompt import Prompt
from ivr.lab.scenes import NEW_CALL, PHRASE
from ivr.lab.speech import synthetic
from ivr.media.prompts import BUILT_IN

ACCOUNT = "1001"
PROMPT_S = {"en-US": 0.1, "en-GB": 30.0}
"""How long a prompt lasts in each locale."""
LONG_LOCALE = "en-GB"
ATTEMPTS = 3
"""As many as a call allows at most."""
TAKES = 40
"""More than the calls of a module, each of which has a database of its own."""


@dataclass(frozen=True, slots=True)
class People:
    """One person's recordings, and what that person and another say in later calls."""

    recordings: tuple[Recording, ...]
    enrolling: tuple[Pcm, ...]
    others: Iterator[Pcm]
    """Takes of the passphrase by another person."""
    takes: Iterator[Pcm]
    """Of the passphrase, by the enrolled person."""

    @property
    def phrase(self) -> Pcm:
        """What the person says now: never twice alike, for that would be a recording."""
        return next(self.takes)


def people() -> People:
    """Let two synthetic people speak, and enroll the first."""
    person, other = synthetic("rms"), synthetic("awb")
    enrolling = tuple(_bare(person.say(PHRASE, take)) for take in range(3))
    return People(
        recordings_of(enrolling),
        enrolling,
        cycle([_bare(other.say(PHRASE, NEW_CALL + take)) for take in range(ATTEMPTS)]),
        cycle([_bare(person.say(PHRASE, NEW_CALL + take)) for take in range(TAKES)]),
    )


def recordings_of(takes: Sequence[Pcm]) -> tuple[Recording, ...]:
    """Make what an enrollment call makes of these takes."""
    engine = SpeakerEngine.load()
    return tuple(_recording(engine, pcm) for pcm in takes)


def _recording(engine: SpeakerEngine, pcm: Pcm) -> Recording:
    listener = engine.listener()
    assert listener.push(np.concatenate([pcm, silence(1.0)])) is Hearing.ENDED
    utterance = listener.utterance()
    voiceprint = Voiceprint(engine.embed(utterance), listener.quality())
    printed, made = fingerprint(utterance, bytes(32)), frames(utterance)
    return Recording(voiceprint, pcm, printed, made.to_bytes())


def silence(seconds: float) -> Pcm:
    """Return digital silence."""
    return np.zeros(round(seconds * TELEPHONE_RATE_HZ), np.int16)


def _bare(pcm: Pcm) -> Pcm:
    """Return a recording without the silence at its ends, so that its end is the end of speech."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.05 * np.abs(pcm.astype(np.int32)).max())
    bare: Pcm = pcm[loud[0] : loud[-1] + 1]
    return bare


def write_prompts(folder: Path) -> Path:
    """Write prompts that hum, short ones and long ones, and the tone as it is."""
    for locale, seconds in PROMPT_S.items():
        (folder / locale).mkdir(parents=True)
        hum = folder / locale / "hum.wav"
        soundfile.write(hum, _hum(seconds), TELEPHONE_RATE_HZ, "PCM_16")
        (folder / locale / "prompts.toml").write_text(f'consent_version = "{locale}/test"')
        names = [*(prompt.value for prompt in Prompt), f"phrase-{DEFAULT_PASSPHRASE}"]
        for name in names:
            tone = BUILT_IN / "en-US" / f"{name}.wav"
            sound = tone if name == Prompt.TONE.value else hum
            (folder / locale / f"{name}.wav").symlink_to(sound)
    return folder


def _hum(seconds: float) -> Pcm:
    times_s = np.arange(seconds * TELEPHONE_RATE_HZ) / TELEPHONE_RATE_HZ
    return (3000 * np.sin(2 * np.pi * 440 * times_s)).astype(np.int16)
