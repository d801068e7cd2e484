"""Fixtures of the dialplans' tests: the whole system, once, with FastAGI and a queue."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ivr.lab.freeports import LOOPBACK, free_port
from ivr.lab.program import DIALPLANS
from tests.integration.faults.conftest import ground, module_dsn
from tests.integration.faults.stage import Ground, Stage, open_stage

__all__ = ["ground", "module_dsn"]

RECIPES = DIALPLANS / "recipes"
MODULES = ("app_queue", "app_read", "func_db", "func_sha1")
INCLUDED = ("pin", "verify-queue", "verify-pin", "enroll-pin", "verify-challenge", "tenants")
QUEUES = "".join(
    f"[{name}]\nstrategy = ringall\nmember => Local/agent@desk/n\n"
    for name in ("agents", "questions")
)
DIALPLAN = """
[inbound](+)
include => countersign-tenants
exten => _agi-.,1,Set(COUNTERSIGN_AGI=@AGI@)
 same => n,Goto(${EXTEN:4},1)
exten => _recipe-.,1,Set(COUNTERSIGN_ACCOUNT=1001)
 same => n,Goto(countersign-${EXTEN:7},s,1)
exten => recruit,1,Set(COUNTERSIGN_ACCOUNT=1002)
 same => n,Goto(countersign-enroll-pin,s,1)
exten => office,1,Goto(countersign-freepbx,verify,1)

; What FreePBX would have: its queues. One agent serves all, and tells what he sees.
[ext-queues]
exten => _60[012],1,Queue(agents)
[desk]
exten => agent,1,Set(GLOBAL(SEEN${CALLERID(num)})=${CALLERID(name)})
 same => n,Answer()
 same => n,Wait(0.2)
 same => n,Hangup()
"""


def _dialplan(agi: str) -> str:
    """Return the recipes as a site would take them in, and what the tests need besides.

    FreePBX's file takes in countersign.conf, which is there already.
    """
    office = (RECIPES / "extensions_custom.conf").read_text()
    own = DIALPLAN.replace("@AGI@", agi) + office.replace('#include "countersign.conf"', "")
    return own + "".join(f'#include "{RECIPES / name}.conf"\n' for name in INCLUDED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """One system for all calls."""
    folder = tmp_path_factory.mktemp("dialplans")
    (folder / "asterisk/etc").mkdir(parents=True)
    (folder / "asterisk/etc/queues.conf").write_text(QUEUES)
    agi, audio = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    settings = {
        "COUNTERSIGN_AGI_ENABLED": "true",
        "COUNTERSIGN_AGI_PORT": str(agi),
        "COUNTERSIGN_AGI_AUDIO_PORT": str(audio),
    }
    async with open_stage(
        ground,
        folder,
        module_dsn,
        settings=settings,
        dialplan=_dialplan(f"{LOOPBACK}:{agi}"),
        modules=MODULES,
    ) as opened:
        yield opened
