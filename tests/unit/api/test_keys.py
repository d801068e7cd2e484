"""API keys: who may ask, and that a refusal says nothing of why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.api.office import ApiOffice
from ivr.api.rate import RateLimit
from ivr.api.scopes import Scope
from ivr.api.tokens import Token, new_token, read_token
from ivr.cli import main
from ivr.settings import Api
from tests.postgres import write_master
from tests.unit.api.conftest import OTHER_TENANT, TENANT, Client, Maker


def test_a_key_is_read_as_it_was_written() -> None:
    """And its secret is not in its repr, which may come into a log."""
    token = new_token()
    assert read_token(str(token)) == token
    assert str(token) not in repr(token)


async def test_every_wrong_key_is_refused_in_the_same_words(
    client: Client, api_office: ApiOffice, make_token: Maker
) -> None:
    """None, nonsense, an unknown id, a wrong secret, a revoked one, an expired one."""
    revoked = await make_token()
    assert await api_office.keys.revoke(TENANT, revoked.id, who="test", why="test")
    expired = new_token()
    await api_office.keys.add(
        TENANT,
        expired.id,
        "old",
        expired.hash,
        ["verify"],
        datetime.now(UTC) - timedelta(seconds=1),
        who="test",
        why="test",
    )
    known = read_token(client.token)
    wrong_secret = Token(known.id, bytes(32))
    told = set()
    for key in ("", "nonsense", new_token(), wrong_secret, revoked, expired):
        answer = await replace(client, token=str(key)).ask("GET", "/v1/profiles/4711")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        told.add((answer.json["code"], answer.json["detail"]))
    assert len(told) == 1


async def test_a_key_may_do_what_its_scopes_say(client: Client, make_token: Maker) -> None:
    """403 names the scope that is lacking."""
    narrow = await make_token(scopes=(Scope.VERIFY,))
    answer = await replace(client, token=str(narrow)).ask("GET", "/v1/profiles/4711")
    assert answer.status == 403
    assert "profiles:read" in answer.json["detail"]


async def test_a_tenants_key_is_not_anothers_to_revoke(
    api_office: ApiOffice, make_token: Maker
) -> None:
    """Nor does it work twice."""
    token = await make_token()
    assert not await api_office.keys.revoke(OTHER_TENANT, token.id, who="test", why="test")
    assert await api_office.keys.revoke(TENANT, token.id, who="test", why="test")
    assert not await api_office.keys.revoke(TENANT, token.id, who="test", why="test")


async def test_every_answer_has_its_headers(client: Client) -> None:
    """Also one to a path that is not there, and one without a key."""
    for path in ("/v1/profiles/4711", "/v1/nothing", "/nothing"):
        answer = await client.ask("GET", path)
        assert answer.status == 404
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert (await client.ask("PATCH", "/v1/profiles/4711")).status == 405


class TestRate:
    """A key that asks too fast."""

    @pytest.fixture
    def api_settings(self) -> Api:
        """Two requests, and then one in a thousand seconds."""
        return Api(enabled=True, port=0, requests_per_s=0.001, burst=2)

    async def test_is_told_when_to_come_again(self, client: Client, make_token: Maker) -> None:
        """And another key is not held up by it."""
        statuses = [(await client.ask("GET", "/v1/profiles/1")).status for _ in range(3)]
        assert statuses == [404, 404, 429]
        answer = await client.ask("GET", "/v1/profiles/1")
        assert 1 <= int(answer.headers["Retry-After"]) <= 1000
        other = replace(client, token=str(await make_token()))
        assert (await other.ask("GET", "/v1/profiles/1")).status == 404


def test_a_bucket_fills_again() -> None:
    """Up to the burst and not beyond."""
    now_s = 0.0
    rate = RateLimit(2.0, 2, lambda: now_s)
    key = new_token().id
    assert [rate.take(key) for _ in range(3)] == [None, None, 1]
    now_s = 0.5
    assert [rate.take(key) for _ in range(2)] == [None, 1]
    now_s = 100.0
    assert [rate.take(key) for _ in range(3)] == [None, None, 1]


def test_the_command_shows_a_key_once(
    database_dsn: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Created, listed without its secret, revoked."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_DSN", database_dsn)
    monkeypatch.setenv("COUNTERSIGN_KEYS_MASTER_FILE", str(write_master(tmp_path / "key")))
    command = ["api-keys", "create", "--name", "crm", "--scope", "verify", "--why", "test"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    key = next(line.split()[1] for line in printed.splitlines() if line.startswith("key"))
    token = read_token(key)
    assert str(token) == key
    assert main(["api-keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert str(token.id) in listed
    assert "in use" in listed
    assert key not in listed
    assert main(["api-keys", "revoke", str(token.id), "--why", "test"]) == 0
    assert main(["api-keys", "revoke", str(token.id), "--why", "test"]) == 1
