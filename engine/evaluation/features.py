"""What a calibration could know besides the score, to be tried by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from engine.decision.fit import Trials
from engine.decision.trials import Terms
from engine.types import Voiceprint

_SCORE, _SECONDS, _VOICEPRINTS, _BIAS, _SNR, _WORDS = (0,), (1, 2), (3,), (4,), (5, 6), (7,)
_LEVEL_APART, _SNR_APART = (8,), (9,)
_SHIPPED = (*_SCORE, *_SECONDS, *_VOICEPRINTS, *_BIAS, *_SNR, *_WORDS)


def _without(left_out: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(column for column in _SHIPPED if column not in left_out)


TRIED: dict[str, tuple[int, ...]] = {
    "score, net speech, voiceprints, SNR, words (ships)": _SHIPPED,
    "without SNR": _without(_SNR),
    "without net speech": _without(_SECONDS),
    "without number of voiceprints": _without(_VOICEPRINTS),
    "without whether the words are the same": _without(_WORDS),
    "score alone": (*_SCORE, *_BIAS),
    "with how far the levels are apart": (*_SHIPPED, *_LEVEL_APART),
    "with how far the SNRs are apart": (*_SHIPPED, *_SNR_APART),
}
"""The columns of `everything` that are kept; the first choice is what `calibration.terms` knows."""


def everything(known: Terms) -> Terms:
    """What is known, and how far level and SNR of the two sides are apart, in tens of dB.

    Two lines that differ in both are likelier two telephones: the nearest that the qualities of a
    voiceprint come to the channel.
    """

    def terms(test: Voiceprint, enrolled: Sequence[Voiceprint]) -> tuple[float, ...]:
        qualities = [voiceprint.quality for voiceprint in enrolled]
        level = test.quality.level_dbfs - fmean(each.level_dbfs for each in qualities)
        snr = test.quality.snr_db - fmean(each.snr_db for each in qualities)
        return (*known(test, enrolled), abs(level) / 10, abs(snr) / 10)

    return terms


def only(trials: Trials, columns: Sequence[int]) -> Trials:
    """The trials with every other column at 0, which no weight can make anything of."""
    kept = trials.terms.copy()
    kept[:, [column for column in range(kept.shape[1]) if column not in columns]] = 0.0
    return replace(trials, terms=kept)
