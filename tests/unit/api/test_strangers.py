"""Programs whose key nobody of us made, and answers that nobody of us gave."""

from __future__ import annotations

from dataclasses import replace

from ivr.api.scopes import Scope
from ivr.api.tokens import new_token
from tests.unit.api.conftest import TENANT, Client, Maker, wav
from tests.unit.api.test_own import WAV, enrolled
from tests.unit.offline.files import HER
from tests.unit.storage.test_stamped_rows import steal

VERIFY = "/v1/profiles/4711/verify"


async def test_a_key_written_into_the_table_opens_nothing(
    client: Client, make_token: Maker, database_dsn: str
) -> None:
    """It is refused as any wrong key; so is one of ours that was to do more than it may."""
    forged, narrow = new_token(), await make_token(scopes=(Scope.VERIFY,))
    for change in (
        "INSERT INTO api_keys (id, tenant, name, hash, scopes) VALUES "
        f"('{forged.id}', '{TENANT}', 'crm', '\\x{forged.hash.hex()}', '{{profiles:read}}')",
        f"UPDATE api_keys SET scopes = '{{profiles:read}}' WHERE id = '{narrow.id}'",
    ):
        await steal(database_dsn, change, TENANT)
    wrong = await replace(client, token="nonsense").ask("GET", "/v1/profiles")
    for token in (forged, narrow):
        answer = await replace(client, token=str(token)).ask("GET", "/v1/profiles")
        assert (answer.status, answer.json["detail"]) == (401, wrong.json["detail"])


async def test_an_answer_written_into_the_table_is_told_to_nobody(
    client: Client, database_dsn: str
) -> None:
    """A program that repeats its request gets no ACCEPT that was none."""
    await enrolled(client)
    heard = {**WAV, "Idempotency-Key": "heard"}
    first = await client.ask("POST", VERIFY, data=wav(8, HER), headers=heard)
    assert first.json["verdict"] == "REJECT"
    assert (await client.ask("POST", VERIFY, data=wav(8, HER), headers=heard)).json == first.json
    forge = (
        "UPDATE api_answers SET body = convert_to(replace(convert_from(body, 'UTF8'), "
        "'REJECT', 'ACCEPT'), 'UTF8')"
    )
    await steal(database_dsn, forge, TENANT)
    again = await client.ask("POST", VERIFY, data=wav(8, HER), headers=heard)
    assert again.status == 500
    assert "verdict" not in again.json


async def test_a_rate_written_into_the_table_judges_nobody(
    client: Client, database_dsn: str
) -> None:
    """Neither a recording is compared nor a rate shown, until one is set by us."""
    await enrolled(client)
    path = "/v1/operating-points/verification"
    assert (await client.ask("PUT", path, json={"target_fmr": 0.05})).status == 200
    await steal(database_dsn, "UPDATE operating_points SET target_fmr = 0.45", TENANT)
    answer = await client.ask("POST", VERIFY, data=wav(8, HER), headers=WAV)
    assert answer.status == 500
    assert (await client.ask("GET", "/v1/operating-points")).status == 500
    assert (await client.ask("PUT", path, json={"target_fmr": 0.05})).status == 200
    answer = await client.ask("POST", VERIFY, data=wav(8, HER), headers=WAV)
    assert answer.json["verdict"] == "REJECT"
