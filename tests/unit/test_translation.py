"""What is set is what the parts get, and what nobody has recorded is refused at the start."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.config import ConfigurationError, load
from ivr.domain.mode import Mode
from ivr.domain.prompt import Prompt
from ivr.media.prompts import PromptLibrary, SpokenLocale
from ivr.translation import check_prompts, enroll_rules, verify_rules

MINIMAL = {"COUNTERSIGN_ARI_PASSWORD": "pepper", "COUNTERSIGN_DATABASE_FOLDER": "pg"}
BEEP = np.ones(80, np.int16)
SOUNDS = {prompt.value: BEEP for prompt in Prompt} | {"phrase-my-voice-is-my-passport": BEEP}
LIBRARY = PromptLibrary({"en-US": SpokenLocale(SOUNDS, "en-US/4")})


def test_what_ships_can_be_spoken() -> None:
    """The defaults fit the built-in prompts."""
    check_prompts(load(None, MINIMAL), PromptLibrary.load())


def test_a_locale_that_nobody_has_recorded_is_refused() -> None:
    """It would be English, and nobody would know why."""
    german = load(None, MINIMAL | {"COUNTERSIGN_PROMPTS_LOCALE": "de-DE"})
    with pytest.raises(ConfigurationError, match=r"prompts.locale = 'de-DE': .* there are en-US"):
        check_prompts(german, LIBRARY)


def test_a_passphrase_that_nobody_has_recorded_is_refused() -> None:
    """Those that there are, are named."""
    other = load(None, MINIMAL | {"COUNTERSIGN_ENROLL_PHRASE": "sesame"})
    with pytest.raises(ConfigurationError, match=r"enroll.phrase = 'sesame': .*my-voice-is"):
        check_prompts(other, LIBRARY)


def test_a_minute_of_free_speech_may_be_said_in_pieces_of_eight_seconds() -> None:
    """Twice as many as it takes, for nobody speaks to the end of each."""
    long = load(None, MINIMAL | {"COUNTERSIGN_VERIFY_FREE_SPEECH_S": "60"})
    assert verify_rules(long).free.pieces_max == 16
    assert verify_rules(load(None, MINIMAL)).free.pieces_max == 6


def test_the_rules_of_the_calls_are_those_that_are_set() -> None:
    """Free speech, digits and modes go where they are used."""
    chosen = load(
        None,
        MINIMAL
        | {
            "COUNTERSIGN_VERIFY_FREE_SPEECH_S": "6",
            "COUNTERSIGN_VERIFY_CHALLENGE_DIGITS": "4",
            "COUNTERSIGN_VERIFY_CHALLENGE_WHEN_UNSURE": "true",
            "COUNTERSIGN_ENROLL_MODE": "text_independent",
            "COUNTERSIGN_ENROLL_FREE_SPEECH_S": "30",
            "COUNTERSIGN_ENROLL_REPETITIONS": "5",
        },
    )
    verify, enroll = verify_rules(chosen), enroll_rules(chosen, LIBRARY.consent_versions)
    assert (verify.free.verify_s, verify.digits, verify.step_up) == (6.0, 4, True)
    assert enroll.mode is Mode.TEXT_INDEPENDENT
    assert enroll.rules_of(Mode.TEXT_INDEPENDENT).speech_s == 30.0
    assert enroll.rules_of(Mode.TEXT_DEPENDENT).recordings == 5
    assert enroll.consent_version("fr-FR") == "en-US/4"
