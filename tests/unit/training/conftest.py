"""A corpus of made-up voices, small enough to train on in a test."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.evaluation.protocols import SENTENCES, WORDS
from engine.evaluation.recordings import Recording
from engine.types import Pcm

RATE_HZ = 8000
COLUMNS = [
    "split",
    "corpus",
    "speaker",
    "session",
    "language",
    "prompt",
    "text",
    "phone",
    "shard",
    "member",
    "seconds",
]


def voice(speaker: int, take: int, seconds: float) -> Pcm:
    """A buzz whose pitch and formants belong to the speaker, int16 `[n]` at 8 kHz."""
    random = np.random.default_rng(1000 * speaker + take)
    time = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    pitch = 90 + 17 * speaker + random.uniform(-3, 3)
    formants = np.array([500, 1500, 2500]) * (0.85 + 0.05 * speaker)
    wave = np.zeros_like(time)
    for harmonic in range(1, int(3600 / pitch)):
        gain = np.exp(-(((harmonic * pitch - formants) / 200) ** 2)).sum() + 0.05
        wave += gain * np.sin(2 * np.pi * harmonic * pitch * time + random.uniform(0, 6))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(2, 5) * time)
    noisy = wave * syllables + 0.05 * random.standard_normal(len(time))
    return np.asarray(noisy / np.abs(noisy).max() * 20000, dtype=np.int16)


def recordings() -> Iterator[tuple[Recording, Pcm]]:
    """Eight speakers to train on, two to read, three with two calls each, and some noises."""
    for speaker in range(8):
        for take in range(3 if speaker else 1):
            shard = f"shard-{speaker % 2}.tar"
            yield _one("train", f"t{speaker}", "0", f"p{take}", shard, speaker, take)
    for speaker in (20, 21):
        for take in range(3):
            yield _one("dev", f"r{speaker}", "0", f"p{take}", "shard-2.tar", speaker, take)
    for speaker in (10, 11, 12):
        for call in range(2):
            for number, prompt in enumerate(WORDS + SENTENCES):
                take = 10 * call + number
                person = f"w{speaker}"
                yield _one("dev-telephone", person, str(call), prompt, "shard-2.tar", speaker, take)
    for take in range(3):
        yield _one("noise", "noise", "0", f"n{take}", "noise.tar", 99, take)


def _one(  # the columns of a manifest
    split: str, speaker: str, session: str, prompt: str, shard: str, number: int, take: int
) -> tuple[Recording, Pcm]:
    pcm = voice(number, take, 0.7 + 0.1 * (take % 4))
    member = f"{split}/{speaker}/{session}-{prompt}.flac"
    language = "en" if number % 3 else "cs"
    phone = "landline" if session == "0" else "cell"
    seconds = len(pcm) / RATE_HZ
    row = (split, "made-up", speaker, session, language, prompt, "", phone, shard, member, seconds)
    return Recording(*row), pcm


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with manifest and shards."""
    folder = tmp_path_factory.mktemp("corpus")
    shards: dict[str, list[tuple[str, bytes]]] = {}
    lines = ["\t".join(COLUMNS)]
    for recording, pcm in recordings():
        content = io.BytesIO()
        soundfile.write(content, pcm, RATE_HZ, format="FLAC")
        shards.setdefault(recording.shard, []).append((recording.member, content.getvalue()))
        lines.append("\t".join(str(getattr(recording, name)) for name in COLUMNS))
    (folder / "manifest.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for shard, members in shards.items():
        with tarfile.open(folder / shard, "w") as tar:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return folder
