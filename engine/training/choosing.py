"""How good the network is on speakers that it never hears in training: what a run is steered by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

import numpy as np
import torch
from torch import nn

from engine.evaluation.metrics import Ranked, curve, eer
from engine.evaluation.protocols import PROTOCOLS, calls
from engine.evaluation.recordings import Recording
from engine.evaluation.scoring import Voices, compare, groups
from engine.evaluation.trials import Group, Trial
from engine.training.cache import Cache
from engine.training.features import LogMel
from engine.types import Pcm

TELEPHONE = "dev-telephone"
READ = "dev"
_RECORDINGS_PER_SPEAKER = 3


class Jury:
    """The trials of the two development splits, with their audio at hand."""

    def __init__(self, cache: Cache, features: LogMel, device: torch.device) -> None:
        self._features = features
        self._device = device
        self._audio: dict[str, Pcm] = {}
        self.trials: dict[str, list[Trial]] = {}
        telephone, read = cache.split(TELEPHONE), cache.split(READ)
        found = calls(telephone.recordings)
        for name, protocol in PROTOCOLS.items():
            self._add(name, list(protocol(found)))
        self._add(READ, read_trials(read.recordings))
        for part in (telephone, read):
            names = (recording.member for recording in part.recordings)
            self._audio.update(zip(names, part.samples, strict=True))

    def _add(self, name: str, trials: list[Trial]) -> None:
        """Keep trials, unless a part of a corpus offers no target or no other."""
        if len({trial.target for trial in trials}) == 2:
            self.trials[name] = trials

    @torch.inference_mode()
    def eers(self, network: nn.Module) -> dict[str, float]:
        """Equal error rate of each set of trials, in [0, 1]; the network must be in eval mode."""
        every = [trial for trials in self.trials.values() for trial in trials]
        with _without_tuning():
            voices: Voices = {group: self._voice(network, group) for group in groups(every)}
        return {name: _eer(voices, trials) for name, trials in self.trials.items()}

    def _voice(
        self, network: nn.Module, group: Group
    ) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        pcm = np.concatenate([self._audio[name] for name in group])
        samples = torch.from_numpy(pcm).to(self._device).float() / 32768
        voice: np.ndarray[tuple[int], np.dtype[np.float32]]
        voice = network(self._features(samples.unsqueeze(0)))[0].float().cpu().numpy()
        return voice


@contextmanager
def _without_tuning() -> Iterator[None]:
    """No trying of every convolution for every length: hardly two recordings are equally long."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def _eer(voices: Voices, trials: list[Trial]) -> float:
    needed = {group: voices[group] for group in groups(trials)}
    target = np.array([trial.target for trial in trials])
    ranked = Ranked.of(compare(needed, trials), target)
    return eer(curve(*ranked.weights(np.ones(len(target)))))


def read_trials(recordings: list[Recording]) -> list[Trial]:
    """One recording against one other, the first three of each speaker: what read speech offers."""
    by_speaker: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        if len(by_speaker[recording.speaker]) < _RECORDINGS_PER_SPEAKER:
            by_speaker[recording.speaker].append(recording)
    kept = [recording for of_one in by_speaker.values() for recording in of_one]
    return [
        Trial(((a.member,),), (b.member,), a.speaker == b.speaker, a.speaker, b.speaker)
        for a, b in combinations(kept, 2)
        if a.corpus == b.corpus
    ]


def telephone_mean(eers: dict[str, float]) -> float:
    """Mean equal error rate of the telephone protocols, NaN without any: the lower the better."""
    values = [eers[name] for name in PROTOCOLS if name in eers]
    return float(np.mean(values)) if values else float("nan")
