"""What was said: passphrases per locale, and whether one was spoken."""

from engine.phrase.alignment import PhraseFrames, alike, frames
from engine.phrase.digits import Challenge, DigitListener, Digits, draw_challenge
from engine.phrase.passphrases import Passphrase, PhraseList, listed_locales, load_phrases
from engine.phrase.recogniser import PhraseListener, PhraseRecogniser
from engine.phrase.voting import vote

__all__ = [
    "Challenge",
    "DigitListener",
    "Digits",
    "Passphrase",
    "PhraseFrames",
    "PhraseList",
    "PhraseListener",
    "PhraseRecogniser",
    "alike",
    "draw_challenge",
    "frames",
    "listed_locales",
    "load_phrases",
    "vote",
]
