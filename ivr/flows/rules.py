"""The rules of the conversations: what an operator may set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.enrollment import PHRASE_RULES, EnrollmentRules, SpeechMinimums
from engine.types import PhraseId
from ivr.domain.claim import ClaimSource
from ivr.domain.locale import DEFAULT_LOCALE
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.flows.claiming import ClaimRules


@dataclass(frozen=True, slots=True)
class FreeSpeechRules:
    """How much free speech it takes; it comes in pieces, each ended by a pause."""

    verify_s: float = SpeechMinimums().verify_s
    """Net speech that a verification or an identification needs."""
    pieces_max: int = 6
    """So many pieces may one attempt have."""
    enroll: EnrollmentRules = field(default_factory=lambda: SpeechMinimums().rules)
    enroll_tries_max: int = 25


@dataclass(frozen=True, slots=True)
class PassiveRules:
    """Of listening to a conversation with somebody else."""

    verify_s: float = SpeechMinimums().verify_s
    """Net speech from which on the voice is weighed."""
    enough_s: float = 30.0
    """Net speech at which it is judged as it stands."""
    margin: float = 1.0
    """How far beyond the threshold the Llr must lie before that, in nats."""
    longest_s: float = 1800.0
    """So long is listened at most, waiting in a queue included."""
    recording_s: float = 4.0
    """Net speech of which an enrollment makes one recording."""


@dataclass(frozen=True, slots=True)
class VerifyRules:
    """Of verification, challenge and identification."""

    attempts_max: int = 3
    barge_in: bool = True
    claim: ClaimRules = field(default_factory=ClaimRules)
    free: FreeSpeechRules = field(default_factory=FreeSpeechRules)
    digits: int = 6
    """How many digits a challenge has."""
    step_up: bool = False
    """Whether a voice that leaves it unsure is asked for digits rather than once more the same."""


@dataclass(frozen=True, slots=True)
class EnrollRules:
    """Of enrollment. The dialplan vouches for the account unless told otherwise."""

    mode: Mode = Mode.TEXT_DEPENDENT
    phrase: PhraseId = DEFAULT_PASSPHRASE
    repetitions: EnrollmentRules = PHRASE_RULES
    tries_max: int = 7
    free: FreeSpeechRules = field(default_factory=FreeSpeechRules)
    activation: bool = False
    """Whether free speech is enrolled only after the passphrase, in the same voice."""
    barge_in: bool = True
    consent_wait_s: float = 8.0
    consent_versions: Mapping[str, str] = field(default_factory=lambda: {DEFAULT_LOCALE: "en-US/1"})
    """By locale, of the words that ask for consent; other locales are spoken to in en-US."""
    claim: ClaimRules = field(default_factory=lambda: ClaimRules((ClaimSource.DIALPLAN,)))
    compare_profiles_max: int = 1000
    """A tenant with more profiles is not searched for a voice that is enrolled already."""

    def consent_version(self, locale: str) -> str:
        """Return the version of the words that a caller of this locale heard."""
        return self.consent_versions.get(locale) or self.consent_versions[DEFAULT_LOCALE]

    def rules_of(self, mode: Mode) -> EnrollmentRules:
        """Return how much makes an enrollment."""
        return self.repetitions if mode is Mode.TEXT_DEPENDENT else self.free.enroll

    def tries_of(self, mode: Mode) -> int:
        """Return how many recordings are asked for before it fails."""
        free = mode is Mode.TEXT_INDEPENDENT
        return self.free.enroll_tries_max if free else self.tries_max
