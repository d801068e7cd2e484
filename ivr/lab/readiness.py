"""Hears a child process say that it is ready, as systemd would (sd_notify): no polling."""

from __future__ import annotations

import asyncio
import secrets
import socket


class Readiness:
    """A socket for `READY=1`; hand `address` to the process as `NOTIFY_SOCKET`.

    Source: sd_notify(3).
    """

    def __init__(self) -> None:
        # In the abstract namespace: no file is left, and no folder is too deep for it.
        name = f"countersign-{secrets.token_hex(16)}"
        self.address = f"@{name}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(f"\0{name}")

    def __enter__(self) -> Readiness:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def wait(self) -> None:
        """Return when the process has said that it is ready."""
        loop = asyncio.get_running_loop()
        while b"READY=1" not in (await loop.sock_recv(self._socket, 4096)).split(b"\n"):
            pass
