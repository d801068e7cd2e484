"""How the network learns phones, until its time is over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from engine.phrase.phones import HALVES
from engine.training.averaging import Average
from engine.training.bank import Bank
from engine.training.channel.draw import Draw
from engine.training.channel.telephone import Telephone
from engine.training.checkpoint import load_weights, save_weights
from engine.training.device import prepare
from engine.training.features import masked
from engine.training.phones.lessons import Lessons
from engine.training.phones.network import PhoneNet
from engine.training.phones.spectra import Spectra
from engine.training.progress import refresh_s
from engine.training.recipe import Chances, scaled
from engine.training.run import CHECKPOINT_EVERY_S, WEIGHTS, DivergedError

_ROWS: Final = 64
_RATE: Final = 3e-3
_RISING: Final = 0.1
"""Share of the time in which the rate rises; then it falls to nothing along half a cosine."""
_DECAY: Final = 1e-2
_STEEPEST: Final = 5.0
_AVERAGED_STEPS: Final = 300.0
_MASKS: Final = 2
_SEED: Final = 1998


@dataclass(frozen=True, slots=True)
class Course:
    """How long to learn, and how hard the telephone makes it."""

    minutes: float
    chances: float = 0.45
    """Times those of the voice's training: phones must be heard through it all, still."""
    again: int = 2
    """How often a batch is learnt from, each time with other parts hidden."""


class Learner:
    """Learns on one device."""

    def __init__(self, lessons: Lessons, noises: Bank, course: Course, folder: Path) -> None:
        self.device, self._folder = noises.flat.device, folder
        prepare(self.device, _SEED)
        self._lessons, self._course = lessons, course
        self._random = np.random.default_rng(_SEED)
        self._draw = Draw(self.device, _SEED)
        self._telephone = Telephone(scaled(Chances(), course.chances), noises, self._draw)
        self._spectra = Spectra().to(self.device)
        self._network = PhoneNet().to(self.device)
        self._average = Average(self._network, _AVERAGED_STEPS)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), weight_decay=_DECAY)

    def start_from(self, weights: Path) -> None:
        """Begin with the weights that another course kept."""
        load_weights(self._network, weights, self.device)
        self._average = Average(self._network, _AVERAGED_STEPS)

    def learn(self) -> PhoneNet:
        """Return the averaged network after the course's minutes.

        It is kept in the folder every 5 minutes and at the end; `DivergedError` where the loss is
        no number.
        """
        begin, kept, step = time.monotonic(), time.monotonic(), 0
        with tqdm(total=100.0, unit="%", bar_format=_BAR, mininterval=refresh_s()) as bar:
            while (share := (time.monotonic() - begin) / (60 * self._course.minutes)) < 1:
                spectra, wanted = self._batch()
                for _ in range(self._course.again):
                    step += 1
                    loss, right = self._step(spectra, wanted, _rate(share), step)
                    told = {"step": step, "loss": f"{loss:.3f}", "right": f"{right:.3f}"}
                    bar.set_postfix(told, refresh=False)
                bar.update(round(100 * share, 2) - bar.n)
                if time.monotonic() - kept >= CHECKPOINT_EVERY_S:
                    save_weights(self._average.network, self._folder / WEIGHTS)
                    kept = time.monotonic()
        save_weights(self._average.network, self._folder / WEIGHTS)
        averaged = self._average.network
        assert isinstance(averaged, PhoneNet)
        return averaged

    @torch.no_grad()
    def _batch(self) -> tuple[Tensor, Tensor]:
        samples, wanted = self._lessons.batch(_ROWS, self._telephone, self._random)
        spectra: Tensor = self._spectra(samples)
        return spectra, wanted.to(self.device)

    def _step(self, spectra: Tensor, wanted: Tensor, rate: float, step: int) -> tuple[float, float]:
        """Learn from one batch; return the loss, and the share of frames whose phone was right."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        for _ in range(_MASKS):
            spectra = masked(spectra, 1.0, self._draw.generator)
        logits = self._network(spectra)
        loss = functional.cross_entropy(logits, wanted)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it bare
        nn.utils.clip_grad_norm_(self._network.parameters(), _STEEPEST)
        self._optimiser.step()
        self._average.update(self._network, step)
        if not torch.isfinite(loss):
            raise DivergedError(f"the loss is {loss.item()} at step {step}: begin anew")
        right = (logits.argmax(1) // HALVES == wanted.argmax(1) // HALVES).float().mean()
        return float(loss.detach()), float(right)


def _rate(share: float) -> float:
    """Return the learning rate at a share of the course, in [0, 1]."""
    if share < _RISING:
        return _RATE * (0.05 + 0.95 * share / _RISING)
    return _RATE * (0.5 + 0.5 * cos(pi * (share - _RISING) / (1 - _RISING))) + 1e-6


_BAR = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}"
