"""The corpus decoded once: int16 at 8 kHz in one file per shard, loaded as shards arrive.

A machine that takes only one shard at a time is given them one by one; each is decoded to a pair
of files, and what is already there is left alone.
"""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray
from tqdm import tqdm

from engine.evaluation.recordings import CorpusError, Recording, read_manifest
from engine.training.progress import refresh_s
from engine.types import TELEPHONE_RATE_HZ, Pcm

_AT_ONCE = 64
_COLUMNS = [field.name for field in fields(Recording)]


@dataclass(frozen=True, slots=True, eq=False)
class Cache:
    """Recordings with their samples."""

    recordings: list[Recording]
    samples: list[Pcm]
    """One int16 `[n]` per recording, 8 kHz, mapped from disk."""

    def split(self, name: str) -> Cache:
        """The part of the cache that belongs to one split."""
        pairs = zip(self.recordings, self.samples, strict=True)
        kept = [(recording, pcm) for recording, pcm in pairs if recording.split == name]
        return Cache([recording for recording, _ in kept], [pcm for _, pcm in kept])


def decode(corpus: Path, cache: Path, workers: int) -> list[str]:
    """Decode the shards that lie in `corpus` and are not yet in `cache`; return the names of those.

    `corpus` needs the manifest and any of the shards. `CorpusError` where a shard is broken.
    """
    shards: dict[str, list[Recording]] = {}
    for recording in read_manifest(corpus):
        shards.setdefault(recording.shard, []).append(recording)
    cache.mkdir(parents=True, exist_ok=True)
    here = [s for s in shards if (corpus / s).exists() and not _index(cache, s).exists()]
    for shard in here:
        _decode_shard(corpus / shard, shards[shard], cache, workers)
    return here


def missing(corpus: Path, cache: Path) -> list[str]:
    """The shards of the manifest that the cache lacks."""
    shards = sorted({recording.shard for recording in read_manifest(corpus)})
    return [shard for shard in shards if not _index(cache, shard).exists()]


def open_cache(cache: Path) -> Cache:
    """Open all shards of a cache; `CorpusError` where there is none or one is broken."""
    indices = sorted(cache.glob("*.tsv"))
    if not indices:
        raise CorpusError(f"{cache} holds no decoded shard: decode a corpus into it first")
    whole = Cache([], [])
    for index in indices:
        _append(whole, index)
    return whole


def _append(whole: Cache, index: Path) -> None:
    flat = np.load(index.with_suffix(".npy"), mmap_mode="r")
    with index.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            start, count = int(line.pop("start")), int(line.pop("samples"))
            if start + count > len(flat):
                raise CorpusError(f"{index} is longer than its samples: delete both, decode again")
            line["seconds"] = float(line["seconds"])  # type: ignore[assignment]  # the one number
            whole.recordings.append(Recording(**line))  # type: ignore[arg-type]
            whole.samples.append(flat[start : start + count])


def _index(cache: Path, shard: str) -> Path:
    return cache / Path(shard).with_suffix(".tsv").name


def _decode_shard(tar: Path, recordings: list[Recording], cache: Path, workers: int) -> None:
    """Decode one shard to a pair of files, each written beside its place and then moved there."""
    chunks = [recordings[k : k + _AT_ONCE] for k in range(0, len(recordings), _AT_ONCE)]
    with tqdm(
        total=len(recordings), desc=f"decode {tar.name}", unit="file", mininterval=refresh_s()
    ) as bar:
        pieces: list[Pcm] = []
        for decoded in _decoded(tar, chunks, workers):
            pieces += decoded
            bar.update(len(decoded))
    index = _index(cache, tar.name)
    part = index.with_suffix(".part.npy")
    np.save(part, np.concatenate(pieces))
    os.replace(part, index.with_suffix(".npy"))
    _write_index(index, recordings, [len(piece) for piece in pieces])


def _decoded(tar: Path, chunks: list[list[Recording]], workers: int) -> Iterator[list[Pcm]]:
    if workers <= 1:
        for chunk in chunks:
            yield _read(tar, chunk)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_read, [tar] * len(chunks), chunks)


def _read(tar: Path, recordings: Sequence[Recording]) -> list[Pcm]:
    """Decode some members of a tar; libsndfile gives Opus at the rate of its own header."""
    with tarfile.open(tar) as members:
        return [_member(members, tar, recording.member) for recording in recordings]


def _member(members: tarfile.TarFile, tar: Path, name: str) -> Pcm:
    try:
        content = cast("io.BufferedReader", members.extractfile(name)).read()
        samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    except (KeyError, tarfile.TarError, soundfile.LibsndfileError) as error:
        raise CorpusError(f"{name} cannot be read from {tar}: {error}") from error
    if rate != TELEPHONE_RATE_HZ or samples.ndim != 1 or not len(samples):
        raise CorpusError(f"{name} in {tar} is not mono speech at {TELEPHONE_RATE_HZ} Hz")
    return cast("NDArray[np.int16]", samples)


def _write_index(index: Path, recordings: list[Recording], lengths: list[int]) -> None:
    part = index.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join([*_COLUMNS, "start", "samples"]) + "\n")
        start = 0
        for recording, length in zip(recordings, lengths, strict=True):
            file.write("\t".join(map(str, [*astuple(recording), start, length])) + "\n")
            start += length
    os.replace(part, index)
