"""Passive enrollment: a voice is taken from a conversation, with consent that was given before."""

from __future__ import annotations

from ivr.domain.call import CallState
from ivr.domain.enrollment import EnrollmentReason
from ivr.domain.mode import Mode
from ivr.flows.claiming import resolve_claim
from ivr.flows.enroll import (
    COMPLETE,
    Ending,
    EnrollCourse,
    failed,
    keep,
    refusal_of,
    wanted_of,
    warnings_on,
)
from ivr.flows.overhearing import Overhearing, Piece, together
from ivr.flows.passive import unasked
from ivr.flows.services import Services
from ivr.ports import Call, ToldToStopError


async def passive_enroll(call: Call, course: EnrollCourse, services: Services) -> Ending:
    """Listen until there is enough; on COMPLETE the course holds consent and recordings.

    Nobody is asked anything: without a consent in the records nothing is listened to.
    """
    claimed = await resolve_claim(call, services.store, unasked(services.enroll.claim), known=False)
    if claimed is None:
        return failed(EnrollmentReason.NO_CLAIM)
    claim, profile = claimed
    course.account, course.mode = claim.account, Mode.TEXT_INDEPENDENT
    refusal = refusal_of(profile)
    if refusal is not None:
        return failed(refusal)
    if not await _consented(call, course, services):
        return failed(EnrollmentReason.NO_CONSENT)
    await call.note(CallState.LISTENING)
    try:
        if not await _listened(call, course, services):
            return failed(course.complaint)
    except ToldToStopError:
        return failed(EnrollmentReason.NOT_ENOUGH_SPEECH)
    if not await _consented(call, course, services):
        # Withdrawn while we listened: a conversation lasts long enough for that.
        return failed(EnrollmentReason.NO_CONSENT)
    course.warnings = await warnings_on(call, course, services)
    return COMPLETE


async def _consented(call: Call, course: EnrollCourse, services: Services) -> bool:
    assert course.account is not None, "a claim was made"
    tenant = call.facts.request.tenant
    course.consent = await services.store.consent(tenant, course.account)
    return course.consent is not None


async def _listened(call: Call, course: EnrollCourse, services: Services) -> bool:
    """Gather pieces into recordings until they are an enrollment; False when time is up."""
    rules, voice = services.passive, services.voice
    overhearing = Overhearing(call, voice, rules.longest_s)
    pieces: list[Piece] = []
    tries = 0
    while tries < services.enroll.tries_of(course.mode):
        piece = await overhearing.piece()
        if piece is None:
            return False
        pieces.append(piece)
        whole = together(pieces)
        if whole.quality.net_speech_s < rules.recording_s:
            continue
        pieces, tries = [], tries + 1
        wanted = wanted_of(call, course, services, spoken=False)
        capture = whole.examined(await voice.examine(whole.utterance, wanted))
        if keep(capture, course, services).complete:
            return True
    return False
