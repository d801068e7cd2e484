"""Enrollment: which of a person's recordings are kept, what is asked again, and why.

The rules decide on values alone; who records, prompts and stores is not their business. Every
kept recording becomes a voiceprint of its own, and scores are averaged over them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from engine.audio.quality import net_speech_of
from engine.decision.calibration import Calibration
from engine.types import (
    PhraseFinding,
    PhraseOutcome,
    ReplayFinding,
    ReplayOutcome,
    Shortcoming,
    Voiceprint,
)

EVEN_ODDS_LLR = 0.0
"""Below it another speaker is the better explanation. Recordings of one call share the line, so
an honest enrollment lies far above; what falls below is another voice or a spoilt recording."""


class Recorded(Protocol):
    """Whatever carries the voiceprint of one recording."""

    @property
    def voiceprint(self) -> Voiceprint:
        """The recording's voiceprint."""
        ...


R = TypeVar("R", bound=Recorded)


@dataclass(frozen=True, slots=True)
class EnrollmentRules:
    """How much makes an enrollment; `ValueError` unless the bounds make sense."""

    recordings: int = 3
    """At least."""
    recordings_most: int = 50
    speech_s: float = 0.0
    """Net speech of all recordings together, at least."""
    speech_most_s: float = 300.0
    """What would go beyond it is left out, where there is enough without it."""

    def __post_init__(self) -> None:
        """Raise `ValueError` where nothing could satisfy the rules."""
        if not 1 <= self.recordings <= self.recordings_most:
            raise ValueError("an enrollment takes at least one recording and a most not below it")
        if not 0 <= self.speech_s <= self.speech_most_s:
            raise ValueError("speech_s lies between 0 and speech_most_s")


PHRASE_RULES = EnrollmentRules()
"""Three to fifty repetitions of a passphrase."""


@dataclass(frozen=True, slots=True)
class SpeechMinimums:
    """Net speech in free speech, in seconds; an operator may lower it, down to 0."""

    enroll_s: float = 20.0
    enroll_most_s: float = 300.0
    verify_s: float = 4.0

    @property
    def rules(self) -> EnrollmentRules:
        """The rules of an enrollment by free speech, over any number of recordings up to 50."""
        return EnrollmentRules(1, 50, self.enroll_s, self.enroll_most_s)


class Objection(StrEnum):
    """Why a recording is asked again."""

    POOR = "poor"
    """It has a shortcoming."""
    WRONG_PHRASE = "wrong_phrase"
    CUT_OFF = "cut_off"
    """The same, and it begins or ends in the middle of speech."""
    DUPLICATE = "duplicate"
    """It is an earlier recording once more: no second voice sample."""
    INCONSISTENT = "inconsistent"
    """One of the recordings sounds like another person."""
    FULL = "full"
    """There are as many recordings, or as much speech, as may be."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a recording besides the voice."""

    shortcoming: Shortcoming | None = None
    phrase: PhraseOutcome = PhraseOutcome.UNCHECKED
    replay: ReplayOutcome = ReplayOutcome.UNCHECKED

    @classmethod
    def of(
        cls, shortcoming: Shortcoming | None, phrase: PhraseFinding, replay: ReplayFinding
    ) -> Heard:
        """Take the outcomes of the findings."""
        return cls(shortcoming, phrase.outcome, replay.outcome)


@dataclass(frozen=True, slots=True)
class Review(Generic[R]):
    """An enrollment after one more recording."""

    kept: tuple[R, ...]
    """What counts from now on, in order."""
    dropped: tuple[R, ...]
    """What does not: the new recording, or an earlier one that turned out the odd one."""
    why: Objection | None
    """Why a recording is asked again; None where the new one is a step forward."""
    shortcoming: Shortcoming | None
    """What is wrong with the new one, where `why` is POOR."""
    missing: int
    """Recordings still to come, as far as known; 0 does not mean complete."""
    missing_s: float
    """Net speech still to come, in seconds."""
    complete: bool
    """True where there is enough and all of it agrees."""


def review(
    recording: R,
    heard: Heard,
    kept: Sequence[R],
    calibration: Calibration,
    rules: EnrollmentRules = PHRASE_RULES,
) -> Review[R]:
    """Take one more recording into an enrollment, or say why not.

    What is poor, of the wrong phrase, or a repeat is dropped. Then all that remain must agree:
    two that do not are both kept until a third decides which is the odd one.
    `ModelMismatchError` where the recordings are not all of the calibration's model.
    """
    why = _refused(recording, heard, kept, rules)
    if why is not None:
        agree = len(_agreeing(_voiceprints(kept), calibration)) == len(kept)
        return _review(tuple(kept), (recording,), why, heard, agree, rules)
    everything = (*kept, recording)
    places = _agreeing(_voiceprints(everything), calibration)
    if len(places) == len(everything):
        return _review(everything, (), None, heard, True, rules)
    if len(everything) == 2:
        return _review(everything, (), Objection.INCONSISTENT, heard, False, rules)
    left = tuple(everything[k] for k in places)
    dropped = tuple(each for k, each in enumerate(everything) if k not in places)
    return _review(left, dropped, Objection.INCONSISTENT, heard, True, rules)


def of_one_voice(voiceprints: Sequence[Voiceprint], calibration: Calibration) -> tuple[int, ...]:
    """Return the places of the most recordings that are of one voice, in order.

    None where there are several and no two agree: which is the right one, nobody knows.
    `ModelMismatchError` where they are not all of the calibration's model.
    """
    places = _agreeing(voiceprints, calibration)
    return places if len(places) > 1 or len(voiceprints) == 1 else ()


def _refused(
    recording: Recorded, heard: Heard, kept: Sequence[Recorded], rules: EnrollmentRules
) -> Objection | None:
    """Why a recording cannot be kept, whatever it sounds like."""
    if heard.shortcoming is not None:
        return Objection.POOR
    if heard.replay is ReplayOutcome.REPEAT:
        return Objection.DUPLICATE
    if heard.phrase in (PhraseOutcome.WRONG, PhraseOutcome.UNSURE):
        cut_off = recording.voiceprint.quality.cut_off
        return Objection.CUT_OFF if cut_off else Objection.WRONG_PHRASE
    return Objection.FULL if _full(recording, kept, rules) else None


def _full(recording: Recorded, kept: Sequence[Recorded], rules: EnrollmentRules) -> bool:
    """Whether one more would be more than may be; what it takes to have enough is never that."""
    if len(kept) >= rules.recordings_most or _speech_s(kept) >= rules.speech_most_s:
        return True
    enough = len(kept) >= rules.recordings and _speech_s(kept) >= rules.speech_s
    return enough and _speech_s([*kept, recording]) > rules.speech_most_s


def _voiceprints(recordings: Sequence[Recorded]) -> list[Voiceprint]:
    return [each.voiceprint for each in recordings]


def _agreeing(everything: Sequence[Voiceprint], calibration: Calibration) -> tuple[int, ...]:
    """The places of the most recordings of which each sounds like the rest, in order.

    The one least like the rest is left out until all others agree; of two the earlier. A single
    recording always agrees.
    """
    places = list(range(len(everything)))
    while len(places) > 1:
        voiceprints = [everything[k] for k in places]
        llrs = [_against_rest(k, voiceprints, calibration) for k in range(len(places))]
        if min(llrs) >= EVEN_ODDS_LLR:
            break
        places.pop(llrs.index(min(llrs)))
    return tuple(places)


def _against_rest(place: int, voiceprints: Sequence[Voiceprint], calibration: Calibration) -> float:
    """How like one recording is to the others; what cannot be computed is like none of them."""
    one, rest = voiceprints[place], [*voiceprints[:place], *voiceprints[place + 1 :]]
    llr = calibration.weigh_phrase(one.embedding, one.quality, rest)
    return -math.inf if math.isnan(llr) else llr


def _review(
    kept: tuple[R, ...],
    dropped: tuple[R, ...],
    why: Objection | None,
    heard: Heard,
    agree: bool,
    rules: EnrollmentRules,
) -> Review[R]:
    missing = max(0, rules.recordings - len(kept))
    missing_s = max(0.0, rules.speech_s - _speech_s(kept))
    return Review(
        kept=kept,
        dropped=dropped,
        why=why,
        shortcoming=heard.shortcoming if why is Objection.POOR else None,
        missing=missing,
        missing_s=missing_s,
        complete=agree and bool(kept) and not missing and not missing_s,
    )


def _speech_s(kept: Sequence[Recorded]) -> float:
    return net_speech_of(each.voiceprint.quality for each in kept)
