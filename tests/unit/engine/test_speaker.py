"""The engine as a whole, through its front door."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import engine
from engine import SpeakerEngine
from engine.audio import ListeningLimits, Segment, measure, speech_in, to_float, upsample
from engine.decision import Basis, OperatingPoint, QualityLimits
from engine.decision.policy import AttemptEvidence
from engine.decision.purposes import TargetRates
from engine.enrollment import Heard, Objection, SpeechMinimums
from engine.errors import AudioError, ModelError, ModelMismatchError, NoVoiceprintError
from engine.liveness import fingerprint, repeat
from engine.types import (
    Embedding,
    Hearing,
    Llr,
    ModelId,
    Pcm,
    Purpose,
    Quality,
    Reason,
    Shortcoming,
    Span,
    Utterance,
    Verdict,
    Voiceprint,
)
from engine.voice.embedder import Embedder
from tests.unit.engine.voice.models import CARD, MODELS, copied_model

GOOD = Quality(net_speech_s=2.5, snr_db=30.0, level_dbfs=-20.0, clipped=0.0)


@dataclass(frozen=True)
class Recorded:
    """A recording, as far as the rules care."""

    voiceprint: Voiceprint


@pytest.fixture(scope="module")
def speaker() -> SpeakerEngine:
    """The built-in engine."""
    return SpeakerEngine.load()


def _buzz(formant_hz: float) -> Utterance:
    """Three seconds of a made-up voice."""
    seconds = np.arange(48_000) / 16_000
    pulses = np.sign(np.sin(2 * np.pi * 110 * seconds)) * np.sin(2 * np.pi * 2 * seconds) ** 2
    formant = np.sin(2 * np.pi * formant_hz * seconds)
    return Utterance((0.2 * pulses * formant).astype(np.float32))


def _opposite(embedding: Embedding) -> Embedding:
    """The voice least like this one, whatever the model."""
    return replace(embedding, vector=-embedding.vector)


def test_a_voice_matches_itself_and_not_its_opposite(speaker: SpeakerEngine) -> None:
    """From samples to judgement: the same sound is accepted, the least like it is not."""
    enrolled = [Voiceprint(speaker.embed(_buzz(f)), GOOD) for f in (500, 510, 520)]
    heard = speaker.embed(_buzz(505))
    same, other = (speaker.compare(each, GOOD, enrolled) for each in (heard, _opposite(heard)))
    assert speaker.decide([AttemptEvidence(same)]).verdict is Verdict.ACCEPT
    assert speaker.decide([AttemptEvidence(other)]).verdict is Verdict.REJECT
    assert speaker.decide([]).verdict is Verdict.INCONCLUSIVE


def test_enrollment_notices_another_voice(speaker: SpeakerEngine) -> None:
    """A recording that sounds like someone else is to be asked again."""
    first, second = (Voiceprint(speaker.embed(_buzz(f)), GOOD) for f in (500, 510))
    stranger = Voiceprint(_opposite(second.embedding), GOOD)
    one, other, odd = (Recorded(each) for each in (first, second, stranger))
    assert speaker.review(other, Heard(), [one]).why is None
    assert speaker.review(odd, Heard(), [one, other]).why is Objection.INCONSISTENT


def test_nobody_is_compared_with_no_voiceprint(speaker: SpeakerEngine) -> None:
    """The error comes through the front door."""
    with pytest.raises(NoVoiceprintError):
        speaker.compare(speaker.embed(_buzz(500)), GOOD, [])


def test_the_operator_sets_the_limits() -> None:
    """What is too short and how long to wait are settings, not constants."""
    found = SpeakerEngine.load(
        CARD, 0.05, QualityLimits(net_speech_s=3.0), ListeningLimits(wait_s=0.5)
    )
    assert found.shortcoming(GOOD) is Shortcoming.TOO_SHORT
    assert found.listener().push(np.zeros(8000, np.int16)) is Hearing.SILENT


def test_a_stricter_target_asks_for_more_evidence() -> None:
    """The same evidence is enough for one operating point and not for the other."""
    lax, strict = SpeakerEngine.load(target_fmr=0.1), SpeakerEngine.load(target_fmr=0.01)
    between = Llr((lax.point.threshold + strict.point.threshold) / 2)
    assert lax.decide([AttemptEvidence(between)]).verdict is Verdict.ACCEPT
    assert strict.decide([AttemptEvidence(between)]).verdict is Verdict.REJECT


def test_an_engine_names_its_model(speaker: SpeakerEngine) -> None:
    """The id on the card is the id on every voice."""
    assert speaker.embed(_buzz(500)).model == speaker.model == CARD.stem


def test_another_operating_point_can_be_put_in(speaker: SpeakerEngine) -> None:
    """A threshold from costs replaces the one from a rate."""
    point = OperatingPoint(Llr(-9.0), Basis.COSTS)
    lenient = SpeakerEngine(speaker.embedder, speaker.calibration, point)
    assert lenient.decide([AttemptEvidence(Llr(-8.9))]).verdict is Verdict.ACCEPT


def test_a_folder_without_a_card_does_not_load(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    with pytest.raises(ModelError, match="must hold one model card, found none"):
        SpeakerEngine.load(tmp_path)


def test_an_uncalibrated_model_does_not_load(tmp_path: Path) -> None:
    """It could embed, but no threshold would mean anything."""
    with pytest.raises(ModelError, match="not calibrated"):
        SpeakerEngine.load(copied_model(tmp_path, calibration=None))


def test_the_words_alone_load_no_network() -> None:
    """`engine.types` is for everyone; onnxruntime is for those who ask for the engine."""
    check = "import engine.types, sys; sys.exit('onnxruntime' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=MODELS.parents[2])


def test_the_runtime_of_the_network_tells_its_maker_nothing(tmp_path: Path) -> None:
    """It leaves no number for this machine at home, as it does before it sends what it counted."""
    use = (
        "import numpy, engine; from engine.types import Utterance\n"
        "engine.SpeakerEngine.load().embed(Utterance(numpy.ones(16_000, numpy.float32)))"
    )
    # Where a test runs for a project's CI, the runtime is silent by itself.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    home = {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", use], check=True, cwd=MODELS.parents[2], env=kept | home)
    assert list(tmp_path.iterdir()) == []


def test_the_package_offers_nothing_by_accident() -> None:
    """A misspelt name is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="SpeakerEngin"):
        getattr(engine, "SpeakerEngin")  # noqa: B009 (mypy would see the attribute)


SECOND = 16_000
KEY = bytes(32)
EXTREMES = [-32_768, -32_767, -1, 0, 1, 32_767]
SOUNDS = {
    "silence": np.zeros(SECOND),
    "DC": np.full(SECOND, 0.5),
    "square": np.where(np.arange(SECOND) % 32 < 16, 0.9999, -1.0),
    "one sample": np.full(1, 0.25),
    "ten minutes": np.sin(np.arange(600 * SECOND) / 9),
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_no_sound_leads_to_no_number(speaker: SpeakerEngine, sound: str) -> None:
    """Whatever is embedded and compared, the verdict rests on numbers."""
    if sound == "ten minutes":
        speaker = replace(speaker, embedder=_Quick(speaker.embedder))
    heard = speaker.embed(Utterance(SOUNDS[sound].astype(np.float32)))
    llr = speaker.compare(heard, GOOD, [Voiceprint(speaker.embed(_buzz(500)), GOOD)])
    judged = speaker.decide([AttemptEvidence(llr, quality=GOOD)])
    assert np.isfinite(llr)
    assert judged.reason in (Reason.MATCH, Reason.NO_MATCH)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([np.zeros(0, np.int16), np.full(1, -32_768, np.int16)])
    | arrays(np.int16, st.integers(1, 9_000), elements=st.sampled_from(EXTREMES))
    | arrays(np.int16, st.integers(1, 9_000)),
    st.booleans(),
)
def test_any_audio_has_a_verdict_that_rests_on_numbers(
    speaker: SpeakerEngine, pcm: Pcm, all_of_it: bool
) -> None:
    """From the telephone's samples to the decision: measured, embedded, fingerprinted, weighed."""
    segments = [Segment(0, len(pcm))] if all_of_it and len(pcm) else speech_in(pcm)
    quality, utterance = measure(pcm, segments), Utterance(upsample(to_float(pcm)))
    if not len(pcm):
        with pytest.raises(AudioError):
            speaker.embed(utterance)
        return
    heard = speaker.embed(utterance)
    known = [Voiceprint(speaker.embed(_buzz(500)), GOOD), Voiceprint(heard, quality)]
    replay = repeat(fingerprint(utterance, KEY), [fingerprint(_buzz(500), KEY)])
    llrs = [speaker.compare(heard, quality, known[:count]) for count in (1, 2)]
    assert np.isfinite(heard.vector).all()
    assert np.isfinite(llrs).all()
    poor = speaker.shortcoming(quality)
    judged = speaker.decide([AttemptEvidence(llrs[0], poor, replay=replay, quality=quality)])
    assert judged.reason is not Reason.UNAVAILABLE
    assert poor is None or judged.verdict is not Verdict.ACCEPT


class _Quick(Embedder):
    """The built-in model, which hears a tenth of a second of every window: ten minutes are long."""

    def __init__(self, embedder: Embedder) -> None:
        self.__dict__.update(vars(embedder))

    def embed(self, utterance: Utterance, parts: Sequence[Span] = ()) -> Embedding:
        """Embed the beginning."""
        return super().embed(Utterance(utterance.samples[: SECOND // 10]), parts)


def test_free_speech_asks_for_more(speaker: SpeakerEngine) -> None:
    """Its least is given with the question, and may be lowered."""
    minimums = SpeechMinimums()
    assert speaker.shortcoming(GOOD, minimums.verify_s) is Shortcoming.TOO_SHORT
    assert speaker.shortcoming(GOOD, 0.0) is None


def test_a_group_is_searched_through_the_front_door(speaker: SpeakerEngine) -> None:
    """A voice finds itself, is on a watchlist that holds it, and resembles itself."""
    heard = speaker.embed(_buzz(505))
    group = speaker.gallery({"own": [Voiceprint(heard, GOOD)]})
    for purpose in (Purpose.IDENTIFY, Purpose.WATCHLIST):
        found = speaker.identify(heard, GOOD, group, purpose).found
        assert found is not None
        assert found.name == "own"
    assert [each.name for each in speaker.resembling([Voiceprint(heard, GOOD)], group)] == ["own"]
    opposite = speaker.identify(_opposite(heard), GOOD, group)
    assert opposite.found is None


def test_a_tenant_has_rates_of_its_own(speaker: SpeakerEngine) -> None:
    """The same model at another operating point."""
    lax = speaker.at(TargetRates(verify=0.2))
    assert lax.embedder is speaker.embedder
    assert lax.point.threshold < speaker.point.threshold


def test_another_models_voiceprint_raises(speaker: SpeakerEngine) -> None:
    """No comparison of two models ever gives a number."""
    heard = speaker.embed(_buzz(505))
    foreign = Voiceprint(replace(heard, model=ModelId("another")), GOOD)
    with pytest.raises(ModelMismatchError):
        speaker.compare(heard, GOOD, [foreign])
    with pytest.raises(ModelMismatchError):
        speaker.gallery({"own": [foreign]})
