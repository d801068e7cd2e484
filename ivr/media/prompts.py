"""The prompts as samples: a folder of sound files per locale, read and checked at start."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
import structlog

from engine.types import TELEPHONE_RATE_HZ, Pcm, PhraseId
from ivr.domain.locale import DEFAULT_LOCALE
from ivr.domain.prompt import PHRASE_PREFIX, PhrasePrompt, Prompt, Spoken
from ivr.media.errors import NoPhrasePromptError, PromptError, PromptWordsError

RATE_MIN_HZ, RATE_MAX_HZ = 8_000, 48_000
LENGTH_MIN_S, LENGTH_MAX_S = 0.01, 120.0
BUILT_IN = Path(__file__).resolve().parent.parent / "prompts"
"""The folder that ships with Countersign."""

log = structlog.get_logger()

WORDS = "prompts.toml"


@dataclass(frozen=True, slots=True)
class SpokenLocale:
    """One locale's prompts."""

    sounds: Mapping[str, Pcm]
    """By name, int16 `[n]` at 8 kHz: every `Prompt`, and the passphrases that there are."""
    consent_version: str
    """Of the words that ask for consent."""

    @property
    def phrases(self) -> tuple[PhraseId, ...]:
        """The passphrases that can be asked for, in alphabetical order."""
        names = sorted(name for name in self.sounds if name.startswith(PHRASE_PREFIX))
        return tuple(PhraseId(name.removeprefix(PHRASE_PREFIX)) for name in names)


class PromptLibrary:
    """All prompts of all locales, int16 at 8 kHz.

    A locale that has no folder is spoken in en-US; a folder that lacks a prompt is an error,
    for a conversation in two languages is worse than one in the wrong language.
    """

    def __init__(self, locales: Mapping[str, SpokenLocale]) -> None:
        """Take samples that are read already; `en-US` must be among them."""
        self._locales = dict(locales)

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

    def spoken(self, locale: str) -> SpokenLocale:
        """Return the prompts that callers of this locale hear."""
        return self._locales.get(locale) or self._locales[DEFAULT_LOCALE]

    @property
    def phrases(self) -> dict[str, frozenset[PhraseId]]:
        """By locale, the passphrases that somebody has recorded."""
        return {name: frozenset(each.phrases) for name, each in self._locales.items()}

    @property
    def consent_versions(self) -> dict[str, str]:
        """By locale, the version of the words that ask for consent."""
        return {name: each.consent_version for name, each in self._locales.items()}

    def audio(self, locale: str, prompts: Sequence[Spoken]) -> Pcm:
        """Return the prompts one after another, int16 `[n]` at 8 kHz; `[0]` for none.

        A passphrase is said in its own language; `NoPhrasePromptError` where there is no such file.
        """
        sounds = [self._sound(locale, prompt) for prompt in prompts]
        return np.concatenate([np.empty(0, np.int16), *sounds])

    def _sound(self, locale: str, prompt: Spoken) -> Pcm:
        if not isinstance(prompt, PhrasePrompt):
            return self.spoken(locale).sounds[prompt.value]
        sound = self.spoken(prompt.locale).sounds.get(prompt.value)
        if sound is None:
            raise NoPhrasePromptError(prompt.locale, prompt.value)
        return sound


def _folders(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        raise PromptError(str(root), "no such folder")
    return {path.name: path for path in root.iterdir() if path.is_dir() and path.name[0].isalpha()}


def _read_locale(folder: Path) -> SpokenLocale:
    phrases = (path.stem for path in folder.glob(f"{PHRASE_PREFIX}*.wav"))
    names = [*(prompt.value for prompt in Prompt), *sorted(phrases)]
    sounds = {name: read_prompt(folder / f"{name}.wav") for name in names}
    seconds = sum(map(len, sounds.values())) / TELEPHONE_RATE_HZ
    log.debug("prompts_loaded", locale=folder.name, prompts=len(sounds), seconds=round(seconds, 1))
    return SpokenLocale(sounds, _consent_version(folder / WORDS))


def _consent_version(path: Path) -> str:
    try:
        version = tomllib.loads(path.read_text("utf-8")).get("consent_version")
    except OSError as error:
        raise PromptWordsError(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptWordsError(str(path), f"is not TOML: {error}") from None
    if not isinstance(version, str) or not version:
        raise PromptWordsError(str(path), "has no consent_version")
    return version


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
    # Here, for it takes a second, and the built-in prompts have the telephone's rate.
    from scipy.signal import resample_poly

    divisor = gcd(rate, TELEPHONE_RATE_HZ)
    slow = resample_poly(samples.astype(float), TELEPHONE_RATE_HZ // divisor, rate // divisor)
    rounded: Pcm = np.clip(np.rint(slow), -32_768, 32_767).astype(np.int16)
    return rounded
