"""A shell that is typed into: one process, so that folders, variables and aliases last."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

PATIENCE_S = 180.0
"""For one command, on a machine whose cores others use too."""

Heard = Callable[[str], bool]
"""Takes a line that a command prints; True where Enter is to be pressed now."""


class TerminalError(Exception):
    """The shell itself ended, or a command did not; the message has what was printed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it printed on both streams."""

    status: int
    output: str


class Terminal:
    """`sh` with an environment of its own; use `async with`.

    It has no terminal behind it, so what asks for a password reads it from the answers.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._mark = f"=== {uuid4().hex}"
        self._typed, self._keys = folder / "typed", folder / "keys"
        self._typed.mkdir()
        self._count = itertools.count(1)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start the shell."""
        os.mkfifo(self._keys)
        self._process = await asyncio.create_subprocess_exec(
            "sh",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        # Whatever was typed and has not ended would live on without us.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def type(self, command: str, *, answers: str = "", heard: Heard | None = None) -> Outcome:
        """Run a command to its end; `answers` is what it may read, and Enter where it is `heard`.

        Raises `TerminalError` where the shell ends with it, or it does not end.
        """
        # A file each: the shell reads one as it goes.
        typed = self._typed / str(next(self._count))
        typed.write_text(command + "\n", encoding="utf-8")
        # Open for reading, too: neither side then waits for the other, and nothing ends.
        keys = os.open(self._keys, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.write(keys, answers.encode())
            await self._send(f"sh -n '{typed}' && ")
            ending = rf"printf '\n{self._mark} %s\n' $?"
            await self._send(f". '{typed}' < '{self._keys}'; {ending}\n")
            async with asyncio.timeout(PATIENCE_S):
                return await self._outcome(keys, heard)
        except TimeoutError:
            raise TerminalError(f"{command!r} did not end") from None
        finally:
            os.close(keys)

    async def _send(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        await self._process.stdin.drain()

    async def _outcome(self, keys: int, heard: Heard | None) -> Outcome:
        assert self._process is not None
        assert self._process.stdout is not None
        said = ""
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace")
            if line.startswith(self._mark):
                return Outcome(int(line.rpartition(" ")[2]), said.strip())
            said += line
            if heard is not None and await asyncio.to_thread(heard, line):
                os.write(keys, b"\n")
        raise TerminalError(f"the shell ended: {said.strip()}")
