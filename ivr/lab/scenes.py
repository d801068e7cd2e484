"""The scenes of the demo: who calls, what they say, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.types import Pcm
from ivr.lab.speech import Speaker

PHRASE = "My voice is my passport, verify me."
ACCOUNT = "1001"
ENROLL_KEYS = "1"
"""Agrees to the consent text."""
OTHER_PHRASE = "Thunder rolled over the quiet valley."
NEW_CALL = 10
"""Takes of a synthetic voice come in calls of ten; see `ivr.lab.speech`."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One call of the demo, and its announced end."""

    title: str
    extension: str
    says: Callable[[], Sequence[Pcm]]
    verdict: str
    reason: str
    route: str
    keys: str = ""
    application_up: bool = True
    about_words: bool = False


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: one person in two calls, and somebody else."""

    enrolling: Speaker
    verifying: Speaker
    other: Speaker
    says_the_phrase: bool = True
    """Whether they say what they are asked to: people of a corpus have sentences of their own."""


def scenes(cast: Cast) -> list[Scene]:
    """Return the demo's calls in order; another phrase is told only where phrases are said."""
    every = _every(cast)
    return every if cast.says_the_phrase else [each for each in every if not each.about_words]


def _every(cast: Cast) -> list[Scene]:
    verify = f"verify-{ACCOUNT}"
    return [
        Scene(
            "one person enrolls",
            f"enroll-{ACCOUNT}",
            lambda: [cast.enrolling.say(PHRASE, take) for take in range(3)],
            "ENROLLED",
            "COMPLETE",
            "enrolled",
            keys=ENROLL_KEYS,
        ),
        Scene(
            "the same person calls again",
            verify,
            lambda: [cast.verifying.say(PHRASE, NEW_CALL + take) for take in range(3)],
            "ACCEPT",
            "MATCH",
            "agent-confirmed",
        ),
        Scene(
            "another voice claims to be that person",
            verify,
            lambda: [cast.other.say(PHRASE, NEW_CALL + take) for take in range(3)],
            "REJECT",
            "NO_MATCH",
            "agent-warning",
        ),
        Scene(
            "the person says another phrase of the list",
            verify,
            lambda: [cast.verifying.say(OTHER_PHRASE, 2 * NEW_CALL + take) for take in range(3)],
            "INCONCLUSIVE",
            "WRONG_PHRASE",
            "pin",
            about_words=True,
        ),
        Scene(
            "somebody plays what the person said in an earlier call",
            verify,
            lambda: [cast.verifying.say(PHRASE, NEW_CALL)],
            "REJECT",
            "SPOOF_SUSPECTED",
            "agent-warning",
        ),
        Scene(
            "somebody calls and is silent",
            verify,
            tuple,
            "INCONCLUSIVE",
            "NOT_ENOUGH_SPEECH",
            "pin",
        ),
        Scene(
            "Countersign is stopped, and somebody calls",
            verify,
            tuple,
            "INCONCLUSIVE",
            "UNAVAILABLE",
            "pin-only",
            application_up=False,
        ),
    ]
