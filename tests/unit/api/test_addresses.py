"""Links in answers lead where programs call the API, though a proxy stands before it."""

from __future__ import annotations

import aiohttp
import pytest

from ivr.api.office import ApiOffice
from ivr.api.server import api_server
from ivr.settings import Api
from tests.unit.api.conftest import Answer, Client, Maker

PLACE = "/speaker-recognition/verification/text-independent/profiles"
VERSION = "api-version=2021-09-05"
OUTSIDE = "https://api.example.org"


async def links(client: Client) -> list[str]:
    """Return every link that answers hold: of who is made and reset, and of the next page."""
    headers = {"Ocp-Apim-Subscription-Key": client.token}

    async def ask(method: str, path: str, **more: object) -> Answer:
        return await client.ask(method, f"{path}?{VERSION}", headers=headers, **more)

    made = [await ask("POST", PLACE, json={"locale": "en-US"}) for _ in range(2)]
    reset = await ask("POST", f"{PLACE}/{made[0].json['profileId']}:reset")
    page = await client.ask("GET", f"{PLACE}?{VERSION}&maxpagesize=1", headers=headers)
    found = [*(each.headers["Location"] for each in (*made, reset)), page.json["nextLink"]]
    assert found[0] == found[2]
    return found


@pytest.mark.parametrize("url", ["", OUTSIDE])
async def test_a_program_that_follows_a_link_comes_to_where_it_called(
    api_office: ApiOffice, make_token: Maker, url: str
) -> None:
    """By TLS where the proxy does it, or its key would be sent in the clear."""
    settings = Api(enabled=True, port=0, burst=1000, url=url)
    async with api_server(settings, api_office) as port, aiohttp.ClientSession() as session:
        here = f"http://127.0.0.1:{port}"
        found = await links(Client(session, here, str(await make_token())))
        assert all(each.startswith(f"{url or here}{PLACE}") for each in found), found
        assert "?" not in found[0]
