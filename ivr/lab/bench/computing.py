"""The stages of a call that are computed in our own process, over one utterance of 3 s."""

from __future__ import annotations

from contextlib import closing
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine import SpeakerEngine
from engine.audio import Upsampler, measure, speech_in, to_bytes, to_float, warm
from engine.audio.activity import Activity
from engine.audio.detector import WINDOW, Detector
from engine.decision.explanation import EN_US
from engine.decision.policy import AttemptEvidence
from engine.liveness import fingerprint, repeat
from engine.types import ENGINE_RATE_HZ, TELEPHONE_RATE_HZ
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.flows.early import EAR_EVERY_S
from ivr.lab.bench.person import NOBODYS_KEY, enrolled, hear, parts, recordings, silence, words
from ivr.lab.bench.stopwatch import Stage
from ivr.line.ear import Ear
from ivr.line.inbox import Inbox
from ivr.media.codec import FORMATS
from ivr.media.reframer import FRAME_SAMPLES
from ivr.ports import Wanted

UTTERANCE_S = 3.0
END_SILENCE_S = 0.64
"""The default end silence, up to the end of the window that it ends in."""
FOLLOWED = round(EAR_EVERY_S * ENGINE_RATE_HZ)
"""What the recogniser is handed at a time."""
T = TypeVar("T", np.int16, np.float32)
REFERENCE = "reference: 512 FFTs of 512"


class Computing:
    """The work of one call on one utterance, each stage on what the stage before it made."""

    def __init__(self, engine: SpeakerEngine) -> None:
        """Render, listen and enroll, so that only what is measured is left; blocks a second."""
        warm(1)
        self._engine = engine
        spoken = recordings()[0][: round(UTTERANCE_S * TELEPHONE_RATE_HZ)]
        self._pcm = np.concatenate([spoken, silence(END_SILENCE_S)])
        self._windows = _pieces(self._pcm, WINDOW)
        self._payloads = [to_bytes(piece) for piece in _pieces(self._pcm, FRAME_SAMPLES)]
        self._segments = speech_in(self._pcm)
        self._heard = hear(engine, self._pcm)
        self._features = engine.embedder.features(self._heard.utterance)
        kept = enrolled(engine)
        self._voiceprints = [each.voiceprint for each in kept]
        self._words = words()
        self._wanted = Wanted(
            NOBODYS_KEY,
            EN_US,
            earlier=tuple(each.fingerprint for each in kept),
            phrase=DEFAULT_PASSPHRASE,
            frames=tuple(each.frames for each in kept),
        )
        self._embedding = engine.embed(self._heard.utterance, parts(self._heard.utterance))
        self._numbers = np.random.default_rng(512).standard_normal((512, 512), np.float32)

    def stages(self) -> dict[str, Stage]:
        """Return the stages by name, in the order of a call, with the reference at the end."""
        works = {
            "media": self._media,
            "resample": self._resample,
            "activity": self._activity,
            "quality": lambda: measure(self._pcm, self._segments),
            "words": self._hear_words,
            "repeats": self._look_for_repeats,
            "features": lambda: self._engine.embedder.features(self._heard.utterance),
            "embedding": lambda: self._engine.embedder.voice_of(self._features),
            "scoring": self._score,
            REFERENCE: lambda: fft.rfft(self._numbers, axis=1),
        }
        return {name: Stage(name, work) for name, work in works.items()}

    async def _media(self) -> None:
        """Take the frames as they come from Asterisk and as the conversation asks for them."""
        inbox = Inbox()
        with closing(Ear(FORMATS["slin"](), inbox)) as ear:
            for payload in self._payloads:
                ear.take(payload)
                await inbox.get()

    def _resample(self) -> None:
        upsampler = Upsampler()
        for window in self._windows:
            upsampler.push(to_float(window))

    def _activity(self) -> None:
        activity = Activity()
        with closing(Detector()) as detector:
            for window in self._windows:
                activity.take(detector.probability(window))

    def _hear_words(self) -> None:
        """Follow the phrase as it is said, and compare it with the person's recordings."""
        utterance, listener = self._heard.utterance, self._words.listener(self._wanted)
        assert listener is not None, "the phrase that is said is listed"
        for piece in _pieces(utterance.samples, FOLLOWED):
            listener.push(piece)
        self._words.phrase(utterance, self._wanted, listener.finding(DEFAULT_PASSPHRASE))

    def _look_for_repeats(self) -> None:
        repeat(fingerprint(self._heard.utterance, NOBODYS_KEY), self._wanted.earlier)

    def _score(self) -> None:
        llr = self._engine.compare(self._embedding, self._heard.quality, self._voiceprints)
        self._engine.decide([AttemptEvidence(llr)])


def _pieces(pcm: NDArray[T], size: int) -> list[NDArray[T]]:
    return [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
