"""While the voice model is being changed, callers are verified by the one their profile has."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from engine import SpeakerEngine
from engine.speaker import MODELS
from engine.types import Locale, ModelId, Pcm, PhraseId, Quality, Reason, Verdict
from engine.voice.card import card_in
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.jobs.reextraction import embedding_with
from ivr.lab import LabError
from ivr.lab.scenes import PHRASE
from ivr.lab.speech import synthetic
from ivr.offline import Office, enroll, verify
from ivr.storage.reextraction import Material
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.unit.offline.conftest import ENGINE, ORDER, office, store
from tests.unit.offline.files import HER, sung, three

__all__ = ["office", "store"]
EARLIER = ModelId("earlier")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> SpeakerEngine:
    """The built-in model under another id: to profiles it is another one."""
    folder, card = tmp_path_factory.mktemp("model"), card_in(MODELS)
    told = {**json.loads(card.read_text()), "id": EARLIER}
    if isinstance(told.get("calibration"), dict):
        told["calibration"] = {**told["calibration"], "model": EARLIER}
    Path(folder, "earlier.json").write_text(json.dumps(told))
    shutil.copy(card.parent / told["file"], folder)
    return SpeakerEngine.load(folder)


@pytest.fixture
async def changing(office: Office, earlier: SpeakerEngine) -> AsyncIterator[Office]:
    """An office under way from the earlier voice model to today's."""
    voice = EngineVoice(ENGINE, Words([]), 2, earlier=earlier)
    yield replace(office, voice=voice)
    await voice.close()


@pytest.fixture
async def old_office(office: Office, earlier: SpeakerEngine) -> AsyncIterator[Office]:
    """The office of before."""
    voice = EngineVoice(earlier, Words([]), 2)
    yield replace(office, voice=voice)
    await voice.close()


async def test_who_is_not_moved_yet_is_verified_by_the_earlier_model(
    old_office: Office, changing: Office
) -> None:
    """Another person is not; the record names the model."""
    await enroll(ORDER, three(), old_office)
    himself = await verify(ORDER.tenant, ORDER.account, sung(7), changing)
    assert (himself.verdict, himself.model) == (Verdict.ACCEPT, EARLIER)
    she = await verify(ORDER.tenant, ORDER.account, sung(8, HER), changing)
    assert she.verdict is not Verdict.ACCEPT
    assert she.model == EARLIER


async def test_who_is_enrolled_meanwhile_has_todays_model(changing: Office) -> None:
    """And is verified by it."""
    await enroll(ORDER, three(), changing)
    himself = await verify(ORDER.tenant, ORDER.account, sung(7), changing)
    assert (himself.verdict, himself.model) == (Verdict.ACCEPT, ENGINE.model)


async def test_without_the_earlier_model_nothing_is_decided(
    old_office: Office, office: Office
) -> None:
    """INCONCLUSIVE until the profile is moved."""
    await enroll(ORDER, three(), old_office)
    himself = await verify(ORDER.tenant, ORDER.account, sung(7), office)
    assert (himself.verdict, himself.reason) == (Verdict.INCONCLUSIVE, Reason.EXPIRED)


async def test_a_recording_heard_again_has_the_voice_it_had(office: Office) -> None:
    """What is re-extracted from the kept audio is what the enrollment itself extracted."""
    enrolled = await enroll(ORDER, three(), office)
    embed = embedding_with(ENGINE, Words([]))
    for recording in enrolled.enrollment.recordings:
        again = embed(material(recording.pcm, None))
        assert again.cosine(recording.voiceprint.embedding) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("phrase", [DEFAULT_PASSPHRASE, PhraseId("of-our-own"), None])
def test_a_passphrase_heard_again_has_its_parts(phrase: PhraseId | None) -> None:
    """Where words know it."""
    pcm = said(PHRASE, 40)
    again = embedding_with(ENGINE, Words.load(["en-US"]))(material(pcm, phrase))
    if phrase != DEFAULT_PASSPHRASE:
        assert again.parts is None
        return
    assert again.parts is not None
    assert again.parts.shape[1:] == again.vector.shape
    np.testing.assert_allclose(np.linalg.norm(again.parts, axis=1), 1.0, atol=1e-5)


def material(pcm: Pcm, phrase: PhraseId | None) -> Material:
    quality = Quality(3.0, 30.0, -20.0, 0.0)
    return Material(uuid4(), uuid4(), pcm, quality, Locale("en-US"), phrase, b"")


def said(text: str, take: int) -> Pcm:
    """Return a rendered voice; skips where none can be rendered."""
    try:
        return synthetic("rms").say(text, take)
    except LabError as lack:
        pytest.skip(f"no synthesiser: {lack}")
