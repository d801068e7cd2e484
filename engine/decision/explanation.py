"""The explanation: what a judgement rests on, as findings, and the findings as a sentence.

A locale is added by a table of words in `WORDS`; a test holds every table complete.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.types import Finding, Llr, Locale, PhraseOutcome, Quality, Shortcoming

EN_US: Final = Locale("en-US")

STRONG_LLR: Final = math.log(10.0)
"""Ten times as likely: strong evidence on the scale of Jeffreys ("Theory of probability", 1961)."""

LITTLE_SPEECH_S: Final = 1.5
NOISY_DB: Final = 12.0
QUIET_DBFS: Final = -42.0
LOUD: Final = 0.005
"""What is good enough to use and still worth telling; the limits of use are `QualityLimits`."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be told of an attempt besides the voice."""

    computed: bool
    counts: bool
    """Whether its voice is among what was judged, or nothing was."""
    repeated: bool
    phrase: PhraseOutcome
    digits: PhraseOutcome
    cut_off: bool
    shortcoming: Shortcoming | None
    quality: Quality | None


SHORTCOMINGS: Final[Mapping[Shortcoming, Finding]] = {
    Shortcoming.TOO_SHORT: Finding.LITTLE_SPEECH,
    Shortcoming.TOO_NOISY: Finding.LINE_NOISY,
    Shortcoming.TOO_QUIET: Finding.LINE_QUIET,
    Shortcoming.TOO_LOUD: Finding.LINE_LOUD,
    Shortcoming.TONES: Finding.TONES_HEARD,
    Shortcoming.MUSIC: Finding.MUSIC_HEARD,
    Shortcoming.TWO_TALKERS: Finding.TALKERS_HEARD,
}

PHRASES: Final[Mapping[PhraseOutcome, Finding]] = {
    PhraseOutcome.RIGHT: Finding.PHRASE_RIGHT,
    PhraseOutcome.WRONG: Finding.PHRASE_WRONG,
    PhraseOutcome.UNSURE: Finding.PHRASE_UNSURE,
}

DIGITS: Final[Mapping[PhraseOutcome, Finding]] = {
    PhraseOutcome.RIGHT: Finding.DIGITS_RIGHT,
    PhraseOutcome.WRONG: Finding.DIGITS_WRONG,
    PhraseOutcome.UNSURE: Finding.DIGITS_UNSURE,
}

WORDS: Final[Mapping[Locale, Mapping[Finding, str]]] = {
    EN_US: {
        Finding.VOICE_MATCHES_STRONGLY: "voice matches strongly",
        Finding.VOICE_MATCHES: "voice matches",
        Finding.VOICE_LEANS: "voice is similar, not enough to tell",
        Finding.VOICE_DIFFERS: "voice does not match",
        Finding.VOICE_DIFFERS_STRONGLY: "voice is clearly another",
        Finding.VOICE_NOT_COMPARED: "voice not judged",
        Finding.LAST_NOT_COUNTED: "the last attempt does not count",
        Finding.NOT_COMPUTED: "something could not be computed",
        Finding.PHRASE_RIGHT: "phrase right",
        Finding.PHRASE_WRONG: "another phrase was said",
        Finding.PHRASE_UNSURE: "phrase not understood",
        Finding.DIGITS_RIGHT: "digits right",
        Finding.DIGITS_WRONG: "other digits were said",
        Finding.DIGITS_UNSURE: "digits not understood",
        Finding.REPEATED: "an earlier recording was played",
        Finding.WATCHLISTED: "voice is on the watchlist",
        Finding.LITTLE_SPEECH: "little speech",
        Finding.LINE_NOISY: "line noisy",
        Finding.LINE_QUIET: "caller very quiet",
        Finding.LINE_LOUD: "caller too loud",
        Finding.TONES_HEARD: "tones on the line",
        Finding.MUSIC_HEARD: "music on the line",
        Finding.TALKERS_HEARD: "more than one person speaking",
        Finding.CUT_OFF: "beginning or end cut off",
    },
}


def findings(
    llr: Llr | None, threshold: Llr, line: Line, *, watchlisted: bool
) -> tuple[Finding, ...]:
    """Return what a judgement rests on: voice, words, liveness, line, in this order."""
    return tuple(dict.fromkeys(_findings(llr, threshold, line, watchlisted=watchlisted)))


def explain(found: Sequence[Finding], locale: Locale = EN_US) -> str:
    """Word findings as one sentence: "Voice matches strongly; phrase right; line noisy."

    English where the locale has no words; empty without findings.
    """
    words = WORDS.get(locale, WORDS[EN_US])
    sentence = "; ".join(words[each] for each in found)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


def _findings(
    llr: Llr | None, threshold: Llr, line: Line, *, watchlisted: bool
) -> Iterator[Finding]:
    if not line.computed:
        yield Finding.NOT_COMPUTED
    yield _voice(llr, threshold)
    if not line.counts:
        yield Finding.LAST_NOT_COUNTED
    if line.phrase in PHRASES:
        yield PHRASES[line.phrase]
    if line.digits in DIGITS:
        yield DIGITS[line.digits]
    if line.cut_off:
        yield Finding.CUT_OFF
    if line.repeated:
        yield Finding.REPEATED
    if watchlisted:
        yield Finding.WATCHLISTED
    if line.shortcoming is not None:
        yield SHORTCOMINGS[line.shortcoming]
    if line.quality is not None:
        yield from _remarks(line.quality)


def _voice(llr: Llr | None, threshold: Llr) -> Finding:
    if llr is None or not math.isfinite(llr) or not math.isfinite(threshold):
        return Finding.VOICE_NOT_COMPARED
    if llr >= threshold:
        strong = llr >= threshold + STRONG_LLR
        return Finding.VOICE_MATCHES_STRONGLY if strong else Finding.VOICE_MATCHES
    if llr > 0:
        return Finding.VOICE_LEANS
    return Finding.VOICE_DIFFERS_STRONGLY if llr <= -STRONG_LLR else Finding.VOICE_DIFFERS


def _remarks(quality: Quality) -> Iterator[Finding]:
    """What was good enough to use and is still worth telling: nothing without speech."""
    if not quality.net_speech_s > 0:
        return
    if quality.net_speech_s < LITTLE_SPEECH_S:
        yield Finding.LITTLE_SPEECH
    if quality.snr_db < NOISY_DB:
        yield Finding.LINE_NOISY
    if quality.level_dbfs < QUIET_DBFS:
        yield Finding.LINE_QUIET
    if quality.clipped > LOUD:
        yield Finding.LINE_LOUD
