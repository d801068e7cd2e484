"""Step 8 of docs/install.md: "Call it once from a telephone of yours, enroll, and call again"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.types import Pcm
from ivr.lab.caller import converse
from ivr.lab.freeports import LOOPBACK
from ivr.lab.scenes import ACCOUNT, ENROLL_KEYS, PHRASE
from ivr.lab.softphone import Softphone
from ivr.lab.speech import synthetic
from tests.documents.machine import Machine
from tests.documents.people import CALL, HIM


async def called(machine: Machine) -> tuple[str, str]:
    """Enroll by telephone and call again; return where the dialplan's examples sent the caller."""
    where = LOOPBACK, machine.asterisk.sip_port
    async with Softphone(LOOPBACK) as phone:
        enrolling = await asyncio.to_thread(_takes, 0)
        first = await converse(phone, f"enroll-{ACCOUNT}", where, says=enrolling, keys=ENROLL_KEYS)
        verifying = await asyncio.to_thread(_takes, CALL)
        second = await converse(phone, f"verify-{ACCOUNT}", where, says=verifying)
    return first.route[1], second.route[0]


def _takes(first: int) -> Sequence[Pcm]:
    return [synthetic(HIM).say(PHRASE, first + take) for take in range(3)]
