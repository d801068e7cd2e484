"""The embedded PostgreSQL: runs exactly as long as somebody uses it, and says what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ivr.lab.freeports import free_port
from ivr.ports import StoreUnavailableError
from ivr.storage.database import Database
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.errors import EmbeddedPostgresError
from ivr.storage.migrate import migrate
from tests.postgres import QUICK

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(postgres_folder: Path) -> Path:
    """A folder with a server that is stopped, to copy: making one takes seconds."""

    async def make() -> None:
        async with EmbeddedPostgres(postgres_folder / "made", settings=QUICK):
            pass

    asyncio.run(make())
    return postgres_folder / "made"


@pytest.fixture
def folder(made: Path, postgres_folder: Path) -> Iterator[Path]:
    """A folder of the test's own, with a name that wants quoting."""
    folder = Path(tempfile.mkdtemp(dir=postgres_folder, prefix="it's a "))
    copy(made, folder)
    yield folder
    shutil.rmtree(folder)


async def ask(dsn: str) -> object:
    """Return the name of the role and database that the DSN leads to."""
    connection = await asyncpg.connect(dsn)
    try:
        return tuple(await connection.fetchrow("SELECT current_user, current_database()") or ())
    finally:
        await connection.close()


async def test_it_runs_while_the_context_lasts(folder: Path) -> None:
    """Role and database are there; afterwards nothing listens and no process is left."""
    async with EmbeddedPostgres(folder, settings=QUICK) as postgres:
        dsn = postgres.dsn
        assert await ask(dsn) == ("countersign", "countersign")
        assert await migrate(dsn)
        async with await Database.connect(dsn):
            pass
    assert not pid_file(folder).exists()
    with pytest.raises(OSError, match=r"No such file|Connection refused"):
        await ask(dsn)


async def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    """Stopped and started inside the context, and by the next context."""
    async with EmbeddedPostgres(folder, settings=QUICK) as postgres:
        await migrate(postgres.dsn)
        await postgres.stop("immediate")
        with pytest.raises(StoreUnavailableError):
            await Database.connect(f"postgresql://x@/x?host={folder}")
        await postgres.start()
        assert await migrate(postgres.dsn) == ()
    async with EmbeddedPostgres(folder, settings=QUICK) as postgres:
        assert await migrate(postgres.dsn) == ()


async def test_the_last_of_its_users_stops_it(folder: Path) -> None:
    """A second one joins the running server, and the first may leave before it."""
    first, second = (EmbeddedPostgres(folder, settings=QUICK) for _ in range(2))
    async with second:
        async with first:
            assert first.dsn == second.dsn
        assert await ask(second.dsn)
    assert not pid_file(folder).exists()


async def test_many_may_start_at_once(folder: Path) -> None:
    """One starts the server, the others join it."""

    async def use() -> object:
        async with EmbeddedPostgres(folder, settings=QUICK) as postgres:
            return await ask(postgres.dsn)

    assert await asyncio.gather(*(use() for _ in range(4))) == [("countersign", "countersign")] * 4
    assert not pid_file(folder).exists()


USER = """
import asyncio, sys
from pathlib import Path
from ivr.storage.embedded import EmbeddedPostgres

async def main() -> None:
    async with EmbeddedPostgres(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_user_leaves_a_server_that_the_next_one_joins_and_stops(
    folder: Path,
) -> None:
    """SIGKILL of the application does not touch the data, nor leave a server behind for good."""
    user = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", USER, str(folder)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert user.stdout is not None
    assert await user.stdout.readline() == b"up\n"
    user.send_signal(signal.SIGKILL)
    await user.wait()
    server = pid_file(folder).read_text().split()[0]
    async with EmbeddedPostgres(folder) as postgres:
        assert pid_file(folder).read_text().split()[0] == server
        assert await ask(postgres.dsn)
    assert not pid_file(folder).exists()


async def test_data_of_another_version_is_left_alone(folder: Path) -> None:
    """The error names both versions and the way over."""
    version = folder / "data" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match=r"data of PostgreSQL 14, .* pg_dump"):
        async with EmbeddedPostgres(folder):
            pass
    assert version.read_text() == "14\n"


async def test_a_damaged_data_folder_is_explained_by_the_server_itself(folder: Path) -> None:
    """The end of the server's log is in the message."""
    (folder / "data" / "global" / "pg_control").write_bytes(b"x")
    with pytest.raises(EmbeddedPostgresError, match=r"does not start: .*pg_control"):
        async with EmbeddedPostgres(folder):
            pass


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match="Not a directory; choose a folder"):
        async with EmbeddedPostgres(tmp_path / "file" / "postgres"):
            pass


async def test_a_path_too_long_for_a_socket_still_works(made: Path, postgres_folder: Path) -> None:
    """The socket then lies in a folder of its own, which goes with the server."""
    folder = postgres_folder / ("long" * 30)
    copy(made, folder)
    async with EmbeddedPostgres(folder, settings=QUICK) as postgres:
        sockets = socket_folder(folder)
        assert not sockets.is_relative_to(folder)
        assert await ask(postgres.dsn)
    assert not exists(sockets)


async def test_nobody_else_can_open_the_socket(folder: Path) -> None:
    """Roles need no password because the folder of the socket is closed to other users."""
    async with EmbeddedPostgres(folder, settings=QUICK):
        assert (folder / "socket").stat().st_mode & 0o077 == 0
        assert (folder / "data").stat().st_mode & 0o077 == 0


async def test_a_full_disk_is_named(small_disk: Path) -> None:
    """The error says how much to free."""
    with pytest.raises(EmbeddedPostgresError, match="full; free at least"):
        async with EmbeddedPostgres(small_disk / "postgres"):
            pass


@pytest.fixture
def small_disk(postgres_folder: Path) -> Iterator[Path]:
    """A disk of 8 MB, where this user may mount one."""
    folder = Path(tempfile.mkdtemp(dir=postgres_folder, prefix="small-"))
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0711", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_tcp_connections_are_kept_alive(folder: Path) -> None:
    """A peer that vanishes is noticed although the pool is idle."""
    port = free_port(socket.SOCK_STREAM)
    settings = {**QUICK, "listen_addresses": "127.0.0.1", "port": str(port)}
    async with EmbeddedPostgres(folder, settings=settings) as postgres:
        await migrate(postgres.dsn)
        dsn = f"postgresql://countersign@127.0.0.1:{port}/countersign"
        async with await Database.connect(dsn):
            timers = timers_to(port)
    assert timers == {KEEPALIVE_TIMER}


KEEPALIVE_TIMER = "02"
"""As /proc/net/tcp writes it, see proc_net_tcp.rst of the kernel."""


def timers_to(port: int) -> set[str]:
    """Return the kinds of timer that run on TCP connections to a local port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[5].partition(":")[0] for row in rows if row[2].endswith(f":{port:04X}")}


def pid_file(folder: Path) -> Path:
    """Return where PostgreSQL notes its process while it runs."""
    return folder / "data" / "postmaster.pid"


def socket_folder(folder: Path) -> Path:
    """Return where the running server has its socket."""
    return Path(pid_file(folder).read_text().splitlines()[4])


def exists(path: Path) -> bool:
    """Say whether a path is there."""
    return path.exists()


def copy(made: Path, folder: Path) -> None:
    """Copy a stopped server with its files' owners."""
    subprocess.run(["cp", "-a", f"{made}/.", str(folder)], check=True)
