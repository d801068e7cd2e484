"""Hearing a telephone corpus: each call's takes as the application would have heard them."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile

from engine.audio import Listener
from engine.decision.known_words import KnownWords, spoken
from engine.decision.noise import Noise
from engine.decision.policy import QualityLimits, shortcoming
from engine.decision.trials import TAKES, CallTakes
from engine.errors import AudioError
from engine.types import (
    ENGINE_RATE_HZ,
    TELEPHONE_RATE_HZ,
    Hearing,
    Pcm,
    PhraseId,
    Quality,
    Utterance,
    Voiceprint,
)
from engine.voice.embedder import Embedder

SPLIT = "dev-telephone"
GAP_S = 0.1
"""Silence between the words of a take."""
BEFORE_S = 0.3
AFTER_S = 2.0
"""The line around each prompt, so that the listener finds both ends."""
QUIETEST_S = 0.08
"""The line goes on as in so much of the recording, where it is quietest: digital silence would
make every line a noiseless one."""

FRAME = TELEPHONE_RATE_HZ // 50
"""20 ms, in samples."""

Heard = tuple[Utterance, Quality]


def calls_of(
    corpus: Path, embedder: Embedder, *, by_parts: bool = False, noisier: bool = False
) -> list[CallTakes]:
    """Hear and embed every call of the corpus's telephone split.

    `by_parts`: with the parts of the takes of which it is known what is said and recognised.
    `noisier`: each call a second time, over a line to which noise was added.
    `OSError`, `KeyError` or `ValueError` where the corpus is not laid out as its README says.
    """
    speakers: dict[str, int] = {}
    texts = _texts(corpus)
    known = KnownWords(texts.values()) if by_parts and texts else None
    heard = partial(_takes, texts=texts, known=known, embedder=embedder)
    calls = [
        CallTakes(
            speakers.setdefault(speaker, len(speakers)),
            dict(heard(prompts)),
            dict(heard(prompts, noise=Noise.of_call(number))) if noisier else {},
        )
        for number, (speaker, prompts) in enumerate(_calls(corpus))
    ]
    if not calls:
        raise ValueError(f"{corpus} holds no calls of split {SPLIT}")
    return calls


def _rows(corpus: Path) -> list[dict[str, str]]:
    with (corpus / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == SPLIT]


def _texts(corpus: Path) -> dict[str, str]:
    """Return what is said in the takes that are said alike in every call, by their names."""
    texts: dict[str, set[str]] = defaultdict(set)
    for row in _rows(corpus):
        texts[row["prompt"]].add(spoken(row["text"]))
    alike = {prompt: said.pop() for prompt, said in texts.items() if len(said) == 1}
    said = {name: [alike.get(each, "") for each in take.prompts] for name, take in TAKES.items()}
    return {name: " ".join(each) for name, each in said.items() if all(each)}


def _calls(corpus: Path) -> Iterator[tuple[str, dict[str, Pcm]]]:
    """Yield the speaker of each call, and its prompts as int16 `[n]` at 8 kHz."""
    calls = defaultdict(list)
    for row in _rows(corpus):
        calls[row["shard"], row["speaker"], row["session"]].append(row)
    for (shard, speaker, _), prompts in calls.items():
        with tarfile.open(corpus / shard) as recordings:
            yield speaker, {row["prompt"]: _pcm(recordings, row["member"]) for row in prompts}


def _pcm(recordings: tarfile.TarFile, member: str) -> Pcm:
    stored = recordings.extractfile(member)
    if stored is None:
        raise KeyError(f"{member} is not a file in the corpus")
    pcm, rate_hz = soundfile.read(io.BytesIO(stored.read()), dtype="int16")
    if rate_hz != TELEPHONE_RATE_HZ or pcm.ndim != 1:
        raise AudioError(f"{member} is not mono at {TELEPHONE_RATE_HZ} Hz")
    heard: Pcm = pcm
    return heard


def _takes(
    prompts: Mapping[str, Pcm],
    texts: Mapping[str, str],
    known: KnownWords | None,
    embedder: Embedder,
    noise: Noise | None = None,
) -> Iterator[tuple[str, Voiceprint]]:
    """Yield the takes that the call has all prompts of and that are fit to use."""
    limits = QualityLimits()
    # Most prompts are part of several takes.
    heard = cache(lambda prompt, longest_s: _heard(prompts[prompt], longest_s, noise))
    for name, take in TAKES.items():
        if prompts.keys() >= set(take.prompts):
            utterance, quality = _joined([heard(each, take.longest_s) for each in take.prompts])
            if shortcoming(quality, limits) is None:
                text = texts.get(name)
                parts = known.parts(utterance, text) if known and text else ()
                said = PhraseId(text) if text else None
                embedding = replace(embedder.embed(utterance, parts), phrase=said)
                yield name, Voiceprint(embedding, quality)


def _heard(pcm: Pcm, longest_s: float, noise: Noise | None) -> Heard:
    """Listen as to a caller, to the end of speech."""
    listener = Listener()
    line = on_the_line(pcm[: int(longest_s * TELEPHONE_RATE_HZ)])
    line = line if noise is None else noise.added(line)
    for start in range(0, len(line), FRAME):
        if listener.push(line[start : start + FRAME]) in (Hearing.ENDED, Hearing.TOO_LONG):
            break
    return listener.utterance(), listener.quality()


def on_the_line(pcm: Pcm) -> Pcm:
    """Put a recording, int16 `[n]` at 8 kHz, between stretches of the line's own noise."""
    noise = _quietest(pcm)
    loop = np.concatenate([noise, noise[::-1]])
    before, after = (
        np.resize(loop, int(seconds * TELEPHONE_RATE_HZ)) for seconds in (BEFORE_S, AFTER_S)
    )
    return np.concatenate([before, pcm, after])


def _quietest(pcm: Pcm) -> Pcm:
    """The stretch of `QUIETEST_S` that has the least power, or all of it where it is shorter."""
    size = min(len(pcm), int(QUIETEST_S * TELEPHONE_RATE_HZ))
    if not size:
        return np.zeros(1, np.int16)
    power = np.concatenate(([0.0], np.cumsum(pcm.astype(np.float64) ** 2)))
    start = int(np.argmin(power[size:] - power[:-size]))
    return pcm[start : start + size]


def _joined(heard: list[Heard]) -> Heard:
    """Join utterances with short gaps; seconds add up, the worst of the other qualities counts."""
    gap = np.zeros(int(GAP_S * ENGINE_RATE_HZ), np.float32)
    parts = [part for utterance, _ in heard for part in (utterance.samples, gap)]
    qualities = [quality for _, quality in heard]
    quality = Quality(
        net_speech_s=sum(each.net_speech_s for each in qualities),
        snr_db=min(each.snr_db for each in qualities),
        level_dbfs=min(each.level_dbfs for each in qualities),
        clipped=max(each.clipped for each in qualities),
    )
    return Utterance(np.concatenate(parts[:-1])), quality
