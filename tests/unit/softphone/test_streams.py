"""What a phone sends and hears, frame by frame, without a socket or a clock."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Pcm
from ivr.lab.softphone import PCMA, PCMU, KeysError, rtp
from ivr.lab.softphone.incoming import Incoming
from ivr.lab.softphone.outgoing import Outgoing
from ivr.lab.softphone.rtp import RtpPacket
from ivr.lab.softphone.tone import ToneListener, is_tone

START = RtpPacket(0, 65_535, 2**32 - 160, 42, b"")


def ticks(outgoing: Outgoing, count: int) -> list[list[RtpPacket]]:
    """Let 20 ms pass several times; return the packets of each."""
    return [[rtp.parse(packet) for packet in outgoing.tick()] for _ in range(count)]


def sine(hz: float, seconds: float, amplitude: float = 0.25) -> Pcm:
    """Return a tone, int16 at 8 kHz."""
    time_s = np.arange(round(8_000 * seconds)) / 8_000
    return (amplitude * 32_767 * np.sin(2 * np.pi * hz * time_s)).astype(np.int16)


def frames(pcm: Pcm) -> list[Pcm]:
    """Cut audio into frames of 20 ms."""
    return [pcm[i : i + 160] for i in range(0, len(pcm), 160)]


def test_the_stream_never_stops_and_wraps_around() -> None:
    """Silence fills what nobody says; sequence and timestamp run on past their ends."""
    outgoing = Outgoing(PCMU, 101, START)
    (first,), (second,), (third,) = ticks(outgoing, 3)
    assert (first.sequence, second.sequence, third.sequence) == (65_535, 0, 1)
    assert (first.timestamp, second.timestamp, third.timestamp) == (2**32 - 160, 0, 160)
    assert first.payload == b"\xff" * 160
    assert [first.marker, second.marker] == [True, False]


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_turns_go_out_in_order_and_tell_when_they_are_gone(codec: object) -> None:
    """Each turn is told at its last frame; a last frame is filled up with silence."""
    assert codec in (PCMU, PCMA)
    chosen = PCMU if codec is PCMU else PCMA
    outgoing = Outgoing(chosen, 101, START)
    told: list[str] = []
    outgoing.speak(np.full(170, 1_000, np.int16), lambda: told.append("speech"))
    outgoing.press("5", lambda: told.append("key"))
    for expected in (None, "speech", *[None] * 8, "key"):
        outgoing.tick()
        ended = outgoing.ended_turn()
        if ended:
            ended()
        assert (told[-1] if ended else None) == expected


def test_a_key_keeps_the_time_of_its_start() -> None:
    """All packets of a press carry the timestamp of its first; audio goes on where time is."""
    outgoing = Outgoing(PCMU, 97, RtpPacket(0, 0, 1_000, 42, b""))
    outgoing.press("1", lambda: None)
    sent = [packet for slot in ticks(outgoing, 6) for packet in slot]
    assert [packet.timestamp for packet in sent] == [1_000] * 7 + [1_800]
    assert [packet.payload_type for packet in sent] == [97] * 7 + [0]
    assert [packet.marker for packet in sent] == [True] + [False] * 6 + [True]
    assert [packet.sequence for packet in sent] == list(range(8))


def test_discontinuous_transmission_marks_where_speech_begins() -> None:
    """Nothing goes out in silence, and time goes on meanwhile."""
    outgoing = Outgoing(PCMU, 101, RtpPacket(0, 0, 0, 42, b""), dtx=True)
    assert ticks(outgoing, 2) == [[], []]
    outgoing.speak(np.ones(320, np.int16), lambda: None)
    sent = [packet for slot in ticks(outgoing, 4) for packet in slot]
    assert [(p.sequence, p.timestamp, p.marker) for p in sent] == [(0, 320, True), (1, 480, False)]


def test_keys_need_a_far_end_that_takes_them() -> None:
    """Without RFC 4733 on the other side a key press is refused, and so is an unknown key."""
    with pytest.raises(KeysError, match="takes no"):
        Outgoing(PCMU, None, START).press("1", lambda: None)
    with pytest.raises(KeysError, match="no telephone key"):
        Outgoing(PCMU, 101, START).press("1x", lambda: None)


def test_what_is_heard_is_kept_and_counted() -> None:
    """Audio of both laws in order; gaps and a late packet are counted; noise is malformed."""
    ears = Incoming(101, keep=True)
    for sequence, codec in ((1, PCMU), (2, PCMA), (5, PCMU), (4, PCMU)):
        payload = codec.encode(np.full(160, 1_004, np.int16))
        ears.receive(RtpPacket(codec.payload_type, sequence, 0, 1, payload).encode(), 0.0)
    ears.receive(b"noise", 0.0)
    assert (ears.reception.packets, ears.reception.lost, ears.reception.malformed) == (4, 1, 1)
    assert len(ears.recording) == 640
    assert np.abs(ears.recording - 1_004).max() <= 24


def test_an_empty_recording_is_empty() -> None:
    """Nothing heard is no samples, not an error."""
    assert len(Incoming(101, keep=True).recording) == 0


def test_a_tone_is_told_once_at_its_end() -> None:
    """Whether noise or nothing follows; a tone of 80 ms is too short."""
    ears = ToneListener()
    heard = [ears.hear(frame, 0.0) for frame in frames(sine(1_000, 0.25))]
    silence = np.zeros(160, np.int16)
    assert not any(heard)
    assert [ears.hear(silence, 0.0), ears.hear(silence, 0.0)] == [True, False]
    for frame in frames(sine(1_000, 0.12)):
        ears.hear(frame, 1.0)
    assert [ears.wait(1.05), ears.wait(1.07), ears.wait(1.2)] == [False, True, False]
    for frame in frames(sine(1_000, 0.08)):
        ears.hear(frame, 2.0)
    assert not ears.hear(silence, 2.0)


@pytest.mark.parametrize("hz", [440.0, 940.0, 1_060.0, 1_100.0, 2_000.0])
def test_other_tones_are_not_the_tone(hz: float) -> None:
    """A frame of 20 ms tells tones 60 Hz apart."""
    assert not any(is_tone(frame) for frame in frames(sine(hz, 0.1)))


def test_a_faint_tone_is_not_the_tone_and_a_noisy_one_is() -> None:
    """Below -40 dBFS it is an echo; with 12 dB of signal to noise it is still heard."""
    random = np.random.default_rng(1)
    noisy = sine(1_000, 0.2) + random.normal(0, 0.25 * 32_767 / np.sqrt(2) / 4, 1_600)
    assert not any(is_tone(frame) for frame in frames(sine(1_000, 0.1, amplitude=0.01)))
    assert all(is_tone(frame) for frame in frames(noisy.astype(np.int16)))


def test_noise_and_silence_are_not_the_tone() -> None:
    """A minute of noise has no frame of tone in it."""
    noise = np.random.default_rng(2).normal(0, 3_000, 480_000).astype(np.int16)
    assert not any(is_tone(frame) for frame in frames(noise))
    assert not is_tone(np.zeros(160, np.int16))
