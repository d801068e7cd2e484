"""Where the desk is for those who look at it, which a proxy before it may make another place."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Address:
    """The address that browsers show, such as `https://desk.example.org`; empty: not known."""

    url: str = ""
    """Scheme, host and perhaps a port, and nothing after them."""

    def of_call(self, verification: UUID) -> str:
        """Return the link that opens a call; only its path where the address is not known."""
        return f"{self.url}/?call={verification}"

    def is_origin(self, origin: str, host: str) -> bool:
        """Say whether a page of this `Origin` is the desk's own.

        Where the address is not known, `host` is, which the request says it was sent to.
        """
        if self.url:
            return origin == self.url
        try:
            return urlsplit(origin).netloc == host
        except ValueError:
            return False


NOWHERE = Address()
