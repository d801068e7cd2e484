"""Passphrases that synthesisers said, as `python -m ivr.lab.make_phrases DIR` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.decision.explanation import EN_US
from engine.evaluation.said import Said
from engine.phrase import PhraseList, load_phrases
from engine.types import PhraseId


def rendered(folder: Path) -> Iterator[tuple[str, list[Said]]]:
    """Return what each synthesiser said, from the names `SYNTHESISER-VOICE/PHRASE-TAKE.wav`.

    Free speech has the name `free-N`.
    """
    phrases = load_phrases(EN_US)
    names = sorted(path.relative_to(folder) for path in folder.glob("*/*.wav"))
    for made in dict.fromkeys(_synthesiser(name) for name in names):
        yield made, [_named(name, phrases) for name in names if _synthesiser(name) == made]


def _synthesiser(name: Path) -> str:
    return name.parent.name.rpartition("-")[0]


def _named(name: Path, phrases: PhraseList) -> Said:
    phrase = PhraseId(name.stem.rpartition("-")[0])
    known = phrase if phrase in phrases.phrases else None
    return Said(name.parent.name, (str(name),), phrases, known)
