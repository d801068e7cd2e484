"""`countersign evaluate --disturbances`: how often tones, music and second talkers are heard.

And how often they are heard where one person speaks and nothing else. The detectors were tuned
on one half of the corpus' speakers; only the other half is measured here.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.stats import beta
from tqdm import tqdm

from engine.audio import to_int
from engine.audio.activity import Segment
from engine.audio.quality import measure
from engine.audio.resample import downsample
from engine.decision.policy import QualityLimits
from engine.evaluation import unwanted
from engine.evaluation.audio_files import Folder, Shards
from engine.evaluation.recordings import Recording, read_manifest
from engine.evaluation.reports import Report, corpus_of
from engine.types import TELEPHONE_RATE_HZ, Pcm, Quality, Samples

CLIPS: Final = 600
JOINED: Final = 150
MADE: Final = 100
LEAST_S: Final = 1.0
_SEED: Final = 4
_EXCERPT: Final = 3 * TELEPHONE_RATE_HZ
_EVERY: Final = 9 * TELEPHONE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of so many, with its 95 % interval (Clopper & Pearson 1934)."""

    name: str
    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share, in [0, 1]; NaN of none."""
        return self.hits / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, in [0, 1]."""
        low = beta.ppf(0.025, self.hits, self.total - self.hits + 1) if self.hits else 0.0
        missed = self.total - self.hits
        high = beta.ppf(0.975, self.hits + 1, missed) if missed else 1.0
        return float(low), float(high)


Alarm = Callable[[Quality], bool]
_LIMITS = QualityLimits()

ALARMS: dict[str, Alarm] = {
    "tones": lambda quality: quality.tones_s > _LIMITS.tones_s,
    "music": lambda quality: quality.music > _LIMITS.music,
    "talkers": lambda quality: quality.talkers > _LIMITS.talkers,
}


def run(arguments: argparse.Namespace) -> Report:
    """Measure on the corpus, and on the music files of `--audio DIR` where they are given."""
    corpus = corpus_of(arguments)
    random = np.random.default_rng(_SEED)
    recordings = _tested(read_manifest(corpus))
    chosen = [recordings[k] for k in random.permutation(len(recordings))[:CLIPS]]
    with closing(Shards(corpus, recordings)) as shards:
        clips = [_pcm(shards.samples(each.member)) for each in tqdm(chosen, disable=None)]
    rates = [*_false_alarms(clips), *_made(clips, random), *_joined(chosen, clips)]
    if arguments.audio:
        rates.append(_rate("music: files of --audio", "music", _excerpts(arguments.audio)))
    return Report(_table(rates), [_plain(rate) for rate in rates])


def _tested(recordings: Iterable[Recording]) -> list[Recording]:
    """Recordings of speech by the half of the speakers that nothing was tuned on."""
    speech = (each for each in recordings if each.split != "noise" and each.seconds >= LEAST_S)
    return [each for each in speech if zlib.crc32(each.speaker.encode()) % 2 == 1]


def _false_alarms(clips: Sequence[Pcm]) -> list[Rate]:
    heard = [_quality(pcm) for pcm in clips]
    return [
        Rate(f"{name}: false alarms on speech", sum(map(alarm, heard)), len(heard))
        for name, alarm in ALARMS.items()
    ]


def _made(clips: Sequence[Pcm], random: np.random.Generator) -> list[Rate]:
    """Detection of what can be made: alone on a line, and keys pressed while somebody speaks."""
    line = unwanted.on_the_line
    levels = random.uniform(-35, -10, MADE)
    steady = list(unwanted.STEADY_HZ.values())
    keys = unwanted.KEYS_HZ
    return [
        _rate(
            "tones: dial, busy, ringing, fax, 1 s",
            "tones",
            [
                line(unwanted.tone(steady[k % len(steady)], 1.0, levels[k]), random)
                for k in range(MADE)
            ],
        ),
        _rate(
            "tones: a key, 80 ms",
            "tones",
            [
                _in_silence(unwanted.tone(keys[k % 16], 0.08, levels[k]), random)
                for k in range(MADE)
            ],
        ),
        _rate(
            "tones: a key, 100 ms, over speech",
            "tones",
            [_key_over(pcm, keys[k % 16]) for k, pcm in enumerate(clips[:MADE])],
        ),
        _rate(
            "music: made, 3 s", "music", [line(unwanted.music(3.0, random), random) for _ in levels]
        ),
    ]


def _in_silence(wave: unwanted.Wave, random: np.random.Generator) -> Pcm:
    around = np.zeros(TELEPHONE_RATE_HZ // 2)
    return unwanted.on_the_line(np.concatenate([around, wave, around]), random)


def _key_over(pcm: Pcm, hertz: tuple[float, float]) -> Pcm:
    """A key at the nominal level of a telephone, in the middle of the speech."""
    return unwanted.over(pcm, unwanted.tone(hertz, 0.1, -13.0), len(pcm) // 2)


def _joined(chosen: Sequence[Recording], clips: Sequence[Pcm]) -> list[Rate]:
    """Two speakers of one corpus, one after the other."""
    pairs: list[Pcm] = []
    for k, first in enumerate(chosen):
        others = range(k + 1, len(chosen))
        other = next((m for m in others if _other(first, chosen[m])), None)
        if other is not None and len(pairs) < JOINED:
            pairs.append(np.concatenate([clips[k][:_EXCERPT], clips[other][:_EXCERPT]]))
    return [_rate("talkers: two speakers in turn", "talkers", pairs)]


def _other(first: Recording, second: Recording) -> bool:
    return first.corpus == second.corpus and first.speaker != second.speaker


def _excerpts(folder: Path) -> list[Pcm]:
    """Three of every nine seconds of the files of a folder."""
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    files = [_pcm(Folder(folder).samples(name)) for name in names]
    starts = [(pcm, start) for pcm in files for start in range(0, len(pcm) - _EXCERPT, _EVERY)]
    return [pcm[start : start + _EXCERPT] for pcm, start in starts]


def _rate(name: str, kind: str, heard: Sequence[Pcm]) -> Rate:
    return Rate(name, sum(ALARMS[kind](_quality(pcm)) for pcm in heard), len(heard))


def _quality(pcm: Pcm) -> Quality:
    """Measure as if all of it were speech: the corpus is trimmed at both ends."""
    return measure(pcm, [Segment(0, len(pcm))])


def _pcm(samples: Samples) -> Pcm:
    return to_int(downsample(samples))


def _table(rates: Sequence[Rate]) -> str:
    width = max(len(rate.name) for rate in rates)
    lines = ["share heard, 95 % interval, of how many (speakers that nothing was tuned on)"]
    for rate in rates:
        low, high = rate.interval
        lines.append(
            f"{rate.name.ljust(width)}  {rate.value:6.2%} [{low:.2%} {high:.2%}]  {rate.total}"
        )
    return "\n".join(lines)


def _plain(rate: Rate) -> dict[str, float | int | str]:
    low, high = rate.interval
    return {"name": rate.name, "value": rate.value, "low": low, "high": high, "total": rate.total}
