"""Renders the prompts of a locale from their words: `python -m ivr.lab.make_prompts`."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfiltfilt

from engine.types import TELEPHONE_RATE_HZ, Samples
from ivr.domain.prompt import PHRASE_PREFIX, Prompt
from ivr.lab import LabError
from ivr.lab.speech import Synthesiser, Voice, render
from ivr.lab.speech.level import at_level, faded, silence, trimmed

FOLDER = Path(__file__).resolve().parents[1] / "prompts"
"""Where the locales lie."""

LEVEL_DBFS = -20.0
"""Active level of the speech, RMS: -14 dBm0 in G.711, near the -15 that networks plan for."""
CUT_OFF_HZ = 200
"""Below is nothing that a telephone carries, only what makes a small loudspeaker rattle."""
FADE_S = 0.01
LEAD_S, PAUSE_S = 0.06, 0.25
"""Silence before and after the words, so that prompts in a row sound like sentences."""

TONE_HZ = 1000
TONE_S = 0.25
TONE_DBFS = -15.0
"""RMS."""
TONE_FADE_S = 0.01
TONE_LEAD_S = 0.1
"""No silence follows the tone: speech may begin at once."""

_PEAK = 0.97
_HIGH_PASS = butter(2, CUT_OFF_HZ, "highpass", fs=TELEPHONE_RATE_HZ, output="sos")


class VoiceChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which voice speaks a locale."""

    synthesiser: Synthesiser
    name: str
    stretch: float = 1.0


class PromptWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `prompts.toml` says; every prompt but the tone has words."""

    consent_version: str
    voice: VoiceChoice
    words: Mapping[str, str]

    def __post_init__(self) -> None:
        """Raise `ValueError` where a prompt has no words, or words no prompt."""
        wanted = {prompt.value for prompt in Prompt} - {Prompt.TONE.value}
        unknown = {name for name in self.words if not name.startswith(PHRASE_PREFIX)} - wanted
        if unknown:
            raise ValueError(f"no such prompt: {', '.join(sorted(unknown))}")
        if missing := wanted - {name for name, words in self.words.items() if words.strip()}:
            raise ValueError(f"no words for {', '.join(sorted(missing))}")


def read_words(folder: Path) -> PromptWords:
    """Read a locale's `prompts.toml`; `LabError` says what is wrong with it."""
    path = folder / "prompts.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), PromptWords)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise LabError(f"{path}: {error}") from error


def prompt_audio(words: str, voice: Voice) -> Samples:
    """Return the words as they are to be played, float32 `[n]` at 8 kHz."""
    spoken = sosfiltfilt(_HIGH_PASS, render(words, voice)).astype(np.float32)
    level = _within_peak(at_level(trimmed(spoken), LEVEL_DBFS))
    return np.concatenate([silence(LEAD_S), faded(level, FADE_S), silence(PAUSE_S)])


def tone_audio() -> Samples:
    """Return the tone after which the caller speaks, float32 `[n]` at 8 kHz."""
    turns = TONE_HZ * np.arange(round(TONE_S * TELEPHONE_RATE_HZ)) / TELEPHONE_RATE_HZ
    amplitude = np.sqrt(2) * 10 ** (TONE_DBFS / 20)
    tone = (amplitude * np.sin(2 * np.pi * turns)).astype(np.float32)
    return np.concatenate([silence(TONE_LEAD_S), faded(tone, TONE_FADE_S)])


def make(folder: Path) -> list[Path]:
    """Write every sound file of a locale; return their paths."""
    found = read_words(folder)
    voice = Voice(found.voice.synthesiser, found.voice.name, found.voice.stretch)
    audio = {name: prompt_audio(words, voice) for name, words in found.words.items()}
    audio[Prompt.TONE.value] = tone_audio()
    return [_write(folder / f"{name}.wav", samples) for name, samples in audio.items()]


def _within_peak(samples: Samples) -> Samples:
    peak = float(np.abs(samples).max(initial=0.0))
    return samples if peak <= _PEAK else (samples * (_PEAK / peak)).astype(np.float32)


def _write(path: Path, samples: Samples) -> Path:
    pcm = np.round(samples * 32767).astype(np.int16)
    sf.write(path, pcm, TELEPHONE_RATE_HZ, format="WAV", subtype="PCM_16")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Render one locale, or all; return the exit status."""
    parser = argparse.ArgumentParser(description="Render the prompts from prompts.toml.")
    parser.add_argument("--locale", help="such as en-US; without it, every folder of ivr/prompts")
    wanted = parser.parse_args(arguments).locale
    folders = [FOLDER / wanted] if wanted else sorted(p.parent for p in FOLDER.glob("*/*.toml"))
    try:
        for path in (made for folder in folders for made in make(folder)):
            print(path.relative_to(FOLDER))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
