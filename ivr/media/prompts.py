"""The prompts as samples: a folder of sound files per locale, read and checked at start."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
import structlog
from scipy.signal import resample_poly

from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.domain.prompt import Prompt
from ivr.media.errors import PromptError

DEFAULT_LOCALE = "en-US"
RATE_MIN_HZ, RATE_MAX_HZ = 8_000, 48_000
LENGTH_MIN_S, LENGTH_MAX_S = 0.01, 120.0
BUILT_IN = Path(__file__).resolve().parent.parent / "prompts"
"""The folder that ships with Countersign."""

log = structlog.get_logger()

Locale = dict[Prompt, Pcm]


class PromptLibrary:
    """All prompts of all locales, int16 at 8 kHz.

    A locale that has no folder is spoken in en-US; a folder that lacks a prompt is an error,
    for a conversation in two languages is worse than one in the wrong language.
    """

    def __init__(self, locales: dict[str, Locale]) -> None:
        """Take samples that are read already; `en-US` must be among them."""
        self._locales = locales

    @classmethod
    def load(cls, folder: Path | None = None) -> PromptLibrary:
        """Read `folder` over the built-in one; `PromptError` names the file and what is allowed.

        Blocks: for the start of a process. A locale in `folder` replaces the built-in one whole.
        """
        locales = _folders(BUILT_IN) | (_folders(folder) if folder is not None else {})
        if DEFAULT_LOCALE not in locales:
            raise PromptError(str((folder or BUILT_IN) / DEFAULT_LOCALE), "no such folder")
        return cls({name: _read_locale(path) for name, path in sorted(locales.items())})

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that have prompts of their own."""
        return tuple(self._locales)

    def audio(self, locale: str, prompts: Sequence[Prompt]) -> Pcm:
        """Return the prompts one after another, int16 `[n]` at 8 kHz; `[0]` for none."""
        spoken = self._locales.get(locale) or self._locales[DEFAULT_LOCALE]
        return np.concatenate([np.empty(0, np.int16), *(spoken[each] for each in prompts)])


def _folders(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        raise PromptError(str(root), "no such folder")
    return {path.name: path for path in root.iterdir() if path.is_dir() and path.name[0].isalpha()}


def _read_locale(folder: Path) -> Locale:
    locale = {prompt: read_prompt(folder / f"{prompt.value}.wav") for prompt in Prompt}
    seconds = sum(map(len, locale.values())) / TELEPHONE_RATE_HZ
    log.debug("prompts_loaded", locale=folder.name, prompts=len(locale), seconds=round(seconds, 1))
    return locale


def read_prompt(path: Path) -> Pcm:
    """Return one file's samples, int16 `[n]` at 8 kHz, resampled where it has another rate."""
    if not path.is_file():
        raise PromptError(str(path), "no such file")
    try:
        with soundfile.SoundFile(path) as file:
            _check(path, file)
            samples = file.read(dtype="int16")
            rate = file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        raise PromptError(str(path), f"cannot be read ({error})") from None
    return _at_telephone_rate(np.asarray(samples, np.int16), rate)


def _check(path: Path, file: soundfile.SoundFile) -> None:
    if (file.format, file.subtype) not in {("WAV", "PCM_16"), ("WAVEX", "PCM_16")}:
        raise PromptError(str(path), f"is {file.format} {file.subtype}")
    if file.channels != 1:
        raise PromptError(str(path), f"has {file.channels} channels")
    if not RATE_MIN_HZ <= file.samplerate <= RATE_MAX_HZ:
        raise PromptError(str(path), f"has {file.samplerate} Hz")
    seconds = file.frames / file.samplerate
    if not LENGTH_MIN_S <= seconds <= LENGTH_MAX_S:
        raise PromptError(str(path), f"lasts {seconds:.3f} s")


def _at_telephone_rate(samples: Pcm, rate: int) -> Pcm:
    if rate == TELEPHONE_RATE_HZ:
        return samples
    divisor = gcd(rate, TELEPHONE_RATE_HZ)
    slow = resample_poly(samples.astype(float), TELEPHONE_RATE_HZ // divisor, rate // divisor)
    rounded: Pcm = np.clip(np.rint(slow), -32_768, 32_767).astype(np.int16)
    return rounded
