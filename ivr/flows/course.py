"""What a call has come to so far: kept outside the flow, so that a hang-up loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.decision.policy import AttemptEvidence
from engine.types import Fingerprint, Judgement, Llr, ModelId, ReplayOutcome, Voiceprint
from ivr.domain.call import AccountId
from ivr.domain.claim import Claim
from ivr.domain.profile import Profile
from ivr.domain.prompt import Prompt
from ivr.domain.verification import Attempt, Opening, Verification, VerificationId
from ivr.flows.conversation import Capture
from ivr.ports import Clock, Examination, Voice


@dataclass(slots=True)
class Course:
    """A verification, a challenge or an identification under way."""

    verification: VerificationId | None = None
    """The record's id, where the call has one that others may watch."""
    claim: Claim | None = None
    profile: Profile | None = None
    """Compared with, or found."""
    identity: AccountId | None = None
    """Whom an identification found."""
    evidence: list[AttemptEvidence] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    fingerprints: list[Fingerprint] = field(default_factory=list)
    """Of what was said."""
    said: list[Voiceprint] = field(default_factory=list)
    """The voice in each utterance that was fit to be compared, or in all that was overheard; in
    memory alone."""
    threshold: Llr | None = None
    """What the evidence is to reach, once there is any."""
    watchlisted: bool = False
    hint: Prompt | None = None
    """What to tell the caller before the next attempt."""
    ended_at_s: float | None = None
    """When the last utterance ended, in seconds of the loop's clock."""

    def heard(self, capture: Capture) -> None:
        """Take note that somebody spoke."""
        self.ended_at_s = capture.ended_at_s
        for examination in (*capture.before, capture.examination):
            self.remember(examination)

    def remember(self, examination: Examination) -> None:
        """Keep what it takes to know an utterance again; of a repeat its first time is kept."""
        if examination.replay.outcome is not ReplayOutcome.REPEAT:
            self.fingerprints.append(examination.fingerprint)

    def note(self, evidence: AttemptEvidence, alone: Judgement) -> None:
        """Take an attempt into the record, with the judgement on it alone."""
        self.evidence.append(evidence)
        compared = evidence.replay.outcome is not ReplayOutcome.UNCHECKED
        self.attempts.append(
            Attempt(
                verdict=alone.verdict,
                reason=alone.reason,
                llr=evidence.llr,
                quality=evidence.quality,
                phrase=evidence.words,
                replay=evidence.replay.likeness if compared else None,
                replay_shift_s=evidence.replay.shift_s,
            )
        )

    def retake(self, evidence: AttemptEvidence, alone: Judgement) -> None:
        """Take the only attempt into the record, in place of what it was before."""
        self.evidence.clear()
        self.attempts.clear()
        self.note(evidence, alone)

    def ended(
        self, opening: Opening, judgement: Judgement, voice: Voice, clock: Clock
    ) -> Verification:
        """Join what was decided with what led to it."""
        return Verification(
            opening=opening,
            claim=self.claim,
            profile=None if self.profile is None else self.profile.id,
            verdict=judgement.verdict,
            reason=judgement.reason,
            llr=self.llr,
            confidence=judgement.confidence,
            attempts=tuple(self.attempts),
            model=self._model(voice),
            ended_at=clock.now(),
            fingerprints=tuple(self.fingerprints) if self.profile else (),
            threshold=self.threshold if self.compared else None,
            explanation=judgement.explanation,
            findings=judgement.findings,
        )

    def _model(self, voice: Voice) -> ModelId | None:
        if not self.compared:
            return None
        return voice.model if self.profile is None else voice.model_of(self.profile)

    @property
    def llr(self) -> Llr | None:
        """The evidence of the attempts that count, as it was judged; None without any."""
        llrs = [each.llr for each in self.evidence if each.counts and each.llr is not None]
        return Llr(sum(llrs) / len(llrs)) if llrs else None

    @property
    def compared(self) -> bool:
        """Whether any voice was compared."""
        return any(each.llr is not None for each in self.evidence)
