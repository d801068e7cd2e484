"""The listener's states, without any sound."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.audio import ListeningLimits
from engine.audio.listening import FINAL, TRANSITIONS, Change, Moment, notice
from engine.errors import AudioError
from engine.types import Hearing

LIMITS = ListeningLimits()
QUIET = Moment(speaking=False, heard_s=1.0, speech_s=0.0, silence_s=0.0, net_speech_s=0.0)
TALK = Moment(speaking=True, heard_s=2.0, speech_s=1.0, silence_s=0.0, net_speech_s=1.0)


def test_three_states_are_final() -> None:
    """Nothing follows the end, silence, or too much."""
    assert frozenset({Hearing.ENDED, Hearing.SILENT, Hearing.TOO_LONG}) == FINAL


def test_every_state_can_be_reached_and_every_change_happens() -> None:
    """The table has no state and no change that is never used."""
    assert {Hearing.WAITING, *TRANSITIONS.values()} == set(Hearing)
    assert {change for _, change in TRANSITIONS} == set(Change)


@pytest.mark.parametrize(
    ("hearing", "moment", "change"),
    [
        (Hearing.WAITING, QUIET, None),
        (Hearing.WAITING, TALK, Change.SPEECH),
        (Hearing.WAITING, replace(QUIET, heard_s=5.0), Change.NOBODY),
        (Hearing.WAITING, replace(TALK, heard_s=5.0), Change.SPEECH),
        (Hearing.SPEAKING, TALK, None),
        (Hearing.SPEAKING, replace(TALK, speaking=False), Change.PAUSE),
        (Hearing.SPEAKING, replace(TALK, speech_s=8.0), Change.LIMIT),
        (Hearing.PAUSING, TALK, Change.SPEECH),
        (Hearing.PAUSING, replace(TALK, speaking=False, silence_s=0.59), None),
        (Hearing.PAUSING, replace(TALK, speaking=False, silence_s=0.6), Change.END),
        (Hearing.PAUSING, replace(TALK, speaking=False, speech_s=8.0), Change.LIMIT),
    ],
)
def test_what_is_noticed(hearing: Hearing, moment: Moment, change: Change | None) -> None:
    """Each limit is met exactly where it says, and each change stands in the table."""
    assert notice(hearing, moment, LIMITS) is change
    assert change is None or (hearing, change) in TRANSITIONS


def test_few_words_are_given_more_time() -> None:
    """Who has hardly begun may hesitate for 0.9 s; who has spoken ends after 0.6 s."""
    begun = Moment(speaking=False, heard_s=3.0, speech_s=1.0, silence_s=0.7, net_speech_s=0.5)
    assert notice(Hearing.PAUSING, begun, LIMITS) is None
    assert notice(Hearing.PAUSING, replace(begun, silence_s=0.9), LIMITS) is Change.END
    assert notice(Hearing.PAUSING, begun, ListeningLimits(few_words_s=0.0)) is Change.END


def test_a_cough_is_not_an_utterance() -> None:
    """Less than 0.15 s of speech, and then silence, is forgotten."""
    cough = Moment(speaking=False, heard_s=3.0, speech_s=1.0, silence_s=0.9, net_speech_s=0.1)
    assert notice(Hearing.PAUSING, cough, LIMITS) is Change.COUGH


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 3_600.0])
@pytest.mark.parametrize("name", ["end_silence_s", "wait_s", "margin_s", "least_speech_s"])
def test_a_limit_that_makes_no_sense_is_named(name: str, value: float) -> None:
    """The error says which limit and what it was."""
    with pytest.raises(AudioError, match=f"{name} must lie in"):
        ListeningLimits(**{name: value})


@pytest.mark.parametrize("name", ["end_silence_s", "longest_s"])
def test_some_limits_cannot_be_nothing(name: str) -> None:
    """An utterance needs time, and so does its end."""
    with pytest.raises(AudioError, match="more than 0"):
        ListeningLimits(**{name: 0.0})
