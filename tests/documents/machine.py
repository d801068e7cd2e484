"""The machine of docs/install.md: PostgreSQL that asks for a password, Asterisk, the service."""

from __future__ import annotations

import asyncio
import copy
import os
import shlex
import shutil
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from ivr.lab.application import Application
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.storage import Database, Keyring, master_from_file
from ivr.storage.binaries import find_programs
from ivr.storage.cluster import Cluster
from tests.documents.place import DATABASE_PASSWORD, Place
from tests.documents.terminal import Heard, Outcome, Terminal
from tests.unit.api.test_server import certificate
from tests.unit.test_service_unit import value as unit_value

CONFIGURATION = "/etc/countersign/countersign.toml"
CERTIFICATE = "/etc/ssl/api.pem"
TLS_FILES = {
    "api.pem": ("api.pem", "desk.pem"),
    "api.key": ("api.key", "api-key.pem", "desk-key.pem"),
}
"""What the documents call the certificate and its key, in /etc/countersign."""
RULES = "local all all trust\nhost all all all scram-sha-256\n"
"""Of pg_hba.conf: whoever comes by the network has a password."""
FRESH = """
DROP DATABASE countersign;
DROP ROLE countersign;
DROP ROLE countersign_app;
"""
"""The embedded server makes these; a server of Debian's has none of them."""


@dataclass
class Machine:
    """What the commands are typed into."""

    place: Place
    terminal: Terminal
    cluster: Cluster
    asterisk: PrivateAsterisk
    settings: dict[str, Any] = field(default_factory=dict)
    """The configuration so far, by table."""
    service: Application | None = None
    served: dict[str, Any] = field(default_factory=dict)
    """The configuration that the service was started with."""
    shown: set[str] = field(default_factory=set)
    """What was typed of ours and ended as it should."""
    faults: list[str] = field(default_factory=list)
    """What went wrong while it was installed."""

    async def type(self, command: str, *, answers: str = "", heard: Heard | None = None) -> Outcome:
        """Type a document's command; paths, hosts and names are this place's."""
        return await self.terminal.type(self.place.here(command), answers=answers, heard=heard)

    async def sure(self, command: str) -> str:
        """Type what belongs to the scene and is no document's; it must succeed."""
        done = await self.type(command)
        assert done.status == 0, f"{command}\n{done.output}"
        return done.output

    def configure(self, block: str) -> None:
        """Write a document's block of settings into the configuration, over what is there."""
        for table, keys in tomllib.loads(self.place.here(block)).items():
            self.settings.setdefault(table, {}).update(keys)
        self.write_settings()

    def write_settings(self) -> None:
        """Write the configuration as it is by now."""
        path = self.place.at(CONFIGURATION)
        lines = [line for table, keys in self.settings.items() for line in _lines(table, keys)]
        path.write_text("\n".join(lines), encoding="utf-8")

    def certify(self) -> None:
        """Put a certificate of this machine where the documents' settings look for theirs."""
        folder = self.place.at(CERTIFICATE).parent
        for made, names in TLS_FILES.items():
            for name in names:
                shutil.copy(folder / made, self.place.at("/etc/countersign") / name)

    async def serve(self) -> Application:
        """Start the service as its unit does, or again with another configuration."""
        await self.stop()
        command = shlex.split(self.place.here(unit_value("ExecStart")))
        settings = {"COUNTERSIGN_ARI_URL": self.asterisk.ari_url, "PGPORT": self.port}
        log = self.place.root / "service.log"
        service = Application(settings, log, command=command, folder=self.folder)
        await service.start()
        self.service, self.served = service, copy.deepcopy(self.settings)
        return service

    async def stop(self) -> None:
        """Stop the service, if it runs."""
        if self.service is not None:
            assert await self.service.stop() == 0
            self.service = None

    @asynccontextmanager
    async def records(self) -> AsyncIterator[tuple[Database, Keyring]]:
        """Open the installation's database, as its owner, and its keys."""
        master = await asyncio.to_thread(
            master_from_file, self.place.at("/etc/countersign/master-key")
        )
        dsn = f"postgresql://countersign:{DATABASE_PASSWORD}@localhost:{self.port}/countersign"
        async with await Database.connect(dsn, connections=1) as database:
            yield database, await Keyring.open(database, master)

    @property
    def folder(self) -> Path:
        """Where the service works, and whoever looks after it."""
        return self.place.at(unit_value("WorkingDirectory"))

    @property
    def port(self) -> str:
        """PostgreSQL's."""
        return str(self.place.ports["postgres"])


def _lines(table: str, keys: Mapping[str, object]) -> list[str]:
    """Write a table; JSON's values are TOML's, as far as settings go."""
    values = (f"{key} = {msgspec.json.encode(value).decode()}" for key, value in keys.items())
    return [f"[{table}]", *values, ""]


@asynccontextmanager
async def machine(root: Path, program: AsteriskProgram) -> AsyncIterator[Machine]:
    """Run PostgreSQL and Asterisk; nothing of Countersign is installed yet."""
    place = Place(root)
    place.prepare(find_programs())
    certificate(place.at(CERTIFICATE).parent)
    async with AsyncExitStack() as stack:
        cluster = await asyncio.to_thread(_postgres, place)
        stack.push_async_callback(asyncio.to_thread, cluster.stop, "immediate")
        asterisk = PrivateAsterisk(root / "asterisk", program=program)
        await stack.enter_async_context(asterisk)
        console = [*program.command, "-C", str(asterisk.folder / "etc/asterisk.conf")]
        place.script("asterisk", f'exec {shlex.join(console)} "$@"')
        environment = _environment(place, cluster, asterisk)
        terminal = await stack.enter_async_context(Terminal(root, environment))
        built = Machine(place, terminal, cluster, asterisk)
        stack.push_async_callback(built.stop)
        await built.sure(f"cd {place.tree}")
        yield built


def _postgres(place: Place) -> Cluster:
    """Start a server that has nothing in it, and asks for passwords over the network."""
    folder = place.root / "postgres"
    folder.mkdir(mode=0o711)
    rules = folder / "pg_hba.conf"
    rules.write_text(RULES)
    rules.chmod(0o644)
    network = {"listen_addresses": "localhost", "port": str(place.ports["postgres"])}
    cluster = Cluster(folder, {"hba_file": str(rules), "fsync": "off"} | network)
    cluster.prepare()
    cluster.start()
    cluster.sql(FRESH)
    return cluster


def _environment(place: Place, cluster: Cluster, asterisk: PrivateAsterisk) -> dict[str, str]:
    """Return what an administrator's shell has; nothing of this process's goes along."""
    sockets = parse_qs(urlsplit(cluster.dsn()).query)["host"][0]
    return {
        "PATH": f"{place.programs}:{os.environ['PATH']}",
        "HOME": str(place.at("/home")),
        "LC_ALL": "C.UTF-8",
        "PGHOST": sockets,
        "PGPORT": str(place.ports["postgres"]),
        "PGUSER": "postgres",
        "PGPASSWORD": DATABASE_PASSWORD,
        "CURL_CA_BUNDLE": str(place.at(CERTIFICATE)),
        "COUNTERSIGN_ARI_URL": asterisk.ari_url,
        "COUNTERSIGN_CACHE": os.environ.get("COUNTERSIGN_CACHE", str(place.root / "cache")),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
