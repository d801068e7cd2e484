"""Fixtures of the desk's tests: the whole system, a telephone, and a browser beside it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from ivr.desk import hash_password
from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.lab import LabError, browser
from ivr.lab.freeports import LOOPBACK, free_port
from ivr.lab.softphone import Softphone
from ivr.storage import Database, DeskUsers, Keyring
from tests.integration.faults.conftest import ground, module_dsn
from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.stage import UNHURRIED, Ground, Stage, open_stage
from tests.patience import PATIENCE_S
from tests.postgres import MASTER
from tests.unit.desk.receiver import Receiver, receiving

__all__ = ["ground", "module_dsn"]

PASSWORD = "correct horse battery"
TENANT = TenantId("default")
TOKEN = "a token of programs"
SECRET = "a secret of the webhook"
USERS = (
    ("ann", Role.AGENT, "1001"),
    ("bob", Role.AGENT, "1002"),
    ("sue", Role.SUPERVISOR, ""),
)

expect.set_options(timeout=PATIENCE_S * 1000)

TELEPHONE, AGI = "<the agent's>", "<the port of FastAGI>"

QUEUES = """
[agents]
joinempty = yes
retry = 1
member => Local/1002@desks/n
"""

DIALPLAN = f"""
[inbound](+)
; Who the agent is, is known only afterwards: by a variable, by who answers Dial() or a queue.
exten => _set-.,1,Gosub(countersign-verify,s,1(${{EXTEN:4}}))
 same => n,Set(COUNTERSIGN_AGENT=1002)
 same => n,Wait(20)
exten => _dial-.,1,Gosub(countersign-verify,s,1(${{EXTEN:5}}))
 same => n,Dial(Local/1002@desks)
exten => _agi-.,1,Set(COUNTERSIGN_AGI={AGI})
 same => n,Gosub(countersign-verify,s,1(${{EXTEN:4}}))
 same => n,Dial(Local/1002@desks)
exten => _back-.,1,Gosub(countersign-verify,s,1(${{EXTEN:5}}))
 same => n,Set(COUNTERSIGN_HAND_BACK=yes)
 same => n,Dial(Local/1002@desks,,g)
 same => n,Gosub(countersign-step-up,s,1)
 same => n,GotoIf($["${{COUNTERSIGN_STEP_UP}}/${{COUNTERSIGN_HAND_BACK}}" != "challenge/"]?done)
 same => n,Gosub(countersign-challenge,s,1({ACCOUNT}))
 same => n(done),Hangup(31)
exten => _queue-.,1,Gosub(countersign-verify,s,1(${{EXTEN:6}}))
 same => n,Queue(agents)
exten => _stopped-.,1,Answer()
 same => n,Set(COUNTERSIGN_AGENT=1001)
 same => n,Gosub(countersign-passive,s,1(${{EXTEN:8}}))
 same => n,Wait(1)
 same => n,Set(COUNTERSIGN_PASSIVE=stop)
 same => n,Wait(20)
exten => _passive-.,1,Answer()
 same => n,Gosub(countersign-passive,s,1(${{EXTEN:8}}))
 same => n,Queue(agents)

exten => _heard-.,1,Answer()
 same => n,Set(COUNTERSIGN_AGENT=1001)
 same => n,Gosub(countersign-passive,s,1(${{EXTEN:6}}))
 same => n,Goto(with-the-agent,s,1)

[desks]
exten => 1002,1,Dial(PJSIP/trunk/{TELEPHONE})

[inbound](+)
; An agent is known from the beginning, and while the caller is with them nothing happens here.
exten => _for.,1,Set(COUNTERSIGN_AGENT=${{EXTEN:3:4}})
 same => n,Gosub(countersign-verify,s,1(${{EXTEN:8}}))
 same => n,Goto(with-the-agent,s,1)

[with-the-agent]
exten => s,1,Wait(0.1)
 same => n,Gosub(countersign-step-up,s,1)
 same => n,GotoIf($["${{COUNTERSIGN_STEP_UP}}" != "challenge"]?s,1)
 same => n,Gosub(countersign-challenge,s,1({ACCOUNT}))
 same => n,Hangup(31)
"""


@dataclass
class Office:
    """The system with its desk, and who looks at it: screens, and another program."""

    stage: Stage
    agent: Softphone
    url: str
    browser: Browser
    program: Receiver
    """Another one, which is told of calls."""
    faults: list[str] = field(default_factory=list)

    async def screen(self, name: str, path: str = "/", **more: object) -> Page:
        """Open a browser of somebody's own, sign in, and return the page once it is live."""
        context = await self.browser.new_context(**{"locale": "en-US"} | more)  # type: ignore[arg-type]
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        await page.goto(f"{self.url}/sign-in")
        await page.fill("#name", name)
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url(f"{self.url}/")
        if path != "/":
            await page.goto(self.url + path)
        else:
            await expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
        return page


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips, with the reason, where there is none."""
    try:
        return browser.find()
    except LabError as lack:
        pytest.skip(f"no browser: {lack}")


async def add_users(dsn: str, users: Sequence[tuple[str, Role, str]]) -> None:
    """Add users of the default tenant, with the tests' password."""
    kept = hash_password(PASSWORD, cost=16)
    async with await Database.connect(dsn, connections=1) as database:
        records = DeskUsers(database, await Keyring.open(database, MASTER))
        for name, role, agent in users:
            user = DeskUser(name, TENANT, role, agent)
            await records.add(user, kept, who="ann", why="new")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(
    ground: Ground, module_dsn: str, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """The system that the tests share; at its end no page may have met a fault."""
    port, agi, audio = (free_port(socket.SOCK_STREAM) for _ in range(3))
    settings = UNHURRIED | {
        "COUNTERSIGN_DESK_PORT": str(port),
        "COUNTERSIGN_DESK_TOKEN": TOKEN,
        "COUNTERSIGN_AGI_ENABLED": "true",
        "COUNTERSIGN_AGI_PORT": str(agi),
        "COUNTERSIGN_AGI_AUDIO_PORT": str(audio),
    }
    folder = tmp_path_factory.mktemp("desk")
    (folder / "asterisk/etc").mkdir(parents=True)
    (folder / "asterisk/etc/queues.conf").write_text(QUEUES)
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(Softphone(LOOPBACK))
        program = await stack.enter_async_context(receiving(Receiver()))
        settings |= {
            "COUNTERSIGN_DESK_WEBHOOK_URL": program.url,
            "COUNTERSIGN_DESK_WEBHOOK_SECRET": SECRET,
        }
        opened = await stack.enter_async_context(
            open_stage(
                ground,
                folder,
                module_dsn,
                settings=settings,
                dialplan=DIALPLAN.replace(TELEPHONE, agent.uri).replace(AGI, f"{LOOPBACK}:{agi}"),
                modules=("app_dial", "app_queue"),
            )
        )
        playwright = await stack.enter_async_context(async_playwright())
        await add_users(module_dsn, USERS)
        running = await playwright.chromium.launch(
            executable_path=chromium, args=list(browser.ARGUMENTS)
        )
        office = Office(opened, agent, f"http://127.0.0.1:{port}", running, program)
        yield office
        await running.close()
        assert not office.faults
        await opened.check_end()
