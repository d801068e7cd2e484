"""`countersign evaluate --disturbances`: how often tones, music and second talkers are heard.

And that a recording is cut off; and how often any of it is heard where one person speaks, whole,
and nothing else. The detectors were tuned on one half of the corpus' speakers; only the other half
is measured here.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from engine.audio import to_int
from engine.audio.activity import Segment, speech_in
from engine.audio.edges import cut_off
from engine.audio.quality import measure
from engine.audio.resample import downsample
from engine.decision.policy import QualityLimits
from engine.evaluation import unwanted
from engine.evaluation.audio_files import Folder, Shards
from engine.evaluation.bootstrap import share
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


Alarm = Callable[[Quality], bool]


@dataclass(frozen=True, slots=True)
class Clip:
    """What is listened to, and of whom or of which piece it is: one source is one trial."""

    pcm: Pcm
    source: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Which clips of one kind were heard as something."""

    name: str
    alarms: Sequence[bool]
    clips: Sequence[Clip]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of so many clips were heard as something, in [0, 1], with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    total: int

    @classmethod
    def of(cls, heard: Heard, replicates: int) -> Rate:
        """Count; sources are drawn for the interval."""
        counted = share(heard.alarms, [clip.source for clip in heard.clips], replicates)
        return cls(heard.name, *counted, len(heard.clips))


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
        clips = [
            Clip(_pcm(shards.samples(each.member)), each.speaker)
            for each in tqdm(chosen, disable=None)
        ]
    heard = [*_false_alarms(clips), *_made(clips, random), _joined(chosen, clips)]
    heard += _cut_off(clips, random)
    if arguments.audio:
        heard.append(_heard("music: files of --audio", "music", _excerpts(arguments.audio)))
    rates = [Rate.of(each, arguments.replicates) for each in heard]
    return Report(_table(rates), [asdict(rate) for rate in rates])


def _tested(recordings: Iterable[Recording]) -> list[Recording]:
    """Recordings of speech by the half of the speakers that nothing was tuned on."""
    speech = (each for each in recordings if each.split != "noise" and each.seconds >= LEAST_S)
    return [each for each in speech if zlib.crc32(each.speaker.encode()) % 2 == 1]


def _false_alarms(clips: Sequence[Clip]) -> list[Heard]:
    qualities = [_quality(clip.pcm) for clip in clips]
    return [
        Heard(f"{name}: false alarms on speech", [alarm(each) for each in qualities], clips)
        for name, alarm in ALARMS.items()
    ]


def _made(clips: Sequence[Clip], random: np.random.Generator) -> list[Heard]:
    """Detection of what can be made: alone on a line, and keys pressed while somebody speaks."""
    line = unwanted.on_the_line
    levels = random.uniform(-35, -10, MADE)
    steady = list(unwanted.STEADY_HZ.values())
    keys = unwanted.KEYS_HZ
    tones = [
        line(unwanted.tone(steady[k % len(steady)], 1.0, level), random)
        for k, level in enumerate(levels)
    ]
    alone = [
        _in_silence(unwanted.tone(keys[k % len(keys)], 0.08, level), random)
        for k, level in enumerate(levels)
    ]
    spoken_over = [
        Clip(_key_over(clip.pcm, keys[k % len(keys)]), clip.source)
        for k, clip in enumerate(clips[:MADE])
    ]
    music = [line(unwanted.music(3.0, random), random) for _ in levels]
    return [
        _heard("tones: dial, busy, ringing, fax, 1 s", "tones", _each_its_own(tones)),
        _heard("tones: a key, 80 ms", "tones", _each_its_own(alone)),
        _heard("tones: a key, 100 ms, over speech", "tones", spoken_over),
        _heard("music: made, 3 s", "music", _each_its_own(music)),
    ]


def _each_its_own(made: Sequence[Pcm]) -> list[Clip]:
    return [Clip(pcm, str(number)) for number, pcm in enumerate(made)]


def _in_silence(wave: unwanted.Wave, random: np.random.Generator) -> Pcm:
    around = np.zeros(TELEPHONE_RATE_HZ // 2)
    return unwanted.on_the_line(np.concatenate([around, wave, around]), random)


def _key_over(pcm: Pcm, hertz: tuple[float, float]) -> Pcm:
    """A key at the nominal level of a telephone, in the middle of the speech."""
    return unwanted.over(pcm, unwanted.tone(hertz, 0.1, -13.0), len(pcm) // 2)


def _joined(chosen: Sequence[Recording], clips: Sequence[Clip]) -> Heard:
    """Two speakers of one corpus, one after the other; the first is who is drawn."""
    pairs: list[Clip] = []
    for k, first in enumerate(chosen):
        others = range(k + 1, len(chosen))
        other = next((m for m in others if _other(first, chosen[m])), None)
        if other is not None and len(pairs) < JOINED:
            both = [clips[k].pcm[:_EXCERPT], clips[other].pcm[:_EXCERPT]]
            pairs.append(Clip(np.concatenate(both), first.speaker))
    return _heard("talkers: two speakers in turn", "talkers", pairs)


def _other(first: Recording, second: Recording) -> bool:
    return first.corpus == second.corpus and first.speaker != second.speaker


def _cut_off(clips: Sequence[Clip], random: np.random.Generator) -> list[Heard]:
    """Clips as they are, and cut while somebody speaks, anywhere: in a short pause, too."""
    segments = [speech_in(clip.pcm) for clip in clips]
    spoken = [clip for clip, found in zip(clips, segments, strict=True) if found]
    cuts = [_during(found, random) for found in segments if found]
    kinds = {
        "cut off: false alarms on speech": [clip.pcm for clip in spoken],
        "cut off: the beginning": [clip.pcm[cut:] for clip, cut in zip(spoken, cuts, strict=True)],
        "cut off: the end": [clip.pcm[:cut] for clip, cut in zip(spoken, cuts, strict=True)],
    }
    return [
        Heard(name, [cut_off(pcm, speech_in(pcm)) for pcm in kept], spoken)
        for name, kept in kinds.items()
    ]


def _during(segments: Sequence[Segment], random: np.random.Generator) -> int:
    """Draw a sample of the middle half of the speech."""
    spoken = np.concatenate([np.arange(each.start, each.end) for each in segments])
    return int(spoken[random.integers(len(spoken) // 4, 3 * len(spoken) // 4)])


def _excerpts(folder: Path) -> list[Clip]:
    """Three of every nine seconds of the files of a folder, each of which is one piece."""
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    files = [(name, _pcm(Folder(folder).samples(name))) for name in names]
    return [
        Clip(pcm[start : start + _EXCERPT], name)
        for name, pcm in files
        for start in range(0, len(pcm) - _EXCERPT, _EVERY)
    ]


def _heard(name: str, kind: str, clips: Sequence[Clip]) -> Heard:
    return Heard(name, [ALARMS[kind](_quality(clip.pcm)) for clip in clips], clips)


def _quality(pcm: Pcm) -> Quality:
    """Measure as if all of it were speech: the corpus is trimmed at both ends."""
    return measure(pcm, [Segment(0, len(pcm))])


def _pcm(samples: Samples) -> Pcm:
    return to_int(downsample(samples))


def _table(rates: Sequence[Rate]) -> str:
    width = max(len(rate.name) for rate in rates)
    lines = ["share heard, 95 % interval, of how many (speakers that nothing was tuned on)"]
    lines += [
        f"{name.ljust(width)}  {value:6.2%} [{low:.2%} {high:.2%}]  {total}"
        for name, value, low, high, total in map(astuple, rates)
    ]
    return "\n".join(lines)
