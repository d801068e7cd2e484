"""Writes one private Asterisk's folder: dialplans/ rendered, and what is this instance's own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ivr.lab import LabError
from ivr.lab.freeports import LOOPBACK
from ivr.lab.program import DIALPLANS, AsteriskProgram

_INBOUND = "countersign-examples"
"""The context that calls come into."""
_SOCKET_PATH_MAX_BYTES = 107
"""A Unix socket's path: `sockaddr_un` has 108 with the final zero (unix(7))."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one Asterisk runs with; modules are named without `.so`."""

    folder: Path
    http_port: int
    sip_port: int
    rtp_ports: range
    ari_password: str
    app: str
    extra_modules: Collection[str]
    without_modules: Collection[str]
    extra_dialplan: str

    @property
    def main_file(self) -> Path:
        """The file that Asterisk is started with (`-C`)."""
        return self.folder / "etc/asterisk.conf"

    @property
    def state(self) -> Path:
        """Where Asterisk writes."""
        return self.folder / "state"

    async def write(self, program: AsteriskProgram) -> None:
        """Make the folders and files; `LabError` where the folder cannot hold a socket."""
        self._refuse_deep_folder()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("lib/keys", "spool/recording", "log", "cache", "run"):
            (self.state / name).mkdir(parents=True, exist_ok=True)
        secret = self.folder / "ari.password"
        secret.touch(mode=0o600)
        secret.write_text(self.ari_password)
        etc = self.main_file.parent
        await output(str(DIALPLANS / "render"), str(etc), *self._values(program, secret))
        (etc / "extensions.site.conf").write_text(self.extra_dialplan)
        (etc / "modules.site.conf").write_text(self._module_lines())

    def _refuse_deep_folder(self) -> None:
        if len(os.fsencode(self.state / "run/asterisk.ctl")) > _SOCKET_PATH_MAX_BYTES:
            raise LabError(f"{self.folder}: the path is too long for Asterisk's control socket")

    def _values(self, program: AsteriskProgram, secret: Path) -> list[str]:
        return [
            f"ETC={self.main_file.parent}",
            f"STATE={self.state}",
            f"MODULES={program.modules}",
            f"SHARE={program.share}",
            f"SBIN={Path(program.command[-1]).parent}",
            f"APP={self.app}",
            f"INBOUND={_INBOUND}",
            f"ARI_PASSWORD_FILE={secret}",
            f"HTTP_PORT={self.http_port}",
            f"SIP_ADDRESS={LOOPBACK}",
            f"SIP_PORT={self.sip_port}",
            f"SIP_EXTERNAL_ADDRESS={LOOPBACK}",
            f"SIP_TRUNK={LOOPBACK}",
            f"RTP_FIRST_PORT={self.rtp_ports[0]}",
            f"RTP_LAST_PORT={self.rtp_ports[-1]}",
        ]

    def _module_lines(self) -> str:
        more = "".join(f"load = {name}.so\n" for name in self.extra_modules)
        return more + "".join(f"noload = {name}.so\n" for name in self.without_modules)


async def output(*command: str) -> str:
    """Run a short command; return what it prints, `LabError` with its complaint if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, complaint = await process.communicate()
    if process.returncode:
        raise LabError(f"{Path(command[0]).name}: {complaint.decode(errors='replace').strip()}")
    return out.decode(errors="replace")
