"""The built-in protocols: which calls of a telephone corpus are compared with which.

They fit a corpus whose speakers say the same five words and some sentences in several calls, as
WUW Corpus II does (Kepuska & Klein, "A novel wake-up-word speech recognition system", Nonlinear
Analysis 71, 2009). Every comparison is between two calls, so that no model wins by knowing a line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from engine.decision.known_words import spoken
from engine.evaluation.recordings import Recording
from engine.evaluation.trials import Group, Trial

CALLS_PER_SPEAKER = 6
"""No more, so that one busy speaker does not stand for all."""

WORDS = ("u001", "u002", "u003", "u004", "u005")
SENTENCES = ("u006", "u007", "u008", "u009", "u010")
TESTED_SENTENCES = 2

ENROLLED_S, TESTED_S = 20.0, 4.0
"""Of free speech, as `engine.enrollment.SpeechMinimums` has them. The recordings are trimmed of the
silence at both ends: what is left counts as speech."""


@dataclass(frozen=True, slots=True)
class Call:
    """What one call offers to the protocols."""

    speaker: str
    session: str
    phone: str
    words: Group
    """The files of the five words, in the order of `WORDS`."""
    texts: tuple[str, ...]
    """What they say, as `spoken`; empty where that is not known."""
    sentences: Group
    """The files of the first two sentences; empty where the call has fewer."""
    pieces: tuple[Group, ...]
    """Everything said, the sentences first, in pieces of `TESTED_S` at least."""
    speech_s: float
    """Length of all pieces together."""


def calls(recordings: Iterable[Recording]) -> list[Call]:
    """Return the calls that hold all five words, the first six of each speaker.

    Sorted by speaker and session, so the same corpus always gives the same trials. Where a prompt
    was said twice in a call, the first take counts.
    """
    found: dict[tuple[str, str], dict[str, Recording]] = defaultdict(dict)
    for recording in recordings:
        found[recording.call].setdefault(recording.prompt, recording)
    kept: dict[str, list[Call]] = defaultdict(list)
    for (speaker, session), said in sorted(found.items()):
        if all(word in said for word in WORDS) and len(kept[speaker]) < CALLS_PER_SPEAKER:
            kept[speaker].append(_call(speaker, session, said))
    return [call for of_one in kept.values() for call in of_one]


def _call(speaker: str, session: str, said: dict[str, Recording]) -> Call:
    sentences = [said[prompt].member for prompt in SENTENCES if prompt in said]
    recorded = [said[prompt] for prompt in (*SENTENCES, *WORDS) if prompt in said]
    pieces = list(_pieces(recorded))
    return Call(
        speaker=speaker,
        session=session,
        phone=said[WORDS[0]].phone,
        words=tuple(said[word].member for word in WORDS),
        texts=tuple(spoken(said[word].text) for word in WORDS),
        sentences=tuple(sentences[:TESTED_SENTENCES]) if len(sentences) >= TESTED_SENTENCES else (),
        pieces=tuple(tuple(each.member for each in piece) for piece in pieces),
        speech_s=sum(each.seconds for piece in pieces for each in piece),
    )


def _pieces(recordings: Sequence[Recording]) -> Iterator[list[Recording]]:
    """Join recordings, in their order, to pieces of `TESTED_S` at least; the rest is left out."""
    piece: list[Recording] = []
    for each in recordings:
        piece.append(each)
        if sum(one.seconds for one in piece) >= TESTED_S:
            yield piece
            piece = []


def words(found: Sequence[Call]) -> Iterator[Trial]:
    """Five words of one call against the same five of another."""
    return (_trial((a,), b, (a.words,), b.words, WORDS) for a, b in combinations(found, 2))


def sentences(found: Sequence[Call]) -> Iterator[Trial]:
    """Five words of one call against two sentences of another."""
    pairs = permutations(found, 2)
    return (_trial((a,), b, (a.words,), b.sentences) for a, b in pairs if b.sentences)


def one_word(found: Sequence[Call]) -> Iterator[Trial]:
    """One word against the same word in another call."""
    for a, b in combinations(found, 2):
        for k in range(len(WORDS)):
            yield _trial((a,), b, ((a.words[k],),), (b.words[k],), WORDS[k : k + 1])


def two_calls(found: Sequence[Call]) -> Iterator[Trial]:
    """Five words of two calls enrolled, the words of a third call tested."""
    of_one: dict[str, list[Call]] = defaultdict(list)
    for call in found:
        of_one[call.speaker].append(call)
    pairs = (pair for calls_of_one in of_one.values() for pair in combinations(calls_of_one, 2))
    for a, b in pairs:
        for test in found:
            if test not in (a, b):
                yield _trial((a, b), test, (a.words, b.words), test.words, WORDS)


def free_speech(found: Sequence[Call]) -> Iterator[Trial]:
    """Twenty seconds of one call enrolled, four seconds of another tested, whatever was said."""
    for a, b in permutations(found, 2):
        if a.speech_s >= ENROLLED_S and b.pieces:
            yield _trial((a,), b, a.pieces, b.pieces[0])


Protocol = Callable[[Sequence[Call]], Iterator[Trial]]

PROTOCOLS: dict[str, Protocol] = {
    "words": words,
    "sentences": sentences,
    "one-word": one_word,
    "two-calls": two_calls,
    "free-speech": free_speech,
}


def _trial(
    enrolled: tuple[Call, ...],
    test: Call,
    enroll: tuple[Group, ...],
    said: Group,
    words: Sequence[str] = (),
) -> Trial:
    """Return a trial; `words` are those of `WORDS` that every group says, if it is them."""
    same = all(call.phone == test.phone for call in enrolled)
    return Trial(
        enroll=enroll,
        test=said,
        target=enrolled[0].speaker == test.speaker,
        enroll_speaker=enrolled[0].speaker,
        test_speaker=test.speaker,
        traits={"phone": test.phone, "phones": "same" if same else "different"},
        text=_text((*enrolled, test), words),
    )


def _text(calls: Sequence[Call], words: Sequence[str]) -> str:
    """Return what is said where these words are; empty where they are not the same in all calls."""
    said = {tuple(call.texts[WORDS.index(word)] for word in words) for call in calls}
    (texts, *others) = said
    return "" if others or not all(texts) else " ".join(texts)
