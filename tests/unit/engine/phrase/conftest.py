"""What the tests of phrases share: the list that comes along, and its recogniser."""

from __future__ import annotations

import pytest

from engine.phrase import PhraseList, PhraseRecogniser, load_phrases
from engine.types import Locale


@pytest.fixture(scope="session")
def listed() -> PhraseList:
    """The ten phrases of en-US."""
    return load_phrases(Locale("en-US"))


@pytest.fixture(scope="session")
def recogniser(listed: PhraseList) -> PhraseRecogniser:
    """Their recogniser."""
    return PhraseRecogniser.load(listed)
