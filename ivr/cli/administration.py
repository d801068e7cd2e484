"""What the commands of an operator share: the database, who does it, and why."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict, TypeVar

from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.holdings import database_of, keyring_of
from ivr.storage import Browsing, Database, Keyring, ProfileAdministration, Watchlists

PAGE: Final = 1000
"""Rows read at a time."""

_LIST_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
"""As the API takes it."""

T = TypeVar("T")
Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Desk:
    """What an operator works with."""

    configuration: Configuration
    database: Database

    @property
    def profiles(self) -> ProfileAdministration:
        """The profiles as an operator sees them."""
        return ProfileAdministration(self.database)

    @property
    def browsing(self) -> Browsing:
        """What a tenant has, page by page."""
        return Browsing(self.database)

    async def keyring(self) -> Keyring:
        """Return the database's keys; `MasterKeyError`."""
        return await keyring_of(self.configuration, self.database)

    async def watchlists(self) -> Watchlists:
        """Return the operator's hand on watchlists and groups; `MasterKeyError`."""
        return Watchlists(self.database, await self.keyring())


Action = Callable[[Desk, argparse.Namespace], Awaitable[int]]


class Entry(TypedDict):
    """Who did it and why, for the audit trail."""

    who: str
    why: str


def run(chosen: argparse.Namespace) -> int:
    """Do the chosen action on the configured database."""
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
    action: Action = chosen.action
    configuration = configuration_of(chosen, asterisk=False)
    async with database_of(configuration) as database:
        return await action(Desk(configuration, database), chosen)


def with_reason(action: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Ask for the reason of what is to be written to the audit trail."""
    action.add_argument("--why", required=True, help="the reason, for the audit trail")
    return action


def entry(chosen: argparse.Namespace) -> Entry:
    """Return what the audit trail is told."""
    return Entry(who=getpass.getuser(), why=chosen.why)


def list_name(text: str) -> str:
    """Read the name of a group or a watchlist; `ArgumentTypeError`."""
    if _LIST_NAME.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name: it has 1 to 128 characters, no control character among them"
        )
    return text


async def everything(
    page: Callable[[Place, int], Awaitable[Sequence[T]]], first: Place, place: Callable[[T], Place]
) -> list[T]:
    """Return all that comes in pages, each of them from after the place of the one before."""
    found: list[T] = []
    while more := await page(first, PAGE):
        found += more
        first = place(more[-1])
    return found
