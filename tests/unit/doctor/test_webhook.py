"""The checks of the webhook, against a receiver that is there, and against what may be instead."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.doctor import Finding, State, webhook
from ivr.doctor.webhook import check_webhook
from ivr.lab.freeports import LOOPBACK
from tests.patience import PATIENCE_S
from tests.ports import refusing_port
from tests.unit.api.test_server import certificate
from tests.unit.desk.receiver import Receiver, receiving
from tests.unit.doctor.test_parts import configured

SECRET = "sixteen or more characters"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer than for a post: a busy machine is no fault of a receiver's."""
    monkeypatch.setattr(webhook, "REACH_TIMEOUT_S", PATIENCE_S)


async def examined(folder: Path, url: str, **changes: str) -> dict[str, Finding]:
    """Return what is found where events are posted to a URL."""
    secret = {} if "DESK_WEBHOOK_SECRET_FILE" in changes else {"DESK_WEBHOOK_SECRET": SECRET}
    configuration = configured(folder, DESK_WEBHOOK_URL=url, **secret, **changes)
    return {each.check: each async for each in check_webhook(configuration)}


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Take connections and say nothing; yield the port."""
    held = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "localhost", 0, ssl=tls, family=socket.AF_INET)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in held:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


async def test_without_a_webhook_nothing_is_found(tmp_path: Path) -> None:
    """It is no fault that nobody is told."""
    assert [each async for each in check_webhook(configured(tmp_path))] == []


async def test_a_receiver_is_reached_and_told_nothing(tmp_path: Path) -> None:
    """Not a word is posted, and its address, which holds a password here, is not shown."""
    async with receiving(Receiver()) as receiver:
        found = await examined(tmp_path, receiver.url)
        assert {each.state for each in found.values()} == {State.GOOD}
        assert receiver.posts == []
        assert "pepper" not in str(found)


async def test_a_certificate_is_believed_if_the_machine_believes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by the service: the system's authorities, or those that SSL_CERT_FILE names."""
    made, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    async with listening(context) as port:
        url = f"https://localhost:{port}/calls"
        unknown = (await examined(tmp_path, url))["webhook"]
        assert unknown.state is State.WARNING
        assert "certificate is not believed" in unknown.found
        assert "SSL_CERT_FILE" in unknown.mend
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        assert (await examined(tmp_path, url))["webhook"].state is State.GOOD


async def test_who_speaks_no_tls_is_noticed(tmp_path: Path) -> None:
    """The port is another program's, or the receiver's for HTTP."""
    async with receiving(Receiver()) as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        found = (await examined(tmp_path, f"https://127.0.0.1:{port}/"))["webhook"]
        assert found.state is State.WARNING
        assert f"no TLS that we know on port {port}" in found.found


async def test_a_receiver_that_says_nothing_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for as long as for a post, and no longer."""
    monkeypatch.setattr(webhook, "REACH_TIMEOUT_S", 0.05)
    async with listening(None) as port:
        found = (await examined(tmp_path, f"https://localhost:{port}/"))["webhook"]
        assert found.state is State.WARNING
        assert "did not answer" in found.found
        assert "firewalls" in found.mend


def nobody_knows(*_: object, **__: object) -> list[object]:
    """Answer as DNS does of a name that there is not, whatever network this machine is in."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (f"{LOOPBACK}:FREE", "cannot be connected to"),
        ("no-such-host.invalid", "has no address"),
    ],
)
async def test_a_receiver_that_is_not_there_is_noticed(
    tmp_path: Path, host: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps no call from being taken: a warning, with what mends it."""
    if "FREE" not in host:
        monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
    with refusing_port() as port:
        host = host.replace("FREE", str(port))
        found = (await examined(tmp_path, f"https://user:pepper@{host}/calls"))["webhook"]
    assert found.state is State.WARNING
    assert said in found.found
    assert "desk.webhook_url" in found.mend
    assert "pepper" not in str(found)


@pytest.mark.parametrize(("mode", "state"), [(0o600, State.GOOD), (0o644, State.WARNING)])
async def test_a_secret_that_everybody_reads_is_told(
    tmp_path: Path, mode: int, state: State
) -> None:
    """Whoever has it can post what looks like ours; the command that mends it is given."""
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(mode)
    url = f"http://{LOOPBACK}:1/"
    found = await examined(tmp_path, url, DESK_WEBHOOK_SECRET_FILE=str(file))
    assert found["webhook_secret"].state is state
    assert found["webhook_secret"].mend == (f"chmod 600 {file}" if mode & 0o004 else "")
    assert SECRET not in str(found)
