"""The whole system on loopback: Asterisk, PostgreSQL and Countersign as a process beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from ivr.lab import Say, say_on_stderr
from ivr.lab.application import Application
from ivr.lab.asterisk import PrivateAsterisk
from ivr.storage import EmbeddedPostgres, make_master_file, migrate

AS_ROOT = (
    " under the system user countersign-postgres, since it refuses root: the user is made if need "
    "be, and may pass through the folders above its programs and its data"
)


class System:
    """Everything that a call needs; use `async with`, which returns when calls can be placed.

    What it writes lies under `folder`. `settings` are `COUNTERSIGN_*` on top of those that join
    the parts; with `dsn` a server is used in place of the embedded PostgreSQL.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        dsn: str = "",
        asterisk: PrivateAsterisk | None = None,
        say: Say = say_on_stderr,
    ) -> None:
        """Choose; nothing runs yet. An `asterisk` that is given is started and stopped here too."""
        self.folder = folder
        self.asterisk = asterisk or PrivateAsterisk(folder / "asterisk")
        self.dsn = dsn
        self.postgres: EmbeddedPostgres | None = None
        self._settings = dict(settings or {})
        self._say = say
        self._stack = AsyncExitStack()
        self._application: Application | None = None

    async def __aenter__(self) -> Self:
        """Start PostgreSQL, Asterisk and Countersign, in this order."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop them in the reverse order."""
        await self._stack.aclose()

    @property
    def application(self) -> Application:
        """Countersign's process."""
        assert self._application is not None, "the system was not started"
        return self._application

    def settings(self) -> dict[str, str]:
        """Return the environment with which Countersign joins this Asterisk and this PostgreSQL."""
        return {
            "COUNTERSIGN_ARI_URL": self.asterisk.ari_url,
            "COUNTERSIGN_ARI_USER": self.asterisk.ari_user,
            "COUNTERSIGN_ARI_PASSWORD": self.asterisk.ari_password,
            "COUNTERSIGN_DATABASE_DSN": self.dsn,
            "COUNTERSIGN_DATABASE_OUTBOX": str(self.folder / "outbox"),
            "COUNTERSIGN_KEYS_MASTER_FILE": str(self.master_file),
        } | self._settings

    @property
    def master_file(self) -> Path:
        """The file of the system's master key, made at the start where there is none."""
        return self.folder / "master-key"

    async def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        make_master_file(self.master_file)
        if not self.dsn:
            self._say(f"starting PostgreSQL{AS_ROOT if os.geteuid() == 0 else ''}")
            self.postgres = EmbeddedPostgres(self.folder / "postgres")
            await self._stack.enter_async_context(self.postgres)
            self.dsn = self.postgres.dsn
        await migrate(self.dsn)
        self._say("starting Asterisk")
        await self._stack.enter_async_context(self.asterisk)
        self._say("starting Countersign")
        self._application = Application(self.settings(), self.folder / "countersign.log")
        await self._stack.enter_async_context(self._application)
