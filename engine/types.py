"""The words of speaker verification: the values that every floor of the engine speaks in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType

import numpy as np
from numpy.typing import NDArray

from engine.errors import AudioError, ModelMismatchError

ENGINE_RATE_HZ = 16_000
TELEPHONE_RATE_HZ = 8_000

Samples = NDArray[np.float32]
"""Audio inside the engine: float32 `[n]`, in [-1, 1)."""

Pcm = NDArray[np.int16]
"""Audio on the wire: int16 `[n]`, linear, mono."""

ModelId = NewType("ModelId", str)

PhraseId = NewType("PhraseId", str)
"""Which passphrase of a locale's list, such as `my-voice-is-my-passport`."""

Score = NewType("Score", float)
"""Raw cosine of two embeddings, in [-1, 1]. No threshold ever sees it."""

Llr = NewType("Llr", float)
"""Calibrated natural-log likelihood ratio of same speaker against different speakers."""


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """One recording of speech by one speaker: float32 `[n]`, 16 kHz, mono, in [-1, 1)."""

    samples: Samples

    def __post_init__(self) -> None:
        """Raise `AudioError` unless the samples are a float32 vector."""
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise AudioError(
                f"an utterance is a float32 vector, not {self.samples.dtype} {self.samples.shape}"
            )

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / ENGINE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Quality:
    """What the line did to an utterance."""

    net_speech_s: float
    """Seconds of speech after activity detection."""
    snr_db: float
    """Speech level over noise level, in dB; 60 where no noise could be heard."""
    level_dbfs: float
    """RMS of the speech against full scale, in dB; -100 where there is no speech."""
    clipped: float
    """Share of the speech samples at full scale, in [0, 1]."""
    tones_s: float = 0.0
    """Seconds of signals of the telephone: keys, dial, busy and ringing tones, beeps."""
    music: float = 0.0
    """How like music it is, in [0, 1]."""
    talkers: float = 0.0
    """How like more than one talker it is, in [0, 1]."""
    cut_off: bool = False
    """Whether it begins or ends in the middle of speech."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A voice as a unit vector, float32 `[dim]`, with the id of the model that made it."""

    vector: NDArray[np.float32]
    model: ModelId
    parts: NDArray[np.float32] | None = None
    """Unit vectors of the parts of the phrase, in order, float32 `[n, dim]`; None without any."""
    phrase: PhraseId | None = None
    """The passphrase that was said, as far as anything can tell; None for any other speech."""

    def cosine(self, other: Embedding) -> Score:
        """Cosine similarity in [-1, 1]; `ModelMismatchError` between two models."""
        self._check(other)
        return Score(float(np.clip(np.dot(self.vector, other.vector), -1.0, 1.0)))

    def cosine_by_parts(self, other: Embedding) -> Score | None:
        """Mean cosine of each part with the same part, in [-1, 1]; errors as `cosine`.

        None where either has no parts, or they have not as many: then the phrase is not the same.
        """
        self._check(other)
        if self.parts is None or other.parts is None or len(self.parts) != len(other.parts):
            return None
        mean = np.einsum("nd,nd->", self.parts, other.parts) / len(self.parts)
        return Score(float(np.clip(mean, -1.0, 1.0)))

    def _check(self, other: Embedding) -> None:
        if self.model != other.model:
            raise ModelMismatchError(self.model, other.model)


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """The stored reference of one enrollment recording."""

    embedding: Embedding
    quality: Quality


class Hearing(StrEnum):
    """What a listener makes of the audio that it has been given so far."""

    WAITING = "waiting"
    """No speech yet."""
    SPEAKING = "speaking"
    PAUSING = "pausing"
    """Speech was heard, and silence since, not long enough to be the end."""
    ENDED = "ended"
    """The end of speech: silence as long as the limit. Final."""
    SILENT = "silent"
    """Nobody spoke within the limit. Final."""
    TOO_LONG = "too_long"
    """Still speaking at the limit: the utterance up to there is usable. Final."""


class Shortcoming(StrEnum):
    """What is wrong with an utterance, so that the caller can be told how to mend it."""

    TOO_SHORT = "too_short"
    TOO_NOISY = "too_noisy"
    TOO_QUIET = "too_quiet"
    TOO_LOUD = "too_loud"
    TONES = "tones"
    """Keys, or tones of the telephone network."""
    MUSIC = "music"
    """Music, such as a line on hold plays."""
    TWO_TALKERS = "two_talkers"
    """More than one person spoke."""

    @property
    def reason(self) -> Reason:
        """The reason that stands in the record."""
        return Reason.NOT_ENOUGH_SPEECH if self is Shortcoming.TOO_SHORT else Reason.TOO_NOISY


Locale = NewType("Locale", str)
"""A language and its country, BCP 47, such as `en-US`."""


class PhraseOutcome(StrEnum):
    """What was made of the words."""

    RIGHT = "right"
    WRONG = "wrong"
    """Another phrase, or no phrase at all."""
    UNSURE = "unsure"
    """Heard, but not clearly enough to say."""
    UNCHECKED = "unchecked"
    """Nothing was asked for, or nothing can recognise it: neither for nor against."""


class Span(NamedTuple):
    """A stretch of an utterance, in seconds from its beginning."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class PhraseFinding:
    """Whether the phrase that was asked for was said."""

    outcome: PhraseOutcome
    heard: PhraseId | None
    """The phrase of the list that it was most like; None where it was like none."""
    confidence: float
    """How sure the outcome is, in [0, 1]; 0 where nothing was checked."""
    parts: tuple[Span, ...] = ()
    """Where its parts, each a word or some short ones, lie, in order; empty unless RIGHT."""


Fingerprint = NewType("Fingerprint", bytes)
"""What one recording sounds like, as keyed hashes: it recognises a repeat and says nothing else."""


class ReplayOutcome(StrEnum):
    """Whether the very same recording has been heard before."""

    FRESH = "fresh"
    REPEAT = "repeat"
    UNCHECKED = "unchecked"
    """There is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class ReplayFinding:
    """How an utterance relates to the person's earlier recordings."""

    outcome: ReplayOutcome
    likeness: float
    """Share of the fingerprint found again, aligned, in [0, 1]."""
    shift_s: float | None
    """How much later the repeat begins than the recording did; None where it is fresh."""


class Purpose(StrEnum):
    """What voices are compared for; each has an operating point of its own."""

    VERIFY = "verify"
    """Is this the person that he says he is?"""
    IDENTIFY = "identify"
    """Who of a group is it?"""
    WATCHLIST = "watchlist"
    """Is it one of the known fraudsters?"""
    DUPLICATE = "duplicate"
    """Is this person enrolled already, under another account?"""


class Finding(StrEnum):
    """One thing that a judgement rests on; `engine.decision.explanation` has the words."""

    VOICE_MATCHES_STRONGLY = "voice_matches_strongly"
    VOICE_MATCHES = "voice_matches"
    VOICE_LEANS = "voice_leans"
    """More like the person than not, and not enough to say so."""
    VOICE_DIFFERS = "voice_differs"
    VOICE_DIFFERS_STRONGLY = "voice_differs_strongly"
    VOICE_NOT_COMPARED = "voice_not_compared"
    LAST_NOT_COUNTED = "last_not_counted"
    """The voice is that of earlier attempts; what follows is of the last."""
    NOT_COMPUTED = "not_computed"
    """Something that should be a number is none."""
    PHRASE_RIGHT = "phrase_right"
    PHRASE_WRONG = "phrase_wrong"
    PHRASE_UNSURE = "phrase_unsure"
    DIGITS_RIGHT = "digits_right"
    DIGITS_WRONG = "digits_wrong"
    DIGITS_UNSURE = "digits_unsure"
    REPEATED = "repeated"
    """The very recording was heard before."""
    WATCHLISTED = "watchlisted"
    LITTLE_SPEECH = "little_speech"
    LINE_NOISY = "line_noisy"
    LINE_QUIET = "line_quiet"
    LINE_LOUD = "line_loud"
    TONES_HEARD = "tones_heard"
    MUSIC_HEARD = "music_heard"
    TALKERS_HEARD = "talkers_heard"
    CUT_OFF = "cut_off"
    """What was said is not right, and its beginning or its end is missing."""


class Verdict(StrEnum):
    """What the dialplan is told. Fail closed: what cannot be decided is INCONCLUSIVE."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    INCONCLUSIVE = "INCONCLUSIVE"


class Reason(StrEnum):
    """Why a verdict is what it is."""

    MATCH = "MATCH"
    NO_MATCH = "NO_MATCH"
    WRONG_PHRASE = "WRONG_PHRASE"
    NOT_ENOUGH_SPEECH = "NOT_ENOUGH_SPEECH"
    TOO_NOISY = "TOO_NOISY"
    NO_CLAIM = "NO_CLAIM"
    NOT_ENROLLED = "NOT_ENROLLED"
    NO_CONSENT = "NO_CONSENT"
    OPTED_OUT = "OPTED_OUT"
    EXPIRED = "EXPIRED"
    LOCKED_OUT = "LOCKED_OUT"
    SPOOF_SUSPECTED = "SPOOF_SUSPECTED"
    WATCHLISTED = "WATCHLISTED"
    CALLER_HUNG_UP = "CALLER_HUNG_UP"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on the evidence so far."""

    verdict: Verdict
    reason: Reason
    confidence: int
    """0 to 100: the posterior of the claim at even prior odds, in percent; 0 without evidence."""
    unsure: bool
    """True where the evidence leans to the claim but not far enough: more speech could tell."""
    findings: tuple[Finding, ...] = ()
    """What it rests on: the voice first, then the words, the liveness, the line."""
    explanation: str = ""
    """The findings as one sentence, for an agent to read."""
