"""A short course learns, and nothing at all makes no nonsense."""

from __future__ import annotations

import tests.unit.training.needs  # noqa: F401  # isort: skip

from pathlib import Path

import numpy as np
import torch

from engine.phrase.phones import STATES
from engine.phrase.spectra import BANDS
from engine.training.bank import Bank
from engine.training.phones.learning import Course, Learner
from engine.training.phones.lessons import SAMPLES, Lessons
from engine.training.phones.spectra import Spectra
from engine.training.phones.spoken import FRAME, Spoken
from engine.training.phones.teaching import Overheard


def test_silence_has_a_spectrum() -> None:
    """A crop in which nothing is said is no reason to learn nonsense."""
    assert torch.isfinite(Spectra()(torch.zeros(2, SAMPLES))).all()


def test_a_course_ends_with_a_network(tmp_path: Path) -> None:
    """After its time, with weights that say something."""
    random = np.random.default_rng(7)
    samples = [(3000 * random.standard_normal(100 * FRAME)).astype(np.int16) for _ in range(4)]
    phones = [random.integers(0, 39, 100).astype(np.uint8) for _ in range(4)]
    lessons = Lessons.of(Spoken(["a"] * 4, samples, phones), Overheard())
    noises = Bank.of([np.ones(8000, np.int16)], torch.device("cpu"))
    network = Learner(lessons, noises, Course(minutes=0.05), tmp_path).learn()
    with torch.no_grad():
        logits = network(torch.zeros(1, BANDS, 40))
    assert logits.shape == (1, STATES, 20)
    assert torch.isfinite(logits).all()
