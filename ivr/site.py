"""Addresses of sites, as programs and browsers call them."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_BARE: Final = (("", "", ""), ("/", "", ""))
"""Path, query and fragment of an address that has none."""
_USUAL_PORTS: Final = {"https": 443, "http": 80}


def origin(url: str) -> str | None:
    """Return a site's address as browsers name it (RFC 6454, 6.2): no final slash, no usual port.

    None where it is anything else, or can be read by others on the way.
    """
    parts = urlsplit(url) if is_private(url) else None
    if parts is None or "@" in parts.netloc or parts[2:] not in _BARE:
        return None
    return _without_usual_port(parts).lower()


def is_private(url: str) -> bool:
    """Say whether what is sent to a URL can be read by nobody in between."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS)
    )


def _without_usual_port(parts: SplitResult) -> str:
    usual = f":{_USUAL_PORTS[parts.scheme]}"
    return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"
