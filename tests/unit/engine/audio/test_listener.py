"""A listener hears a caller begin, pause and finish, however the audio is cut."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import Listener, ListeningLimits, detector, to_float, upsample
from engine.errors import AudioError
from engine.types import Hearing, Pcm
from tests.unit.engine.audio.synthetic import as_pcm, noise, silence, voice, with_noise

FRAME = 160
SPOKEN_S = 1.76


@cache
def phrase(level_dbfs: float = -20.0, noise_dbfs: float = -60.0) -> Pcm:
    """One second of nothing, 1.76 s of voice, two seconds of nothing; line noise all along."""
    quiet = as_pcm(silence(1.0), voice(SPOKEN_S, level_dbfs), silence(2.0))
    return with_noise(quiet, noise_dbfs)


def hear(listener: Listener, pcm: Pcm) -> list[Hearing]:
    """Push 20 ms frames and return what changed, in order."""
    changes = [Hearing.WAITING]
    for start in range(0, len(pcm), FRAME):
        hearing = listener.push(pcm[start : start + FRAME])
        if hearing is not changes[-1]:
            changes.append(hearing)
    return changes


SPOKE_ONCE = [Hearing.WAITING, Hearing.SPEAKING, Hearing.PAUSING, Hearing.ENDED]


@pytest.mark.parametrize("level_dbfs", [-10.0, -20.0, -45.0])
def test_a_phrase_is_heard_from_its_beginning_to_its_end(level_dbfs: float) -> None:
    """The ends are within 150 ms, and the decision 0.6 s after the voice fell silent."""
    listener = Listener()
    assert hear(listener, phrase(level_dbfs))[-1] is Hearing.ENDED
    began_s, ended_s = listener.speech_began_at_s, listener.speech_ended_at_s
    assert began_s == pytest.approx(1.0, abs=0.15)
    assert ended_s == pytest.approx(1.0 + SPOKEN_S, abs=0.15)
    silent_since_s = listener.silent_since_s
    assert silent_since_s is not None
    assert 0.6 <= listener.heard_s - silent_since_s < 0.601


@pytest.mark.parametrize("offset", range(0, 256, 37))
def test_the_end_silence_counts_from_the_last_loud_sample(offset: int) -> None:
    """Not from the detector's last window, however the windows fall on the speech."""
    listener = Listener()
    hear(listener, np.concatenate([np.zeros(offset, np.int16), phrase()]))
    fell_silent_s = offset / 8000 + 1.0 + SPOKEN_S
    assert listener.silent_since_s == pytest.approx(fell_silent_s, abs=0.016)
    assert listener.heard_s == pytest.approx(fell_silent_s + 0.6, abs=0.016)


def test_no_end_silence_counts_while_somebody_speaks() -> None:
    """It is known in a pause and at the end alone."""
    listener = Listener()
    assert listener.silent_since_s is None
    listener.push(phrase()[:16_000])
    assert listener.silent_since_s is None


@pytest.mark.parametrize("end_silence_s", [0.2, 0.3, 0.7, 0.7001, 1.1])
def test_any_end_silence_ends_the_phrase(end_silence_s: float) -> None:
    """To the sample, unless the detector still heard the voice when it was over."""
    listener = Listener(ListeningLimits(end_silence_s=end_silence_s))
    assert hear(listener, phrase())[-1] is Hearing.ENDED
    since_s = listener.silent_since_s
    assert since_s is not None
    assert end_silence_s <= listener.heard_s - since_s < max(end_silence_s + 0.001, 0.25)


def test_a_clipping_caller_is_heard() -> None:
    """So loud that a quarter is cut off: heard to the end, and measured as clipped."""
    listener = Listener()
    pcm = as_pcm(noise(1.0, -60.0), voice(SPOKEN_S, 0.0) * 3, noise(2.0, -60.0))
    assert hear(listener, pcm)[-1] is Hearing.ENDED
    assert listener.quality().clipped > 0.15


def test_the_utterance_is_the_speech_with_a_little_around_it() -> None:
    """16 kHz, 0.12 s of margin on either side, and sample for sample the whole resampled."""
    listener = Listener()
    hear(listener, phrase())
    utterance = listener.utterance()
    began_s, ended_s = listener.speech_began_at_s, listener.speech_ended_at_s
    assert began_s is not None
    assert ended_s is not None
    assert utterance.seconds == pytest.approx(ended_s - began_s + 0.24)
    start = round((began_s - 0.12) * 16_000)
    whole = upsample(to_float(phrase()))
    assert np.array_equal(utterance.samples, whole[start : start + len(utterance.samples)])


def test_quality_counts_speech_alone() -> None:
    """Net speech leaves the silence out, and the SNR is speech over line noise."""
    listener = Listener()
    hear(listener, phrase(-26.0, -56.0))
    quality = listener.quality()
    assert quality.net_speech_s == pytest.approx(SPOKEN_S, abs=0.2)
    assert quality.snr_db == pytest.approx(30.0, abs=2.0)


def test_a_pause_within_a_phrase_is_not_its_end() -> None:
    """0.4 s of silence between words stay in the utterance, and are not net speech."""
    talk = [voice(1.1), silence(0.4), voice(1.1)]
    listener = Listener()
    changes = hear(listener, with_noise(as_pcm(silence(0.5), *talk, silence(2.0)), -60.0))
    assert changes == [*SPOKE_ONCE[:3], Hearing.SPEAKING, Hearing.PAUSING, Hearing.ENDED]
    assert listener.utterance().seconds == pytest.approx(2.84, abs=0.2)
    assert listener.quality().net_speech_s == pytest.approx(2.2, abs=0.3)


@pytest.mark.parametrize("noise_dbfs", [-100.0, -60.0, -30.0])
def test_nobody_is_silent(noise_dbfs: float) -> None:
    """Five seconds of nothing, or of noise, are SILENT, and leave nothing."""
    listener = Listener()
    assert hear(listener, as_pcm(noise(6.0, noise_dbfs))) == [Hearing.WAITING, Hearing.SILENT]
    assert 5.0 <= listener.heard_s < 5.033
    assert len(listener.utterance().samples) == 0
    assert listener.quality().net_speech_s == 0.0
    assert listener.speech_began_at_s is None
    assert listener.speech_ended_at_s is None


def test_who_does_not_stop_is_stopped() -> None:
    """At the limit, counted from the first speech, what was said is usable."""
    listener = Listener(ListeningLimits(longest_s=3.0))
    assert hear(listener, as_pcm(silence(1.0), voice(6.0)))[-1] is Hearing.TOO_LONG
    assert listener.heard_s == pytest.approx(4.0, abs=0.2)
    assert listener.utterance().seconds == pytest.approx(3.1, abs=0.2)


def test_a_short_sound_is_forgotten() -> None:
    """Too little for an utterance: the listener waits on, and only the phrase counts."""
    limits = ListeningLimits(least_speech_s=0.5, hesitation_s=0.6)
    cough = as_pcm(silence(0.5), voice(0.22), silence(1.0))
    listener = Listener(limits)
    assert hear(listener, with_noise(cough, -60.0))[-1] is Hearing.WAITING
    hear(listener, phrase())
    began_s = listener.speech_began_at_s
    assert began_s == pytest.approx(2.72, abs=0.15)


def test_what_follows_the_end_is_ignored() -> None:
    """After the decision neither the utterance nor the time changes."""
    listener = Listener()
    hear(listener, phrase())
    before, heard_s = listener.utterance().samples, listener.heard_s
    assert listener.push(as_pcm(voice(3.0))) is Hearing.ENDED
    assert np.array_equal(listener.utterance().samples, before)
    assert listener.heard_s == heard_s


def test_restart_keeps_nothing() -> None:
    """After other speech, and in its midst, a restarted listener hears as a new one."""
    new, used = Listener(), Listener()
    used.push(as_pcm(voice(2.0, -10.0))[:12_345])
    used.restart()
    assert used.heard_s == 0.0
    assert len(used.utterance().samples) == 0
    assert hear(used, phrase(-45.0)) == hear(new, phrase(-45.0))
    assert np.array_equal(used.utterance().samples, new.utterance().samples)
    assert used.quality() == new.quality()


def test_a_listener_that_has_finished_gives_its_detector_back() -> None:
    """The Silero is there for the next caller while the utterance is still in use."""
    listener = Listener()
    idle = len(detector._idle)
    hear(listener, phrase())
    assert len(detector._idle) == idle + 1


def test_a_listener_that_is_closed_gives_its_detector_back() -> None:
    """Once, in the midst of what is said; what was heard by then is still there."""
    listener = Listener()
    idle = len(detector._idle)
    listener.push(as_pcm(voice(2.0, -10.0))[:12_345])
    for _ in range(2):
        listener.close()
    assert len(detector._idle) == idle + 1
    assert len(listener.utterance().samples)


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 2) | st.integers(0, 9_000), min_size=1, max_size=30))
def test_the_pieces_do_not_matter(sizes: list[int]) -> None:
    """Nothing, single samples or seconds at once: the same speech, utterance and quality."""
    pcm, start = phrase(), 0
    framed, pieces = Listener(), Listener()
    hear(framed, pcm)
    for size in sizes:
        pieces.push(pcm[start : start + size])
        start += size
    assert pieces.push(pcm[start:]) is Hearing.ENDED
    assert pieces.speech_began_at_s == framed.speech_began_at_s
    assert pieces.speech_ended_at_s == framed.speech_ended_at_s
    assert pieces.heard_s == framed.heard_s
    assert np.array_equal(pieces.utterance().samples, framed.utterance().samples)
    assert pieces.quality() == framed.quality()


def test_the_utterance_can_be_looked_at_before_the_end() -> None:
    """A caller who hangs up in mid-phrase leaves what he said so far."""
    listener = Listener()
    listener.push(phrase()[:16_000])
    assert 0.7 < listener.utterance().seconds < 1.2
    assert hear(listener, phrase()[16_000:])[-1] is Hearing.ENDED


def test_only_int16_is_heard() -> None:
    """Floats would be taken for silence, so they are refused."""
    with pytest.raises(AudioError, match="float32"):
        Listener().push(np.zeros(FRAME, np.float32))


def test_a_frame_costs_a_fraction_of_its_time() -> None:
    """20 ms of audio take this thread less than 2 ms (measured: about 0.1), on any machine."""
    listener, pcm = Listener(), phrase()
    before_s = time.thread_time()
    frames = [listener.push(pcm[start : start + FRAME]) for start in range(0, 16_000, FRAME)]
    assert (time.thread_time() - before_s) / len(frames) < 0.002
