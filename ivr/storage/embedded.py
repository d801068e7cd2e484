"""The PostgreSQL that comes along: started in a folder of the user's, stopped by its last user."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ivr.storage.cluster import Cluster, StopMode
from ivr.storage.errors import EmbeddedPostgresError


class EmbeddedPostgres:
    """A PostgreSQL server in a folder, with role and database `countersign`, for a while.

    Several processes may name the same folder: the first starts the server, the others join it, and
    the last one to leave stops it. A process that is killed counts as having left; its server runs
    on and is joined by the next one. Raises `EmbeddedPostgresError`, which says what to do.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._settings = settings
        self._cluster: Cluster | None = None
        self._in_use = -1

    @property
    def dsn(self) -> str:
        """The DSN of the database `countersign`, over a unix socket; it holds no secret."""
        return self._running().dsn()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._enter)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._leave)

    async def start(self) -> None:
        """Start the server again after `stop`."""
        await asyncio.to_thread(self._start)

    async def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server, whoever uses it, and wait until it has stopped."""
        await asyncio.to_thread(self._running().stop, mode)

    async def sql(self, script: str) -> None:
        """Let psql run a script as the superuser; `EmbeddedPostgresError`."""
        await asyncio.to_thread(self._running().sql, script)

    def _running(self) -> Cluster:
        if self._cluster is None:
            raise EmbeddedPostgresError("use EmbeddedPostgres as an async context manager")
        return self._cluster

    def _enter(self) -> None:
        self._cluster = Cluster(self._folder, self._settings)
        self._in_use = self._open_lock("in-use.lock")
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            self._start()
        except BaseException:
            os.close(self._in_use)
            raise

    def _start(self) -> None:
        # One at a time: the others then find the server running and join it.
        with self._locked("start.lock"):
            self._running().prepare()
            self._running().start()

    def _leave(self) -> None:
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._running().stop()
        finally:
            os.close(self._in_use)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        descriptor = self._open_lock(name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self, name: str) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o711)
            return os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self._folder} cannot be used for PostgreSQL: {error.strerror}; choose a folder "
                "of this user's own, or mend its owner and mode"
            ) from error
