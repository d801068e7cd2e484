"""Ears for one utterance: takes the caller's frames and says when he has begun and finished."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.audio.activity import Activity, Segment
from engine.audio.detector import WINDOW, Detector
from engine.audio.fading import faded_at
from engine.audio.listening import FINAL, TRANSITIONS, Change, ListeningLimits, Moment, notice
from engine.audio.pcm import checked, to_float
from engine.audio.quality import Measurement
from engine.audio.resample import Upsampler
from engine.types import (
    ENGINE_RATE_HZ,
    TELEPHONE_RATE_HZ,
    Hearing,
    Pcm,
    Quality,
    Samples,
    Utterance,
)

_USUAL: Final = ListeningLimits()
_NO_PCM: Final = np.zeros(0, np.int16)
_UP: Final = ENGINE_RATE_HZ // TELEPHONE_RATE_HZ


class Listener:
    """Judges 32 ms windows, and resamples them at once, so that nothing is left for the end.

    What it hears depends on the audio alone, not on the pieces that it comes in. Audio after
    the end (`ENDED`, `SILENT`, `TOO_LONG`) is ignored until `restart`.
    """

    def __init__(self, limits: ListeningLimits = _USUAL) -> None:
        """Begin to listen; takes 0.1 s where no detector is idle (`detector.warm`)."""
        self._limits = limits
        self._begin()

    def restart(self) -> None:
        """Forget what was heard and wait anew, with the same Silero."""
        self._detector.close()
        self._begin()

    def close(self) -> None:
        """Give the Silero back, and hear nothing more; what was heard can still be asked for.

        Whoever forgets it leaves it to the garbage collector, which comes after many calls.
        """
        self._detector.close()

    def _begin(self) -> None:
        self._detector = Detector()
        self._activity = Activity()
        self._upsampler = Upsampler()
        self._pcm: list[Pcm] = []
        self._samples: list[Samples] = []
        self._pending = _NO_PCM
        self._hearing = Hearing.WAITING
        self._silent_since = 0

    def push(self, pcm: Pcm) -> Hearing:
        """Take the next audio, int16 `[n]` at 8 kHz of any length, and say what it makes of it.

        `AudioError` for anything but an int16 vector.
        """
        pending = np.concatenate([self._pending, checked(pcm)])
        while self._hearing not in FINAL:
            wanted = self._wanted()
            self._pending = pending[:wanted]
            if len(pending) < wanted:
                break
            if wanted < WINDOW:
                self._notice(self._activity.judged + wanted)
            else:
                self._judge(self._pending.copy())
                pending, self._pending = pending[WINDOW:], _NO_PCM
        return self._hearing

    @property
    def heard_s(self) -> float:
        """Seconds of audio taken since the start; it stops where the end was decided."""
        return (self._activity.judged + len(self._pending)) / TELEPHONE_RATE_HZ

    @property
    def speech_began_at_s(self) -> float | None:
        """Where the first speech begins, in seconds since the start; None without speech."""
        segments = self._activity.segments
        return segments[0].start / TELEPHONE_RATE_HZ if segments else None

    @property
    def speech_ended_at_s(self) -> float | None:
        """Where the last speech so far ends, in seconds since the start; None without speech."""
        segments = self._activity.segments
        return segments[-1].end / TELEPHONE_RATE_HZ if segments else None

    @property
    def silent_since_s(self) -> float | None:
        """From where on the end silence counts, in seconds since the start; None while it does not.

        `speech_ended_at_s` is the detector's, which is up to 0.16 s later.
        """
        counting = self._hearing in {Hearing.PAUSING, Hearing.ENDED}
        return self._silent_since / TELEPHONE_RATE_HZ if counting else None

    def utterance(self) -> Utterance:
        """Return the speech so far, 16 kHz, with `margin_s` of what was around it.

        Pauses within it stay. It is empty without speech.
        """
        extent = self._extent()
        samples = np.concatenate([*self._samples, self._upsampler.rest()])
        return Utterance(samples[_UP * extent.start : _UP * extent.end].copy())

    def quality(self) -> Quality:
        """Measure the utterance as it stands, against the noise around it."""
        return self.measurement().quality()

    def measurement(self) -> Measurement:
        """Return the utterance as it stands, ready to be measured in another thread."""
        return Measurement(np.concatenate([_NO_PCM, *self._pcm]), tuple(self._activity.segments))

    def _judge(self, window: Pcm) -> None:
        self._pcm.append(window)
        self._samples.append(self._upsampler.push(to_float(window)))
        self._activity.take(self._detector.probability(window))
        self._notice(self._activity.judged)

    def _wanted(self) -> int:
        """How many more samples it takes to notice something: a window, or the end of silence."""
        if self._hearing is not Hearing.PAUSING:
            return WINDOW
        silence_s = self._limits.silence_s(self._moment(0).net_speech_s)
        ends = self._silent_since + int(silence_s * TELEPHONE_RATE_HZ) + 1
        return min(WINDOW, max(0, ends - self._activity.judged))

    def _notice(self, heard: int) -> None:
        change = notice(self._hearing, self._moment(heard), self._limits)
        if change is not None:
            self._follow(change)

    def _follow(self, change: Change) -> None:
        self._hearing = TRANSITIONS[self._hearing, change]
        if change is Change.PAUSE:
            self._silent_since = self._faded_at()
        if change is Change.COUGH:
            self._activity.forget()
        if self._hearing in FINAL:
            self._detector.close()

    def _faded_at(self) -> int:
        """Return where the last speech fell silent, in samples since the start."""
        last = self._activity.segments[-1]
        first = last.start // WINDOW
        recent = np.concatenate(self._pcm[first:])
        return first * WINDOW + faded_at(recent, Segment(0, last.end - last.start))

    def _moment(self, heard: int) -> Moment:
        """Return what is known when so many samples have been heard."""
        segments = self._activity.segments
        if not segments:
            return Moment(False, heard / TELEPHONE_RATE_HZ, 0.0, 0.0, 0.0)
        return Moment(
            speaking=self._activity.speaking,
            heard_s=heard / TELEPHONE_RATE_HZ,
            speech_s=(heard - segments[0].start) / TELEPHONE_RATE_HZ,
            silence_s=(heard - self._silent_since) / TELEPHONE_RATE_HZ,
            net_speech_s=sum(map(len, segments)) / TELEPHONE_RATE_HZ,
        )

    def _extent(self) -> Segment:
        """Return the part that is the utterance, from sample to sample at 8 kHz."""
        segments = self._activity.segments
        if not segments:
            return Segment(0, 0)
        margin = round(self._limits.margin_s * TELEPHONE_RATE_HZ)
        start, end = segments[0].start - margin, segments[-1].end + margin
        return Segment(max(0, start), min(self._activity.judged, end))
