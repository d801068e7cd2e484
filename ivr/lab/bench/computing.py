"""The stages of a call that are computed in our own process, over one utterance of 3 s."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from scipy import fft

from engine import SpeakerEngine
from engine.audio import Upsampler, measure, speech_in, to_bytes, to_float, warm
from engine.audio.activity import Activity
from engine.audio.detector import WINDOW, Detector
from engine.decision.policy import AttemptEvidence
from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.lab.bench.person import hear, parts, recordings, silence, voiceprints
from ivr.lab.bench.stopwatch import Stage
from ivr.line.ear import Ear
from ivr.line.inbox import Inbox
from ivr.media.codec import FORMATS
from ivr.media.reframer import FRAME_SAMPLES

UTTERANCE_S = 3.0
END_SILENCE_S = 0.64
"""The default end silence, up to the end of the window that it ends in."""
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
        self._voiceprints = voiceprints(engine)
        self._parts = parts(self._heard.utterance)
        whole = engine.embed(self._heard.utterance)
        self._embedding = engine.with_parts(whole, self._heard.utterance, self._parts)
        self._numbers = np.random.default_rng(512).standard_normal((512, 512), np.float32)

    def stages(self) -> dict[str, Stage]:
        """Return the stages by name, in the order of a call, with the reference at the end."""
        works = {
            "media": self._media,
            "resample": self._resample,
            "activity": self._activity,
            "quality": lambda: measure(self._pcm, self._segments),
            "features": lambda: self._engine.embedder.features(self._heard.utterance),
            "embedding": lambda: self._engine.embedder.voice_of(self._features),
            "parts": self._embed_parts,
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

    def _embed_parts(self) -> None:
        self._engine.with_parts(self._embedding, self._heard.utterance, self._parts)

    def _score(self) -> None:
        llr = self._engine.compare(self._embedding, self._heard.quality, self._voiceprints)
        self._engine.decide([AttemptEvidence(llr)])


def _pieces(pcm: Pcm, size: int) -> list[Pcm]:
    return [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
