"""Batches: each recording once, whoever does it; nothing of anybody's voice waits in a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from ivr.domain.batch import BatchKind, ItemId
from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import Enrollment, EnrollmentId
from ivr.domain.operating_point import PointPurpose
from ivr.domain.profile import ProfileState
from ivr.jobs import BatchWork, Queue, Worker
from ivr.jobs.queue import Ticket
from ivr.jobs.worker import ElsewhereError, working
from ivr.ports import StoreUnavailableError
from ivr.storage import Batches, Database, Keyring, PostgresStore, Wish, holding
from ivr.storage.administration import ProfileAdministration
from ivr.storage.operating_points import OperatingPoints
from ivr.storage.retention import RetentionRules, retain
from tests.postgres import execute
from tests.unit.jobs.batching import TENANT, TERMS, Stage, stage_of
from tests.unit.jobs.conftest import until
from tests.unit.offline.files import HER, HIM
from tests.unit.storage.records import enrolled

ACCOUNT = AccountId("4711")
ANN = {"who": "ann", "why": "asked to"}


@pytest.fixture
async def stage(tmp_path: Path, database: Database, keyring: Keyring) -> AsyncIterator[Stage]:
    """A folder, and whoever does batches of it."""
    async with stage_of(tmp_path, database, keyring) as stage:
        yield stage


@pytest.fixture
def administration(database: Database) -> ProfileAdministration:
    return ProfileAdministration(database)


async def rows(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds, above row-level security."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_a_worker_enrolls_and_verifies_what_was_ordered(
    stage: Stage, database_dsn: str
) -> None:
    """By the rules of every other way in; the report tells each file, the trail who ordered it."""
    people = (stage.person("4711", HIM), stage.person("4712", HER, 10))
    enrolled = await stage.order(BatchKind.ENROLL, *people)
    async with working(Worker(stage.database, [stage.duty])):

        async def done() -> bool:
            summary = await stage.batches.summary(TENANT, enrolled)
            return summary is not None and not summary.waiting

        await until(done)
    assert [(line.result, line.reason) for line in await stage.lines(enrolled)] == [
        ("ENROLLED", "COMPLETE")
    ] * 2
    assert [line.remarks for line in await stage.lines(enrolled)] == [("kept",) * 3] * 2
    his, hers = stage.record("call-1.wav", 7, HIM), stage.record("call-2.wav", 17, HER)
    claims = [Wish(ACCOUNT, (path,), None) for path in (his, hers)]
    verified = await stage.order(BatchKind.VERIFY, *claims)
    await stage.do(verified)
    first, second = await stage.lines(verified)
    assert (first.result, second.result) == ("ACCEPT", "REJECT")
    assert first.llr is not None
    assert await rows(database_dsn, "SELECT DISTINCT who FROM audit") == [("batch of ann",)]


async def test_a_batch_is_judged_at_the_tenants_own_operating_point(
    stage: Stage, keyring: Keyring, database_dsn: str
) -> None:
    """As a call is; one that the voice model cannot reach is told, and no verdict is made up."""
    await stage.do(await stage.order(BatchKind.ENROLL, stage.person("4711", HIM)))
    points = OperatingPoints(stage.database, keyring)
    results = []
    for number, rate in enumerate((0.2, 1e-9)):
        await points.set(TENANT, PointPurpose.VERIFICATION, rate, who="ann", why="a test")
        claim = Wish(ACCOUNT, (stage.record(f"call-{number}.wav", 7 + number, HIM),), None)
        batch = await stage.order(BatchKind.VERIFY, claim)
        await stage.do(batch)
        results += await stage.results(batch)
    assert results == ["ACCEPT", "CANNOT"]
    lenient = stage.office.voice.at({PointPurpose.VERIFICATION: 0.2}).threshold()
    assert await rows(database_dsn, "SELECT threshold FROM verifications") == [(lenient,)]


async def test_the_same_order_again_is_the_same_batch(stage: Stage) -> None:
    """So a command that was killed is started again, and nothing is ordered twice."""
    wish = stage.person("4711", HIM)
    first = await stage.order(BatchKind.ENROLL, wish)
    assert await stage.order(BatchKind.ENROLL, wish) == first
    assert await stage.order(BatchKind.ENROLL, wish, mark=b"files are other") != first
    later = replace(wish, files=wish.files[:2])
    assert await stage.order(BatchKind.ENROLL, later) != first


async def test_whoever_does_it_again_stores_nothing_twice(stage: Stage, database_dsn: str) -> None:
    """Killed after the verdict was stored and before the item was ended: the verdict stands.

    Heard a second time the recording would be a replay, and a REJECT would be counted.
    """
    people = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await stage.do(people)
    claim = Wish(ACCOUNT, (stage.record("call.wav", 7, HIM),), None)
    claims = await stage.order(BatchKind.VERIFY, claim)
    await stage.do(claims)
    before = [*await stage.lines(people), *await stage.lines(claims)]
    counted = "SELECT what, count(*) FROM audit GROUP BY what ORDER BY what"
    trail = await rows(database_dsn, counted)
    await execute(
        database_dsn, "UPDATE batch_items SET result = NULL, reason = NULL, ended_at = NULL"
    )
    await stage.do(people)
    await stage.do(claims)
    after = [*await stage.lines(people), *await stage.lines(claims)]
    assert [replace(each, ended_at=None) for each in after] == [
        replace(each, ended_at=None) for each in before
    ]
    assert await rows(database_dsn, counted) == trail
    assert await rows(database_dsn, "SELECT rejects FROM lockouts WHERE rejects > 0") == []


async def test_two_at_once_on_the_same_item_store_it_once(stage: Stage, database_dsn: str) -> None:
    """A worker that was taken for dead, and the one that got its job."""
    people = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    (line,) = await stage.lines(people)
    ticket = Ticket(TENANT, str(line.id))
    await asyncio.gather(*(stage.duty.work(ticket) for _ in range(2)))
    assert await stage.results(people) == ["ENROLLED"]
    assert (await stage.lines(people))[0].remarks == ("kept",) * 3
    assert await rows(database_dsn, "SELECT result FROM enrollments") == [("ENROLLED",)]


async def test_what_cannot_be_read_is_told_and_can_be_tried_again(stage: Stage) -> None:
    """The others are done meanwhile; what was mended is done by a retry, and that alone."""
    broken = stage.person("4711", HIM)
    broken.files[1].write_text("no sound")
    batch = await stage.order(BatchKind.ENROLL, broken, stage.person("4712", HER, 10))
    await stage.do(batch)
    first, second = await stage.lines(batch)
    assert (first.result, second.result) == ("CANNOT", "ENROLLED")
    assert "1.wav is refused" in str(first.reason)
    stage.person("4711", HIM)
    assert await stage.batches.retry(TENANT, batch) == 1
    await stage.do(batch)
    assert await stage.results(batch) == ["ENROLLED", "ENROLLED"]


async def test_a_folder_that_is_away_is_waited_for(stage: Stage) -> None:
    """A share that is not mounted is no reason to give its recordings up."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    (line,) = await stage.lines(batch)
    stage.folder.rename(stage.folder.with_name("away"))
    with pytest.raises(ElsewhereError):
        await stage.duty.work(Ticket(TENANT, str(line.id)))
    assert await stage.results(batch) == [None]


async def test_what_lies_outside_the_folder_is_not_read(
    stage: Stage, database_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not even where a row of the table says so."""
    outside = stage.record(f"{tmp_path_factory.mktemp('outside')}/x.wav", 7, HIM)
    batch = await stage.order(BatchKind.VERIFY, Wish(ACCOUNT, (outside,), None))
    sly = stage.folder / ".." / outside.relative_to(stage.folder.parent)
    also = await stage.order(BatchKind.VERIFY, Wish(ACCOUNT, (sly,), None))
    for each in (batch, also):
        await stage.do(each)
        assert await stage.results(each) == ["CANNOT"]
    assert await rows(database_dsn, "SELECT id FROM verifications") == []


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE batch_items SET account = '666'",
        "UPDATE batch_items SET files = files[:2]",
        "UPDATE batch_items SET text_version = 'none'",
        "UPDATE batch_items SET id = gen_random_uuid()",
        "UPDATE batches SET ordered_by = 'bob'",
    ],
)
async def test_an_item_that_was_not_ordered_so_is_not_done(
    stage: Stage, database_dsn: str, forged: str
) -> None:
    """Whoever can write into the tables cannot have a voice of his choice enrolled."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await execute(database_dsn, forged)
    await stage.do(batch)
    assert await stage.results(batch) == ["CANNOT"]
    assert await rows(database_dsn, "SELECT id FROM enrollments") == []


async def test_an_accept_that_no_worker_wrote_is_not_taken(stage: Stage, database_dsn: str) -> None:
    """Whoever does the item again takes no verdict for a worker's that is none."""
    await stage.do(await stage.order(BatchKind.ENROLL, stage.person("4711", HIM)))
    wish = Wish(ACCOUNT, (stage.record("call.wav", 17, HER),), None)
    batch = await stage.order(BatchKind.VERIFY, wish)
    await execute(
        database_dsn,
        """INSERT INTO verifications (id, call, tenant, worker, started_at, ended_at,
            claim_account, claim_source, verdict, reason, confidence)
        SELECT id, 'x', tenant, 'x', now(), now(), account, 'dialplan', 'ACCEPT', 'MATCH', 99
        FROM batch_items WHERE ended_at IS NULL""",
    )
    await stage.do(batch)
    (line,) = await stage.lines(batch)
    assert line.result == "CANNOT"
    assert "no stamp of ours" in str(line.reason)


async def test_a_worker_asks_for_its_own_folder_alone(stage: Stage, database_dsn: str) -> None:
    """And the queue names neither folder nor file, for they may name a person."""
    await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    elsewhere = BatchWork(stage.database, stage.batches, stage.office, Path("/elsewhere"))
    async with Queue.open(stage.database) as queue:
        await elsewhere.look(queue)
        assert await queue.waiting() == {}
        await stage.duty.look(queue)
        await stage.duty.look(queue)
        assert await queue.waiting() == {stage.duty.name: 1}
    assert str(stage.folder) not in str(await rows(database_dsn, "SELECT * FROM jobs.pgqueuer"))


async def test_an_erased_person_is_in_no_batch_and_is_not_enrolled_by_one(
    stage: Stage,
    administration: ProfileAdministration,
    postgres_store: PostgresStore,
    database_dsn: str,
) -> None:
    """Done or not; the others stay, and a batch of nobody else is gone, name and all."""
    alone = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await stage.do(alone)
    calls = [
        Wish(AccountId(account), (stage.record(f"{account}.wav", 7, HIM),), None)
        for account in ("4711", "4712")
    ]
    among = await stage.order(BatchKind.VERIFY, *calls)
    assert await administration.erase(TENANT, ACCOUNT, **ANN)
    assert await stage.batches.summary(TENANT, alone) is None
    summary = await stage.batches.summary(TENANT, among)
    assert summary is not None
    assert (summary.waiting, summary.forgotten) == (1, 1)
    held = await rows(database_dsn, "SELECT batches.*, batch_items.* FROM batches, batch_items")
    assert "4711" not in str(held).replace(str(stage.folder), "")
    assert await stage.order(BatchKind.VERIFY, *calls) == among
    await stage.do(among)
    assert await stage.results(among) == ["INCONCLUSIVE"]
    assert await postgres_store.find(TENANT, ACCOUNT) is None


class _ErasedMeanwhile(PostgresStore):
    """Somebody erases the person while the voice is being computed."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(database, keyring)
        self._administration = ProfileAdministration(database)

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        assert enrollment.account is not None
        await self._administration.erase(TENANT, enrollment.account, **ANN)
        return await super().enroll(enrollment)


class _Failing(Batches):
    """The database goes away before the end of an item is noted."""

    async def end(self, tenant: TenantId, item: ItemId, result: str, reason: str) -> bool:
        raise StoreUnavailableError("gone")


@pytest.mark.parametrize("takes", [3, 1])
async def test_who_is_erased_while_being_enrolled_stays_erased(
    stage: Stage, database: Database, keyring: Keyring, database_dsn: str, takes: int
) -> None:
    """Enough to enroll or not: nothing is stored that names the person, whatever fails then."""
    wish = stage.person("4711", HIM)
    batch = await stage.order(BatchKind.ENROLL, replace(wish, files=wish.files[:takes]))
    office = replace(stage.office, store=_ErasedMeanwhile(database, keyring))
    failing = replace(stage, office=office, batches=_Failing(database, keyring))
    (line,) = await stage.lines(batch)
    with pytest.raises(StoreUnavailableError):
        await failing.do(batch)
    await stage.duty.work(Ticket(TENANT, str(line.id)))
    assert await rows(database_dsn, "SELECT id FROM profiles") == []
    assert await rows(database_dsn, "SELECT account, reason FROM enrollments") == [
        (None, "NO_CONSENT")
    ]


async def test_an_erasure_at_the_very_moment_of_an_enrollment_is_whole(
    stage: Stage, administration: ProfileAdministration, database_dsn: str
) -> None:
    """Whichever is first: the person has no profile then, and no record names them."""
    file = (stage.folder / "1.wav",)
    wishes = [Wish(AccountId(str(number)), file, TERMS) for number in range(20)]
    for line in await stage.lines(await stage.order(BatchKind.ENROLL, *wishes)):
        ended = replace(enrolled(line.account), id=EnrollmentId(line.id), ordered=True)
        await asyncio.gather(
            stage.office.store.enroll(replace(ended, tenant=TENANT)),
            administration.erase(TENANT, line.account, **ANN),
        )
    assert await rows(database_dsn, "SELECT account FROM profiles") == []
    named = "SELECT account FROM enrollments WHERE account IS NOT NULL"
    assert await rows(database_dsn, named) == []


async def test_who_opted_out_is_not_enrolled(
    stage: Stage, administration: ProfileAdministration, postgres_store: PostgresStore
) -> None:
    """Neither by what was ordered before, nor by what is ordered after."""
    wish = stage.person("4711", HIM)
    before = await stage.order(BatchKind.ENROLL, wish)
    (line,) = await stage.lines(before)
    await administration.opt_out(TENANT, ACCOUNT, **ANN)
    await stage.duty.work(Ticket(TENANT, str(line.id)))
    after = await stage.order(BatchKind.ENROLL, wish)
    await stage.do(after)
    assert [(each.result, each.reason) for each in await stage.lines(after)] == [
        ("FAILED", "OPTED_OUT")
    ]
    found = await postgres_store.find(TENANT, ACCOUNT)
    assert found is not None
    assert found.state is ProfileState.OPTED_OUT


async def test_a_person_is_told_what_batches_say(
    stage: Stage, database: Database, keyring: Keyring
) -> None:
    """In the export of what is held."""
    await stage.do(await stage.order(BatchKind.ENROLL, stage.person("4711", HIM)))
    held = await holding(database, keyring, TENANT, ACCOUNT, **ANN)
    assert held is not None
    (said,) = held.record["batches"]
    assert (said["result"], said["ordered_by"], len(said["files"])) == ("ENROLLED", "ann", 3)


async def test_a_batch_is_kept_as_long_as_records_are(stage: Stage) -> None:
    """What is still to be done stays."""
    done = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await stage.do(done)
    waiting = await stage.order(BatchKind.ENROLL, stage.person("4712", HER, 10))
    rules = RetentionRules(records_days=90)
    for days, kept in ((89, True), (91, False)):
        await retain(stage.database, TENANT, rules, datetime.now(UTC) + timedelta(days=days))
        assert (await stage.batches.summary(TENANT, done) is not None) is kept
        assert await stage.results(waiting) == [None]


async def test_no_table_of_batches_could_hold_audio_or_a_voice(database_dsn: str) -> None:
    """Of octets there are keyed hashes, of an order and of an item, 32 each."""
    found = await rows(
        database_dsn,
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_name IN ('batches', 'batch_items') AND data_type = 'bytea'",
    )
    assert sorted(found) == [("batch_items", "stamp"), ("batches", "name")]
