"""What can go wrong with ARI: one root, and a message that says what to do about it."""

from __future__ import annotations


class AriError(Exception):
    """Root of everything this package raises on purpose."""


class AriAddressError(AriError):
    """A key of the configuration cannot be right (the operator's to mend)."""

    def __init__(self, key: str, allowed: str) -> None:
        super().__init__(f"{key} {allowed}")
        self.key = key


class AriUnreachableError(AriError):
    """Nothing that speaks ARI answers at `ari.url` (or it went away)."""

    def __init__(self, url: str, found: str) -> None:
        super().__init__(
            f"no ARI at {url}: {found}; check ari.url, that Asterisk runs, and that http.conf "
            "and ari.conf say enabled = yes"
        )
        self.url = url


class ConnectionCutError(AriUnreachableError):
    """The connection broke under a request: whether Asterisk did what was asked is not known."""


class AriUnauthorizedError(AriError):
    """Asterisk refuses the user or the password."""

    def __init__(self, url: str, user: str) -> None:
        super().__init__(
            f"Asterisk at {url} refuses user {user!r}: check ari.user and ari.password against "
            "the user's section in ari.conf (and its permit and deny)"
        )
        self.user = user


class AriTimeoutError(AriError):
    """Asterisk did not answer in time; whether it did what was asked is not known."""

    def __init__(self, method: str, path: str, timeout_s: float) -> None:
        super().__init__(f"{method} {path}: no answer within {timeout_s:g} s")
        self.method = method
        self.path = path


class AriRequestError(AriError):
    """Asterisk answered a request with an error status."""

    def __init__(self, status: int, method: str, path: str, reason: str) -> None:
        super().__init__(f"{method} {path}: {status} {reason}")
        self.status = status
        self.method = method
        self.path = path
        self.reason = reason


class MalformedMessageError(AriError):
    """Asterisk sent JSON that is not what it says it is; the message quotes no content."""

    def __init__(self, kind: str, path: str, found: str) -> None:
        super().__init__(f"malformed {kind} at {path}: {found}")
        self.kind = kind
        """The event's type, or what the reply should have been."""
        self.path = path
        """Where, such as `$.channel.id`; `$` is the whole."""
        self.found = found


class MalformedEventError(MalformedMessageError):
    """An event could not be read."""


class MalformedReplyError(MalformedMessageError):
    """The body of a reply could not be read."""
