"""Where Asterisk's REST interface is, and who we are there."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from ivr.ari.errors import AriAddressError

_APPLICATION = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class AriAddress:
    """One Asterisk and one Stasis application on it; `AriAddressError` names the bad key.

    `url` is the root of Asterisk's HTTP server with its `prefix` of http.conf, such as
    `http://127.0.0.1:8088`; a trailing `/ari` is taken as well. `user` and `password` are a
    section of ari.conf. `app` is the name that the dialplan gives to `Stasis()`.
    """

    url: str
    user: str
    password: str = field(repr=False)
    app: str

    def __post_init__(self) -> None:
        """Refuse what could never work, before anything is tried."""
        if not _is_root(self.url):
            raise AriAddressError("ari.url", "must look like http://127.0.0.1:8088")
        if not self.user or ":" in self.user:
            raise AriAddressError("ari.user", "must name a section of ari.conf, without a colon")
        if not self.password:
            raise AriAddressError("ari.password", "must be the password of that user in ari.conf")
        if not _APPLICATION.fullmatch(self.app):
            raise AriAddressError("ari.app", "may hold 1 to 64 letters, digits, '_', '.' and '-'")

    @property
    def events(self) -> str:
        """The events websocket's address, without any credential."""
        root = re.sub(r"^http", "ws", self._root)
        return f"{root}/events?app={quote(self.app, safe='')}&subscribeAll=false"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header (RFC 7617): a secret, never to be logged."""
        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")

    def resource(self, path: str) -> str:
        """Return the address of a resource; `path` is quoted already, as in `channels/1/answer`."""
        return f"{self._root}/{path}"

    @property
    def _root(self) -> str:
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/").removesuffix("/ari")
        return urlunsplit((parts.scheme, parts.netloc, f"{path}/ari", "", ""))


def _is_root(url: str) -> bool:
    """Whether this is an HTTP server's address, with a host and without credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and port != 0
        and not (parts.query or parts.fragment)
    )
