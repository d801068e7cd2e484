"""`countersign keys`: change the keys that stored voices rest on, while calls go on."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Sequence

from tqdm import tqdm

from ivr.cli.settings import Commands, configuration_of
from ivr.domain.call import TenantId
from ivr.holdings import database_of, keyring_of
from ivr.storage import Database, Keyring, rotate_master, rotate_tenant, tenants


def add_to(commands: Commands) -> None:
    """Add the command and its actions."""
    command = commands.add_parser("keys", help="change the keys that stored voices rest on")
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
    rotate.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Rotate on the configured database, and say how much was done."""
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
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


async def _rotate_tenants(
    database: Database, keyring: Keyring, names: Sequence[TenantId], told: dict[str, str]
) -> None:
    with tqdm(desc="persons", unit="") as bar:
        for tenant in names:
            async for count in rotate_tenant(database, keyring, tenant, **told):
                bar.update(count)
