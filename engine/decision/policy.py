"""The policy: from the quality of the speech and the evidence of a call to a judgement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.decision.operating_point import OperatingPoint
from engine.types import Judgement, Llr, Quality, Reason, Shortcoming, Verdict


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What an utterance must have before it is compared."""

    net_speech_s: float = 1.0
    """At least; a passphrase of seven words takes two to three seconds."""
    snr_db: float = 6.0
    """At least."""
    level_dbfs: float = -50.0
    """At least: 24 dB under the nominal -26 dBov of ITU-T P.56, where G.711 gets coarse."""
    clipped: float = 0.02
    """At most: the share of samples at full scale."""


def shortcoming(quality: Quality, limits: QualityLimits) -> Shortcoming | None:
    """Return the first thing that keeps an utterance from being used, or None.

    Written so that NaN is a shortcoming too.
    """
    if not quality.net_speech_s >= limits.net_speech_s:
        return Shortcoming.TOO_SHORT
    if not quality.level_dbfs >= limits.level_dbfs:
        return Shortcoming.TOO_QUIET
    if not quality.clipped <= limits.clipped:
        return Shortcoming.TOO_LOUD
    if not quality.snr_db >= limits.snr_db:
        return Shortcoming.TOO_NOISY
    return None


def judge(llrs: Sequence[Llr], point: OperatingPoint) -> Judgement:
    """Judge the evidence of a call's attempts.

    At the threshold or above it ACCEPT, below it REJECT. No attempt at all, or one whose Llr is
    not finite, is INCONCLUSIVE: what cannot be weighed never opens anything.
    """
    if not llrs:
        return Judgement(Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH, 0, unsure=False)
    llr = fused(llrs)
    if not math.isfinite(llr):
        return Judgement(Verdict.INCONCLUSIVE, Reason.UNAVAILABLE, 0, unsure=False)
    if llr >= point.threshold:
        return Judgement(Verdict.ACCEPT, Reason.MATCH, confidence(llr), unsure=False)
    return Judgement(Verdict.REJECT, Reason.NO_MATCH, confidence(llr), unsure=llr > 0)


def fused(llrs: Sequence[Llr]) -> Llr:
    """Return the mean Llr of at least one attempt.

    Not the greatest: an impostor with three tries would then be accepted nearly three times as
    often as the operating point allows. Not the sum either: it would be right for independent
    attempts, but a voice like the claimed one is like it in every attempt. The mean can only
    confirm what one attempt said; a later good attempt must outweigh the earlier bad ones.
    """
    return Llr(math.fsum(llrs) / len(llrs) if all(map(math.isfinite, llrs)) else math.nan)


def confidence(llr: Llr) -> int:
    """Return the posterior of the claim at even prior odds, in percent, 0 to 100."""
    return round(50 * (1 + math.tanh(llr / 2)))
