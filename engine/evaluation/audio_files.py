"""Where the audio of a trial comes from: a corpus in tar shards, or files in a folder."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.audio.files import opened_sound
from engine.audio.g711 import decode_mulaw
from engine.audio.resample import to_engine_rate, upsample
from engine.errors import AudioError
from engine.evaluation.recordings import CorpusError, Recording
from engine.types import Samples

_ULAW_SUFFIX = ".ulaw"
_FULL_SCALE = np.float32(32_768)


class AudioFiles(Protocol):
    """Audio by name."""

    def samples(self, name: str) -> Samples:
        """Return the file as float32 `[n]` at 16 kHz in [-1, 1); `CorpusError` where it cannot."""
        ...


class Folder:
    """Audio files below a folder: wav, opus, flac, raw mu-law (`.ulaw`, 8 kHz)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def samples(self, name: str) -> Samples:
        """Read one file; `CorpusError` where it is absent or no audio."""
        path = self._root / name
        try:
            return decoded(path.read_bytes(), name)
        except OSError as error:
            raise CorpusError(f"the audio file {path} cannot be read: {error.strerror}") from error


class Shards:
    """Members of the tar shards of a corpus; each shard is opened once, when first asked for."""

    def __init__(self, corpus: Path, recordings: Iterable[Recording]) -> None:
        self._corpus = corpus
        self._shards = {each.member: each.shard for each in recordings}
        self._open: dict[str, tarfile.TarFile] = {}

    def samples(self, name: str) -> Samples:
        """Read one member; `CorpusError` where it or its shard is absent or broken."""
        if name not in self._shards:
            raise CorpusError(f"the manifest knows no recording {name}")
        shard = self._shards[name]
        try:
            member = self._tar(shard).extractfile(name)
        except (OSError, KeyError, tarfile.TarError) as error:
            raise CorpusError(f"{name} cannot be read from {self._corpus / shard}") from error
        if member is None:
            raise CorpusError(f"{name} in {self._corpus / shard} is no file")
        with member:
            return decoded(member.read(), name)

    def close(self) -> None:
        """Close the shards; the next `samples` opens them again."""
        while self._open:
            self._open.popitem()[1].close()

    def _tar(self, shard: str) -> tarfile.TarFile:
        if shard not in self._open:
            self._open[shard] = tarfile.open(self._corpus / shard)  # noqa: SIM115  # closed in close()
        return self._open[shard]


def decoded(content: bytes, name: str) -> Samples:
    """Decode an audio file to float32 `[n]`, mono, 16 kHz; `CorpusError` where it is no audio.

    Channels are averaged. 8, 16, 44.1 and 48 kHz are taken.
    """
    if name.endswith(_ULAW_SUFFIX):
        return upsample(decode_mulaw(content).astype(np.float32) / _FULL_SCALE)
    try:
        with opened_sound(content, name) as sound:
            samples: Samples = sound.read(dtype="float32", always_2d=True)
            rate_hz = int(sound.samplerate)
    except AudioError as error:
        raise CorpusError(str(error)) from error
    if not len(samples):
        raise CorpusError(f"{name} holds no audio")
    return _at_engine_rate(samples.mean(axis=1, dtype=np.float32), rate_hz, name)


def _at_engine_rate(samples: Samples, rate_hz: int, name: str) -> Samples:
    try:
        return to_engine_rate(samples, rate_hz)
    except AudioError as error:
        raise CorpusError(f"{name}: {error}") from error
