"""Which passphrase of a list was said, while it is being said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Self

from engine.errors import RecogniserError
from engine.phrase.evidence import ALONE, AMONG_OTHERS, NO_FIT, Look, Weighing, fit, judged
from engine.phrase.lexicon import pronunciations
from engine.phrase.listening import Listening, Prepared, Trace
from engine.phrase.network import any_phones, strings
from engine.phrase.parts import parts_of, spans
from engine.phrase.passphrases import PhraseList
from engine.phrase.phones import phone_model
from engine.types import ENGINE_RATE_HZ, PhraseFinding, PhraseId, Samples, Utterance

LONGEST_S: Final = 30.0
"""What comes after is not listened to: no utterance of a call is longer."""

_LONGEST: Final = round(LONGEST_S * ENGINE_RATE_HZ)


class PhraseRecogniser:
    """Knows the phrases of one list. Any number of threads may listen through one recogniser."""

    def __init__(self, phrases: PhraseList) -> None:
        """Lay out what may be said; `RecogniserError` as `load`."""
        self._phrases, model = phrases, phone_model()
        listed = [each.words for each in phrases.phrases.values()]
        said = pronunciations({word for each in listed for word in each}, phrases.pronunciations)
        wanted = [[[word] for word in each] for each in listed]
        self._parts = [parts_of(each, said) for each in listed]
        self._among_others = strings(model, wanted, said, aside=True)
        self._prepared = Prepared.of(strings(model, wanted, said), any_phones(model))

    @classmethod
    def load(cls, phrases: PhraseList) -> Self:
        """Make a recogniser of a list.

        `RecogniserError` where the locale has none, a word has no pronunciation, or the network
        for phones cannot be read.
        """
        if phrases.recogniser is None:
            raise RecogniserError(
                f"no recogniser knows {phrases.locale}: compare with the person's own recordings"
                " (engine.phrase.alignment)"
            )
        return cls(phrases)

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

    def listening(self) -> Listening:
        """Begin to follow an utterance."""
        return Listening(self._prepared, _LONGEST)

    def looks(self, listening: Listening) -> Iterator[Look]:
        """Lay each phrase of the list over what was followed so far: alone, then among others.

        The second costs some milliseconds for each second of audio, and is seldom needed.
        """
        followed = listening.whole()
        alone, (loop,) = followed.traces()
        yield self._look(alone, loop, ALONE)
        yield self._look(followed.traces_of(self._among_others), loop, AMONG_OTHERS)

    def _look(self, traces: Sequence[Trace], loop: Trace, weighing: Weighing) -> Look:
        fits = [fit(trace, loop) for trace in traces]
        where = [
            spans(trace.words, parts) if found != NO_FIT else ()
            for trace, parts, found in zip(traces, self._parts, fits, strict=True)
        ]
        names = self._phrases.phrases
        return Look(
            dict(zip(names, fits, strict=True)), weighing, dict(zip(names, where, strict=True))
        )


class PhraseListener:
    """Follows what one caller says, piece by piece; what it finds depends on the audio alone.

    One thread at a time. The audio should begin with the speech, give or take a second. Where
    audio follows a finding, the utterance goes on.
    """

    def __init__(self, recogniser: PhraseRecogniser) -> None:
        self._recogniser = recogniser
        self._listening = recogniser.listening()

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz of any length, and follow them.

        `AudioError` for anything but a vector of finite floats.
        """
        self._listening.push(samples)

    def finding(self, asked: PhraseId) -> PhraseFinding:
        """Say whether the phrase was said in what was heard so far.

        `UnknownPassphraseError` where the list does not have it.
        """
        self._recogniser.check(asked)
        return judged(self.looks(), asked)

    def looks(self) -> Iterator[Look]:
        """Say how well each phrase fits what was heard so far, one way and then another."""
        return self._recogniser.looks(self._listening)
