"""Renders the passphrases for `countersign evaluate --phrases`: `python -m ivr.lab.make_phrases`.

Every voice of `VOICES` says each phrase of the locale, and sentences that are in no list, through
a telephone line: handset, level, noise and mu-law differ from take to take.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import soundfile as sf

from engine.phrase import load_phrases
from engine.types import TELEPHONE_RATE_HZ, Locale
from ivr.lab import LabError
from ivr.lab.speech import VOICES, synthetic

TAKES = 2

FREE = (
    "i would like to speak to somebody about my bill",
    "my voice is a little hoarse this morning",
    "could you tell me when the next payment is due",
    "hello is anybody there",
    "the weather has been terrible since last tuesday",
    "my passport was stolen on the night train",
    "please verify my account and send me a new card",
    "fresh paint on the bench in every garden",
    "i have forgotten all of my passwords again",
    "seven people sailed past the quiet island",
)
"""Speech outside the list, some of it with words of the list."""


def main(arguments: list[str] | None = None) -> int:
    """Write `SYNTHESISER-VOICE/PHRASE-TAKE.wav` and `../free-N.wav`; return the exit status."""
    parser = argparse.ArgumentParser(description="Render the passphrases of a locale.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--locale", default="en-US")
    chosen = parser.parse_args(arguments)
    try:
        for voice, made in VOICES.items():
            folder = chosen.folder / f"{made.synthesiser}-{voice}"
            for name, text, take in _sentences(Locale(chosen.locale)):
                _write(folder / f"{name}.wav", voice, text, take)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _sentences(locale: Locale) -> Iterator[tuple[str, str, int]]:
    """Name of the file, words, and which take."""
    for name, phrase in load_phrases(locale).phrases.items():
        for take in range(TAKES):
            yield f"{name}-{take}", phrase.text, 10 * take
    for number, text in enumerate(FREE):
        yield f"free-{number}", text, number


def _write(path: Path, voice: str, text: str, take: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = synthetic(voice).say(text, take)
    sf.write(path, pcm, TELEPHONE_RATE_HZ, format="WAV", subtype="PCM_16")


if __name__ == "__main__":
    sys.exit(main())
