"""Countersign as a process of its own, watched through its log: as an operator would run it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Line = dict[str, Any]

READY = "service_ready"
SERVE = (sys.executable, "-m", "ivr.cli", "serve")


class ApplicationEndedError(Exception):
    """The process ended before what was waited for came; its last lines are in the message."""


class Application:
    """One `countersign serve` process; use `async with`, which returns when it is ready.

    `lines` holds its log so far, one dict a line, in order.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        log_path: Path,
        *,
        command: Sequence[str] = SERVE,
        folder: Path | None = None,
    ) -> None:
        """Take `COUNTERSIGN_*` settings, and where to keep the log.

        `command` starts an installed one, `folder` is where; else this tree's starts here.
        """
        self.settings = dict(settings)
        self._command, self._folder = command, folder
        self.log_path = log_path
        self.lines: list[Line] = []
        self._grown = asyncio.Condition()
        self._over = False
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Application:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.stop()

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None, "the application was not started"
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until it takes calls."""
        seen, self._over = len(self.lines), False
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=os.environ | self.settings,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        await self.logged(READY, since=seen)

    async def stop(self, patience_s: float = 20.0) -> int:
        """Ask it to finish, and return its exit status; kill it where it does not."""
        return await self._end(signal.SIGTERM, patience_s)

    async def kill(self) -> int:
        """End it at once, as a crash would."""
        return await self._end(signal.SIGKILL, 10.0)

    async def ended(self) -> int:
        """Wait until it ends by itself and return its exit status."""
        assert self._process is not None, "the application was not started"
        async with self._grown:
            await self._grown.wait_for(lambda: self._over)
        return await self._process.wait()

    async def logged(self, event: str, *, since: int = 0, **fields: object) -> Line:
        """Wait for a log line of this event with these fields, from line number `since` on."""
        async with self._grown:
            while True:
                for line in self.lines[since:]:
                    if line.get("event") == event and fields.items() <= line.items():
                        return line
                if self._over:
                    raise ApplicationEndedError(f"no {event!r} came: {self._last_lines()}")
                await self._grown.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for nothing."""
        assert self._process is not None, "the application was not started"
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals, patience_s: float) -> int:
        process = self._process
        if process is None or self._reader is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), patience_s)
        except TimeoutError:
            process.kill()
            await self._reader
        return await process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Follow the log to its end, and wake whoever waits for a line."""
        assert process.stdout is not None
        try:
            with self.log_path.open("ab") as kept:
                async for raw in process.stdout:
                    kept.write(raw)
                    kept.flush()
                    await self._add(_parsed(raw))
        finally:
            async with self._grown:
                self._over = True
                self._grown.notify_all()

    async def _add(self, line: Line) -> None:
        async with self._grown:
            self.lines.append(line)
            self._grown.notify_all()

    def _last_lines(self) -> str:
        return " | ".join(str(line.get("event", line)) for line in self.lines[-8:])


def _parsed(raw: bytes) -> Line:
    """Return a JSON line as it is, anything else as the event it is."""
    text = raw.decode(errors="replace").rstrip()
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    return line if isinstance(line, dict) else {"event": text}
