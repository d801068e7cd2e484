"""The policy: from the quality of the speech and the evidence of a call to a judgement.

`decide` is the whole of it; `docs/policy.md` shows it as a truth table, drawn by
`engine.decision.truth_table` from this very code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from engine.decision.explanation import EN_US, Line, explain, findings
from engine.decision.operating_point import OperatingPoint
from engine.types import (
    Judgement,
    Llr,
    Locale,
    PhraseFinding,
    PhraseOutcome,
    Quality,
    Reason,
    ReplayFinding,
    ReplayOutcome,
    Shortcoming,
    Verdict,
)

UNCHECKED_PHRASE = PhraseFinding(PhraseOutcome.UNCHECKED, None, 0.0)
UNCHECKED_REPLAY = ReplayFinding(ReplayOutcome.UNCHECKED, 0.0, None)


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
    tones_s: float = 0.0
    """At most: `engine.audio.tones` reports none that speech could be."""
    music: float = 0.75
    """At most."""
    talkers: float = 0.3
    """At most."""


@dataclass(frozen=True, slots=True)
class AttemptEvidence:
    """What one attempt brought. What was not asked or not looked for stays as it is here."""

    llr: Llr | None = None
    """The voice weighed; None where there was nothing to weigh."""
    shortcoming: Shortcoming | None = None
    phrase: PhraseFinding = UNCHECKED_PHRASE
    digits: PhraseFinding = UNCHECKED_PHRASE
    """The answer to a challenge."""
    replay: ReplayFinding = UNCHECKED_REPLAY
    quality: Quality | None = None

    @property
    def words(self) -> PhraseOutcome:
        """What both phrase and digits allow to say: the worse of the two."""
        outcomes = (self.phrase.outcome, self.digits.outcome)
        return max(outcomes, key=_BADNESS.index)

    @property
    def counts(self) -> bool:
        """True where the voice is evidence: speech fit to use, and the words that were asked."""
        spoken = self.words in (PhraseOutcome.RIGHT, PhraseOutcome.UNCHECKED)
        return self.llr is not None and self.shortcoming is None and spoken

    @property
    def cut_off(self) -> bool:
        """True where the words may not be right because they were not all recorded."""
        heard = self.quality is not None and self.quality.cut_off
        return heard and self.words in (PhraseOutcome.UNSURE, PhraseOutcome.WRONG)

    @property
    def computed(self) -> bool:
        """False where any number in it is NaN or infinite."""
        numbers = [self.phrase.confidence, self.digits.confidence, self.replay.likeness]
        numbers += [] if self.llr is None else [self.llr]
        numbers += [] if self.quality is None else astuple(self.quality)
        return all(map(math.isfinite, numbers))


_BADNESS = (
    PhraseOutcome.UNCHECKED,
    PhraseOutcome.RIGHT,
    PhraseOutcome.UNSURE,
    PhraseOutcome.WRONG,
)


def shortcoming(quality: Quality, limits: QualityLimits) -> Shortcoming | None:
    """Return the first thing that keeps an utterance from being used, or None.

    What is not speech comes first: telling a line on hold to speak up helps nobody. Written so
    that NaN is a shortcoming too.
    """
    tests = {
        Shortcoming.TONES: quality.tones_s <= limits.tones_s,
        Shortcoming.MUSIC: quality.music <= limits.music,
        Shortcoming.TOO_SHORT: quality.net_speech_s >= limits.net_speech_s,
        Shortcoming.TOO_QUIET: quality.level_dbfs >= limits.level_dbfs,
        Shortcoming.TOO_LOUD: quality.clipped <= limits.clipped,
        Shortcoming.TOO_NOISY: quality.snr_db >= limits.snr_db,
        Shortcoming.TWO_TALKERS: quality.talkers <= limits.talkers,
    }
    return next((each for each, passed in tests.items() if not passed), None)


def decide(
    attempts: Sequence[AttemptEvidence],
    point: OperatingPoint,
    *,
    watchlisted: bool = False,
    locale: Locale = EN_US,
) -> Judgement:
    """Judge everything that a call's attempts brought, and say in a sentence what it rests on.

    In this order: a number that is none is INCONCLUSIVE; a repeated recording and a voice of the
    watchlist are REJECT; without an attempt that `counts` it is INCONCLUSIVE, for the reason of
    the last one; else the mean Llr decides. `unsure` is True wherever another attempt could tell.
    """
    verdict, reason, unsure = _ruling(attempts, point, watchlisted=watchlisted)
    llr = _weighed(attempts)
    found = findings(llr, point.threshold, _line(attempts), watchlisted=watchlisted)
    sure = confidence(llr) if llr is not None and math.isfinite(llr) else 0
    return Judgement(verdict, reason, sure, unsure, found, explain(found, locale))


def judge(llrs: Sequence[Llr], point: OperatingPoint) -> Judgement:
    """Judge by the voice alone: `decide` for attempts of which nothing else is known."""
    return decide([AttemptEvidence(llr) for llr in llrs], point)


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


Ruling = tuple[Verdict, Reason, bool]


def _ruling(
    attempts: Sequence[AttemptEvidence], point: OperatingPoint, *, watchlisted: bool
) -> Ruling:
    if not all(attempt.computed for attempt in attempts) or not math.isfinite(point.threshold):
        return Verdict.INCONCLUSIVE, Reason.UNAVAILABLE, False
    if any(attempt.replay.outcome is ReplayOutcome.REPEAT for attempt in attempts):
        return Verdict.REJECT, Reason.SPOOF_SUSPECTED, False
    if watchlisted:
        return Verdict.REJECT, Reason.WATCHLISTED, False
    llr = _weighed(attempts)
    if llr is None:
        return Verdict.INCONCLUSIVE, _obstacle(attempts), bool(attempts)
    if llr >= point.threshold:
        return Verdict.ACCEPT, Reason.MATCH, False
    return Verdict.REJECT, Reason.NO_MATCH, llr > 0


def _weighed(attempts: Sequence[AttemptEvidence]) -> Llr | None:
    """The evidence of the attempts that count; None where none does."""
    llrs = [each.llr for each in attempts if each.counts and each.llr is not None]
    return fused(llrs) if llrs else None


def _obstacle(attempts: Sequence[AttemptEvidence]) -> Reason:
    """Why the last of the attempts, none of which counts, brought nothing."""
    if not attempts:
        return Reason.NOT_ENOUGH_SPEECH
    last = attempts[-1]
    if last.shortcoming is not None:
        return last.shortcoming.reason
    if last.words in (PhraseOutcome.WRONG, PhraseOutcome.UNSURE):
        return Reason.WRONG_PHRASE
    return Reason.NOT_ENOUGH_SPEECH


def _line(attempts: Sequence[AttemptEvidence]) -> Line:
    """What there is to say of the attempts besides the voice: of the last, and of any repeat."""
    last = attempts[-1] if attempts else AttemptEvidence()
    return Line(
        computed=all(attempt.computed for attempt in attempts),
        counts=last.counts or not any(attempt.counts for attempt in attempts),
        repeated=any(attempt.replay.outcome is ReplayOutcome.REPEAT for attempt in attempts),
        phrase=last.phrase.outcome,
        digits=last.digits.outcome,
        cut_off=last.cut_off,
        shortcoming=last.shortcoming,
        quality=last.quality,
    )
