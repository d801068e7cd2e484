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


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: one person in two calls, and somebody else."""

    enrolling: Speaker
    verifying: Speaker
    other: Speaker


def scenes(cast: Cast) -> list[Scene]:
    """Return the demo's calls in order."""
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
