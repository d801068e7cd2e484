"""The store against a real PostgreSQL that stops, restarts, refuses and is raced for."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from engine.types import Reason, Verdict
from ivr.domain.verification import Verification
from ivr.lab.freeports import free_port
from ivr.ports import StoreUnavailableError
from ivr.storage.cluster import Cluster, StopMode
from ivr.storage.database import Database
from ivr.storage.errors import (
    StoreMisconfiguredError,
    StoreRefusedError,
    StoreUnreachableError,
    UnknownDatabaseError,
    WrongPasswordError,
)
from ivr.storage.keys import Keyring
from ivr.storage.letters import LetterBox
from ivr.storage.migrate import migrate
from ivr.storage.outbox import Outbox, unavailable
from ivr.storage.patience import patiently
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, execute, store_on, with_database
from tests.unit.storage.records import (
    ACCOUNT,
    LETTER_KEY,
    TENANT,
    WORKER,
    accepted,
    enrolled,
    hung_up,
    opening,
    rejected,
)

HOLD_ROW = "UPDATE verifications SET call = call WHERE id = $1"
SOON_S = 30.0


class WatchedStore(PostgresStore):
    """The real store, which tells when a verification was closed."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(database, keyring)
        self.closed = asyncio.Event()

    async def close(self, verification: Verification) -> Verification:
        """Close it and tell."""
        kept = await super().close(verification)
        self.closed.set()
        return kept


@pytest.fixture
async def store(own_cluster: Cluster) -> AsyncIterator[WatchedStore]:
    """A store on a server that the test may stop."""
    async with await Database.connect(own_cluster.dsn()) as database:
        yield WatchedStore(database, await Keyring.open(database, MASTER))


async def stop(cluster: Cluster, mode: StopMode = "fast") -> None:
    """Stop the server and wait for its end."""
    await asyncio.to_thread(cluster.stop, mode)


async def start(cluster: Cluster) -> None:
    """Start the server again."""
    await asyncio.to_thread(cluster.start)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_store_outlives_a_restart_of_its_server(
    store: PostgresStore, own_cluster: Cluster, mode: StopMode
) -> None:
    """While the server is away the error comes at once; afterwards the same pool works."""
    begun = opening()
    await store.open(begun)
    await stop(own_cluster, mode)
    async with asyncio.timeout(1.0):
        with pytest.raises(StoreUnreachableError, match="check that PostgreSQL runs"):
            await store.find(TENANT, ACCOUNT)
    await start(own_cluster)
    assert await patiently(partial(store.close, accepted(begun))) == accepted(begun)
    assert await store.verdict(begun.id) == accepted(begun)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restart_between_two_statements_is_not_noticed(
    store: PostgresStore, own_cluster: Cluster, mode: StopMode
) -> None:
    """Connections that died in the pool are replaced, not handed out.

    A busy machine may take longer to connect than a caller would wait, and is asked again: whoever
    meets a dead connection is told so at once, and is not.
    """
    enrollment = enrolled()
    enrolling = partial(store.enroll, enrollment)
    openings = [partial(store.open, opening()) for _ in range(7)]
    await asyncio.gather(patiently(enrolling), *map(patiently, openings))
    await stop(own_cluster, mode)
    await start(own_cluster)
    assert await patiently(enrolling) == enrollment
    assert len(await patiently(partial(store.unfinished, WORKER))) == 7


async def test_a_server_stopped_in_the_middle_of_a_close_leaves_nothing_half_written(
    store: PostgresStore, own_cluster: Cluster
) -> None:
    """The close fails, the verification stays open, and closing it again writes all of it."""
    begun = opening()
    await store.open(begun)
    holder = await asyncpg.connect(own_cluster.dsn())
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(HOLD_ROW, begun.id)
    closing = asyncio.create_task(store.close(accepted(begun)))
    await _until_blocked(own_cluster)
    await stop(own_cluster, "immediate")
    with pytest.raises(StoreUnavailableError):
        await closing
    holder.terminate()
    await start(own_cluster)
    assert await patiently(partial(store.verdict, begun.id)) is None
    assert await store.close(rejected(begun)) == rejected(begun)
    assert await store.verdict(begun.id) == rejected(begun)


async def _until_blocked(cluster: Cluster) -> None:
    watcher = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
    try:
        async with asyncio.timeout(SOON_S):
            while not await watcher.fetchval(  # noqa: ASYNC110 - PostgreSQL has no event for it
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            ):
                await asyncio.sleep(0.01)
    finally:
        await watcher.close()


async def test_a_statement_that_waits_too_long_is_given_up(
    store: PostgresStore, own_cluster: Cluster
) -> None:
    """A lock held by another ends in an error in time, and the store works on."""
    begun = opening()
    await store.open(begun)
    holder = await asyncpg.connect(own_cluster.dsn())
    async with holder.transaction():
        await holder.execute(HOLD_ROW, begun.id)
        async with asyncio.timeout(5.0):
            with pytest.raises(StoreUnavailableError):
                await store.close(accepted(begun))
    await holder.close()
    assert await store.close(hung_up(begun)) == hung_up(begun)


async def test_workers_with_pools_of_their_own_race_for_one_verdict(database_dsn: str) -> None:
    """Exactly one wins each time, and attempts and audit are those of the winner."""
    async with (
        await Database.connect(database_dsn) as left,
        await Database.connect(database_dsn) as right,
    ):
        stores = [await store_on(left), await store_on(right)]
        for _ in range(25):
            begun = opening()
            ends = [accepted(begun), hung_up(begun), rejected(begun), hung_up(begun)]
            told = await asyncio.gather(
                *(stores[number % 2].close(end) for number, end in enumerate(ends))
            )
            assert all(end == told[0] for end in told)
            assert await stores[0].verdict(begun.id) == told[0]
        counts = await _counts(database_dsn)
    assert counts == (25, 25)


async def _counts(dsn: str) -> tuple[int, int]:
    connection = await asyncpg.connect(dsn)
    try:
        return (
            await connection.fetchval("SELECT count(*) FROM verifications"),
            await connection.fetchval("SELECT count(*) FROM audit"),
        )
    finally:
        await connection.close()


async def test_the_outbox_bridges_an_outage(
    store: WatchedStore, own_cluster: Cluster, tmp_path: Path
) -> None:
    """Stopped before the verdict and started again: the row is the verdict that was told."""
    begun = opening()
    async with Outbox(tmp_path / "outbox", store, LETTER_KEY, patience_s=0.3) as outbox:
        await outbox.open(begun)
        await stop(own_cluster, "immediate")
        told = await outbox.close(accepted(begun))
        assert (told.verdict, told.reason) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
        await start(own_cluster)
        await soon(store.closed)
    assert await patiently(partial(store.verdict, begun.id)) == told


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen by itself."""
    async with asyncio.timeout(SOON_S):
        await event.wait()


async def test_a_server_that_can_only_be_read_is_known(own_cluster: Cluster) -> None:
    """It answers, and no verdict could be written: the service is not ready."""
    dsn = own_cluster.dsn()
    for setting, writes in (("off", True), ("on", False)):
        there = f"{dsn}&default_transaction_read_only={setting}"
        async with await Database.connect(there) as database:
            assert await database.takes_writes() is writes


async def test_patience_bridges_a_quick_restart(
    store: PostgresStore, own_cluster: Cluster, tmp_path: Path
) -> None:
    """A server that is back in time gets the verdict itself."""
    begun = opening()
    async with Outbox(tmp_path / "outbox", store, LETTER_KEY, patience_s=SOON_S) as outbox:
        await stop(own_cluster)
        closing = asyncio.create_task(outbox.close(accepted(begun)))
        await start(own_cluster)
        assert await closing == accepted(begun)
    assert await store.verdict(begun.id) == accepted(begun)


WRITER = """
import asyncio, sys
from pathlib import Path
from ivr.storage.migrate import migrate
from ivr.storage.outbox import Outbox
from tests.fakes.profile_store import FakeProfileStore
from tests.unit.storage.records import LETTER_KEY, accepted, opening

async def main() -> None:
    away = FakeProfileStore(away=True)
    async with Outbox(Path(sys.argv[1]), away, LETTER_KEY, patience_s=0.0) as outbox:
        told = await outbox.close(accepted(opening()))
        print("\\n", told.opening.id, ".sealed-is-there", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_verdict_outlives_the_process_that_was_killed_after_telling_it(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    """SIGKILL between outbox and database: the next start stores the verdict."""
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert writer.stdout is not None
    async with asyncio.timeout(SOON_S):
        # The log is on standard output too.
        name = (await writer.stdout.readuntil(b".sealed-is-there\n")).decode().split()[-2]
    writer.send_signal(signal.SIGKILL)
    assert await writer.wait() == -signal.SIGKILL
    assert [file.name for file in _files(tmp_path)] == [f"{name}.sealed"]
    (waiting,) = LetterBox(tmp_path, LETTER_KEY).waiting()
    watched = WatchedStore(database, keyring)
    async with Outbox(tmp_path, watched, LETTER_KEY):
        await soon(watched.closed)
    kept = await watched.verdict(waiting)
    assert kept is not None
    assert (kept.verdict, kept.reason) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert len(kept.attempts) == 2


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_corrupt_letter_does_not_keep_the_others_from_postgresql(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    """It is set aside, and the rest is stored."""
    box, torn, good = LetterBox(tmp_path, LETTER_KEY), opening(), unavailable(accepted(opening()))
    (tmp_path / f"{torn.id}.sealed").write_bytes(b'{"opening": {"id"')
    box.put(good)
    watched = WatchedStore(database, keyring)
    async with Outbox(tmp_path, watched, LETTER_KEY) as outbox:
        await soon(watched.closed)
        await outbox.deliver()
    assert await watched.verdict(good.opening.id) == good
    assert {file.name for file in _files(tmp_path)} == {f"{torn.id}.undeliverable"}


async def test_a_wrong_password_and_a_wrong_role_are_named_without_quoting_them(
    password_dsn: str,
) -> None:
    """The message says where to look and repeats nothing of the credentials."""
    async with await Database.connect(password_dsn):
        pass
    for wrong in (
        password_dsn.replace("s%2Fecret", "hunter2"),
        password_dsn.replace("countersign:", "nobody-here:"),
    ):
        with pytest.raises(WrongPasswordError, match=r"pg_hba\.conf") as caught:
            await Database.connect(wrong)
        said = str(caught.value) + repr(caught.value)
        assert not any(part in said for part in ("hunter2", "ecret", "nobody-here"))


@pytest.fixture
async def password_dsn(password_cluster: Cluster) -> str:
    """The DSN of a migrated database, with the right password in it."""
    dsn = password_cluster.dsn().replace("countersign@", "countersign:s%2Fecret@")
    await migrate(dsn)
    return dsn


async def test_an_unknown_database_is_named(server_dsn: str) -> None:
    """The server is there; the database is not."""
    with pytest.raises(UnknownDatabaseError, match="database no_such_one at"):
        await Database.connect(with_database(server_dsn, "no_such_one"))


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    """Refused at once, with the address and without the password."""
    port = free_port(socket.SOCK_STREAM)
    dsn = f"postgresql://ann:hunter2@127.0.0.1:{port}/voices"
    with pytest.raises(StoreUnreachableError, match=f"voices at 127.0.0.1:{port}") as error:
        await Database.connect(dsn)
    assert "hunter2" not in str(error.value)


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    """It takes the connection and says nothing, as behind a firewall."""
    open_ends: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _r, w: open_ends.append(w), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with asyncio.timeout(5.0):
        with pytest.raises(StoreUnreachableError, match="no answer in time"):
            await Database.connect(f"postgresql://ann@127.0.0.1:{port}/voices?sslmode=disable")
    for end in open_ends:
        end.close()
        await end.wait_closed()
    silent.close()


async def test_a_value_that_breaks_a_rule_is_refused_without_being_quoted(
    postgres_store: PostgresStore,
) -> None:
    """Trying again would not help: it is told apart from a server that is away."""
    with pytest.raises(StoreRefusedError) as caught:
        await postgres_store.close(replace(accepted(opening()), confidence=101))
    assert ACCOUNT not in str(caught.value)


async def test_the_audit_trail_cannot_be_changed(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Not even by the role that owns it, short of taking the trigger away."""
    await postgres_store.close(accepted(opening()))
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await execute(database_dsn, statement)


async def test_a_login_that_is_only_a_member_of_the_applications_role_works(
    own_cluster: Cluster,
) -> None:
    """It owns nothing; without the membership the message says how to grant it."""
    superuser = own_cluster.dsn("postgres", "postgres")
    for role in ("worker", "stranger"):
        await execute(superuser, f"DROP ROLE IF EXISTS {role}")
        await execute(superuser, f"CREATE ROLE {role} LOGIN")
    await execute(superuser, "GRANT countersign_app TO worker")
    async with await Database.connect(own_cluster.dsn(role="worker")) as database:
        store = await store_on(database)
        await store.enroll(enrolled())
        assert await store.find(TENANT, ACCOUNT) is not None
    with pytest.raises(StoreMisconfiguredError, match="countersign_app"):
        await Database.connect(own_cluster.dsn(role="stranger"))
