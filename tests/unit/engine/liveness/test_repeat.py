"""Repeats: a recording is known again whatever the line did to it, another take is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import decode_mulaw, encode_mulaw
from engine.liveness import fingerprint, how, repeat
from engine.liveness.fingerprint import FingerprintError, hashes_of
from engine.liveness.landmarks import HOP_S
from engine.types import Fingerprint, Pcm, ReplayOutcome, Utterance
from tests.unit.engine.audio.synthetic import as_pcm, with_noise
from tests.unit.engine.liveness.takes import KEY, take, utterance

OTHER_KEY = bytes(32)


def printed(pcm: Pcm, key: bytes = KEY) -> Fingerprint:
    return fingerprint(utterance(pcm), key)


def quieter(pcm: Pcm) -> Pcm:
    return np.asarray(np.rint(pcm * 10 ** (-3 / 20)), np.int16)


REPLAYS: dict[str, Callable[[Pcm], Pcm]] = {
    "mulaw": lambda pcm: decode_mulaw(encode_mulaw(pcm)),
    "3 dB down": quieter,
    "50 ms later": lambda pcm: np.concatenate([np.zeros(400, np.int16), pcm]),
    "noise": lambda pcm: with_noise(pcm, -45.0),
    "trimmed": lambda pcm: pcm[501:-333],
    "a part": lambda pcm: pcm[3000:9000],
}


@pytest.mark.parametrize("kind", REPLAYS)
def test_a_replay_is_a_repeat(kind: str) -> None:
    """Among other takes, whatever the line did."""
    earlier = [printed(take(seed)) for seed in range(4)]
    finding = repeat(printed(REPLAYS[kind](take(2))), earlier)
    assert finding.outcome is ReplayOutcome.REPEAT
    assert finding.likeness > 0.2


def test_another_take_is_fresh() -> None:
    """The same words and voice, sung anew, twenty times."""
    earlier = [printed(take(seed)) for seed in range(20)]
    finding = repeat(printed(take(99)), earlier)
    assert finding.outcome is ReplayOutcome.FRESH
    assert finding.likeness < 0.05
    assert finding.shift_s is None


def test_the_shift_says_how_much_later_it_began() -> None:
    """To one frame of 8 ms, in both directions."""
    pcm = take(1)
    later = np.concatenate([with_noise(np.zeros(800, np.int16), -65.0), pcm])
    assert repeat(printed(later), [printed(pcm)]).shift_s == pytest.approx(0.1, abs=0.008)
    assert repeat(printed(pcm), [printed(later)]).shift_s == pytest.approx(-0.1, abs=0.008)


def test_the_very_same_recording_is_wholly_found() -> None:
    """Likeness 1, shift 0."""
    finding = repeat(printed(take(1)), [printed(take(1))])
    assert finding.likeness == 1.0
    assert finding.shift_s == 0.0


@pytest.mark.parametrize(
    ("shift_s", "place"),
    [(0.0, "at the same place"), (0.048, "shifted by +48 ms"), (-0.104, "shifted by -104 ms")],
)
def test_words_say_how_a_repeat_was_known(shift_s: float, place: str) -> None:
    """How much of it was found again, and how much later, or earlier, it began."""
    assert how(0.8, shift_s) == f"an earlier recording again: 80% of the landmarks found {place}"


def test_with_nothing_to_compare_it_is_unchecked() -> None:
    """No earlier recording, silence, a click, or another key: neither for nor against."""
    heard = printed(take(1))
    silence, click = printed(np.zeros(8000, np.int16)), printed(np.ones(1, np.int16))
    for one, earlier in (
        (heard, []),
        (silence, [heard]),
        (heard, [silence, click]),
        (heard, [printed(take(1), OTHER_KEY)]),
    ):
        assert repeat(one, earlier).outcome is ReplayOutcome.UNCHECKED


def test_without_the_key_nothing_is_found() -> None:
    """Two keys share no more hashes than chance."""
    mine, theirs = printed(take(1)), printed(take(1), OTHER_KEY)
    disguised = Fingerprint(mine[:8] + theirs[8:])
    assert repeat(disguised, [mine]).likeness < 0.02


def test_a_steady_tone_costs_no_more_than_speech() -> None:
    """Its hashes are all alike; a minute of them is not paired with each other."""
    tone = (0.3 * np.sin(np.arange(60 * 8000) * 0.8)).astype(np.float32)
    heard = printed(as_pcm(tone))
    assert repeat(heard, [heard]).outcome in (ReplayOutcome.FRESH, ReplayOutcome.UNCHECKED)


def test_five_minutes_are_kept_and_no_more() -> None:
    """As much as is embedded; however long the recording, the fingerprint is bounded."""
    long = utterance(np.tile(take(1), 220))
    kept = fingerprint(long, KEY)
    assert kept == fingerprint(Utterance(long.samples[: 300 * 16_000]), KEY)
    assert len(hashes_of(kept).at) == pytest.approx(300 * 150, rel=0.3)
    assert hashes_of(kept).at.max() * HOP_S > 299


def test_the_first_minute_has_the_hashes_that_it_has_alone() -> None:
    """What was stored of the first minute alone is found again, however loud the rest is."""
    minute = take(1, 60.0)
    long = utterance(np.concatenate([quieter(minute), take(2, 30.0)]))
    alone = hashes_of(fingerprint(Utterance(long.samples[: 60 * 16_000]), KEY))
    whole = hashes_of(fingerprint(long, KEY))
    known = {*zip(whole.at.tolist(), whole.hash.tolist(), strict=True)}
    found = [pair in known for pair in zip(alone.at.tolist(), alone.hash.tolist(), strict=True)]
    assert np.mean(found) > 0.99


def test_a_replay_that_begins_late_is_a_repeat() -> None:
    """After four minutes of a quiet line, and 30 dB below what was said at first."""
    faint = np.asarray(np.rint(take(1, 3.0) * 10 ** (-30 / 20)), np.int16)
    quiet = with_noise(np.zeros(240 * 8000, np.int16), -75.0)
    late = np.concatenate([take(9, 0.5), quiet, faint])
    finding = repeat(printed(late), [printed(take(1, 3.0))])
    assert finding.outcome is ReplayOutcome.REPEAT
    assert finding.shift_s == pytest.approx(240.5, abs=0.1)


@given(st.binary(max_size=64))
def test_bytes_that_are_no_fingerprint_are_refused_by_name(stored: bytes) -> None:
    """Nothing but the named error, and never a finding from garbage."""
    heard = printed(np.zeros(8, np.int16))
    if not stored.startswith(b"CSF1") or len(stored) < 8 or (len(stored) - 8) % 6:
        with pytest.raises(FingerprintError):
            repeat(heard, [Fingerprint(stored)])


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_weak_key_is_refused(size: int) -> None:
    """16 to 64 bytes."""
    with pytest.raises(FingerprintError, match=f"not {size}"):
        fingerprint(utterance(take(1)), bytes(size))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=4000), st.integers(1, 8))
def test_any_audio_has_a_fingerprint_and_a_finding(pcm: list[int], times: int) -> None:
    """Likeness stays in [0, 1]; a recording that has enough hashes is like itself, or a tone."""
    heard = printed(np.tile(np.array(pcm, np.int16), times))
    finding = repeat(heard, [heard])
    assert 0.0 <= finding.likeness <= 1.0
