"""One PostgreSQL of our own in a folder: made, started and stopped with PostgreSQL's programs."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ivr.storage.binaries import Binaries, let_through
from ivr.storage.database import APPLICATION_ROLE
from ivr.storage.errors import EmbeddedPostgresError

ROLE = "countersign"
DATABASE = "countersign"
SUPERUSER = "postgres"
SOCKET_PATH_OCTETS = 107
"""Longest path of a unix socket (sun_path, less its final zero)."""
_SOCKET_NAME = ".s.PGSQL.65535"
_LOG_LINES = 5

StopMode = Literal["fast", "immediate"]
"""`fast` cuts the connections and writes everything out; `immediate` is a crash."""

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    # DETAIL and CONTEXT of an error can quote a row, and a row has accounts.
    "log_error_verbosity": "terse",
}

_ROLE_AND_DATABASE = f"""
SELECT 'CREATE ROLE {ROLE} LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') \\gexec
SELECT 'CREATE ROLE {APPLICATION_ROLE} NOLOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION_ROLE}') \\gexec
GRANT {APPLICATION_ROLE} TO {ROLE};
SELECT 'CREATE DATABASE {DATABASE} OWNER {ROLE}'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
"""


class Cluster:
    """A PostgreSQL server in `folder`; its methods block and raise `EmbeddedPostgresError`.

    It listens on a unix socket that only this user (and root) can open, so its roles need no
    password. `settings` are parameters of postgresql.conf on top of our own.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self._settings = {**_SETTINGS, **(settings or {})}
        self._programs = Binaries.find()
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"

    def prepare(self) -> None:
        """Make folder and data folder, unless they are there."""
        with self._clear_errors():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
            let_through(self._data, self._programs.owner)
            self._log.touch(mode=0o600)
            self._give_away(self._log)
            if not self._data.exists():
                self._make_data()
        self._check_version()

    def running(self) -> bool:
        """Say whether the server runs, whoever started it."""
        return self._programs.run("pg_ctl", "status", "-D", str(self._data)).status == 0

    def start(self) -> None:
        """Start the server, and make role and database; nothing happens if it runs already."""
        if self.running():
            return
        with self._clear_errors():
            self._write_settings()
            before = self._log.stat().st_size
        outcome = self._programs.run(
            "pg_ctl", "start", "-w", "-D", str(self._data), "-l", str(self._log)
        )
        if outcome.status != 0:
            said = self._log_since(before) or outcome.output
            raise self._failure("the server does not start", said)
        self.sql(_ROLE_AND_DATABASE)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server and wait for its end; nothing happens if it does not run."""
        if not self.running():
            return
        sockets, _ = self._listening()
        outcome = self._programs.run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._data))
        if outcome.status != 0 and self.running():
            raise self._failure("the server does not stop", outcome.output)
        if sockets.parent != self.folder:
            shutil.rmtree(sockets, ignore_errors=True)

    def sql(self, statements: str) -> None:
        """Run statements as the superuser in the database `postgres`."""
        sockets, port = self._listening()
        outcome = self._programs.run(
            "psql",
            *("--host", str(sockets), "--port", port, "--username", SUPERUSER),
            *("--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "postgres"),
            stdin=statements,
        )
        if outcome.status != 0:
            raise self._failure("the server refuses its first statements", outcome.output)

    def dsn(self, database: str = DATABASE, role: str = ROLE) -> str:
        """Return the DSN of a database of the running server."""
        sockets, port = self._listening()
        return f"postgresql://{role}@/{database}?host={quote(str(sockets), safe='')}&port={port}"

    def _make_data(self) -> None:
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give_away(fresh)
        outcome = self._programs.run(
            "initdb",
            *("--pgdata", str(fresh), "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-instructions"),
        )
        if outcome.status != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failure("the data folder cannot be made", outcome.output)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("include_if_exists = 'countersign.conf'\n")
        fresh.rename(self._data)

    def _check_version(self) -> None:
        with self._clear_errors():
            there = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = str(self._programs.major_version())
        if there != ours:
            raise EmbeddedPostgresError(
                f"{self.folder} holds data of PostgreSQL {there}, and this is PostgreSQL {ours}; "
                f"choose another folder, or move the data over with pg_dump of PostgreSQL {there}"
            )

    def _write_settings(self) -> None:
        settings = {**self._settings, "unix_socket_directories": str(self._make_socket_folder())}
        lines = (f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())
        conf = self._data / "countersign.conf"
        conf.write_text("".join(lines), encoding="utf-8")
        self._give_away(conf)

    def _make_socket_folder(self) -> Path:
        sockets = self.folder / "socket"
        if len(os.fsencode(sockets / _SOCKET_NAME)) > SOCKET_PATH_OCTETS:
            sockets = Path(tempfile.mkdtemp(prefix="countersign-"))
        sockets.mkdir(exist_ok=True, mode=0o700)
        self._give_away(sockets)
        return sockets

    def _listening(self) -> tuple[Path, str]:
        with self._clear_errors():
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Path(lines[4]), lines[3]

    def _give_away(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._programs.owner.uid, self._programs.owner.gid)

    def _log_since(self, offset: int) -> str:
        with self._clear_errors(), self._log.open(encoding="utf-8", errors="replace") as log:
            log.seek(offset)
            return log.read()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(self.folder) from error
            raise EmbeddedPostgresError(
                f"{self.folder} cannot be used for PostgreSQL: {error.strerror}; choose a folder "
                "of this user's own, or mend its owner and mode"
            ) from error

    def _failure(self, what: str, output: str) -> EmbeddedPostgresError:
        return failure(self.folder, what, output)


def failure(folder: Path, what: str, output: str) -> EmbeddedPostgresError:
    """Return the error for a program that failed with this output."""
    if "No space left on device" in output:
        return disk_full(folder)
    said = " / ".join(output.strip().splitlines()[-_LOG_LINES:])
    return EmbeddedPostgresError(f"PostgreSQL in {folder}: {what}: {said or 'it says nothing'}")


def disk_full(folder: Path) -> EmbeddedPostgresError:
    """Return the error for a folder on a disk that is full."""
    return EmbeddedPostgresError(f"the disk of {folder} is full; free at least 200 MB on it")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
