"""Which way to the caller's audio this Asterisk offers."""

from __future__ import annotations

import re
from enum import StrEnum

import structlog

from ivr.ari.client import AriClient

MODULE = "chan_websocket.so"
JSON_SINCE = {20: 18, 22: 8, 23: 2}
"""The minor version from which chan_websocket speaks JSON (its documentation), by major version."""

log = structlog.get_logger()


class MediaWay(StrEnum):
    """How the caller is heard."""

    WEBSOCKET = "websocket"
    RECORDING = "recording"


async def media_way(ari: AriClient) -> MediaWay:
    """Ask Asterisk; raises the `AriError`s of a request."""
    version = (await ari.asterisk.system()).version
    if speaks_json(version) and await ari.asterisk.runs(MODULE):
        return MediaWay.WEBSOCKET
    log.warning(
        "media_by_recording",
        asterisk=version,
        why=f"{MODULE} is not loaded or older than Asterisk 20.18, 22.8, 23.2: the caller cannot "
        "talk over a prompt, and every answer takes seconds longer",
    )
    return MediaWay.RECORDING


def speaks_json(version: str) -> bool:
    """Say whether chan_websocket of that version speaks JSON; a version of no number is newest."""
    found = re.search(r"(\d+)\.(\d+)", version)
    if found is None:
        return True
    major, minor = int(found[1]), int(found[2])
    return major > max(JSON_SINCE) or minor >= JSON_SINCE.get(major, minor + 1)
