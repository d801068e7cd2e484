"""Where the documents' paths, hosts and names lie in a test: the one mapping of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.lab.freeports import free_port
from tests.unit.documents import ROOT

PATHS = (
    "/etc/countersign",
    "/etc/systemd/system",
    "/var/lib/countersign",
    "/opt/countersign",
)
"""Folders of the machine: each lies below the test's own folder instead."""

TREE = ("docs", "dialplans", "engine", "ivr", "sql", "run", "README.md", "LICENSE")
BUILD = ("pyproject.toml", "requirements-service.lock", "docker-compose.yml")
"""What "this folder" of docs/install.md holds: a copy, since some commands write into it."""

ARI_PASSWORD, DATABASE_PASSWORD = "a-password-of-asterisk", "a-password-of-postgres"
"""What somebody puts for PASSWORD, in either file."""


def _ports() -> dict[str, int]:
    return {name: free_port(socket.SOCK_STREAM) for name in ("health", "api", "desk", "postgres")}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that stands for the machine; `here` puts a document's text into it."""

    root: Path
    ports: Mapping[str, int] = field(default_factory=_ports)

    @property
    def tree(self) -> Path:
        """This folder, of which docs/install.md speaks."""
        return self.root / "tree"

    @property
    def programs(self) -> Path:
        """What is found before the machine's own programs."""
        return self.root / "bin"

    def at(self, path: str) -> Path:
        """Return where an absolute path of the documents lies."""
        return self.root / path.lstrip("/")

    def names(self) -> dict[str, str]:
        """Return what stands for what, besides the paths."""
        me = f"{os.geteuid()}:{os.getegid()}"
        return {
            "install -d -m 750 -g countersign": f"install -d -m 750 -g {os.getegid()}",
            "chown countersign:": f"chown {me}",
            "echo PASSWORD": f"echo {ARI_PASSWORD}",
            "countersign:PASSWORD@": f"countersign:{DATABASE_PASSWORD}@",
            "postgresql://countersign@host/": "postgresql://countersign@localhost/",
            "https://host:8443": f"https://localhost:{self.ports['api']}",
            "https://desk.example/": f"https://localhost:{self.ports['desk']}/",
            "port = 9464": f"port = {self.ports['health']}",
            "port = 8444": f"port = {self.ports['desk']}",
            'host = "0.0.0.0"': 'host = "127.0.0.1"',
            ".cache/python/bin/python": sys.executable,
        }

    def here(self, text: str) -> str:
        """Return a document's text as it is typed here."""
        for there, own in self.names().items():
            text = text.replace(there, own)
        for path in PATHS:
            # Not where it is the end of a longer one, which lies here already.
            text = re.sub(rf"(?<![\w/]){path}\b", str(self.at(path)), text)
        return text

    def prepare(self, programs: Path) -> None:
        """Lay out the folders, a copy of the tree, and PostgreSQL's programs on the path."""
        for path in ("/etc/systemd/system", "/var/lib/countersign", "/home", "/bin", "/etc/ssl"):
            self.at(path).mkdir(parents=True)
        self.tree.mkdir()
        for name in (*TREE, *BUILD):
            _copy(ROOT / name, self.tree / name)
        for program in programs.iterdir():
            (self.programs / program.name).symlink_to(program)
        self.script("python3", f'exec {os.path.realpath(sys.executable)} "$@"')
        self.script("python", f'exec {sys.executable} "$@"')
        (self.at("/home") / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")

    def script(self, name: str, text: str) -> None:
        """Write a program of one line into the folder of programs."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def lend_packages(self) -> None:
        """Let the environment of docs/install.md see what ./run put into ours."""
        (lib,) = self.at("/opt/countersign/lib").glob("python3.*/site-packages")
        ours = sysconfig.get_path("purelib")
        (lib / "lent.pth").write_text(f"import sys; sys.path.insert(1, {ours!r})\n")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, target, symlinks=True, ignore=ignored)
    else:
        shutil.copy(source, target)
