"""Which Asterisk can be heard over a websocket."""

from __future__ import annotations

import pytest

from ivr.line.capability import speaks_json


@pytest.mark.parametrize(
    ("version", "speaks"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", True),
        ("22.8.0", True),
        ("22.7.0", False),
        ("20.18.2", True),
        ("20.6.0~dfsg+~cs6.13.40431414-2build5", False),
        ("18.10.0", False),
        ("21.12.1", False),
        ("23.1.0", False),
        ("23.2.0", True),
        ("24.0.0", True),
        ("certified-22.8-cert1", True),
        ("GIT-master-abcdef", True),
    ],
)
def test_version_is_read(version: str, speaks: bool) -> None:
    """chan_websocket speaks JSON from 20.18, 22.8 and 23.2 on."""
    assert speaks_json(version) is speaks
