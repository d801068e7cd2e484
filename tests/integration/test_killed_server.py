"""PostgreSQL is killed (SIGKILL) at random moments while people enroll, verify, erase and are moved
to another voice model: no acknowledged write is lost, nobody is usable by halves, the trail holds.

`COUNTERSIGN_KILLS=50` kills it fifty times; each time either all of the server or one process of
it, which makes PostgreSQL restart itself. The moments are drawn from a seed, which is printed.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg

from ivr.jobs import Queue, Reextraction, Worker
from ivr.jobs.worker import working
from ivr.ports import StoreUnavailableError
from ivr.storage.administration import ProfileAdministration
from ivr.storage.audit_chain import AuditEnd, verify
from ivr.storage.cluster import Cluster
from ivr.storage.database import Database
from ivr.storage.keys import Keyring
from ivr.storage.reextraction import spread
from ivr.storage.store import PostgresStore
from tests.integration.killing import Claims, People, kill, whole
from tests.postgres import MASTER
from tests.unit.jobs.conftest import NEWER, Model
from tests.unit.storage.records import TENANT

KILLS = int(os.environ.get("COUNTERSIGN_KILLS", "8"))
SEED = int(os.environ.get("COUNTERSIGN_KILLS_SEED", "20261124"))
BETWEEN_S = (0.05, 0.6)
LEASE = timedelta(seconds=2)
SETTLED_S = 120.0

HALVES = """
SELECT p.account FROM profiles AS p WHERE p.state <> 'enrolled' OR p.data_key IS NULL
OR (SELECT count(*) FROM recordings AS r WHERE r.profile = p.id) <> 3
OR (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) <> 1
OR (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id) <> 3
OR (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id AND v.live AND v.model = $1) <> 3
"""
LEFT_BEHIND = """
SELECT (SELECT count(*) FROM recordings) + (SELECT count(*) FROM voiceprints)
- 6 * (SELECT count(*) FROM profiles)
"""
DONE = "SELECT what, count(*) AS times FROM audit GROUP BY what"
TWICE = (
    "SELECT about FROM audit WHERE what = 'verification_closed' GROUP BY about HAVING count(*) > 1"
)


@asynccontextmanager
async def meanwhile(*doing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let people do what they do; whatever one of them raises is raised at the end."""
    tasks = [asyncio.create_task(each) for each in doing]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def test_a_killed_server_loses_nothing_it_acknowledged(own_cluster: Cluster) -> None:
    """Proven afterwards on what is stored, against what every writer was told."""
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    async with await Database.connect(own_cluster.dsn()) as database:
        keyring = await Keyring.open(database, MASTER)
        people = _people(database, keyring, chance)
        duty = Reextraction(database, keyring, NEWER, Model().embed)
        async with duty, working(Worker(database, [duty], lease=LEASE)):
            doing = (people.enroll(), people.verify(), people.erase(), people.look())
            async with meanwhile(*doing):
                for _ in range(KILLS):
                    await asyncio.sleep(chance.uniform(*BETWEEN_S))
                    killed[await asyncio.to_thread(kill, own_cluster, chance)] += 1
                await people.some_more()
            await _moved(database, duty)
        await _proven(people, database, own_cluster)
    _told(killed, people.claims)
    assert sum(people.claims.interrupted.values()), "no writer was cut off: it tested nothing"


def _people(database: Database, keyring: Keyring, chance: random.Random) -> People:
    store = PostgresStore(database, keyring)
    return People(store, ProfileAdministration(database), chance)


async def _moved(database: Database, duty: Reextraction) -> None:
    """Wait until everybody is at the newer voice model."""
    async with asyncio.timeout(SETTLED_S):
        while True:
            try:
                async with Queue.open(database) as queue:
                    await duty.look(queue)
                if set((await spread(database, TENANT)).profiles) <= {NEWER}:
                    return
            except StoreUnavailableError:
                """The last kill's restart may still be under way."""
            await asyncio.sleep(0.2)


async def _proven(people: People, database: Database, cluster: Cluster) -> None:
    """Compare what is stored with what was acknowledged."""
    await _verdicts_are_kept(people)
    await _persons_are_kept(people)
    assert isinstance(await verify(database, TENANT), AuditEnd)
    owner = await asyncpg.connect(cluster.dsn())
    try:
        assert await owner.fetch(HALVES, NEWER) == []
        assert await owner.fetchval(LEFT_BEHIND) == 0
        assert await owner.fetch(TWICE) == []
        times = {row["what"]: row["times"] for row in await owner.fetch(DONE)}
    finally:
        await owner.close()
    claims = people.claims
    assert times["profile_enrolled"] - len(claims.enrolled) in {0, 1}
    assert times["verification_closed"] - len(claims.closed) in {0, 1}
    assert times["profile_erased"] - len(claims.erased) in {0, 1}
    assert times["profile_reextracted"] >= len(claims.enrolled.keys() - claims.erasing)


async def _verdicts_are_kept(people: People) -> None:
    for verification in people.claims.closed:
        assert await people.store.verdict(verification.opening.id) == verification


async def _persons_are_kept(people: People) -> None:
    claims = people.claims
    for account in claims.enrolled:
        found = await people.store.find(TENANT, account)
        if account in claims.erased:
            assert found is None
        elif found is None:
            assert account in claims.erasing
        else:
            assert whole(found) == NEWER


def _told(killed: Counter[str], claims: Claims) -> None:
    sys.stderr.write(f"seed {SEED}, killed: {dict(killed)}; cut off: {dict(claims.interrupted)}\n")
    sys.stderr.write(
        f"acknowledged: {len(claims.enrolled)} enrollments, {len(claims.closed)} verdicts, "
        f"{len(claims.erased)} erasures; looked {claims.looks} times\n"
    )
