"""From the operator's settings to where Asterisk is, and how each way to it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from ivr.agi.peers import Network
from ivr.ari.address import AriAddress
from ivr.config import Configuration, ConfigurationError
from ivr.line.agi_door import AgiRules
from ivr.line.record_rules import RecordRules
from ivr.media.prompts import BUILT_IN
from ivr.media.socket import MediaSockets
from ivr.translation import prompt_folder


def ari_address(configuration: Configuration) -> AriAddress:
    """Return where Asterisk is."""
    ari = configuration.ari
    return AriAddress(url=ari.url, user=ari.user, password=ari.password, app=ari.app)


def agi_rules(configuration: Configuration) -> AgiRules:
    """Return where FastAGI is listened for; `ConfigurationError` for what is no network."""
    agi = configuration.agi
    return AgiRules(
        host=agi.host,
        port=agi.port,
        audio_host=agi.audio_host,
        audio_port=agi.audio_port,
        audio_address=agi.audio_address,
        allowed=tuple(_network(each) for each in agi.allow),
    )


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ConfigurationError(
            "agi.allow", text, f"{error}; allowed are addresses and networks such as 10.1.0.0/24"
        ) from error


def media_sockets(configuration: Configuration) -> MediaSockets:
    """Return where the callers' audio comes from: the HTTP server that serves ARI."""
    return MediaSockets(configuration.ari.url, heartbeat_s=configuration.calls.media_timeout_s / 2)


def record_rules(configuration: Configuration, locales: Sequence[str]) -> RecordRules:
    """Return how to prompt and record where Asterisk has no chan_websocket.

    The prompts are played by Asterisk itself there: `prompts.asterisk_folder` is where it finds
    them, the same folder as ours unless Asterisk is on another machine.
    """
    folder = configuration.prompts.asterisk_folder or str(prompt_folder(configuration) or BUILT_IN)
    return RecordRules(sound_folder=folder, locales=tuple(locales))
