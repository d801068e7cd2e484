"""The whole way of a crop: mouth, room, handset, line, far end; each call another way."""

from __future__ import annotations

from torch import Tensor

from engine.training.bank import Bank
from engine.training.channel import codecs, handset, line, predictive, rooms
from engine.training.channel.draw import Draw, Effect
from engine.training.recipe import Chances


class Telephone:
    """Sends each row of a batch through a telephone call of its own."""

    def __init__(self, chances: Chances, noises: Bank, draw: Draw) -> None:
        self._chances = chances
        self._noises = noises
        self._draw = draw

    def __call__(self, samples: Tensor) -> Tensor:
        """Return what the far end hears of float32 `[batch, n]` at 8 kHz, in [-1, 1]."""
        spoken = self._in_the_room(samples)
        sent = self._by_the_handset(spoken, samples)
        return self._over_the_line(codecs.at_line_level(sent, self._draw))

    def _in_the_room(self, samples: Tensor) -> Tensor:
        chances, draw = self._chances, self._draw
        heard = draw.to_some(samples, chances.room, lambda x: rooms.reverberated(x, draw))
        heard = draw.to_some(heard, chances.noise, lambda x: rooms.noisy(x, self._noises, draw))
        return draw.to_some(heard, chances.babble, lambda x: rooms.babbling(x, samples, draw))

    def _by_the_handset(self, samples: Tensor, everyone: Tensor) -> Tensor:
        chances, draw = self._chances, self._draw
        steps: tuple[tuple[float, Effect], ...] = (
            (chances.handset, lambda x: handset.coloured_by_handset(x, draw)),
            (chances.carbon, lambda x: handset.through_carbon(x, draw)),
            (chances.suppression, lambda x: handset.suppressed(x, draw)),
            (chances.gain_control, lambda x: handset.gain_controlled(x, draw)),
            (chances.clipping, lambda x: handset.clipped(x, draw)),
            (chances.echo, lambda x: handset.with_echo(x, everyone, draw)),
        )
        for chance, effect in steps:
            samples = draw.to_some(samples, chance, effect)
        return samples

    def _over_the_line(self, samples: Tensor) -> Tensor:
        chances, draw = self._chances, self._draw
        samples = draw.to_some(samples, chances.band, lambda x: line.band_limited(x, draw))
        samples = draw.to_some(samples, chances.hum, lambda x: line.humming(x, draw))
        samples = draw.one_of(samples, chances.codec, self._codecs())
        samples = draw.to_some(samples, chances.loss, lambda x: line.with_losses(x, draw))
        samples = draw.to_some(samples, chances.line, lambda x: line.hissing(x, draw))
        samples = draw.one_of(samples, chances.codec / 2, self._codecs()[:2])
        return samples.clamp(-1.0, 1.0)

    def _codecs(self) -> tuple[Effect, ...]:
        draw = self._draw
        return (
            lambda x: codecs.mu_law(x.clamp(-1.0, 1.0)),
            lambda x: codecs.a_law(x.clamp(-1.0, 1.0)),
            lambda x: codecs.adaptive_pcm(x, draw),
            lambda x: codecs.modulated_noise(x, draw),
            lambda x: predictive.regular_pulses(x, draw),
            lambda x: predictive.sparse_pulses(x, draw),
            lambda x: predictive.sparse_pulses(x, draw),
        )
