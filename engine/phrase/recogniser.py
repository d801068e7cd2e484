"""Which passphrase of a list was said, while it is being said."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from engine.audio.pcm import to_int
from engine.errors import RecogniserError
from engine.phrase.decoders import PHONE_LOOP, Piece, Pool, word
from engine.phrase.decoding import SETTLED, Decoding
from engine.phrase.evidence import Evidence, judged, weighed
from engine.phrase.lexicon import pronunciations
from engine.phrase.passphrases import PhraseList
from engine.types import ENGINE_RATE_HZ, PhraseFinding, PhraseId, Samples, Utterance

LONGEST_S: Final = 15.0
"""What comes after is not listened to: no passphrase is longer."""

_LONGEST: Final = round(LONGEST_S * ENGINE_RATE_HZ)


class PhraseRecogniser:
    """Knows the phrases of one list. Any number of threads may listen through one recogniser.

    Each listener at work holds two decoders, which are used again afterwards.
    """

    def __init__(self, phrases: PhraseList) -> None:
        """Build the first pair of decoders; `RecogniserError` as `load`."""
        self._phrases = phrases
        said = pronunciations(
            {word for each in phrases.phrases.values() for word in each.words},
            phrases.pronunciations,
        )
        self.pools = Pool(said, _grammar(phrases)), Pool(PHONE_LOOP, None)
        self._named = {each.text: each.id for each in phrases.phrases.values()}

    @classmethod
    def load(cls, phrases: PhraseList) -> Self:
        """Make a recogniser of a list.

        `RecogniserError` where the locale has none, a word has no pronunciation, or PocketSphinx
        does not start.
        """
        if phrases.recogniser is None:
            raise RecogniserError(
                f"no recogniser knows {phrases.locale}: compare with the person's own recordings"
                " (engine.phrase.alignment)"
            )
        return cls(phrases)

    def warm(self, count: int) -> None:
        """Have decoders for `count` callers ready: 0.03 s and 15 MB each."""
        for pool in self.pools:
            pool.warm(count)

    def listener(self) -> PhraseListener:
        """Return ears for one utterance."""
        return PhraseListener(self)

    def recognise(self, utterance: Utterance, asked: PhraseId) -> PhraseFinding:
        """Say whether the phrase that was asked for was said, as a listener would.

        `UnknownPassphraseError` where the list does not have the phrase.
        """
        listener = self.listener()
        listener.push(utterance.samples)
        return listener.finding(asked)

    def check(self, asked: PhraseId) -> None:
        """Raise `UnknownPassphraseError` where the list does not have the phrase."""
        self._phrases.passphrase(asked)

    def evidence(self, listed: list[Piece], loop: list[Piece]) -> Evidence:
        """Weigh the best path through the list beside that through any phones."""
        text = " ".join(word(each) for each in listed if each.spoken)
        return weighed(self._named.get(text), listed, loop)


class PhraseListener:
    """Decodes what one caller says, piece by piece; what it finds depends on the audio alone.

    One thread at a time. The audio should begin with the speech, give or take a second. Where
    audio follows a finding, the utterance goes on, at the cost of decoding it again.
    """

    def __init__(self, recogniser: PhraseRecogniser) -> None:
        self._recogniser = recogniser
        self._pcm = np.zeros(0, np.int16)
        self._decoding: Decoding | None = None
        self._evidence: Evidence | None = None

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz of any length, and decode them.

        `AudioError` for anything but a vector of finite floats.
        """
        pcm = to_int(samples)[: max(0, _LONGEST - len(self._pcm))]
        if not len(pcm):
            return
        self._pcm = np.concatenate([self._pcm, pcm])
        self._evidence = None
        if self._decoding is not None:
            self._decoding.feed(pcm)
        elif len(self._pcm) >= SETTLED:
            self._decoding = Decoding(self._recogniser.pools, self._pcm)

    def finding(self, asked: PhraseId) -> PhraseFinding:
        """Say whether the phrase was said in what was heard so far.

        `UnknownPassphraseError` where the list does not have it.
        """
        self._recogniser.check(asked)
        return judged(self.evidence(), asked)

    def evidence(self) -> Evidence:
        """Return what the decoders made of what was heard so far."""
        if self._evidence is None:
            decoding = self._decoding or Decoding(self._recogniser.pools, self._pcm)
            self._decoding = None
            self._evidence = self._recogniser.evidence(*decoding.finish())
        return self._evidence


def _grammar(phrases: PhraseList) -> str:
    texts = " | ".join(f"( {each.text} )" for each in phrases.phrases.values())
    return f"#JSGF V1.0; grammar listed; public <wanted> = {texts};"
