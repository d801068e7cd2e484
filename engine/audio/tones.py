"""Tones of the telephone: keys (DTMF) and steady ones such as dial, busy and ringing tones."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrum import FINE_HOP, FINE_WINDOW, Powers, bins_of, powers
from engine.types import TELEPHONE_RATE_HZ, Pcm

_KEY_WINDOW: Final = 256
_KEY_HOP: Final = 96
"""12 ms."""
_KEY_FRAMES: Final = 3
"""In a row, so that a key of 68 ms is always heard: ITU-T Q.24 has keys last 40 ms at least, and
telephones make them longer."""
_ROWS_HZ: Final = (697.0, 770.0, 852.0, 941.0)
_COLUMNS_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)
_OFF: Final = 0.025
"""How far off a key's frequency may be (Q.24: operation within 1.8 %, rejection beyond 3 %)."""
_TWIST: Final = 10.0
"""Neither tone has so many times the other's power (Q.24: 8 dB at most), and a dB or two more."""
_KEY_SHARE: Final = 0.9

_EVERY: Final = 2
"""Of the fine spectra every second is looked at: 64 ms."""
_FRAMES: Final = 4
"""In a row: a tone of 0.32 s. Shorter beeps are as long as a vowel."""
_SHARE: Final = 0.97
_STEADY_HZ: Final = 4.0
_STEADY_DB: Final = 1.0

_LOUD: Final = 10.0**-4.5
"""Of the loudest frame's power ..."""
_AUDIBLE: Final = 10.0**-5.5
"""... and of a full-scale sine's: what is quieter is the line's own hum."""
_LEAST_HZ: Final = 200.0


def tones_s(pcm: Pcm, fine: Powers) -> float:
    """Return how many seconds of int16 `[n]` at 8 kHz are keys or steady tones.

    `fine` are its `fine_powers`. `AudioError` for anything but an int16 vector.
    """
    keys = _in_rows(_keys(powers(pcm, _KEY_WINDOW, _KEY_HOP)), _KEY_FRAMES)
    steady = _in_rows(_steady(fine[::_EVERY]), _FRAMES - 1)
    return (keys * _KEY_HOP + steady * _EVERY * FINE_HOP) / TELEPHONE_RATE_HZ


def _keys(power: Powers) -> NDArray[np.bool_]:
    """Where a frame is the two tones of a key, one of a row and one of a column, `[frames]`."""
    split = bins_of(1075.0, _KEY_WINDOW)
    row_hz, row_power = _peak(power[:, :split], 0, _KEY_WINDOW)
    column_hz, column_power = _peak(power[:, split:], split, _KEY_WINDOW)
    total = power.sum(axis=1)
    twist = np.maximum(row_power, column_power) <= _TWIST * np.minimum(row_power, column_power)
    pure = row_power + column_power >= _KEY_SHARE * total
    found: NDArray[np.bool_] = (
        twist & pure & _loud(total, _KEY_WINDOW) & _near(row_hz, _ROWS_HZ)
    ) & _near(column_hz, _COLUMNS_HZ)
    return found


def _steady(power: Powers) -> NDArray[np.bool_]:
    """Where a frame and the next are the same one or two tones, as loud, `[frames - 1]`."""
    total = power.sum(axis=1)
    first_hz, first = _peak(power, 0, FINE_WINDOW)
    second = _peak(_without(power, first_hz), 0, FINE_WINDOW)[1]
    pure = (first + second >= _SHARE * total) & _loud(total, FINE_WINDOW) & (first_hz > _LEAST_HZ)
    with np.errstate(divide="ignore", invalid="ignore"):
        level_db = 10.0 * np.log10(total)
        same = (np.abs(np.diff(first_hz)) < _STEADY_HZ) & (np.abs(np.diff(level_db)) < _STEADY_DB)
    found: NDArray[np.bool_] = pure[1:] & pure[:-1] & same
    return found


def _peak(power: Powers, offset: int, window: int) -> tuple[NDArray[np.float64], Powers]:
    """The strongest peak's frequency in Hz and its power, two bins to either side, `[frames]`."""
    place = np.clip(power.argmax(axis=1), 2, power.shape[1] - 3)
    around = np.take_along_axis(power, place[:, None] + np.arange(-2, 3), axis=1)
    total = around.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.nan_to_num(around @ np.arange(-2.0, 3.0) / total)
    return (offset + place + centre) * TELEPHONE_RATE_HZ / window, total


def _without(power: Powers, hertz: NDArray[np.float64]) -> Powers:
    """The spectra without the peaks at these frequencies `[frames]`."""
    place = np.rint(hertz * FINE_WINDOW / TELEPHONE_RATE_HZ)[:, None]
    return np.where(np.abs(np.arange(power.shape[1]) - place) <= 3, np.float32(0), power)


def _near(hertz: NDArray[np.float64], wanted: tuple[float, ...]) -> NDArray[np.bool_]:
    targets = np.array(wanted)
    close: NDArray[np.bool_] = np.any(np.abs(hertz[:, None] - targets) <= _OFF * targets, axis=1)
    return close


def _loud(total: Powers, window: int) -> NDArray[np.bool_]:
    full_scale = (window / 4) ** 2
    loud: NDArray[np.bool_] = total > max(_LOUD * float(total.max()), _AUDIBLE * full_scale)
    return loud


def _in_rows(found: NDArray[np.bool_], least: int) -> int:
    """How many are True in rows of at least so many."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]])))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= least].sum())
