"""From the operator's settings to what each part takes that knows no Asterisk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from engine.audio import ListeningLimits
from engine.decision import QualityLimits
from engine.enrollment import EnrollmentRules, SpeechMinimums
from engine.types import PhraseId
from engine.voice.catalogue import card_of
from ivr.config import Configuration, ConfigurationError
from ivr.domain.claim import ClaimSource
from ivr.domain.mode import Mode
from ivr.flows.claiming import ClaimRules
from ivr.flows.rules import EnrollRules, FreeSpeechRules, PassiveRules, VerifyRules
from ivr.media.prompts import PromptLibrary


def model_path(configuration: Configuration) -> Path:
    """Return the voice model's card: built in or pulled, by its id, or a path; `ModelError`."""
    return card_of(configuration.voice.model, Path(configuration.voice.models_folder))


def previous_model_path(configuration: Configuration) -> Path | None:
    """Return the card of the voice model of before a change; None where none is named."""
    voice = configuration.voice
    if not voice.previous_model:
        return None
    return card_of(voice.previous_model, Path(voice.models_folder))


def phrases_folder(configuration: Configuration) -> Path | None:
    """Return where passphrases of the customer's own are; None where there are none.

    `ConfigurationError` for what is no folder.
    """
    folder = configuration.prompts.phrases_folder
    if folder and not Path(folder).is_dir():
        raise ConfigurationError(
            "prompts.phrases_folder", folder, "is no folder: docs/passphrases.md says what is in it"
        )
    return Path(folder) if folder else None


def quality_limits(configuration: Configuration) -> QualityLimits:
    """Return what an utterance must have before it is compared."""
    voice = configuration.voice
    return QualityLimits(net_speech_s=voice.net_speech_min_s, snr_db=voice.snr_min_db)


def listening_limits(configuration: Configuration) -> ListeningLimits:
    """Return when an utterance begins, ends and is too long."""
    listening = configuration.listening
    return ListeningLimits(
        end_silence_s=listening.end_silence_s,
        wait_s=listening.wait_s,
        longest_s=listening.longest_s,
    )


def verify_rules(configuration: Configuration) -> VerifyRules:
    """Return the rules of a verification call."""
    verify = configuration.verify
    sources = tuple(ClaimSource(source) for source in verify.claim)
    return VerifyRules(
        attempts_max=verify.attempts_max,
        barge_in=configuration.listening.barge_in,
        claim=ClaimRules(sources, verify.key_wait_s),
        free=free_speech_rules(configuration),
        digits=verify.challenge_digits,
        step_up=verify.challenge_when_unsure,
    )


def free_speech_rules(configuration: Configuration) -> FreeSpeechRules:
    """Return how much free speech it takes."""
    verify, enroll = configuration.verify, configuration.enroll
    minimums = SpeechMinimums(enroll_s=enroll.free_speech_s, verify_s=verify.free_speech_s)
    least_pieces = math.ceil(minimums.verify_s / configuration.listening.longest_s)
    return FreeSpeechRules(
        verify_s=minimums.verify_s,
        pieces_max=max(FreeSpeechRules().pieces_max, 2 * least_pieces),
        enroll=minimums.rules,
        enroll_tries_max=enroll.free_speech_tries_max,
    )


def passive_rules(configuration: Configuration) -> PassiveRules:
    """Return the rules of listening to a conversation."""
    passive = configuration.passive
    return PassiveRules(
        verify_s=configuration.verify.free_speech_s,
        enough_s=passive.enough_s,
        margin=passive.margin,
        longest_s=passive.longest_s,
        recording_s=passive.recording_s,
    )


def enroll_rules(configuration: Configuration, consent_versions: Mapping[str, str]) -> EnrollRules:
    """Return the rules of an enrollment call; the consent's versions are the prompts'."""
    enroll = configuration.enroll
    sources = tuple(ClaimSource(source) for source in enroll.claim)
    return EnrollRules(
        mode=Mode(enroll.mode),
        phrase=PhraseId(enroll.phrase),
        repetitions=EnrollmentRules(recordings=enroll.repetitions),
        tries_max=enroll.tries_max,
        barge_in=configuration.listening.barge_in,
        consent_wait_s=enroll.consent_wait_s,
        consent_versions=consent_versions,
        free=free_speech_rules(configuration),
        activation=enroll.activation_phrase,
        compare_profiles_max=enroll.compare_profiles_max,
        claim=ClaimRules(sources, configuration.verify.key_wait_s),
    )


def check_prompts(configuration: Configuration, prompts: PromptLibrary) -> None:
    """Refuse a locale or a passphrase that nobody has recorded; `ConfigurationError`."""
    locale, phrase = configuration.prompts.locale, configuration.enroll.phrase
    if locale not in prompts.locales:
        there = ", ".join(prompts.locales)
        raise ConfigurationError(
            "prompts.locale", locale, f"has no folder of sound files; there are {there}"
        )
    phrases = prompts.spoken(locale).phrases
    if phrase not in phrases:
        raise ConfigurationError(
            "enroll.phrase",
            phrase,
            f"has no sound file in {locale}; there are {', '.join(phrases)}",
        )


def prompt_folder(configuration: Configuration) -> Path | None:
    """Return the operator's prompts, or None for the built-in ones."""
    folder = configuration.prompts.folder
    return Path(folder).absolute() if folder else None
