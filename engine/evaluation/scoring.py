"""Scores of a trial list: every group of files becomes one voice, once, and voices are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audio import measure, speech_in
from engine.audio.pcm import to_int
from engine.audio.resample import downsample
from engine.decision.calibration import Calibration, Evidence, evidence
from engine.decision.known_words import KnownWords
from engine.decision.recordings import on_the_line
from engine.decision.scoring import score as mean_cosine
from engine.decision.scoring import score_by_parts as mean_by_parts
from engine.evaluation.assessment import Scored
from engine.evaluation.audio_files import AudioFiles
from engine.evaluation.trials import Group, Trial
from engine.types import Llr, PhraseId, Quality, Samples, Score, Utterance, Voiceprint
from engine.voice.embedder import Embedder

Voices = dict[Group, NDArray[np.float32]]
"""Unit vectors float32 `[dim]` by the files that were joined."""


class Model(Protocol):
    """Whatever turns speech into a voice: a countersign model, or a peer."""

    @property
    def name(self) -> str:
        """How the model is called in a report."""
        ...

    def embed(self, samples: Samples) -> NDArray[np.float32]:
        """Return the voice of float32 `[n]` at 16 kHz: a unit vector, float32 `[dim]`."""
        ...


class OwnModel:
    """A model of engine.voice."""

    def __init__(self, embedder: Embedder, folder: Path | None = None) -> None:
        self._embedder = embedder
        card = embedder.card
        self.name: str = card.id
        self.calibration = None if card.calibration is None else Calibration.of(card, folder)

    @classmethod
    def load(cls, card: Path) -> OwnModel:
        """Load by the path of its card; `ModelError` where it cannot be loaded."""
        return cls(Embedder.load(card), card.parent)

    def embed(self, samples: Samples) -> NDArray[np.float32]:
        """Return the voice of float32 `[n]` at 16 kHz: a unit vector, float32 `[dim]`."""
        return self._embedder.embed(Utterance(samples)).vector

    def voiceprint(
        self, group: Group, files: AudioFiles, known: KnownWords | None = None, text: str = ""
    ) -> Voiceprint:
        """Return the voice of files joined, with its parts where it is `known` what they say."""
        utterance = Utterance(joined(files, group))
        parts = known.parts(utterance, text) if known is not None and text else ()
        said = PhraseId(text) if text else None
        embedding = replace(self._embedder.embed(utterance, parts), phrase=said)
        return Voiceprint(embedding, quality_of(utterance.samples))


def groups(trials: Iterable[Trial]) -> list[Group]:
    """Every group that the trials need, once, in the order of first need."""
    needed = (group for trial in trials for group in (*trial.enroll, trial.test))
    return list(dict.fromkeys(needed))


def joined(files: AudioFiles, group: Group) -> Samples:
    """The files of a group as one utterance, float32 `[n]` at 16 kHz, one after the other."""
    return np.concatenate([files.samples(name) for name in group])


def voices_of(model: Model, needed: Iterable[Group], files: AudioFiles) -> Voices:
    """Embed groups of files, each as one utterance; `CorpusError` where audio is missing."""
    return {group: model.embed(joined(files, group)) for group in needed}


def score(model: Model, trials: Sequence[Trial], files: AudioFiles) -> Scored:
    """Score every trial: the mean cosine of the tested voice with the enrolled ones.

    A calibrated model of our own scores and weighs as in a call. `CorpusError` where audio is
    missing.
    """
    if isinstance(model, OwnModel) and model.calibration is not None:
        prints = {group: model.voiceprint(group, files) for group in groups(trials)}
        found = [_evidence(trial, prints, model.calibration) for trial in trials]
        scores = np.array([each.score for each in found], dtype=np.float64)
        return Scored(trials, scores, np.array([model.calibration.llr(each) for each in found]))
    return Scored(trials, compare(voices_of(model, groups(trials), files), trials))


def score_by_parts(model: OwnModel, trials: Sequence[Trial], files: AudioFiles) -> Scored | None:
    """Score as a call does that asks for a passphrase: each part of it with itself.

    A trial in which the phrase is not recognised on both sides is compared as a whole. None where
    no trial says what is said, or the model is not calibrated so. `RecogniserError` for a word that
    nothing knows, `CorpusError` where audio is missing.
    """
    calibration = model.calibration
    texts = {trial.text for trial in trials} - {""}
    if calibration is None or calibration.by_parts is None or not texts:
        return None
    known = KnownWords(texts)
    said = {(group, trial.text): None for trial in trials for group in groups([trial])}
    prints = {(group, text): model.voiceprint(group, files, known, text) for group, text in said}
    found = [_by_parts(trial, prints, calibration) for trial in trials]
    scores, llrs = np.array(found, dtype=np.float64).T
    return Scored(trials, scores, llrs)


def quality_of(samples: Samples) -> Quality:
    """Measure an utterance, float32 `[n]` at 16 kHz, as if it had come over a telephone line."""
    line = on_the_line(to_int(downsample(samples)))
    return measure(line, speech_in(line))


def compare(voices: Voices, trials: Iterable[Trial]) -> NDArray[np.float64]:
    """Mean cosine of each trial `[trials]`, from voices that are already known."""
    place = {group: k for k, group in enumerate(voices)}
    matrix = np.stack(list(voices.values())).astype(np.float64)
    cosines = matrix @ matrix.T
    rows = (
        cosines[place[trial.test], [place[group] for group in trial.enroll]].mean()
        for trial in trials
    )
    return np.fromiter(rows, dtype=np.float64)


def _by_parts(
    trial: Trial, prints: Mapping[tuple[Group, str], Voiceprint], calibration: Calibration
) -> tuple[Score, Llr]:
    test = prints[trial.test, trial.text]
    enrolled = [prints[group, trial.text] for group in trial.enroll]
    score = mean_by_parts(test.embedding, enrolled)
    if score is None:
        score = mean_cosine(test.embedding, enrolled)
    return score, calibration.weigh_phrase(test.embedding, test.quality, enrolled)


def _evidence(trial: Trial, prints: dict[Group, Voiceprint], calibration: Calibration) -> Evidence:
    test, enrolled = prints[trial.test], [prints[group] for group in trial.enroll]
    found = evidence(test.embedding, test.quality, enrolled, calibration.compare)
    return replace(found, same_words=bool(trial.text))
