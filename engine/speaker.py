"""The engine's front door: one voice model, its calibration and a policy behind a few calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.audio import Listener, ListeningLimits
from engine.decision.calibration import Calibration
from engine.decision.explanation import EN_US
from engine.decision.operating_point import OperatingPoint
from engine.decision.policy import AttemptEvidence, QualityLimits, decide, shortcoming
from engine.decision.purposes import TargetRates, point_for
from engine.enrollment import PHRASE_RULES, EnrollmentRules, Heard, R, Review, of_one_voice, review
from engine.identification import Candidate, Gallery, Identification, N, identify, resembling
from engine.types import (
    Embedding,
    Judgement,
    Llr,
    Locale,
    ModelId,
    PhraseId,
    Purpose,
    Quality,
    Shortcoming,
    Span,
    Utterance,
    Voiceprint,
)
from engine.verification import compare
from engine.voice.card import card_in
from engine.voice.embedder import Embedder
from engine.voice.windows import embed_windows

MODELS = Path(__file__).parent / "voice" / "models"
"""The built-in voice model's folder."""

TARGET_FMR = 0.01


@dataclass(frozen=True, slots=True)
class SpeakerEngine:
    """One voice model, its calibration and a policy. Safe for use from several threads."""

    embedder: Embedder
    calibration: Calibration
    point: OperatingPoint
    limits: QualityLimits = field(default_factory=QualityLimits)
    listening: ListeningLimits = field(default_factory=ListeningLimits)
    rates: TargetRates = field(default_factory=TargetRates)
    """What the other purposes' operating points are made of."""

    @classmethod
    def load(
        cls,
        models: Path = MODELS,
        target_fmr: float = TARGET_FMR,
        limits: QualityLimits | None = None,
        listening: ListeningLimits | None = None,
    ) -> SpeakerEngine:
        """Load the model at `models`: a card, or a folder with one card.

        `target_fmr` is the share of impostors, in (0, 1), that one comparison may accept.
        `ModelError` where the model cannot be used or cannot reach that rate, `ValueError` where
        the rate is none.
        """
        card = card_in(models)
        embedder = Embedder.load(card)
        calibration = Calibration.of(embedder.card, card.parent)
        rates = TargetRates(verify=target_fmr)
        return cls(
            embedder,
            calibration,
            point_for(Purpose.VERIFY, rates, calibration),
            limits or QualityLimits(),
            listening or ListeningLimits(),
            rates,
        )

    def at(self, rates: TargetRates) -> SpeakerEngine:
        """Return the same engine at another tenant's rates; it shares the voice model.

        `ModelError` where the calibration cannot reach the rate of verification, `ValueError`
        where it is none.
        """
        point = point_for(Purpose.VERIFY, rates, self.calibration)
        return replace(self, rates=rates, point=point)

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        return self.embedder.card.model

    def listener(self) -> Listener:
        """Return ears for one utterance; 0.1 s where `engine.audio.warm` has made none ready."""
        return Listener(self.listening)

    def embed(
        self, utterance: Utterance, parts: Sequence[Span] = (), phrase: PhraseId | None = None
    ) -> Embedding:
        """Turn speech of up to five minutes into a voice; what is longer is cut off.

        `phrase` is the passphrase that was said, if one was. With the parts that its
        `PhraseFinding` names it has the voice in each of them, too, and `compare` compares each
        with itself. `AudioError` where it is empty or not finite, or a part lies beyond it.
        """
        return replace(embed_windows(utterance, self.embedder, parts), phrase=phrase)

    def shortcoming(self, quality: Quality, least_s: float | None = None) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None.

        `least_s` of net speech instead of the limit's: free speech needs `SpeechMinimums.verify_s`.
        """
        limits = self.limits if least_s is None else replace(self.limits, net_speech_s=least_s)
        return shortcoming(quality, limits)

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints.

        `NoVoiceprintError` without any, `ModelMismatchError` where they are another model's.
        """
        return compare(embedding, quality, voiceprints, self.calibration)

    def decide(
        self,
        attempts: Sequence[AttemptEvidence],
        *,
        watchlisted: bool = False,
        locale: Locale = EN_US,
    ) -> Judgement:
        """Judge everything that a call's attempts brought; none at all is INCONCLUSIVE."""
        return decide(attempts, self.point, watchlisted=watchlisted, locale=locale)

    def review(
        self,
        recording: R,
        heard: Heard,
        kept: Sequence[R],
        rules: EnrollmentRules = PHRASE_RULES,
    ) -> Review[R]:
        """Take one more recording into an enrollment, or say why not."""
        return review(recording, heard, kept, self.calibration, rules)

    def of_one_voice(self, voiceprints: Sequence[Voiceprint]) -> tuple[int, ...]:
        """Return the places of the recordings that are of one voice; none where no two are."""
        return of_one_voice(voiceprints, self.calibration)

    def gallery(self, group: Mapping[N, Sequence[Voiceprint]]) -> Gallery[N]:
        """Make a group ready to be searched, by whatever names its voices.

        `NoVoiceprintError` where anyone has none, `ModelMismatchError` where one is another
        model's.
        """
        return Gallery(group, self.model)

    def point_among(self, voices: int, purpose: Purpose = Purpose.IDENTIFY) -> OperatingPoint:
        """Return the operating point of a search of at least one voice.

        `OutOfReachError` where there are so many that no evidence would be enough.
        """
        return point_for(purpose, self.rates, self.calibration, voices)

    def identify(
        self,
        embedding: Embedding,
        quality: Quality,
        gallery: Gallery[N],
        purpose: Purpose = Purpose.IDENTIFY,
        earlier: Sequence[Voiceprint] = (),
    ) -> Identification[N]:
        """Search a group, or with `Purpose.WATCHLIST` a watchlist, for the voice of an utterance.

        `earlier` utterances of the same caller count as much. The threshold accounts for the number
        of voices. Errors as `engine.identification`'s and `point_among`'s.
        """
        point = self.point_among(len(gallery), purpose)
        return identify(embedding, quality, gallery, self.calibration, point, earlier)

    def resembling(
        self,
        voiceprints: Sequence[Voiceprint],
        gallery: Gallery[N],
        purpose: Purpose = Purpose.DUPLICATE,
    ) -> tuple[Candidate[N], ...]:
        """Return who of a group, or with `Purpose.WATCHLIST` of a watchlist, sounds like a person.

        For warnings at enrollment; errors as `engine.identification`'s and `point_among`'s.
        """
        point = self.point_among(len(gallery), purpose)
        return resembling(voiceprints, gallery, self.calibration, point)
