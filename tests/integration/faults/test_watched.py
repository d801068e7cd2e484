"""What those who watch are told of real calls, and how the service is stopped at once."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from ivr.lab.freeports import LOOPBACK, free_port
from tests.integration.faults.stage import (
    EVENTS,
    MATCH,
    UNAVAILABLE,
    UNHURRIED,
    Ground,
    Stage,
    open_stage,
)
from tests.integration.faults.waiting import patiently, until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system that is watched."""
    settings = UNHURRIED | {"COUNTERSIGN_HEALTH_PORT": str(free_port(socket.SOCK_STREAM))}
    folder = tmp_path_factory.mktemp("watched")
    async with open_stage(ground, folder, module_dsn, settings=settings, relayed=True) as stage:
        yield stage
        await stage.check_end()


async def asked(stage: Stage, path: str) -> tuple[int, str]:
    """Return what the listener answers."""
    port = stage.system.application.settings["COUNTERSIGN_HEALTH_PORT"]
    address = f"http://{LOOPBACK}:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(address) as reply:
        return reply.status, await reply.text()


async def figures(stage: Stage) -> dict[str, float]:
    """Return every sample by its name and the values of its labels, in their names' order."""
    _, text = await asked(stage, "/metrics")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_call_is_in_the_figures(stage: Stage) -> None:
    """While it lasts in its state; afterwards by its verdict, its stages and its audio."""
    before = await figures(stage)
    assert before["countersign_check asterisk"] == before["countersign_check database"] == 1
    assert before["countersign_database_connections allowed"] > 0
    call = await stage.asked()
    await until(lambda: figures(stage), lambda found: found["countersign_calls listening"] == 1)
    await call.speak(stage.people.phrase)
    assert await stage.route(call) == "agent-confirmed"
    await stage.nothing_left()
    after = await until(lambda: figures(stage), _all_counted)
    assert after["countersign_verifications_total verify MATCH ACCEPT"] == 1
    assert after["countersign_calls listening"] == 0
    for stretch in ("attach", "examine", "write", "release", "decide"):
        assert after[f"countersign_stage_seconds_count {stretch}"] >= 1
    heard_s = after["countersign_frames_total heard"] * 0.02
    assert heard_s > len(stage.people.phrase) / 8000
    row = await stage.records.verdict()
    assert row.ending == MATCH


def _all_counted(found: dict[str, float]) -> bool:
    """The caller goes on before what his call came to is counted."""
    decided = found["countersign_stage_seconds_count decide"]
    return decided > 0 and found["countersign_frames_total heard"] > 0


async def test_ready_while_asterisk_is_there(stage: Stage) -> None:
    """Without the events no call comes: it lives, and is not ready until they are back."""
    assert (await asked(stage, "/health/ready"))[0] == 200
    stage.relay.bar(EVENTS)
    stage.relay.cut(EVENTS)
    status, text = await until(
        lambda: asked(stage, "/health/ready"), lambda answer: answer[0] != 200
    )
    assert status == 503
    assert "events websocket" in text
    assert (await asked(stage, "/health/live"))[0] == 200
    stage.relay.admit()
    await until(lambda: asked(stage, "/health/ready"), lambda answer: answer[0] == 200)


async def test_told_twice_to_stop(stage: Stage) -> None:
    """The first signal lets the call go on and is told to probers; the second ends it."""
    application = stage.system.application
    call = await stage.asked()
    application.send(signal.SIGTERM)
    await stage.logged("service_stopping", calls=1)
    status, text = await asked(stage, "/health/ready")
    assert status == 503
    assert "about to stop" in text
    stopped = asyncio.create_task(application.ended())
    application.send(signal.SIGTERM)
    assert await stage.route(call) == "pin-only"
    assert await patiently(stopped) == 0
    await stage.logged("calls_cut_off", calls=1, why="told to stop at once")
    assert (await stage.records.verdict()).ending == UNAVAILABLE
    await application.start()
