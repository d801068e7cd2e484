"""A training run: batches, the telephone, gradients, averages, scores, until the budget ends."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.errors import EngineError
from engine.training import checkpoint, objectives
from engine.training.averaging import Average
from engine.training.bank import Bank
from engine.training.cache import Cache
from engine.training.channel.draw import Draw
from engine.training.channel.telephone import Telephone
from engine.training.channel.voices import changed
from engine.training.choosing import Jury, telephone_mean
from engine.training.crops import People, Plan, gather, plan
from engine.training.device import (
    dropout_state,
    multiplies_halves,
    optimiser,
    placed,
    prepare,
    restore_dropout,
)
from engine.training.features import LogMel, front_end, masked
from engine.training.journal import Journal
from engine.training.network import SpeakerNet
from engine.training.progress import refresh_s
from engine.training.recipe import Recipe
from engine.training.schedule import Setting, setting, spent_share

TRAIN = "train"
NOISE = "noise"

CHECKPOINT_EVERY_S = 300.0
_LOG_EVERY_S = 5.0
_STEEPEST = 5.0
"""Gradients of a larger norm are scaled down to it."""

WEIGHTS = "weights.pt"
BEST_WEIGHTS = "best.pt"


class DivergedError(EngineError):
    """The loss is no number any more (the recipe's fault)."""


class Run:
    """A run in a folder. Goes on from the folder's checkpoint where there is one."""

    def __init__(
        self,
        recipe: Recipe,
        cache: Cache,
        folder: Path,
        device: torch.device,
        compiled: bool = False,
    ) -> None:
        self.recipe, self.folder, self.device = recipe, folder, device
        prepare(device, recipe.seed)
        train, noises = cache.split(TRAIN), cache.split(NOISE)
        self.people = People.of(train.recordings, [len(pcm) for pcm in train.samples])
        self.bank = Bank.of(train.samples, device)
        self.features = LogMel(front_end(recipe.mel_bins)).to(device)
        self.jury = Jury(cache, self.features, device)
        self.draw = Draw(device, recipe.seed)
        self.telephone = Telephone(recipe.chances, Bank.of(noises.samples, device), self.draw)
        self.random = np.random.default_rng(recipe.seed)
        self.network = placed(SpeakerNet(recipe), device)
        self._halves = multiplies_halves(device)
        self._trained = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.kin = torch.from_numpy(np.tile(self.people.kin, len(recipe.voices))).to(device)
        several = np.tile(self.people.count > 1, len(recipe.voices))
        self._several = torch.from_numpy(several).to(device)
        self.margin = objectives.MarginSoftmax(
            self.kin, recipe.dim, recipe.subcentres, recipe.scale
        ).to(device)
        self.average = Average(self.network, recipe.average_over_steps)
        self.optimiser = optimiser(recipe, (self.network, self.margin), device)
        self.journal = Journal(folder)
        self.step, self.seconds, self.scored, self.best = 0, 0.0, 0, float("inf")
        self._stopped = False
        self._batch = recipe.views * min(recipe.speakers, len(self.people.names))
        self._resume()

    @property
    def spent(self) -> float:
        """Share of the budget that is spent, in [0, 1]."""
        return spent_share(self.recipe, self.seconds, self.step)

    def train(self, stop_after_s: float = float("inf")) -> bool:
        """Train until the budget ends, or for some seconds; True where the budget has ended.

        A checkpoint is written every 5 minutes and at the end. After an error the last one stays.
        """
        with tqdm(total=100.0, unit="%", bar_format=_BAR, mininterval=refresh_s()) as bar:
            self._loop(time.monotonic(), stop_after_s, bar)
        self._keep()
        return self.spent >= 1

    def stop(self) -> None:
        """End `train` after the present batch, as if its time were over."""
        self._stopped = True

    def start_from(self, weights: Path) -> None:
        """Begin with the weights of an earlier run; `CheckpointError` where they do not fit."""
        checkpoint.load_weights(self.network, weights, self.device)
        self.average = Average(self.network, self.recipe.average_over_steps)

    def _loop(self, begin: float, stop_after_s: float, bar: Any) -> None:
        before, logged, kept = self.seconds, begin, begin
        totals: list[Tensor] = []
        while self.spent < 1 and not self._stopped and time.monotonic() - begin < stop_after_s:
            now_set = setting(self.recipe, self.spent)
            totals.append(self._step(now_set))
            self.seconds = before + time.monotonic() - begin
            if time.monotonic() - logged >= _LOG_EVERY_S or self.spent >= 1:
                self._log(totals, now_set, time.monotonic() - logged, bar)
                totals, logged = [], time.monotonic()
            if self._score_is_due():
                self._score()
                self.seconds = before + time.monotonic() - begin
            if time.monotonic() - kept >= CHECKPOINT_EVERY_S:
                self._keep()
                kept = time.monotonic()

    def _step(self, now: Setting) -> Tensor:
        """One batch; returns loss, its two parts and the share that was right, `[4]`."""
        seconds = float(self.random.choice(now.crops_s))
        chosen = plan(self.people, self.recipe, seconds, self.random)
        classes = self._classes(chosen)
        features = masked(self._heard(chosen), self.recipe.chances.masking, self.draw.generator)
        embeddings = self._embedded(features)
        kin_margin = self.recipe.kin_margin
        apart, right = self.margin(embeddings, classes, now.margin, kin_margin)
        views = objectives.Views(self.recipe.views, self.kin[classes], self._several[classes])
        together = objectives.contrast(embeddings, views, self.recipe.scale / 2, kin_margin)
        loss = apart + self.recipe.contrast * together
        self._descend(loss, now.rate)
        return torch.stack([loss, apart, together, right]).detach()

    def _classes(self, chosen: Plan) -> Tensor:
        classes = chosen.voices * len(self.people.names) + chosen.speakers
        return torch.from_numpy(classes).to(self.device)

    @torch.no_grad()
    def _heard(self, chosen: Plan) -> Tensor:
        """The features of a batch at the far end of its calls."""
        spoken = gather(self.bank, chosen)
        spoken = changed(spoken, chosen.voices, self.recipe.voices)
        features: Tensor = self.features(self.telephone(spoken))
        return features

    def _embedded(self, features: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._halves):
            embeddings: Tensor = self._trained(features)
        return embeddings

    def _descend(self, loss: Tensor, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it bare
        nn.utils.clip_grad_norm_(self.network.parameters(), _STEEPEST)
        self.optimiser.step()
        self.step += 1
        self.average.update(self.network, self.step)

    def _log(self, totals: list[Tensor], now: Setting, took_s: float, bar: Any) -> None:
        """Write the means since the last entry; `DivergedError` where they are no numbers."""
        loss, apart, together, right = torch.stack(totals).mean(0).tolist()
        if not np.isfinite(loss):
            raise DivergedError(
                f"the loss is {loss} at step {self.step}: begin anew in another folder than "
                f"{self.folder}, with a lower rate"
            )
        self.journal.write(
            kind="step", step=self.step, seconds=round(self.seconds, 1), spent=round(self.spent, 5),
            loss=round(loss, 4), margin_loss=round(apart, 4), contrast=round(together, 4),
            right=round(right, 4), rate=now.rate, margin=round(now.margin, 4),
            crops_per_s=round(len(totals) * self._batch / took_s, 1),
        )  # fmt: skip
        bar.update(round(100 * self.spent, 2) - bar.n)
        bar.set_postfix(step=self.step, loss=f"{loss:.3f}", right=f"{right:.3f}", refresh=False)

    def _score_is_due(self) -> bool:
        due = int(self.spent * self.recipe.evaluations)
        return due > self.scored

    def _score(self) -> None:
        """Measure the averaged network on the development speakers, and remember the best."""
        self.scored = int(self.spent * self.recipe.evaluations)
        eers = self.jury.eers(self.average.network)
        self.journal.write(
            kind="score", step=self.step, seconds=round(self.seconds, 1),
            spent=round(self.spent, 5), eer={name: round(value, 5) for name, value in eers.items()},
        )  # fmt: skip
        self.journal.draw()
        tqdm.write(f"{self.step}: " + " ".join(f"{k} {100 * v:.2f}%" for k, v in eers.items()))
        if telephone_mean(eers) < self.best:
            self.best = telephone_mean(eers)
            checkpoint.save_weights(self.average.network, self.folder / BEST_WEIGHTS)

    def _keep(self) -> None:
        checkpoint.save_weights(self.average.network, self.folder / WEIGHTS)
        checkpoint.save(self._state(), self.folder / checkpoint.CHECKPOINT)

    def _state(self) -> dict[str, Any]:
        return {
            "recipe": _plain(self.recipe),
            "network": self.network.state_dict(),
            "margin": self.margin.state_dict(),
            "average": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "draw": self.draw.state(),
            "dropout": dropout_state(self.device),
            "random": self.random.bit_generator.state,
            "counts": (self.step, self.seconds, self.scored, self.best),
        }

    def _resume(self) -> None:
        """Go on from the checkpoint; `CheckpointError` where it is another recipe's."""
        path = self.folder / checkpoint.CHECKPOINT
        if not path.exists():
            return
        state = checkpoint.load(path, self.device)
        if state["recipe"] != _plain(self.recipe):
            raise checkpoint.CheckpointError(
                f"{path} belongs to another recipe: go on with that one, or name another folder"
            )
        self.network.load_state_dict(state["network"])
        self.margin.load_state_dict(state["margin"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.draw.restore(state["draw"])
        restore_dropout(state["dropout"].cpu(), self.device)
        self.random.bit_generator.state = state["random"]
        self.step, self.seconds, self.scored, self.best = state["counts"]
        self.journal.rewind(self.step)


_BAR = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}"


def _plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values. The budget is left out: a run may be prolonged."""
    values = asdict(recipe)
    return {name: values[name] for name in values if name not in ("minutes", "steps")}
