"""Why nobody is asked to speak: reasons that are not about the voice, and their words."""

from __future__ import annotations

from datetime import datetime

from engine.types import Judgement, ModelId, Reason, Verdict
from ivr.domain.profile import Profile, ProfileState
from ivr.ports import Clock, ProfileStore, Voice

OBSTACLES: dict[ProfileState, Reason | None] = {
    ProfileState.ENROLLED: None,
    ProfileState.ENROLLING: Reason.NOT_ENROLLED,
    ProfileState.EXPIRED: Reason.EXPIRED,
    ProfileState.OPTED_OUT: Reason.OPTED_OUT,
}

EXPLANATIONS: dict[Reason, str] = {
    Reason.NO_CLAIM: "No account was claimed.",
    Reason.NOT_ENROLLED: "There is no enrolled voice to compare with.",
    Reason.NO_CONSENT: "The person has not agreed to be recognised by voice.",
    Reason.OPTED_OUT: "The person does not want to be recognised by voice.",
    Reason.EXPIRED: "The stored voice can no longer be compared; a new enrollment helps.",
    Reason.LOCKED_OUT: "Profile or caller is locked after too many rejected attempts.",
    Reason.CALLER_HUNG_UP: "The caller hung up.",
    Reason.UNAVAILABLE: "The comparison could not be finished.",
}


def undecided(reason: Reason) -> Judgement:
    """Return INCONCLUSIVE for a reason that is not about the voice."""
    explanation = EXPLANATIONS.get(reason, "")
    return Judgement(Verdict.INCONCLUSIVE, reason, 0, unsure=False, explanation=explanation)


def obstacle_to(profile: Profile | None, model: ModelId, now: datetime) -> Reason | None:
    """Return why this profile cannot be verified against with this voice model, or None."""
    if profile is None:
        return Reason.NOT_ENROLLED
    if not profile.consented and profile.state is ProfileState.ENROLLED:
        return Reason.NO_CONSENT
    if profile.state is ProfileState.ENROLLED and not profile.voiceprints:
        return Reason.NOT_ENROLLED
    if any(voiceprint.embedding.model != model for voiceprint in profile.voiceprints):
        # Another model made them: only a new enrollment helps.
        return Reason.EXPIRED
    if profile.locked_until is not None and now < profile.locked_until:
        return Reason.LOCKED_OUT
    return OBSTACLES[profile.state]


async def obstacle_by_now(
    compared: Profile, store: ProfileStore, voice: Voice, clock: Clock
) -> Reason | None:
    """Look again at whom was compared: a call lasts long enough for somebody to opt out in it.

    And so long do others last, of the same account, that may lock it.
    """
    found = await store.find(compared.tenant, compared.account)
    if found is None or found.id != compared.id:
        return Reason.NOT_ENROLLED
    return obstacle_to(found, voice.model_of(found), clock.now())


async def upheld(
    judgement: Judgement, compared: Profile, store: ProfileStore, voice: Voice, clock: Clock
) -> Judgement:
    """Return the judgement, unless it accepts somebody whom by now nobody may be compared with."""
    if judgement.verdict is not Verdict.ACCEPT:
        return judgement
    obstacle = await obstacle_by_now(compared, store, voice, clock)
    return judgement if obstacle is None else undecided(obstacle)
