"""Ears for the words: they follow without holding up the loop, and decode nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import AudioError
from engine.types import Locale, PhraseOutcome, Samples, Utterance
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.ear import EngineEar
from ivr.ports import Wanted
from ivr.words import Words

WANTED = Wanted(b"k" * 32, Locale("en-US"), phrase=DEFAULT_PASSPHRASE)
NOISE = np.random.default_rng(7).standard_normal(48_000).astype(np.float32) / np.float32(50)


@pytest.fixture(scope="module")
def words() -> Words:
    """English."""
    return Words.load(["en-US"])


@pytest.fixture
async def pool() -> AsyncIterator[ThreadPoolExecutor]:
    """Two threads, gone at the end."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


def said(samples: Samples) -> Utterance:
    """Return so much of an utterance."""
    return Utterance(samples.copy())


async def test_what_was_followed_is_found_as_if_heard_at_once(
    words: Words, pool: ThreadPoolExecutor
) -> None:
    """In whatever pieces, and with the end trimmed."""
    ear, at_once = EngineEar(words, WANTED, pool), EngineEar(words, WANTED, pool)
    for end in range(8_000, 48_001, 8_000):
        ear.follow(said(NOISE[:end]))
        await asyncio.sleep(0)
    found = await asyncio.to_thread(ear.finding, said(NOISE))
    assert found.outcome is at_once.finding(said(NOISE)).outcome
    assert found.outcome is not PhraseOutcome.RIGHT


async def test_another_utterance_is_decoded_anew(words: Words, pool: ThreadPoolExecutor) -> None:
    """A cough is forgotten, and what follows it begins elsewhere."""
    ear = EngineEar(words, WANTED, pool)
    ear.follow(said(NOISE[:16_000]))
    other = said(NOISE[20_000:])
    expected = EngineEar(words, WANTED, pool).finding(other)
    assert await asyncio.to_thread(ear.finding, other) == expected


async def test_silence_before_two_utterances_does_not_make_them_one(
    words: Words, pool: ThreadPoolExecutor
) -> None:
    """A line that sends nothing at all in pauses begins each alike."""
    silence = np.zeros(3_200, np.float32)
    cough, speech = (np.concatenate([silence, part]) for part in (NOISE[:9_000], NOISE[20_000:]))
    ear = EngineEar(words, WANTED, pool)
    await asyncio.to_thread(ear.finding, said(cough))
    expected = EngineEar(words, WANTED, pool).finding(said(speech))
    assert await asyncio.to_thread(ear.finding, said(speech)) == expected


async def test_digits_are_followed_as_a_phrase_is(words: Words, pool: ThreadPoolExecutor) -> None:
    """In whatever pieces; and none are claimed where none were wanted."""
    wanted = replace(WANTED, phrase=None, digits="4711")
    ear, at_once = EngineEar(words, wanted, pool), EngineEar(words, wanted, pool)
    for end in range(8_000, 48_001, 8_000):
        ear.follow(said(NOISE[:end]))
        await asyncio.sleep(0)
    found = await asyncio.to_thread(ear.digits, said(NOISE))
    assert found == at_once.digits(said(NOISE))
    assert found.outcome not in (PhraseOutcome.RIGHT, PhraseOutcome.UNCHECKED)
    nothing = EngineEar(words, WANTED, pool).digits(said(NOISE))
    assert nothing.outcome is PhraseOutcome.UNCHECKED


async def test_nothing_is_claimed_of_an_unknown_language(
    words: Words, pool: ThreadPoolExecutor
) -> None:
    """Nor where no phrase was wanted."""
    for wanted in (replace(WANTED, locale=Locale("xx-XX")), replace(WANTED, phrase=None)):
        ear = EngineEar(words, wanted, pool)
        ear.follow(said(NOISE))
        assert ear.finding(said(NOISE)).outcome is PhraseOutcome.UNCHECKED


async def test_what_cannot_be_decoded_is_an_error_of_the_finding(
    words: Words, pool: ThreadPoolExecutor
) -> None:
    """Following it raises nothing: nobody waits there."""
    ear, broken = EngineEar(words, WANTED, pool), said(NOISE[:16_000])
    broken.samples[100] = np.nan
    ear.follow(broken)
    with pytest.raises(AudioError):
        await asyncio.to_thread(ear.finding, broken)
