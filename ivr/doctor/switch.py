"""The checks of Asterisk, over ARI, as an application of a name that nobody else uses."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime

from ivr.ari.client import AriClient
from ivr.ari.errors import AriError, AriRequestError, AriUnauthorizedError
from ivr.config import Configuration
from ivr.connecting import ari_address, media_sockets
from ivr.doctor.clock import check_clock, now
from ivr.doctor.finding import Finding, fault, good, skipped, warning
from ivr.domain.call import CallId
from ivr.line.capability import JSON_SINCE, speaks_json
from ivr.line.hearing import CONNECTION_ID
from ivr.line.names import Kind, Names
from ivr.media.control import MediaStart
from ivr.media.errors import MediaError
from ivr.media.socket import MediaSocket, MediaSockets

MODULES: Mapping[str, str] = {
    "app_stasis": "the dialplan hands calls over by it",
    "app_stack": "the dialplan's Gosub",
    "func_uri": "the dialplan's URIENCODE",
    "func_logic": "the dialplan's conditions",
    "res_stasis_answer": "calls are answered by it",
    "res_stasis_playback": "prompts, where there is no chan_websocket",
    "res_stasis_recording": "the caller's audio, where there is no chan_websocket",
    "res_ari_applications": "calls are found again after a restart",
    "res_ari_bridges": "caller and media are joined",
    "res_ari_channels": "calls are answered and sent on",
    "res_ari_events": "calls are heard of",
    "res_ari_playbacks": "prompts, where there is no chan_websocket",
    "res_ari_recordings": "the caller's audio, where there is no chan_websocket",
    "bridge_simple": "the bridge that leaves audio as it is",
    "codec_ulaw": "G.711, the telephone's own coding",
    "codec_alaw": "G.711, the telephone's own coding",
    "chan_websocket": "the caller's audio, live",
}
"""What Countersign needs of Asterisk, and what for: some of dialplans/asterisk/modules.conf."""

FORBIDDEN = 403
MEDIA_START_TIMEOUT_S = 3.0
CHECKS = ("version", "modules", "media", "service", "asterisk_clock")


async def check_asterisk(configuration: Configuration) -> AsyncIterator[Finding]:
    """Check what Asterisk is, what it has loaded, and that a caller could be heard."""
    # Not ari.app: whoever connects under that name takes the calls of the service.
    address = replace(ari_address(configuration), app=f"doctor-{secrets.token_hex(4)}")
    try:
        async with AriClient(address) as ari:
            yield good("ari", f"user {address.user!r} is accepted at {address.url}")
            yield await _version(ari)
            yield await _modules(ari)
            yield await _media(ari, media_sockets(configuration))
            yield await _service(ari, configuration.ari.app)
            yield await _clock(ari)
    except AriError as error:
        known = isinstance(error, AriUnauthorizedError)
        mend = "ari.conf: a section of that name, `type = user`" if known else "docs/install.md, 1"
        yield fault("ari", error, f"{mend}; then `asterisk -rx 'core reload'`")
        for check in CHECKS:
            yield skipped(check, "Asterisk cannot be asked")


async def _version(ari: AriClient) -> Finding:
    version = (await ari.asterisk.system()).version
    if speaks_json(version):
        return good("version", f"Asterisk {version}")
    wanted = ", ".join(f"{major}.{minor}" for major, minor in JSON_SINCE.items())
    return warning(
        "version",
        f"Asterisk {version} has no chan_websocket that speaks JSON: callers are heard by "
        "recordings, seconds later, and cannot talk over a prompt",
        f"install {wanted} or newer",
    )


async def _modules(ari: AriClient) -> Finding:
    lacking = [name for name in MODULES if not await ari.asterisk.runs(f"{name}.so")]
    if not lacking:
        return good("modules", f"all {len(MODULES)} run")
    return fault(
        "modules",
        "; ".join(f"{name} does not run ({MODULES[name]})" for name in lacking),
        "in modules.conf: " + ", ".join(f"`load = {name}.so`" for name in lacking),
    )


async def _media(ari: AriClient, sockets: MediaSockets) -> Finding:
    """Attach to a media channel as for a caller, and wait for Asterisk's first word there."""
    channel = Names(ari.address.app).of(Kind.MEDIA, CallId("doctor"))
    try:
        made = await ari.channels.external_media(channel)
    except AriRequestError as error:
        return _media_refused(error)
    try:
        async with sockets, asyncio.timeout(MEDIA_START_TIMEOUT_S):
            await _started(await sockets.connect(made.channelvars.get(CONNECTION_ID, "")))
    except MediaError as error:
        return fault("media", error, "http.conf: `enabled = yes`; let /media/ through a proxy")
    except TimeoutError:
        return fault(
            "media",
            f"the media channel said nothing within {MEDIA_START_TIMEOUT_S:g} s",
            "see Asterisk's log; `module reload chan_websocket.so`",
        )
    finally:
        await ari.channels.hangup(made.id)
    return good("media", "the media websocket can be reached")


def _media_refused(error: AriRequestError) -> Finding:
    if error.status == FORBIDDEN:
        return fault("media", error, "ari.conf, in the user's section: `read_only = no`")
    return fault("media", error, "modules.conf: `load = chan_websocket.so`; see Asterisk's log")


async def _started(socket: MediaSocket) -> None:
    async for item in socket:
        if isinstance(item, MediaStart):
            break
    await socket.close()


async def _service(ari: AriClient, app: str) -> Finding:
    if await ari.applications.get(app) is not None:
        return good("service", f"{app!r} is connected: calls are taken")
    return warning(
        "service",
        f"nobody is connected as {app!r}: the dialplan falls back to INCONCLUSIVE / UNAVAILABLE",
        "start `countersign serve`, or see its log",
    )


async def _clock(ari: AriClient) -> Finding:
    before = now()
    theirs = datetime.fromisoformat((await ari.asterisk.ping()).timestamp)
    return check_clock("asterisk_clock", theirs, before, now())
