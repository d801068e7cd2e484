"""`countersign evaluate --scoring`: does another way to compare voices beat the mean cosine?

Every way scores the same trials; each difference to the mean cosine comes with an interval over
speakers, drawn alike for both, so that it is the difference that is measured and not the speakers.
A way is worth its weight only where the interval of the mean over the protocols excludes 0, and
with a dozen ways tried one that barely does may be chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decision.background import Background
from engine.evaluation import bootstrap
from engine.evaluation import comparisons as ways
from engine.evaluation.assessment import Figure
from engine.evaluation.audio_files import Shards
from engine.evaluation.comparisons import Comparison, Comparisons
from engine.evaluation.metrics import Ranked, Vector, curve, eer, min_dcf
from engine.evaluation.models import own_model
from engine.evaluation.protocols import PROTOCOLS, calls
from engine.evaluation.recordings import CorpusError, read_manifest
from engine.evaluation.reports import Report, corpus_of
from engine.evaluation.scoring import Voices, groups, voices_of
from engine.evaluation.trials import Trial, without_speakers

BASE = "mean cosine"
_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Compared:
    """What one way to compare did on one protocol, or on the mean of all."""

    protocol: str
    way: str
    eer: Figure
    min_dcf: Figure
    eer_gain: Figure
    """EER minus that of the mean cosine: below 0 is better."""
    min_dcf_gain: Figure

    @property
    def helps(self) -> bool:
        """Whether one of the two is surely lower, and the other not surely higher."""
        gains = (self.eer_gain, self.min_dcf_gain)
        return any(each.high < 0 for each in gains) and not any(each.low > 0 for each in gains)


def run(arguments: argparse.Namespace) -> Report:
    """Compare all ways on the built-in protocols; `CorpusError` without `--background`."""
    if arguments.background is None:
        raise CorpusError(
            "--scoring needs --background FILE: python -m engine.training.background makes it"
        )
    model, corpus = own_model(arguments.model), corpus_of(arguments)
    recordings = read_manifest(corpus, arguments.split)
    found = calls(recordings)
    trials = {
        name: without_speakers(name, list(protocol(found)), arguments.leave_out)
        for name, protocol in PROTOCOLS.items()
    }
    every = [trial for some in trials.values() for trial in some]
    with closing(Shards(corpus, recordings)) as files:
        voices = voices_of(model, groups(every), files)
    tried = ways_of(Background.load(arguments.background))
    compared = compare_ways(trials, voices, tried, arguments.replicates)
    return Report(_text(compared, model.name), [asdict(each) for each in compared])


def ways_of(background: Background) -> dict[str, Comparison]:
    """What is tried; the first is what all others are measured against."""
    tried = {
        BASE: ways.cosine(),
        "cosine with mean voiceprint": ways.cosine_with_mean(),
        "centred": ways.cosine(ways.centred(background)),
        "whitened, shrink 0.1": ways.cosine(ways.whitened(background, 0.1)),
        "whitened, shrink 0.5": ways.cosine(ways.whitened(background, 0.5)),
        "LDA 100": ways.cosine(ways.discriminant(background, 100)),
        "PLDA": ways.plda(background),
    }
    for top in (10, 30, 100):
        tried[f"AS-norm {top}"] = ways.normalised_against_cohort(background, top)
    half = ways.whitened(background, 0.5)
    tried["whitened 0.5, AS-norm 30"] = ways.normalised_against_cohort(background, 30, half)
    return tried


def compare_ways(
    trials: Mapping[str, Sequence[Trial]],
    voices: Voices,
    tried: Mapping[str, Comparison],
    replicates: int,
) -> list[Compared]:
    """Measure every way on every protocol, and on the mean over the protocols.

    The first of the ways is the base. The voices of all groups must be there.
    """
    every = [trial for some in trials.values() for trial in some]
    names, sides = bootstrap.speakers(every)
    ends = np.cumsum([len(some) for some in trials.values()])
    parts = np.split(sides, ends[:-1])
    sheets = [
        _Sheet(some, part, voices, list(tried.values()))
        for some, part in zip(trials.values(), parts, strict=True)
    ]
    value = _with_mean(sheets, np.ones(len(names), dtype=np.int64))
    drawn = [_with_mean(sheets, draw) for draw in bootstrap.draws(len(names), replicates)]
    replicas = np.array(drawn).reshape(-1, *value.shape)
    return [
        _compared(protocol, way, value[p], replicas[:, p], w)
        for p, protocol in enumerate([*trials, _MEAN])
        for w, way in enumerate(tried)
    ]


class _Sheet:
    """One protocol's trials, ranked by every way."""

    def __init__(
        self,
        trials: Sequence[Trial],
        sides: bootstrap.Sides,
        voices: Voices,
        tried: Sequence[Comparison],
    ) -> None:
        self._target = np.array([trial.target for trial in trials])
        self._sides = sides
        these = numbered(trials, voices)
        self._ranked = [Ranked.of(way(these), self._target) for way in tried]

    def figures(self, draw: NDArray[np.int64]) -> Vector:
        """EER and minDCF of each way `[ways, 2]` with the speakers so often drawn."""
        weights = bootstrap.weights(draw, self._sides, self._target)
        errors = [curve(*ranked.weights(weights)) for ranked in self._ranked]
        return np.array([(eer(each), min_dcf(each)) for each in errors])


def numbered(trials: Sequence[Trial], voices: Voices) -> Comparisons:
    """The trials as numbers of the voices that they need."""
    needed = groups(trials)
    place = {group: number for number, group in enumerate(needed)}
    return Comparisons(
        np.stack([voices[group] for group in needed]).astype(np.float64),
        [np.array([place[group] for group in trial.enroll]) for trial in trials],
        np.array([place[trial.test] for trial in trials]),
    )


def _with_mean(sheets: Sequence[_Sheet], draw: NDArray[np.int64]) -> NDArray[np.float64]:
    """The figures of all protocols and their mean, `[protocols + 1, ways, 2]`."""
    figures = np.array([sheet.figures(draw) for sheet in sheets])
    return np.concatenate([figures, figures.mean(axis=0, keepdims=True)])


def _compared(
    protocol: str, way: str, value: Vector, replicas: NDArray[np.float64], w: int
) -> Compared:
    values = np.concatenate([value[w], value[w] - value[0]])
    drawn = np.concatenate([replicas[:, w], replicas[:, w] - replicas[:, 0]], axis=1)
    lows, highs = bootstrap.interval(drawn)
    figures = [Figure(*map(float, each)) for each in zip(values, lows, highs, strict=True)]
    return Compared(protocol, way, *figures)


def _text(compared: Sequence[Compared], model: str) -> str:
    lines = [
        f"{model}: ways to compare, differences to the {BASE}, 95 % intervals, paired by speaker",
        f"{'protocol':10} {'way':28} {'EER %':>6} {'difference':>22} "
        f"{'minDCF':>7} {'difference':>24}",
    ]
    for each in compared:
        mark = "helps" if each.helps else ""
        lines.append(
            f"{each.protocol:10} {each.way:28} {100 * each.eer.value:6.2f} "
            f"{_difference(each.eer_gain, 100.0, 2):>22} {each.min_dcf.value:7.3f} "
            f"{_difference(each.min_dcf_gain, 1.0, 3):>24} {mark}"
        )
    return "\n".join(line.rstrip() for line in lines)


def _difference(figure: Figure, scale: float, digits: int) -> str:
    value, low, high = (
        f"{scale * each:+.{digits}f}" for each in (figure.value, figure.low, figure.high)
    )
    return f"{value} [{low} {high}]"
