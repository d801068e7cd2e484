"""The caller's turns: a passphrase, random digits, or free speech in as many pieces as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.audio.quality import net_speech_of
from engine.types import (
    PhraseFinding,
    PhraseOutcome,
    Quality,
    ReplayFinding,
    ReplayOutcome,
    Utterance,
)
from ivr.domain.prompt import PhrasePrompt, Prompt, Spoken, digits_spoken
from ivr.flows.conversation import Capture, Unheard, ask_speech
from ivr.flows.rules import FreeSpeechRules
from ivr.ports import Call, Voice, Wanted

NOT_UNDERSTOOD = PhraseFinding(PhraseOutcome.UNSURE, None, 0.0)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a caller is asked."""

    call: Call
    voice: Voice
    barge_in: bool


async def ask_phrase(asking: Asking, hint: Prompt | None, wanted: Wanted) -> Capture | Unheard:
    """Ask for the passphrase that is wanted."""
    return await ask(asking, (*_hint(hint), *say_the_phrase(wanted)), wanted)


def say_the_phrase(wanted: Wanted) -> tuple[Spoken, ...]:
    """Return the prompts that ask for the passphrase."""
    assert wanted.phrase is not None, "whoever asks for a phrase says which"
    return Prompt.AFTER_THE_TONE_SAY, PhrasePrompt(wanted.locale, wanted.phrase)


async def ask_digits(asking: Asking, hint: Prompt | None, wanted: Wanted) -> Capture | Unheard:
    """Ask for the digits that are wanted, which nobody could know.

    Digits that nothing can recognise count as not understood: a challenge must be met.
    """
    prompts = (*_hint(hint), Prompt.AFTER_THE_TONE_DIGITS, *digits_spoken(wanted.digits))
    capture = await ask(asking, prompts, wanted)
    if isinstance(capture, Unheard):
        return capture
    if capture.examination.digits.outcome is not PhraseOutcome.UNCHECKED:
        return capture
    return replace(capture, examination=replace(capture.examination, digits=NOT_UNDERSTOOD))


async def ask_free(
    asking: Asking, hint: Prompt | None, wanted: Wanted, rules: FreeSpeechRules
) -> Capture | Unheard:
    """Ask for free speech until there is enough of it, or nobody goes on.

    The capture is of all pieces together, and may be too short nevertheless.
    """
    prompts: tuple[Spoken, ...] = (*_hint(hint), Prompt.AFTER_THE_TONE_SPEAK)
    pieces: list[Capture] = []
    while not pieces or (len(pieces) < rules.pieces_max and _net_speech_s(pieces) < rules.verify_s):
        piece = await ask(asking, prompts, _going_on(wanted, pieces))
        if isinstance(piece, Unheard):
            return joined(pieces) if pieces else piece
        pieces.append(piece)
        prompts = (Prompt.GO_ON,)
    return joined(pieces)


def _going_on(wanted: Wanted, pieces: Sequence[Capture]) -> Wanted:
    """Return what the next piece is examined for: it must not repeat those before it either."""
    printed = (piece.examination.fingerprint for piece in pieces)
    return replace(
        wanted,
        earlier=(*wanted.earlier, *printed),
        before=tuple(piece.utterance for piece in pieces),
    )


async def ask(asking: Asking, prompts: tuple[Spoken, ...], wanted: Wanted) -> Capture | Unheard:
    """Say something, and listen after the tone."""
    return await ask_speech(
        asking.call,
        asking.voice,
        *prompts,
        Prompt.TONE,
        wanted=wanted,
        barge_in=asking.barge_in,
    )


def joined(pieces: Sequence[Capture]) -> Capture:
    """Return at least one piece of speech as one; the last was examined with those before it."""
    last, examinations = pieces[-1], tuple(piece.examination for piece in pieces)
    replay = likest([examination.replay for examination in examinations])
    samples = np.concatenate([piece.utterance.samples for piece in pieces])
    pcm = np.concatenate([piece.pcm for piece in pieces])
    quality = overall([piece.quality for piece in pieces])
    return replace(
        last,
        utterance=Utterance(samples),
        quality=quality,
        pcm=pcm,
        examination=replace(last.examination, replay=replay),
        before=examinations[:-1],
    )


def likest(findings: Sequence[ReplayFinding]) -> ReplayFinding:
    """Return the finding that says most of a recording: a repeat, or else the likest; not empty."""
    return max(findings, key=lambda each: (each.outcome is ReplayOutcome.REPEAT, each.likeness))


def overall(qualities: Sequence[Quality]) -> Quality:
    """Return the quality of at least one piece of speech, each weighed by its net speech.

    Of what should not be heard at all the worst piece counts.
    """
    net_s = np.array([quality.net_speech_s for quality in qualities])
    weights = net_s / net_s.sum() if net_s.sum() > 0 else np.full(len(net_s), 1 / len(net_s))
    return Quality(
        net_speech_s=net_speech_of(qualities),
        snr_db=float(weights @ [quality.snr_db for quality in qualities]),
        level_dbfs=float(weights @ [quality.level_dbfs for quality in qualities]),
        clipped=float(weights @ [quality.clipped for quality in qualities]),
        tones_s=sum(quality.tones_s for quality in qualities),
        music=max(quality.music for quality in qualities),
        talkers=max(quality.talkers for quality in qualities),
        cut_off=any(quality.cut_off for quality in qualities),
    )


def _net_speech_s(pieces: Sequence[Capture]) -> float:
    return net_speech_of(piece.quality for piece in pieces)


def _hint(hint: Prompt | None) -> tuple[Prompt, ...]:
    return () if hint is None else (hint,)
