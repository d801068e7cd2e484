"""PocketSphinx: decoders of one grammar, built when they are needed and used again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from engine.errors import RecogniserError
from engine.types import ENGINE_RATE_HZ, Pcm

FRAME_S: Final = 0.01

_TURN: Final = ENGINE_RATE_HZ // 10
"""PocketSphinx keeps the interpreter's lock while it decodes: a pause every 100 ms of audio, some
3 ms of work, lets other threads have their turn."""
_WINDOW: Final = round(0.0256 * ENGINE_RATE_HZ) + 1
_USUAL_MEANS: Final = "40,3,-1"
"""PocketSphinx's own."""
_SMALLEST: Final = 1e-300
_SCORE_SCALE: Final = 1024.0
"""PocketSphinx gives the scores of its searches without their last 10 bits (SENSCR_SHIFT)."""
_FILLERS: Final = "<s> SIL\n</s> SIL\n<sil> SIL\n"
"""Between words only silence: the model's noises would swallow words that do not fit."""
_BEAMS: Final = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""Wider than usual: a passphrase must stay in the race through a noisy word."""

PHONE_LOOP: Final = {"my": ("M AY",)}
"""The phone loop wants a dictionary, and uses none of it."""


_WORD_COST: Final = 0.1
"""Of entering a word in a comparable search: dearer than usual (0.65), or breath becomes digits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a phone on the best path, over frames of 10 ms."""

    name: str
    start: int
    end: int
    """One past its last frame."""
    score: float
    """Natural logarithm of the acoustic likelihood, up to a term that all paths share."""

    @property
    def spoken(self) -> bool:
        """False for silence, for noises, and for steps of the grammar that take no time."""
        return not self.name.startswith(("<", "[", "+", "(", "SIL"))


class Pool:
    """Decoders of one grammar. Each serves one utterance at a time; any thread may take one."""

    def __init__(
        self, said: Mapping[str, tuple[str, ...]], grammar: str | None, comparable: bool = False
    ) -> None:
        """Build the first: `RecogniserError` where PocketSphinx refuses the grammar.

        `said` maps words to pronunciations, `grammar` is JSGF over these words with the rule
        `wanted`; None is a loop of any phones. Between `comparable` searches the scores of whole
        paths can be compared: each frame's is relative to the best of all phones, and not only of
        those that the search has in mind. It takes twice the time.
        """
        self._said = dict(said)
        self._grammar = grammar
        self._comparable = comparable
        self._idle: deque[Any] = deque([self._build()])

    def warm(self, count: int) -> None:
        """Have `count` decoders ready."""
        self._idle.extend([self._build() for _ in range(count - len(self._idle))])

    def take(self) -> Any:
        """Return an idle decoder, or build one."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._build()

    def give_back(self, decoder: Any) -> None:
        """Put a decoder among the idle ones; it must not be in an utterance."""
        self._idle.append(decoder)

    def _build(self) -> Any:
        with TemporaryDirectory() as folder:
            dictionary = Path(folder, "words.dict")
            dictionary.write_text(_dictionary_text(self._said), "utf-8")
            fillers = Path(folder, "fillers.dict")
            fillers.write_text(_FILLERS, "utf-8")
            try:
                return self._started(dictionary, fillers)
            except (RuntimeError, ValueError) as error:
                raise RecogniserError(
                    f"PocketSphinx did not start ({error}); install pocketsphinx anew"
                ) from error

    def _started(self, dictionary: Path, fillers: Path) -> Any:
        options: dict[str, Any] = {
            "hmm": pocketsphinx.get_model_path("en-us/en-us"),
            "lm": None,
            "dict": str(dictionary),
            "fdict": str(fillers),
            "samprate": ENGINE_RATE_HZ,
            "loglevel": "FATAL",
            "remove_noise": False,  # it would carry one utterance into the next
            "bestpath": False,  # the lattice's search can lose the last word
            "compallsen": self._comparable,
            **_BEAMS,
        }
        if self._comparable:
            options["wip"] = _WORD_COST
        if self._grammar is None:
            loop = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
            return pocketsphinx.Decoder(**options, allphone=loop)
        decoder = pocketsphinx.Decoder(**options)
        decoder.add_jsgf_string("wanted", self._grammar)
        decoder.activate_search("wanted")
        return decoder


def start(decoder: Any, means: str) -> None:
    """Begin an utterance whose cepstral means are known (`cepstral_means`)."""
    decoder.set_cmn(means)
    decoder.start_utt()


def feed(decoder: Any, pcm: Pcm) -> None:
    """Decode the next samples, int16 `[n]` at 16 kHz."""
    for first in range(0, len(pcm), _TURN):
        decoder.process_raw(pcm[first : first + _TURN].tobytes())


def finish(decoder: Any) -> list[Piece]:
    """End the utterance and return the best path; empty where no path reached its end."""
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    pieces = [_piece(each) for each in decoder.seg()]
    return [each for each in pieces if each.end > each.start >= 0]


def cepstral_means(decoder: Any, pcm: Pcm) -> str:
    """Return the mean cepstrum of int16 `[n]` at 16 kHz, as the decoder wants it in `start`.

    Less than one window has none: then the model's own are returned.
    """
    if len(pcm) < _WINDOW:
        return _USUAL_MEANS
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), no_search=True, full_utt=True)
    decoder.end_utt()
    return str(decoder.get_cmn())


def per_frame(pieces: Sequence[Piece], frames: int) -> NDArray[np.float64]:
    """Spread the score of each piece evenly over its frames: float64 `[frames]`."""
    scores = np.zeros(frames)
    for each in pieces:
        scores[each.start : each.end] = each.score / max(1, each.end - each.start)
    return scores


def word(piece: Piece) -> str:
    """Return the word without the number of its pronunciation: `zero(2)` is `zero`."""
    return piece.name.partition("(")[0]


def _piece(segment: Any) -> Piece:
    likelihood = max(float(segment.ascore), _SMALLEST)
    end = int(segment.end_frame) + 1
    score = _SCORE_SCALE * float(np.log(likelihood))
    return Piece(str(segment.word), int(segment.start_frame), end, score)


def _dictionary_text(said: Mapping[str, tuple[str, ...]]) -> str:
    lines = [
        f"{word}{f'({number + 1})' if number else ''} {phones}"
        for word, each in said.items()
        for number, phones in enumerate(each)
    ]
    return "\n".join(lines) + "\n"
