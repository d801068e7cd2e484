"""`countersign keys`: change the keys that all rests on, and see whose the rows that decide are."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence

from tqdm import tqdm

from ivr.cli.settings import configuration_of
from ivr.domain.call import TenantId
from ivr.holdings import database_of, keyring_of
from ivr.storage import (
    Database,
    Keyring,
    drop_strangers,
    rotate_master,
    rotate_tenant,
    strangers,
    take_over,
    tenants,
)


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    rotate = actions.add_parser(
        "rotate",
        help="wrap every key by the first master key of the file; with --tenants, new tenant keys",
    )
    rotate.add_argument(
        "--tenants",
        action="store_true",
        help="give every tenant a new key too: data keys wrapped, voiceprints turned anew",
    )
    rotate.add_argument("--tenant", help="only this tenant's keys; default: all")
    rotate.add_argument("--why", required=True, help="the reason, for the audit trail")
    rotate.set_defaults(run=lambda chosen: asyncio.run(_rotate(chosen)))
    stamp = actions.add_parser(
        "stamp", help="show rates, members of groups, users and API keys that bear no stamp of ours"
    )
    stamp.add_argument("--why", help="take over what is shown; the reason, for the audit trail")
    stamp.add_argument("--drop", action="store_true", help="with --why: drop what is shown instead")
    stamp.set_defaults(run=lambda chosen: asyncio.run(_stamp(chosen)))


async def _rotate(chosen: argparse.Namespace) -> int:
    configuration = configuration_of(chosen, asterisk=False)
    async with database_of(configuration) as database:
        keyring = await keyring_of(configuration, database)
        every = await tenants(database)
        names = (TenantId(chosen.tenant),) if chosen.tenant else tuple(every)
        told = {"who": getpass.getuser(), "why": chosen.why}
        done = await rotate_master(database, keyring, names, **told)
        print(f"wrapped by master key {keyring.master.current}: {done} tenant keys")
        if chosen.tenants:
            await _rotate_tenants(database, keyring, names, told)
    return 0


async def _stamp(chosen: argparse.Namespace) -> int:
    if chosen.drop and chosen.why is None:
        print("countersign: --drop needs a reason: --why", file=sys.stderr)
        return 1
    configuration = configuration_of(chosen, asterisk=False)
    async with database_of(configuration) as database:
        keyring = await keyring_of(configuration, database)
        found = await strangers(database, keyring)
        for each in found:
            what = "no stamp" if each.unstamped else "not the stamp of this"
            print(*map(_plain, (each.tenant, each.table, *each.shown, what)), sep="\t")
        if chosen.why is None:
            print(_outlook(len(found), stamped=keyring.stamped))
            return 0
        told = {"who": getpass.getuser(), "why": chosen.why}
        if chosen.drop:
            await drop_strangers(database, found, **told)
            print(f"dropped: {len(found)} rows")
            return 0
        await take_over(database, keyring, found, **told)
        print(f"stamped: {len(found)} rows; without a stamp none is believed from now on")
    return 0


def _plain(text: str) -> str:
    """Escape what hides a line of a stranger's from a terminal, or makes two of it."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _outlook(found: int, *, stamped: bool) -> str:
    """Return what becomes of the rows shown."""
    if stamped and not found:
        return "every row that decides is ours"
    if stamped:
        return f"{found} rows bear no stamp of ours, and are not believed"
    return f"{found} rows bear no stamp of ours; those without one are believed until --why"


async def _rotate_tenants(
    database: Database, keyring: Keyring, names: Sequence[TenantId], told: dict[str, str]
) -> None:
    with tqdm(desc="persons", unit="") as bar:
        for tenant in names:
            async for count in rotate_tenant(database, keyring, tenant, **told):
                bar.update(count)
