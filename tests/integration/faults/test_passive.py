"""Passive verification and enrollment: a caller and an agent talk, and only the caller counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest
import pytest_asyncio

from engine.types import TELEPHONE_RATE_HZ, Locale, Pcm, PhraseId
from ivr.ari import AriAddress, AriClient
from ivr.domain.call import AccountId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.lab.asterisk import PrivateAsterisk
from ivr.lab.freeports import LOOPBACK
from ivr.lab.softphone import PhoneCall, Softphone
from ivr.lab.speech import synthetic
from ivr.lab.system import System
from ivr.storage.database import Database
from ivr.storage.drafts import Drafts, Terms
from tests.integration.faults.people import ACCOUNT, silence
from tests.integration.faults.records import TENANT, Row
from tests.integration.faults.stage import Ground
from tests.integration.faults.talking import Office, Talk
from tests.integration.faults.waiting import patiently, until
from tests.postgres import write_master
from tests.relay import Relay

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

DIALPLAN = """
[inbound](+)
include => countersign-passive-queue
exten => _dial-.,1,Set(COUNTERSIGN_ACCOUNT=${{EXTEN:5}})
 same => n,Gosub(countersign-passive,s,1)
 same => n,Dial(PJSIP/trunk/{agent},,g)
 same => n,Gosub(countersign-passive-result,s,1)
 same => n,Goto(countersign-route-verify,${{COUNTERSIGN_VERDICT}},1)
#include "passive-queue.conf"

[agents]
exten => agent,1,Dial(PJSIP/trunk/{agent})
"""
QUEUES = """
[agents]
joinempty = yes
member => Local/agent@agents/n
"""
SETTINGS = {"COUNTERSIGN_ENROLL_FREE_SPEECH_S": "6", "COUNTERSIGN_PASSIVE_RECORDING_S": "2"}
TALK = (
    "I am calling about the bill you sent me in March, it seems to be wrong.",
    "There are two charges on it for the same day, and I only paid once.",
    "Could you please have a look and tell me what happened there.",
)
QUIET_ACCOUNT, NEW_ACCOUNT, LATE_ACCOUNT = AccountId("1002"), AccountId("2001"), AccountId("2002")
"""The same person's, who says nothing in his own call; and two of people not enrolled yet."""
LOUD = 500


def speech(voice: str, take: int) -> Pcm:
    """Return what a person says in a conversation, with pauses."""
    speaker = synthetic(voice)
    said = [(speaker.say(text, take + n), silence(0.8)) for n, text in enumerate(TALK)]
    return np.concatenate([part for pair in said for part in pair])


def heard(call: PhoneCall) -> float:
    """Return how many seconds of sound were heard."""
    return float((np.abs(call.recording.astype(np.int32)) > LOUD).sum()) / TELEPHONE_RATE_HZ


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """One system for all tests, with one person enrolled twice and another one who agreed."""
    folder = tmp_path_factory.mktemp("passive")
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(Softphone(LOOPBACK))
        desk = await stack.enter_async_context(Softphone(LOOPBACK))
        asterisk = PrivateAsterisk(
            folder / "asterisk",
            program=ground.program,
            extra_modules=("app_dial", "app_queue"),
            extra_dialplan=DIALPLAN.format(agent=desk.uri),
        )
        (folder / "asterisk/etc").mkdir(parents=True)
        (folder / "asterisk/etc/queues.conf").write_text(QUEUES)
        relay = await stack.enter_async_context(Relay(asterisk.http_port))
        chosen = SETTINGS | {"COUNTERSIGN_ARI_URL": relay.url}
        system = System(
            folder, settings=chosen, dsn=module_dsn, asterisk=asterisk, say=lambda _: None
        )
        write_master(system.master_file)
        await stack.enter_async_context(system)
        address = AriAddress(
            asterisk.ari_url, asterisk.ari_user, asterisk.ari_password, f"eyes-{uuid4().hex[:8]}"
        )
        ari = await stack.enter_async_context(AriClient(address))
        office = Office(system, phone, desk, ari, relay)
        for account in (ACCOUNT, QUIET_ACCOUNT):
            await office.records.enroll(account, ground.people.recordings)
        for account in (NEW_ACCOUNT, LATE_ACCOUNT):
            await agree(system.dsn, account)
        yield office
        await office.nothing_left()
        assert await system.application.stop() == 0
        lines = system.application.lines
        assert not [line for line in lines if "exception" in line or line["level"] == "error"]


async def agree(dsn: str, account: AccountId) -> None:
    """Note that somebody agreed to be enrolled."""
    consent = Consent("en-US/1", ConsentGiven.DOCUMENT, datetime.now(UTC))
    async with await Database.connect(dsn, connections=1) as database:
        terms = Terms(consent, Locale("en-US"), Mode.TEXT_INDEPENDENT, PhraseId(""))
        await Drafts(database).begin(TENANT, account, terms, who="test", why="test")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talks(office: Office) -> dict[str, Talk]:
    """Three conversations, held at the same time to its end."""
    found = {
        name: await office.talk(f"{name}-{account}")
        for name, account in (("dial", ACCOUNT), ("queue", QUIET_ACCOUNT), ("enrol", NEW_ACCOUNT))
    }
    await asyncio.gather(
        found["dial"].caller.speak(speech("rms", 20)),
        found["dial"].agent.speak(speech("awb", 20)),
        found["queue"].agent.speak(speech("rms", 30)),
        found["enrol"].caller.speak(speech("slt", 20)),
    )
    return found


async def test_the_caller_is_verified_while_he_talks(
    office: Office, talks: dict[str, Talk]
) -> None:
    """The agent talks all the time, the verdict is about the caller, and the talk goes on."""
    row = await office.row(ACCOUNT)
    assert row.ending == ("ACCEPT", "MATCH")

    async def shared() -> str | None:
        return await office.ari.channels.get_variable(row.call, "SHARED(COUNTERSIGN_VERDICT)")

    assert await until(shared) == "ACCEPT"
    assert not talks["dial"].caller.is_over
    assert min(heard(talks["dial"].caller), heard(talks["dial"].agent)) > 1.0
    assert await talks["dial"].agent_leaves() == "agent-confirmed"


async def test_the_agents_voice_does_not_verify_the_caller(
    office: Office, talks: dict[str, Talk]
) -> None:
    """The agent has the enrolled voice, and the caller, in a queue, says nothing: no evidence."""
    talk = talks["queue"]
    assert heard(talk.caller) > 4.0
    assert await talk.agent_leaves() == "pin"
    row = await office.row(QUIET_ACCOUNT)
    assert (row.ending, row.attempts) == (("INCONCLUSIVE", "NOT_ENOUGH_SPEECH"), 0)
    ended = await office.system.application.logged("media_ended", call=row.call)
    assert ended["frames"] > 500


async def test_a_conversation_enrolls_who_agreed(office: Office, talks: dict[str, Talk]) -> None:
    """The voice is the caller's, by a consent that was there before."""

    async def enrolled() -> list[Row]:
        return [row for row in await office.records.enrollments() if row.account == NEW_ACCOUNT]

    (row,) = await until(enrolled)
    assert await talks["enrol"].agent_leaves() == "agent-confirmed"
    assert row.ending == ("ENROLLED", "COMPLETE")


@pytest.mark.parametrize("kind", ["snoop", "media"])
async def test_what_fails_on_our_side_disturbs_nobody(
    ground: Ground, office: Office, kind: str
) -> None:
    """Asterisk ends a channel of ours: UNAVAILABLE in the record, and the two talk on."""
    await office.begin()
    talk = await office.talk(f"dial-{ACCOUNT}")
    await office.ari.channels.hangup(await office.ours(kind))
    assert (await office.records.verdict()).ending == ("INCONCLUSIVE", "UNAVAILABLE")
    await talk.caller.speak(ground.people.phrase)
    await patiently(talk.agent.heard_sound())
    assert await talk.agent_leaves() == "pin-only"


async def test_a_hang_up_ends_the_record(office: Office) -> None:
    """The caller hangs up before he has said anything."""
    await office.begin()
    talk = await office.talk(f"dial-{ACCOUNT}")
    await office.ours("snoop")
    await patiently(talk.caller.hang_up())
    assert (await office.records.verdict()).ending == ("INCONCLUSIVE", "CALLER_HUNG_UP")


async def test_a_crash_disturbs_nobody_and_ends_the_record(office: Office) -> None:
    """The two talk on while Countersign is killed and started again; nobody listens any more."""
    await office.begin()
    talk = await office.talk(f"dial-{ACCOUNT}")
    await office.ours("snoop")
    await office.system.application.kill()
    await office.system.application.start()
    assert (await office.records.verdict()).ending == ("INCONCLUSIVE", "UNAVAILABLE")
    await office.nothing_left()
    assert not talk.caller.is_over
    assert await talk.agent_leaves() == "pin-only"


async def test_killed_after_the_enrollment_was_written(office: Office) -> None:
    """The two talk on, and the next process tells the dialplan what was written."""
    await office.begin()
    talk = await office.talk(f"enrol-{LATE_ACCOUNT}")
    await office.listens()
    office.relay.hold("/ari")
    await talk.caller.speak(speech("slt", 40))
    written = await office.records.enrollment()
    await office.system.application.kill()
    # What it had begun to tell is lost with it.
    office.relay.cut()
    office.relay.resume()
    await office.system.application.start()

    async def shared() -> str | None:
        return await office.ari.channels.get_variable(
            written.call, "SHARED(COUNTERSIGN_ENROLLMENT)"
        )

    assert await until(shared) == "ENROLLED"
    await office.nothing_left()
    assert not talk.caller.is_over
    assert await talk.agent_leaves() == "agent-confirmed"
    assert await office.records.enrollments() == [written]
    assert written.ending == ("ENROLLED", "COMPLETE")
