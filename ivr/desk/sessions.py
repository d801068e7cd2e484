"""Signing in and staying signed in: a cookie that only its hash is kept of, and a CSRF token."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ivr.desk.passwords import NOBODYS, is_password
from ivr.desk.records import UserRecords
from ivr.domain.desk import DeskUser

FAILURES_MAX = 5
FORGIVEN_AFTER_S = 300.0
"""So many wrong passwords for one name, and it rests so long."""
NAMES_MAX = 10_000
WAITING_MAX = 20
"""So many passwords wait to be hashed, some seconds' work; further ones are sent away."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    user: DeskUser
    cookie: str

    @property
    def csrf(self) -> str:
        """What a request that changes something must show: only our own pages can read it."""
        return hmac.new(self.cookie.encode(), b"csrf", hashlib.sha256).hexdigest()


class TooManyFailuresError(Exception):
    """A name rests after too many wrong passwords, those included that are being looked at."""


class TooManyWaitingError(Exception):
    """Too many sign in at this moment."""


@dataclass(slots=True)
class Sessions:
    """The door of the desk. `StoreUnavailableError` from every method."""

    users: UserRecords
    lasts: timedelta
    now_s: Callable[[], float]
    """A clock that never goes back."""
    _failures: dict[str, list[float]] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)
    """Names whose passwords wait to be hashed."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """A hash takes 32 MiB and a core: many at once would be an attack on the calls."""

    async def sign_in(self, name: str, password: str) -> Session | None:
        """Return a session for a right password, None for a wrong one.

        `TooManyFailuresError`, `TooManyWaitingError`.
        """
        self._check(name)
        self._waiting[name] += 1
        try:
            session = await self._begun(name, password)
        finally:
            self._waiting[name] -= 1
            self._waiting += Counter()  # forgets names of which none waits
        if session is None:
            self._failures.setdefault(name, []).append(self.now_s())
        else:
            self._failures.pop(name, None)
        return session

    async def _begun(self, name: str, password: str) -> Session | None:
        """Return a session of whose name and password these are; None is found out as slowly."""
        user, kept = await self.users.find(name) or (None, NOBODYS)
        async with self._one_at_a_time:
            right = await asyncio.to_thread(is_password, password, kept)
        if user is None or not right:
            return None
        session, until = Session(user, secrets.token_urlsafe(32)), datetime.now(UTC) + self.lasts
        begun = await self.users.sign_in(user, kept, _hash(session.cookie), until)
        return session if begun else None

    async def of(self, cookie: str | None) -> Session | None:
        """Return whose cookie it is, if it still holds."""
        if not cookie:
            return None
        user = await self.users.signed_in(_hash(cookie))
        return None if user is None else Session(user, cookie)

    async def sign_out(self, session: Session) -> None:
        """End a session."""
        await self.users.sign_out(session.user, _hash(session.cookie))

    def _check(self, name: str) -> None:
        since = self.now_s() - FORGIVEN_AFTER_S
        recent = [at for at in self._failures.get(name, ()) if at > since]
        if len(self._failures) > NAMES_MAX:
            self._failures.clear()
        if len(recent) + self._waiting[name] >= FAILURES_MAX:
            raise TooManyFailuresError
        if self._waiting.total() >= WAITING_MAX:
            raise TooManyWaitingError
        if recent:
            self._failures[name] = recent


def is_csrf(session: Session, shown: str) -> bool:
    """Say whether what a request shows is the session's token."""
    return hmac.compare_digest(session.csrf.encode(), shown.encode("utf-8", "surrogatepass"))


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
