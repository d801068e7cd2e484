"""The pacer in virtual time: the caller's time runs on whatever the network does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.media.pacer import GAP_S, Pacer

FRAME_S = 0.020
SAMPLES = 160


class Line:
    """A caller whose frames arrive when told to; the pacer is asked whenever it wants to be."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pacer = Pacer(self.now)
        self.frames = 0

    def until(self, now: float) -> None:
        """Let the time pass, with a punctual clock."""
        while self.pacer.due <= now:
            self.now = self.pacer.due
            self.frames += self.pacer.tick(self.now)
        self.now = now

    def hear(self, count: int, *, every_s: float = FRAME_S) -> None:
        """Let frames arrive at equal distances."""
        for _ in range(count):
            self.until(self.now + every_s)
            self.pacer.arrived(self.now, SAMPLES)
            self.frames += 1

    @property
    def behind_s(self) -> float:
        """How much less than the time that passed has been heard."""
        return (self.now - 100.0) - self.frames * FRAME_S


def test_punctual_frames_need_no_silence() -> None:
    """A minute of frames every 20 ms is passed on as it is."""
    line = Line()
    line.hear(3000)
    assert line.pacer.inserted == 0


def test_jitter_needs_no_silence() -> None:
    """Frames that come in pairs, each first one 20 ms late, are not a gap."""
    line = Line()
    for _ in range(500):
        line.hear(1, every_s=2 * FRAME_S)
        line.hear(1, every_s=0.0)
    assert line.pacer.inserted == 0


def test_suppressed_silence_is_filled() -> None:
    """Two seconds without a frame become two seconds of silence, less what is not yet a gap."""
    line = Line()
    line.hear(50)
    line.until(line.now + 2.0)
    assert line.pacer.inserted == 100
    assert line.pacer.gaps == 1


def test_silence_comes_frame_by_frame() -> None:
    """Within a gap each frame of silence comes when its 20 ms have passed, not in bursts."""
    line = Line()
    line.hear(10)
    line.until(line.now + GAP_S)
    before = line.frames
    line.until(line.now + FRAME_S)
    assert line.frames - before == 1


def test_caller_who_never_sends_is_silent() -> None:
    """A line without any frame is heard as silence from the start."""
    line = Line()
    line.until(line.now + 5.0)
    assert line.frames == 250


def test_lost_frames_do_not_slow_the_time_down() -> None:
    """Where every fifth frame is lost the time heard stays within a gap of the time passed."""
    line = Line()
    for _ in range(500):
        line.hear(4)
        line.until(line.now + FRAME_S)
    assert line.pacer.inserted == pytest.approx(500, abs=5)
    assert -FRAME_S <= line.behind_s <= GAP_S + FRAME_S


def test_our_own_stall_is_no_gap() -> None:
    """A clock that was asked late because the process stalled first lets the frames come in."""
    line = Line()
    line.hear(50)
    stalled_until = line.now + 0.5
    assert line.pacer.tick(stalled_until) == 0
    for _ in range(25):
        line.pacer.arrived(stalled_until, SAMPLES)
    line.now = stalled_until
    line.hear(50)
    assert line.pacer.inserted == 0


def test_a_stall_does_not_put_a_gap_off_for_ever() -> None:
    """A clock that is asked late again and again fills the gap at the second asking."""
    line = Line()
    line.hear(50)
    assert line.pacer.tick(line.now + 0.5) == 0
    assert line.pacer.tick(line.now + 1.0) == 50


def test_late_burst_is_set_off_against_the_next_gap() -> None:
    """Frames that come after silence stood in for them do not make the time run ahead for long."""
    line = Line()
    line.hear(50)
    line.until(line.now + 0.1)
    line.hear(5, every_s=0.0)
    line.hear(50)
    line.until(line.now + 0.2)
    assert -0.02 <= line.behind_s <= GAP_S + FRAME_S


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=200))
def test_time_heard_is_never_far_behind(distances: list[float]) -> None:
    """Whatever the frames' distances, the time heard lags by no more than a gap and a frame."""
    line = Line()
    for distance in distances:
        line.hear(1, every_s=distance)
        assert line.behind_s <= 2 * GAP_S
