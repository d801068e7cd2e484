"""The whole system with a telephone before it, and what must hold after every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from ivr.ari import AriAddress, AriClient
from ivr.ari.events import ChannelDtmfReceived
from ivr.domain.call import CallId
from ivr.lab.application import Line
from ivr.lab.asterisk import ROUTE_BY_CAUSE, AsteriskProgram, PrivateAsterisk
from ivr.lab.freeports import LOOPBACK
from ivr.lab.softphone import PhoneCall, Softphone
from ivr.lab.system import System
from ivr.line.names import RECORDINGS, Names
from tests.integration.faults.people import ACCOUNT, LONG_LOCALE, People
from tests.integration.faults.records import Records
from tests.integration.faults.waiting import patiently, until
from tests.postgres import write_master
from tests.relay import Relay

DIALPLAN = f"""
[inbound](+)
; The same with prompts that last for seconds.
exten => _slow-.,1,Set(COUNTERSIGN_LOCALE={LONG_LOCALE})
 same => n,Goto(${{EXTEN:5}},1)
"""
QUICK = {
    "COUNTERSIGN_LISTENING_WAIT_S": "3",
    "COUNTERSIGN_VERIFY_ATTEMPTS_MAX": "2",
    "COUNTERSIGN_VERIFY_KEY_WAIT_S": "3",
    "COUNTERSIGN_ENROLL_CONSENT_WAIT_S": "3",
    "COUNTERSIGN_DATABASE_PATIENCE_S": "20",
}
"""For callers who say nothing, and a PostgreSQL that is there, if slow."""
UNHURRIED = {
    "COUNTERSIGN_LISTENING_WAIT_S": "30",
    "COUNTERSIGN_VERIFY_KEY_WAIT_S": "30",
    "COUNTERSIGN_ENROLL_CONSENT_WAIT_S": "30",
}
"""For callers who say or key something, as soon as a busy machine lets them."""
APP = "countersign"
"""The name of the application that the dialplan calls."""
SPEECH_LEVEL = 500
"""Whatever is louder than this is a prompt."""
EVENTS, MEDIA = "/ari/events", "/media"
"""Where Countersign asks for the events and for a caller's audio."""

HUNG_UP = ("INCONCLUSIVE", "CALLER_HUNG_UP")
UNAVAILABLE = ("INCONCLUSIVE", "UNAVAILABLE")
NOTHING_SAID = ("INCONCLUSIVE", "NOT_ENOUGH_SPEECH")
OTHER_WORDS = ("INCONCLUSIVE", "WRONG_PHRASE")
REPLAYED = ("REJECT", "SPOOF_SUSPECTED")
MATCH = ("ACCEPT", "MATCH")


@dataclass(frozen=True, slots=True)
class Ground:
    """What all stages stand on."""

    program: AsteriskProgram
    people: People
    prompts: Path


class Stage:
    """A system that runs, a phone, and eyes on Asterisk and the database."""

    def __init__(
        self, system: System, phone: Softphone, ari: AriClient, people: People, relay: Relay | None
    ) -> None:
        """Take what runs; `open_stage` makes one."""
        self.system = system
        self.people = people
        self.records = Records(system.dsn)
        self._phone = phone
        self._ari = ari
        self._relay = relay
        self._calls: list[PhoneCall] = []
        self.begun = 0
        """Where in the log the test began."""

    @property
    def relay(self) -> Relay:
        """What lies between Countersign and Asterisk, where the stage was opened with it."""
        assert self._relay is not None, "this stage has no relay"
        return self._relay

    async def dial(
        self, extension: str = f"verify-{ACCOUNT}", caller_number: str = ""
    ) -> PhoneCall:
        """Call, and return once answered."""
        where = LOOPBACK, self.system.asterisk.sip_port
        dialled = self._phone.dial(extension, *where, record=True, caller_number=caller_number)
        call = await patiently(dialled)
        self._calls.append(call)
        return call

    async def asked(
        self, extension: str = f"verify-{ACCOUNT}", caller_number: str = ""
    ) -> PhoneCall:
        """Call, and return when the tone that asks for speech has been heard."""
        call = await self.dial(extension, caller_number)
        await patiently(call.heard_tone())
        return call

    async def prompted(self, call: PhoneCall) -> None:
        """Wait until the caller hears something."""

        async def hears() -> bool:
            return bool((np.abs(call.recording.astype(np.int32)) > SPEECH_LEVEL).any())

        await until(hears)

    async def route(self, call: PhoneCall, *, enrolling: bool = False) -> str:
        """Wait until the dialplan ends the call, and return where it had sent the caller."""
        ending = await patiently(call.ended())
        return ROUTE_BY_CAUSE.get(ending.cause or 0, ("", ""))[enrolling]

    async def logged(self, event: str, *, since: int = 0, **fields: object) -> Line:
        """Wait for a line in Countersign's log."""
        return await patiently(self.system.application.logged(event, since=since, **fields))

    @property
    def log_length(self) -> int:
        """How many lines there are so far: a place in the log."""
        return len(self.system.application.lines)

    async def callers(self) -> Sequence[str]:
        """Return the channels in Asterisk, our media channels too."""
        return [channel.id for channel in await self._ari.channels.list()]

    async def recorded(self, call: PhoneCall) -> None:
        """Wait until Asterisk records the caller: what is said before is lost."""
        await until(lambda: self._records(call))

    async def unheard(self) -> None:
        """Wait until Asterisk has noticed that nobody takes calls."""
        await until(lambda: self._ari.applications.get(APP), lambda found: found is None)

    async def watch(self, channel: str) -> None:
        """See what happens on a channel from here on."""
        await self._ari.applications.subscribe(self._ari.address.app, channel)

    async def saw(self, key: str) -> None:
        """Wait until a key has reached Asterisk on a channel that is watched."""
        await patiently(self._saw(key))

    async def eyes_open(self) -> bool:
        """Say whether this stage sees Asterisk: not for a moment after that has come back."""
        return self._ari.connected

    async def no_caller(self) -> None:
        """Wait until the telephone's side of every call is gone from Asterisk."""
        await until(self._telephones, lambda found: not found)

    async def nothing_left(self) -> None:
        """Wait until Asterisk holds no channel, bridge or recording."""
        await until(self._left, lambda left: not left)

    async def still_serves(self) -> None:
        """Place a call that needs no speech, and see that it is answered as ever."""
        before = {row.id for row in await self.records.verifications()}
        call = await self.dial("verify-nobody")
        assert await self.route(call) == "pin"
        rows = [row for row in await self.records.verifications() if row.id not in before]
        assert [row.ending for row in rows] == [("INCONCLUSIVE", "NOT_ENROLLED")]

    async def check_after(self) -> None:
        """Assert what must hold after every fault; that calls are taken, the next test shows."""
        for call in self._calls:
            call.drop()
        self._calls.clear()
        await self.nothing_left()
        await self.records.all_ended()

    async def check_end(self) -> None:
        """Assert that a call is taken, that Countersign stops well, its log without a fault."""
        await self.still_serves()
        await self.nothing_left()
        assert await self.system.application.stop() == 0
        lines = self.system.application.lines
        stray = [line for line in lines if "timestamp" not in line or "exception" in line]
        assert not stray, stray

    async def _records(self, call: PhoneCall) -> bool:
        channels = await self._ari.channels.list()
        callers = [each for each in channels if each.protocol_id == call.call_id]
        names = [Names(APP).of(kind, CallId(each.id)) for each in callers for kind in RECORDINGS]
        found = [await self._ari.recordings.live(name) for name in names]
        return any(each is not None and each.state == "recording" for each in found)

    async def _saw(self, key: str) -> None:
        async for event in self._ari.events():
            if isinstance(event, ChannelDtmfReceived) and event.digit == key:
                return

    async def _telephones(self) -> list[str]:
        return [each for each in await self.callers() if not each.startswith(f"{APP}~")]

    async def _left(self) -> list[str]:
        bridges = [bridge.id for bridge in await self._ari.bridges.list()]
        return [*await self.callers(), *bridges, *await self._ari.recordings.stored()]


@asynccontextmanager
async def open_stage(
    ground: Ground,
    folder: Path,
    dsn: str = "",
    *,
    settings: Mapping[str, str] | None = None,
    relayed: bool = False,
    without_modules: Sequence[str] = (),
    dialplan: str = "",
    modules: Sequence[str] = (),
) -> AsyncIterator[Stage]:
    """Start everything, with one person enrolled as `ACCOUNT`."""
    async with AsyncExitStack() as stack:
        asterisk = PrivateAsterisk(
            folder / "asterisk",
            program=ground.program,
            without_modules=without_modules,
            extra_modules=modules,
            extra_dialplan=DIALPLAN + dialplan,
        )
        chosen = QUICK | {"COUNTERSIGN_PROMPTS_FOLDER": str(ground.prompts)} | dict(settings or {})
        relay = await stack.enter_async_context(Relay(asterisk.http_port)) if relayed else None
        if relay is not None:
            chosen |= {"COUNTERSIGN_ARI_URL": relay.url}
        system = System(folder, settings=chosen, dsn=dsn, asterisk=asterisk, say=_say_nothing)
        write_master(system.master_file)
        await stack.enter_async_context(system)
        address = AriAddress(
            asterisk.ari_url, asterisk.ari_user, asterisk.ari_password, f"eyes-{uuid4().hex[:8]}"
        )
        ari = await stack.enter_async_context(AriClient(address))
        phone = await stack.enter_async_context(Softphone(LOOPBACK))
        stage = Stage(system, phone, ari, ground.people, relay)
        await stage.records.enroll(ACCOUNT, ground.people.recordings)
        yield stage


def _say_nothing(_: str) -> None:
    """Keep the tests' output to what failed."""


async def hung_up_while(stage: Stage, call: PhoneCall) -> None:
    """Hang up and wait until Asterisk has noticed."""
    await patiently(call.hang_up())
    await stage.no_caller()


async def cancelled(task: asyncio.Task[PhoneCall]) -> None:
    """Give up dialling before anybody answered."""
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled(), "the call was answered before it could be given up"
