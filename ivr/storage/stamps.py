"""Rows that decide, and what proves that they are ours.

Whoever may write the tables may set a rate, join a group, and be a user or a program. Without the
master key nobody makes the stamp of a row, and one that has none is not believed. Until rows of an
older version were stamped (`countersign keys stamp`), those without a stamp are.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from ivr.domain.call import TenantId
from ivr.storage.database import Row
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring
from ivr.storage.keys.sealing import place

_ADVICE: Final = (
    "`countersign keys stamp` shows which, and takes it over or drops it; change the password of "
    "the login in database.dsn, and see docs/security.md, rows that decide"
)

Columns = Row | Mapping[str, Any]
"""A row by the names of its columns."""

log = structlog.get_logger()


class RowNotOursError(StoreRefusedError):
    """A row that decides was not written by us, or was changed since."""

    def __init__(self, table: str) -> None:
        super().__init__(f"a row of {table} bears no stamp of ours: {_ADVICE}")


@dataclass(frozen=True, slots=True)
class Stamped:
    """A table whose rows are stamped."""

    table: str
    columns: tuple[str, ...]
    """What a stamp binds, the tenant among them; a row may have more."""

    def stamp(self, row: Columns, keyring: Keyring) -> bytes:
        """Return the stamp of a row as it is stored, 32 octets."""
        said = place("a row", self.table, *(_told(row[column]) for column in self.columns))
        return keyring.row_stamp(TenantId(row["tenant"]), said)

    def is_ours(self, row: Columns, stamp: bytes | None, keyring: Keyring) -> bool:
        """Say whether this is the row's stamp."""
        return hmac.compare_digest(stamp or b"", self.stamp(row, keyring))

    def is_believed(self, row: Columns, stamp: bytes | None, keyring: Keyring) -> bool:
        """Say whether a row decides anything, and tell the log what to do where it does not."""
        if self.is_ours(row, stamp, keyring) or (stamp is None and not keyring.stamped):
            return True
        log.error("row_not_ours", table=self.table, advice=_ADVICE)
        return False

    def check(self, row: Columns, stamp: bytes | None, keyring: Keyring) -> None:
        """Raise `RowNotOursError` unless it is believed."""
        if not self.is_believed(row, stamp, keyring):
            raise RowNotOursError(self.table)


OPERATING_POINTS: Final = Stamped("operating_points", ("tenant", "purpose", "target_fmr"))
GROUP_MEMBERS: Final = Stamped("group_members", ("tenant", "name", "profile"))
DESK_USERS: Final = Stamped("desk_users", ("tenant", "name", "password", "role", "agent"))
DESK_SESSIONS: Final = Stamped("desk_sessions", ("tenant", "token", "name", "expires_at"))
API_KEYS: Final = Stamped("api_keys", ("tenant", "id", "hash", "scopes", "expires_at"))
API_ANSWERS: Final = Stamped(
    "api_answers", ("tenant", "api_key", "name", "request", "status", "body")
)


def _told(value: object) -> str:
    """Return a column's value so that no two of its type are told alike."""
    match value:
        case None:
            return "-"
        case bytes():
            return f"={value.hex()}"
        case float():
            return f"={value.hex()}"
        case datetime():
            return f"={value.astimezone(UTC).isoformat()}"
        case list():
            return f"={place(*map(_told, value)).hex()}"
        case _:
            return f"={value}"
