"""A private Asterisk on loopback that runs the product's configuration, unprivileged."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Collection
from pathlib import Path

from ivr.lab import LabError
from ivr.lab.configuration import Configuration, output
from ivr.lab.freeports import LOOPBACK, free_port, free_rtp_ports, refuse_taken
from ivr.lab.program import AsteriskProgram, find
from ivr.lab.readiness import Readiness

__all__ = ["ROUTE_BY_CAUSE", "AsteriskProgram", "AsteriskStartError", "PrivateAsterisk", "find"]

ROUTE_BY_CAUSE = {
    30: ("agent-confirmed", "enrolled"),
    21: ("agent-warning", "enroll-declined"),
    31: ("pin", "enroll-failed"),
    41: ("pin-only", "enroll-later"),
}
"""Where the examples sent a call, by the Q.850 cause in its BYE: after verify, after enroll."""

BOOT_LIMIT_S = 20.0
"""It takes 0.3 s; the rest is for a loaded machine."""
STOP_LIMIT_S = 5.0
RTP_PORTS = 400
"""Two a call: 200 calls at once."""

_LOG_LINES_TOLD = 12


class AsteriskStartError(LabError):
    """Asterisk did not come up; the message has the reason and the last lines of its log."""


class PrivateAsterisk:
    """One Asterisk in a folder of its own; `async with` starts and stops it.

    Ports that are not given are chosen free; the ARI password is made for each instance. What
    it writes lies under `folder`; a folder that is not given is a temporary one, gone at the end.
    """

    ari_user = "countersign"

    def __init__(
        self,
        folder: Path | None = None,
        *,
        program: AsteriskProgram | None = None,
        http_port: int | None = None,
        sip_port: int | None = None,
        rtp_ports: range | None = None,
        app: str = "countersign",
        extra_modules: Collection[str] = (),
        without_modules: Collection[str] = (),
        extra_dialplan: str = "",
    ) -> None:
        """Choose ports and folder; nothing runs yet.

        `app` names the ARI application the subroutines call. Modules are named without `.so`.
        """
        self._temporary = folder is None
        self.folder = (folder or _unused_folder()).absolute()
        self.program = program
        self.http_port = http_port or free_port(socket.SOCK_STREAM)
        self.sip_port = sip_port or free_port(socket.SOCK_DGRAM)
        self.rtp_ports = rtp_ports or free_rtp_ports(RTP_PORTS)
        self.ari_password = secrets.token_urlsafe(24)
        self.ari_url = f"http://{LOOPBACK}:{self.http_port}"
        self.log_path = self.folder / "state/log/messages"
        self.console_path = self.folder / "state/log/console"
        self._configuration = Configuration(
            self.folder,
            self.http_port,
            self.sip_port,
            self.rtp_ports,
            self.ari_password,
            app,
            extra_modules,
            without_modules,
            extra_dialplan,
        )
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> PrivateAsterisk:
        try:
            await self.start()
        except BaseException:
            self._tidy()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._tidy()

    async def start(self) -> None:
        """Start, and return when it is fully booted and its ports are its own.

        Raises `AsteriskStartError`, or `LabError` where a port is in use.
        """
        self._refuse_taken_ports()
        if self.program is None:
            self.program = await asyncio.to_thread(find)
        await self._configuration.write(self.program)
        booting_at = self.log_path.stat().st_size if self.log_path.is_file() else 0
        with Readiness() as ready:
            process = self._process = await self._spawn(self.program, ready.address)
            try:
                await self._booted(process, ready)
                await self._check_doors()
                self._check_modules(booting_at)
            except BaseException:
                await self.stop()
                raise

    async def stop(self) -> None:
        """End it in good order (SIGTERM), by force after 5 s; nothing where it does not run."""
        if (process := self._process) is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
            except TimeoutError:
                await self.kill()
        self._process = None

    async def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        self._process = None

    async def restart(self) -> None:
        """Stop and start again, with the same ports and password."""
        await self.stop()
        await self.start()

    async def command(self, line: str) -> str:
        """Run a line of Asterisk's own console, such as `core show channels`; return its answer."""
        program = self.program
        if program is None or self._process is None:
            raise LabError("Asterisk is not running")
        arguments = ("-C", str(self._configuration.main_file), "-rx", line)
        return await output(*program.command, *arguments)

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def _refuse_taken_ports(self) -> None:
        refuse_taken(
            [
                ("HTTP", self.http_port, socket.SOCK_STREAM),
                ("SIP", self.sip_port, socket.SOCK_DGRAM),
            ]
        )

    async def _spawn(self, program: AsteriskProgram, address: str) -> asyncio.subprocess.Process:
        """Run it in the foreground; it dies with us, and hears no Ctrl-C meant for us."""
        leash = shutil.which("setpriv")
        with self.console_path.open("ab") as console:
            return await asyncio.create_subprocess_exec(
                *((leash, "--pdeathsig", "KILL", "--") if leash else ()),
                *program.command,
                *("-C", str(self._configuration.main_file), "-f", "-n"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "NOTIFY_SOCKET": address},
                start_new_session=True,
            )

    async def _booted(self, process: asyncio.subprocess.Process, ready: Readiness) -> None:
        """Wait until it says that it is up, ends, or the limit is reached."""
        told, ended = asyncio.create_task(ready.wait()), asyncio.create_task(process.wait())
        try:
            done, _ = await asyncio.wait(
                {told, ended}, timeout=BOOT_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            told.cancel()
            ended.cancel()
        if ended in done:
            raise self._failure(f"Asterisk ended with status {process.returncode} while starting")
        if told not in done:
            raise self._failure(f"Asterisk was not up after {BOOT_LIMIT_S:.0f} s")

    async def _check_doors(self) -> None:
        """Make sure that it is this Asterisk that answers on the ports: it boots without them."""
        if not await self._ari_knows_us():
            raise self._failure(f"ARI does not answer on port {self.http_port}")
        if f":{self.sip_port}" not in await self.command("pjsip show transport udp"):
            raise self._failure(f"SIP does not answer on port {self.sip_port}")

    def _check_modules(self, since: int) -> None:
        """Refuse to run without a module that was asked for: Asterisk only logs it."""
        with self.log_path.open("rb") as log:
            log.seek(since)
            if b"Error loading module" in log.read():
                raise self._failure("a module did not load")

    async def _ari_knows_us(self) -> bool:
        """Ask ARI with the password that only this instance has."""
        login = base64.b64encode(f"{self.ari_user}:{self.ari_password}".encode()).decode()
        request = f"GET /ari/asterisk/ping HTTP/1.0\r\nAuthorization: Basic {login}\r\n\r\n"
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.http_port)
        except ConnectionRefusedError:
            return False
        try:
            writer.write(request.encode())
            return b" 200 " in await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()

    def _failure(self, reason: str) -> AsteriskStartError:
        paths = [path for path in (self.console_path, self.log_path) if path.is_file()]
        lines = [line for path in paths for line in path.read_text(errors="replace").splitlines()]
        complaints = [line for line in lines if "ERROR" in line] or lines
        told = "\n".join(complaints[-_LOG_LINES_TOLD:])
        return AsteriskStartError(f"{reason}; its log says:\n{told}")

    def _tidy(self) -> None:
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def _unused_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"asterisk-{secrets.token_hex(8)}"
