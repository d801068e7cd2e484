"""The parts of a phrase depend on the phrase alone, and lie where its words were heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phrase import PhraseList
from engine.phrase.lexicon import pronunciations
from engine.phrase.network import ASIDE, NO_WORD
from engine.phrase.parts import FEWEST_PHONES, MARGIN_S, parts_of, spans

PHONES = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def parts_by(counts: list[int]) -> list[int]:
    """The parts of a phrase whose words have so many phones."""
    words = [f"word{k}" for k in range(len(counts))]
    said = {word: (" ".join("A" * n),) for word, n in zip(words, counts, strict=True)}
    return [int(part) for part in parts_of(words, said)]


@given(PHONES)
def test_parts_are_runs_of_words_that_are_long_enough(counts: list[int]) -> None:
    """In order, without a gap; only a phrase that is too short as a whole has a shorter one."""
    parts = parts_by(counts)
    assert parts[0] == 0
    assert set(np.diff(parts)) <= {0, 1}
    lengths = np.bincount(parts, counts)
    assert len(lengths) == 1 or lengths.min() >= FEWEST_PHONES


@given(PHONES)
def test_no_part_could_be_cut_in_two(counts: list[int]) -> None:
    """But the last, which takes what is left over."""
    parts = np.array(parts_by(counts))
    for part in range(parts[-1]):
        words = np.array(counts)[parts == part]
        assert words[:-1].sum() < FEWEST_PHONES


def test_every_listed_phrase_has_several_parts(listed: PhraseList) -> None:
    """Three or four, none of a lone "me" or "the"."""
    for phrase in listed.phrases.values():
        said = pronunciations(phrase.words, listed.pronunciations)
        assert 3 <= len(set(parts_of(phrase.words, said).tolist())) <= 4


def test_a_part_lies_where_its_words_were_heard() -> None:
    """From its first frame to its last, with margins, whatever is beside it or between."""
    path = np.array([ASIDE] * 25 + [0] * 15 + [NO_WORD] * 5 + [1] * 10 + [2] * 20 + [ASIDE] * 4)
    first, second = spans(path, np.array([0, 0, 1]))
    assert first == pytest.approx((0.5 - MARGIN_S, 1.1 + MARGIN_S))
    assert second == pytest.approx((1.1 - MARGIN_S, 1.5 + MARGIN_S))


def test_nothing_lies_before_the_beginning() -> None:
    """The margin of what is said at once is cut."""
    ((start_s, _),) = spans(np.zeros(9, np.int64), np.array([0]))
    assert start_s == 0


def test_a_part_that_was_not_heard_leaves_none() -> None:
    """Parts are compared all together or not at all."""
    assert spans(np.array([0, 0, 1]), np.array([0, 1, 2])) == ()
    assert spans(np.array([], np.int64), np.array([0])) == ()
