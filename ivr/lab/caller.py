"""What a person does in a call: listens for the tone, speaks, presses keys, waits for the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.lab.asterisk import ROUTE_BY_CAUSE
from ivr.lab.softphone import Softphone
from ivr.lab.softphone.call import Ending, PhoneCall
from ivr.lab.softphone.errors import CallOverError

FRAME_SAMPLES = TELEPHONE_RATE_HZ // 100
RANGE_DB = 30.0
"""10 ms are speech that are at most this far below the loudest ones; line noise is lower still."""


@dataclass(slots=True)
class Experience:
    """What the caller went through."""

    spoke_until: list[float] = field(default_factory=list)
    """The loop's time at which the last speech of each utterance was sent, in seconds."""
    ending: Ending | None = None

    @property
    def route(self) -> tuple[str, str]:
        """Where the dialplan's examples sent the caller, after verify and after enroll."""
        cause = None if self.ending is None else self.ending.cause
        return ROUTE_BY_CAUSE.get(cause or 0, ("", ""))


async def converse(
    phone: Softphone,
    extension: str,
    where: tuple[str, int],
    *,
    says: Sequence[Pcm] = (),
    keys: str = "",
    caller_number: str = "",
) -> Experience:
    """Call, press the keys once something is heard, say one thing after each tone, and stay.

    Returns when the other hangs up.
    """
    call = await phone.dial(extension, *where, caller_number=caller_number)
    return await go_through(call, says=says, keys=keys)


async def go_through(call: PhoneCall, *, says: Sequence[Pcm] = (), keys: str = "") -> Experience:
    """Press the keys once something is heard, and say one thing after each tone, to the end."""
    experience = Experience()
    talking = asyncio.create_task(_talk(call, says, keys, experience))
    try:
        experience.ending = await call.ended()
    finally:
        talking.cancel()
        await asyncio.wait({talking})
    if not talking.cancelled() and (error := talking.exception()) is not None:
        raise error
    return experience


def spoken_s(pcm: Pcm) -> float:
    """Return how many seconds of the recording, int16 `[n]`, pass until its last speech."""
    padded = np.pad(pcm.astype(np.float64), (0, -len(pcm) % FRAME_SAMPLES))
    power = np.mean(padded.reshape(-1, FRAME_SAMPLES) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max(initial=1.0) * 10 ** (-RANGE_DB / 10))
    return float(loud[-1] + 1) * FRAME_SAMPLES / TELEPHONE_RATE_HZ if len(loud) else 0.0


async def _talk(call: PhoneCall, says: Sequence[Pcm], keys: str, experience: Experience) -> None:
    try:
        if keys:
            await call.heard_sound()
            await call.press(keys)
        for pcm in says:
            await call.heard_tone()
            silence_s = len(pcm) / TELEPHONE_RATE_HZ - spoken_s(pcm)
            experience.spoke_until.append(await call.speak(pcm) - silence_s)
    except CallOverError:
        # The other hung up while we spoke: `ended` says so.
        return
