"""Each thing that happens on the way through the telephone."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz

from engine.audio.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw

from . import needs  # noqa: F401  # isort: skip
import torch
from torch import Tensor

from engine.training.bank import Bank
from engine.training.channel import codecs, handset, line, predictive, rooms, voices
from engine.training.channel.draw import Draw, at_snr, rms
from engine.training.channel.telephone import Telephone
from engine.training.recipe import Chances, Voice

from .conftest import voice

CPU = torch.device("cpu")
NOISES = Bank.of([voice(90 + k, 0, 0.5 + k) for k in range(3)], CPU)


def speech(rows: int = 4, seconds: float = 1.0) -> Tensor:
    spoken = np.stack([voice(row, 0, seconds) for row in range(rows)])
    return torch.from_numpy(spoken.astype(np.float32) / 32768)


def draw(seed: int = 7) -> Draw:
    return Draw(CPU, seed)


Effect = Callable[[Tensor, Draw], Tensor]
EFFECTS: dict[str, Effect] = {
    "reverberated": rooms.reverberated,
    "noisy": lambda x, d: rooms.noisy(x, NOISES, d),
    "babbling": lambda x, d: rooms.babbling(x, x.flip(0), d),
    "coloured": handset.coloured_by_handset,
    "carbon": handset.through_carbon,
    "gain": handset.gain_controlled,
    "clipped": handset.clipped,
    "suppressed": handset.suppressed,
    "echo": lambda x, d: handset.with_echo(x, x.flip(0), d),
    "band": line.band_limited,
    "hum": line.humming,
    "hiss": line.hissing,
    "losses": line.with_losses,
    "adaptive": codecs.adaptive_pcm,
    "modulated": codecs.modulated_noise,
    "regular": predictive.regular_pulses,
    "sparse": predictive.sparse_pulses,
    "telephone": lambda x, d: Telephone(Chances(), NOISES, d)(x),
}


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("size", [8000, 7777])
def test_an_effect_changes_speech_repeatably_and_keeps_it_speech(name: str, size: int) -> None:
    """Same shape, finite, not what it was, and the same again from the same seed."""
    samples = speech()[:, :size]
    before = samples.clone()
    changed = EFFECTS[name](samples, draw())
    assert changed.shape == samples.shape
    assert torch.isfinite(changed).all()
    assert torch.equal(samples, before)
    assert (changed - samples).abs().amax() > 1e-3
    assert torch.equal(changed, EFFECTS[name](samples, draw()))


@pytest.mark.parametrize("name", EFFECTS)
def test_silence_stays_finite(name: str) -> None:
    """Digital silence in some row of a batch must not poison the network."""
    silent = speech()
    silent[1] = 0
    assert torch.isfinite(EFFECTS[name](silent, draw())).all()


def test_mu_law_and_a_law_are_g711() -> None:
    """As near to the speech as the real tables are."""
    samples = speech()
    pcm = (samples * 32768).to(torch.int16).numpy()
    for ours, real in (
        (codecs.mu_law(samples), np.stack([decode_mulaw(encode_mulaw(row)) for row in pcm])),
        (codecs.a_law(samples), np.stack([decode_alaw(encode_alaw(row)) for row in pcm])),
    ):
        noise = (ours - samples).square().mean()
        expected = ((torch.from_numpy(real) / 32768) - samples).square().mean()
        assert 0.5 < float(noise / expected) < 2.0


def test_noise_is_added_at_its_ratio() -> None:
    """10 dB is 10 dB."""
    samples, noise = speech(), torch.randn(4, 8000)
    added = at_snr(samples, noise, torch.full((4, 1), 10.0)) - samples
    ratio = 20 * torch.log10(rms(samples) / rms(added))
    torch.testing.assert_close(ratio, torch.full((4, 1), 10.0), atol=0.01, rtol=0)


def test_the_band_ends_where_a_telephones_does() -> None:
    """White noise: nothing at 20 Hz, all at 1 kHz, little at 3.98 kHz."""
    white = torch.randn(64, 8000, generator=torch.Generator().manual_seed(1))
    gain = torch.fft.rfft(line.band_limited(white, draw())).abs() / torch.fft.rfft(white).abs()
    assert float(gain[:, 20].mean()) < 0.05
    assert float(gain[:, 1000].mean()) > 0.95
    assert float(gain[:, 3980].mean()) < 0.5


def test_lost_packets_are_repeated_softer_or_silent() -> None:
    """What differs from the speech is a faded copy of an earlier packet, or nothing."""
    samples = speech(16)
    heard = line.with_losses(samples, draw()).view(16, -1, 160)
    sent = samples.view(16, -1, 160)
    lost = (heard != sent).any(dim=2)
    assert 0.01 < lost.float().mean() < 0.3
    assert not lost[:, 0].any()
    for row, packet in lost.nonzero().tolist():
        last = packet - 1
        while lost[row, last]:
            last -= 1
        faded = 0.6 ** (packet - last) * sent[row, last]
        is_copy = torch.allclose(heard[row, packet], faded, atol=1e-6)
        assert is_copy or not heard[row, packet].any()


def test_the_moving_mean_is_a_mean() -> None:
    """Against numpy, ends included."""
    values = speech(1)[0, :50]
    ours = handset.moving_mean(values.unsqueeze(0), 7)[0]
    theirs = [values[max(0, k - 3) : k + 4].mean() for k in range(50)]
    torch.testing.assert_close(ours, torch.stack(theirs))


def test_linear_prediction_solves_the_normal_equations() -> None:
    """Levinson's recursion against scipy's solver."""
    framed = speech(1)[:, 1000:1320].view(1, 1, 320) * torch.hann_window(320)
    ours = predictive.prediction_filter(framed)[0, 0].numpy()
    frame = framed[0, 0].double().numpy()
    lags = np.correlate(frame, frame, "full")[319:330]
    lags[0] = lags[0] * 1.0001 + 1e-7
    theirs = -solve_toeplitz(lags[:10], lags[1:11])
    np.testing.assert_allclose(ours[1:], theirs, rtol=0.02, atol=0.02)


def test_frames_overlap_back_to_the_signal() -> None:
    """Analysis and synthesis alone change nothing."""
    samples = speech(2)[:, :7900]
    window = torch.hann_window(320).sqrt()
    framed = predictive._framed(samples) * window
    again = predictive._overlapped(framed * window, 7900)
    torch.testing.assert_close(again, samples, atol=1e-5, rtol=0)


def test_coders_keep_the_envelope_and_lose_the_fine_structure() -> None:
    """The coded spectrum is near the original's, the waveform is not."""
    samples = speech(8)
    for coder in (predictive.regular_pulses, predictive.sparse_pulses):
        coded = coder(samples, draw())
        noise = 10 * torch.log10(samples.square().sum() / (coded - samples).square().sum())
        assert 1 < float(noise) < 25
        levels = (rms(coded) / rms(samples)).log().abs()
        assert float(levels.max()) < 0.7


def test_formants_move_and_pitch_stays() -> None:
    """A resonance at 1000 Hz is near 1100 Hz afterwards; the harmonics stay where they were."""
    time = torch.arange(16000) / 8000
    gains = [np.exp(-(((100 * k - 1000) / 250) ** 2)) + 0.003 for k in range(1, 39)]
    buzz = sum(g * torch.sin(2 * torch.pi * 100 * (k + 1) * time) for k, g in enumerate(gains))
    assert isinstance(buzz, Tensor)
    moved = voices.with_formants(0.05 * buzz.unsqueeze(0), 1.1)[0]
    power = torch.fft.rfft(moved[4000:12000]).abs()
    harmonics = power[100::100][:38]
    centre = (harmonics * torch.arange(100, 3900, 100)).sum() / harmonics.sum()
    still = torch.fft.rfft((0.05 * buzz)[4000:12000]).abs()[100::100][:38]
    before = (still * torch.arange(100, 3900, 100)).sum() / still.sum()
    assert 1.04 < float(centre / before) < 1.16
    assert float(harmonics.sum() / power.sum()) > 0.8


def test_voices_are_given_to_their_rows_alone() -> None:
    """Rows of the plain voice are left as they are."""
    samples = speech()
    which = np.array([0, 1, 0, 1])
    changed = voices.changed(samples, which, (Voice(1.0, 1.0), Voice(1.0, 1.1)))
    assert torch.equal(changed[::2], samples[::2])
    assert not torch.equal(changed[1::2], samples[1::2])


def test_without_chances_only_the_level_changes() -> None:
    """Everything else is left out where its chance is 0."""
    nothing = Chances(**dict.fromkeys(Chances.__dataclass_fields__, 0.0))
    samples = speech()
    heard = Telephone(nothing, NOISES, draw())(samples)
    torch.testing.assert_close(heard / rms(heard), samples / rms(samples), atol=1e-3, rtol=1e-3)


def test_an_effect_happens_to_the_share_of_rows_that_its_chance_says() -> None:
    """Always to as many rows, but not to the same ones."""
    chance = draw()
    silent = [
        (chance.to_some(torch.zeros(40, 2), 0.25, lambda x: x + 1) == 0)[:, 0] for _ in range(8)
    ]
    assert {int(rows.sum()) for rows in silent} == {30}
    assert len({tuple(rows.tolist()) for rows in silent}) > 1


def test_effects_that_exclude_each_other_are_as_frequent() -> None:
    """Each row has one of them or none; a share too small for all goes to any of them."""
    chance = draw()
    effects = tuple(lambda x, k=k: x + k for k in (1, 10, 100))
    heard = chance.one_of(torch.zeros(40, 1), 0.75, effects)
    assert sorted(heard[:, 0].tolist()) == [0] * 10 + [1] * 10 + [10] * 10 + [100] * 10
    once = {float(chance.one_of(torch.zeros(1, 1), 1.0, effects)[0, 0]) for _ in range(40)}
    assert once == {1.0, 10.0, 100.0}


def test_chance_goes_on_from_its_state() -> None:
    """What is drawn after restoring is what would have been drawn."""
    first = draw()
    first.uniform(0, 1, 3)
    state = first.state()
    expected = (first.uniform(0, 1, 3), first.pick(1000))
    second = draw(99)
    second.restore(state)
    assert torch.equal(second.uniform(0, 1, 3), expected[0])
    assert second.pick(1000) == expected[1]
