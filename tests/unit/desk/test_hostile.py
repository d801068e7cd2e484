"""What nobody's browser sends: it is refused, as what is wrong, and no log line quotes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ivr.desk import guard
from ivr.desk.sessions import FAILURES_MAX
from ivr.logs import configure_log
from ivr.storage.database import Database
from tests.patience import PATIENCE_S
from tests.unit.desk.site import PASSWORD, TOKEN, Site, open_site


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    """A desk that is served."""
    async with open_site(database) as site:
        yield site


async def sent(site: Site, octets: bytes) -> bytes:
    """Send octets as they are, and return all that is answered until the server closes."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(octets)
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return answer


def request(line: str, *headers: bytes) -> bytes:
    """Return a request without a body."""
    always = (b"Host: desk", b"Connection: close")
    return b"\r\n".join((f"{line} HTTP/1.1".encode(), *always, *headers, b"", b""))


async def test_a_header_that_is_no_text_is_as_wrong_as_any_other(site: Site) -> None:
    """Tokens, cookies and origins out of any octets."""
    ann = await site.user("ann", agent="1001")
    cookie = b"Cookie: __Host-countersign=" + ann.cookie.encode()
    empty = b"Content-Length: 0"
    for hostile, status in (
        (request("POST /api/offers", b"Authorization: Bearer \xff", empty), b"401"),
        (request("POST /sign-out", cookie, b"X-CSRF-Token: \xff", empty), b"403"),
        (request("GET /api/me", b"Cookie: __Host-countersign=\xff"), b"401"),
        (request("POST /sign-in", b"Origin: \xff", empty), b"403"),
        (request("POST /sign-in", b"Origin: http://[", empty), b"403"),
    ):
        assert (await sent(site, hostile)).split()[1] == status, hostile


async def test_a_form_of_no_known_encoding_signs_nobody_in(site: Site) -> None:
    """One that is not there, and one that makes half a character."""
    for charset, name in (("none-such", "ann"), ("unicode_escape", r"\ud800"), ("ascii", "\xe9")):
        kind = f"Content-Type: application/x-www-form-urlencoded; charset={charset}".encode()
        body = f"name={name}&password={name}".encode()
        length = f"Content-Length: {len(body)}".encode()
        answer = await sent(site, request("POST /sign-in", kind, length) + body)
        assert answer.split()[1] in (b"303", b"400"), charset


async def test_a_name_that_no_user_can_have_is_not_remembered(site: Site) -> None:
    """Or whoever sends long ones would fill the memory; all the others tire."""
    form = {"name": "n" * 129, "password": "guessed"}
    for _ in range(FAILURES_MAX + 1):
        seen = await site.http.post(f"{site.url}/sign-in", data=form, allow_redirects=False)
        assert seen.headers["Location"] == "/sign-in?wrong=1"


@pytest.mark.usefixtures("log_as_before")
async def test_what_is_no_request_is_quoted_in_no_log(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    """It may hold a cookie, or a password."""
    configure_log("json", "info")
    secret = PASSWORD.replace(" ", "")
    for hostile in (
        request("GET /", f"Cookie: __Host-countersign={secret}\x01".encode()),
        request("POST /sign-in", b"Transfer-Encoding: chunked") + f"password={secret}".encode(),
    ):
        assert (await sent(site, hostile)).split()[1] == b"400"
    assert secret not in capfd.readouterr().err


@pytest.mark.parametrize("path", ["/sign-in", "/api/offers"])
async def test_a_body_that_trickles_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Whoever is not signed in could hold connections with it, for nothing."""
    monkeypatch.setattr(guard, "ARRIVES_S", 0.1)
    token = b"Authorization: Bearer " + TOKEN.encode()
    kind = b"Content-Type: application/x-www-form-urlencoded"
    begun = request(f"POST {path}", kind, token, b"Content-Length: 100") + b"name="
    host, _, port = site.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(begun)
    first = asyncio.create_task(reader.readline())
    async with asyncio.timeout(PATIENCE_S):
        while not first.done():
            writer.write(b"a")
            await asyncio.wait({first}, timeout=0.01)
    writer.close()
    assert first.result().split()[1] == b"408"
