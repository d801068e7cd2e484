"""Programs that break off while they send: no fault of ours, and nothing for the log but a line."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from ivr.api.bodies import read_body
from ivr.api.errors import InvalidRequestError

FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize("kind", ["audio/wav", "application/json", FORM])
async def test_a_body_that_breaks_off_is_refused(kind: str) -> None:
    """As any other that cannot be read, whatever was to come."""
    content = StreamReader(Mock(spec=BaseProtocol), 2**16, loop=asyncio.get_running_loop())
    content.feed_data(b'--b\r\nContent-Disposition: form-data; name="recording"\r\n\r\nsome')
    content.set_exception(ConnectionResetError("Connection lost"))
    headers = {"Content-Type": kind, "Content-Length": "1000"}
    request = make_mocked_request("POST", "/", headers=headers, payload=content)
    with pytest.raises(InvalidRequestError):
        await read_body(request, 10_000)
