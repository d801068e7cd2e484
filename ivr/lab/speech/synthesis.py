"""Renders text with Debian's flite and espeak-ng, and keeps what was rendered in the cache."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

from engine.types import TELEPHONE_RATE_HZ, Samples
from ivr.lab import LabError, cache_folder
from ivr.lab.debian import DebianRoot

_TIMEOUT_S = 60
_ESPEAK_WORDS_PER_MINUTE = 165


class Synthesiser(StrEnum):
    """The programs; each is the Debian package of the same name."""

    FLITE = "flite"
    ESPEAK_NG = "espeak-ng"


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of one program; `stretch` 1.1 speaks a tenth slower."""

    synthesiser: Synthesiser
    name: str
    stretch: float = 1.0

    def stretched(self, factor: float) -> Voice:
        """Return the voice, slower by a factor."""
        return replace(self, stretch=round(self.stretch * factor, 4))


class SynthesisError(LabError):
    """The program could not speak; the message says why."""


def render(text: str, voice: Voice, cache: Path | None = None) -> Samples:
    """Return the text spoken, float32 `[n]` at 8 kHz; the program is fetched where it is not yet.

    Takes about 0.1 s, and the first time the fetch. `SynthesisError`, or what `DebianRoot` raises.
    """
    shelf = (cache or cache_folder()) / "speech"
    kept = shelf / f"{_fingerprint(text, voice)}.wav"
    if not kept.is_file():
        shelf.mkdir(parents=True, exist_ok=True)
        _write_whole(kept, _run(text, voice, cache))
    samples, rate_hz = sf.read(kept, dtype="float32")
    resampled = resample_poly(samples, TELEPHONE_RATE_HZ, rate_hz)
    return np.asarray(resampled, np.float32)


def _fingerprint(text: str, voice: Voice) -> str:
    words = (voice.synthesiser, voice.name, str(voice.stretch), text)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def _write_whole(path: Path, content: bytes) -> None:
    """Write so that nobody, of this process or another, sees half a file or takes it away."""
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    partial.write_bytes(content)
    partial.replace(path)


def _run(text: str, voice: Voice, cache: Path | None) -> bytes:
    root = DebianRoot.fetch([voice.synthesiser], cache=cache)
    with TemporaryDirectory() as folder:
        words, spoken = Path(folder, "words.txt"), Path(folder, "spoken.wav")
        words.write_text(text, encoding="utf-8")
        try:
            _call(_command(root, voice, words, spoken))
            return spoken.read_bytes()
        except (subprocess.SubprocessError, FileNotFoundError) as error:
            raise SynthesisError(f"{voice.synthesiser} said nothing as {voice.name}") from error


def _call(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT_S)
    return done.stdout.decode("utf-8", "replace")


def _command(root: DebianRoot, voice: Voice, words: Path, spoken: Path) -> list[str]:
    if voice.synthesiser is Synthesiser.FLITE:
        return _flite(root, voice, words, spoken)
    return _espeak(root, voice, words, spoken)


def _flite(root: DebianRoot, voice: Voice, words: Path, spoken: Path) -> list[str]:
    known = _call(root.command("usr/bin/flite", "-lv")).split()
    if voice.name not in known:  # flite would speak as kal, and say nothing of it
        raise SynthesisError(f"flite has no voice {voice.name}; {' '.join(known)}")
    pace = f"duration_stretch={voice.stretch}"
    files = ("-f", str(words), "-o", str(spoken))
    return root.command("usr/bin/flite", "-voice", voice.name, "--setf", pace, *files)


def _espeak(root: DebianRoot, voice: Voice, words: Path, spoken: Path) -> list[str]:
    shelf = _espeak_shelf(root)
    variant = voice.name.partition("+")[2]
    if variant and not (shelf / "espeak-ng-data/voices/!v" / variant).is_file():  # it would not say
        raise SynthesisError(f"espeak-ng has no variant {variant} (case matters)")
    pace = str(round(_ESPEAK_WORDS_PER_MINUTE / voice.stretch))
    files = ("-f", str(words), "-w", str(spoken))
    options = (f"--path={shelf}", "-v", voice.name, "-s", pace, *files)
    return root.command("usr/bin/espeak-ng", *options)


def _espeak_shelf(root: DebianRoot) -> Path:
    for folder in root.libraries:
        if (folder / "espeak-ng-data").is_dir():
            return folder
    raise SynthesisError(f"espeak-ng's voices are not in the Debian packages: {root.folder}")
