"""The listener over real HTTP: what a prober and Prometheus are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.types import Reason, Verdict
from ivr.domain.call import CallState, Purpose
from ivr.domain.metering import FrameCounts, Posting, Stage
from ivr.watch import Health, Metrics, Present, listening
from tests.unit.storage.records import ACCOUNT, accepted, opening

Sample = tuple[str, frozenset[tuple[str, str]]]


@dataclass
class Watch:
    """A listener, and what it is told."""

    metrics: Metrics = field(default_factory=Metrics)
    fault: str = ""
    present: Present = field(default_factory=lambda: Present({}))
    address: str = ""

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body."""
        async with aiohttp.ClientSession() as session, session.get(self.address + path) as reply:
            return reply.status, await reply.text()

    async def samples(self) -> dict[Sample, float]:
        """Return what Prometheus reads."""
        status, text = await self.get("/metrics")
        assert status == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@asynccontextmanager
async def _listens(watch: Watch) -> AsyncIterator[Watch]:
    async def check() -> str:
        return watch.fault

    async def look() -> Present:
        return watch.present

    health = Health({"database": check})
    async with listening("127.0.0.1", 0, watch.metrics, health, look) as port:
        watch.address = f"http://127.0.0.1:{port}"
        yield watch


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """A listener on a free port."""
    async with _listens(Watch()) as watch:
        yield watch


def sample(name: str, **labels: str) -> Sample:
    """Return a sample's name."""
    return name, frozenset(labels.items())


async def test_a_service_with_a_fault_lives_but_is_not_ready(watch: Watch) -> None:
    """So it is left running, and sent no calls, and the answer says why."""
    assert await watch.get("/health/ready") == (
        200,
        '{"ready": true, "checks": {"database": "ok"}}',
    )
    watch.fault = "check that PostgreSQL runs"
    status, text = await watch.get("/health/ready")
    assert status == 503
    assert "check that PostgreSQL runs" in text
    assert (await watch.get("/health/live"))[0] == 200
    assert (await watch.samples())[sample("countersign_check", check="database")] == 0


async def test_calls_are_counted_by_verdict_and_named_by_nobody(watch: Watch) -> None:
    """Labels are words of the program; the account of the record is in none."""
    verification = accepted(opening())
    watch.metrics.verified(Purpose.VERIFY, verification)
    watch.metrics.verified(None, verification)
    found = await watch.samples()
    labels = {"verdict": Verdict.ACCEPT.value, "reason": Reason.MATCH.value}
    for purpose in ("verify", "abandoned"):
        assert found[sample("countersign_verifications_total", purpose=purpose, **labels)] == 1
    assert not any(ACCOUNT in str(each) for each in found)


async def test_stages_are_histograms_from_the_start(watch: Watch) -> None:
    """All stages are there before the first call, so that a rate can be taken over it."""
    watch.metrics.took(Stage.DECIDE, 0.03)
    found = await watch.samples()
    counts = {
        stage: found[sample("countersign_stage_seconds_count", stage=stage.value)]
        for stage in Stage
    }
    assert counts == {stage: float(stage is Stage.DECIDE) for stage in Stage}
    bucket = sample("countersign_stage_seconds_bucket", stage="decide", le="0.05")
    assert found[bucket] == 1


async def test_frames_are_counted_by_their_fate(watch: Watch) -> None:
    """What was lost on the way is the silence that was put in its place."""
    watch.metrics.carried(FrameCounts(heard=500, filled=4, refused=1, unheard=2))
    watch.metrics.carried(FrameCounts(heard=500, filled=0, refused=0, unheard=0))
    found = await watch.samples()
    fates = {"heard": 1000, "filled": 4, "refused": 1, "unheard": 2}
    assert fates == {fate: found[sample("countersign_frames_total", fate=fate)] for fate in fates}


async def test_events_of_the_webhook_are_counted_by_their_fate(watch: Watch) -> None:
    """Both are there before the first one, so that a rate can be taken over them."""
    watch.metrics.posted(Posting.DELIVERED)
    found = await watch.samples()
    assert found[sample("countersign_webhook_events_total", fate="delivered")] == 1
    assert found[sample("countersign_webhook_events_total", fate="lost")] == 0


async def test_the_present_is_shown_as_it_is(watch: Watch) -> None:
    """A state that nobody is in is 0; what could not be found out is absent, not 0."""
    watch.present = Present(
        calls={CallState.LISTENING: 3},
        outbox={"waiting": 2, "set_aside": 1},
        connections={"busy": 1, "idle": 2, "allowed": 8},
        jobs={"retention": 5},
    )
    found = await watch.samples()
    assert found[sample("countersign_calls", state="listening")] == 3
    assert found[sample("countersign_calls", state="checking")] == 0
    assert found[sample("countersign_outbox_letters", state="waiting")] == 2
    assert found[sample("countersign_database_connections", state="allowed")] == 8
    assert found[sample("countersign_jobs", duty="retention")] == 5
    watch.present = Present({})
    found = await watch.samples()
    assert found[sample("countersign_calls", state="listening")] == 0
    assert sample("countersign_outbox_letters", state="waiting") not in found


async def test_the_model_is_named(watch: Watch) -> None:
    """An info metric: its value is 1, its label says it."""
    watch.metrics.uses("telephone-1")
    assert (await watch.samples())[sample("countersign_model_info", model="telephone-1")] == 1


async def test_a_port_that_is_taken_is_an_error(watch: Watch) -> None:
    """Nobody must believe to be watched who is not."""
    port = int(watch.address.rpartition(":")[2])
    other = listening("127.0.0.1", port, Metrics(), Health({}), lambda: _nothing())
    with pytest.raises(OSError, match="address already in use"):
        await other.__aenter__()


async def _nothing() -> Present:
    return Present({})
