"""`countersign api-keys`: who may use the API, and for what."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ivr.api.scopes import Scope
from ivr.api.tokens import new_token
from ivr.cli.settings import configuration_of
from ivr.domain.call import TenantId
from ivr.holdings import database_of, keyring_of
from ivr.storage import ApiKeys, ApiKeySummary

Action = Callable[[ApiKeys, argparse.Namespace], Awaitable[int]]

TENANT_DEFAULT = "default"


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    creating = actions.add_parser("create", help="make a key and print it, this once")
    creating.add_argument("--name", required=True, help="what to call it, 1 to 128 characters")
    creating.add_argument(
        "--scope",
        action="append",
        choices=list(Scope),
        type=Scope,
        required=True,
        metavar="SCOPE",
        help=f"what it may do, as often as needed: {', '.join(Scope)}",
    )
    creating.add_argument("--days", type=int, help="take it so many days (default: until revoked)")
    listing = actions.add_parser("list", help="list the keys, without their secrets")
    revoking = actions.add_parser("revoke", help="take a key no longer, from now on")
    revoking.add_argument("id", type=UUID, help="as `create` and `list` print it")
    for action, does in ((creating, _create), (listing, _list), (revoking, _revoke)):
        action.add_argument("--tenant", default=TENANT_DEFAULT, help="on whose behalf")
        action.set_defaults(run=run, action=does)
    for action in (creating, revoking):
        action.add_argument("--why", required=True, help="the reason, for the audit trail")


def run(chosen: argparse.Namespace) -> int:
    """Do it on the configured database."""
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
    action: Action = chosen.action
    configuration = configuration_of(chosen, asterisk=False)
    async with database_of(configuration) as database:
        return await action(ApiKeys(database, await keyring_of(configuration, database)), chosen)


async def _create(keys: ApiKeys, chosen: argparse.Namespace) -> int:
    token = new_token()
    until = None if chosen.days is None else datetime.now(UTC) + timedelta(days=chosen.days)
    await keys.add(
        TenantId(chosen.tenant),
        token.id,
        chosen.name,
        token.hash,
        dict.fromkeys(chosen.scope),
        until,
        who=getpass.getuser(),
        why=chosen.why,
    )
    print(f"id   {token.id}")
    print(f"key  {token}")
    print("Keep the key now: it is not shown again, and Countersign keeps a hash of it alone.")
    return 0


async def _list(keys: ApiKeys, chosen: argparse.Namespace) -> int:
    for key in await keys.list(TenantId(chosen.tenant)):
        print(f"{key.id}  {_state(key):22}  {key.name}  {' '.join(key.scopes)}")
    return 0


async def _revoke(keys: ApiKeys, chosen: argparse.Namespace) -> int:
    told = {"who": getpass.getuser(), "why": chosen.why}
    if await keys.revoke(TenantId(chosen.tenant), chosen.id, **told):
        print(f"revoked {chosen.id}")
        return 0
    print(f"{chosen.tenant} has no key {chosen.id} that could be revoked")
    return 1


def _state(key: ApiKeySummary) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is not None:
        word = "expired" if key.expires_at <= datetime.now(UTC) else "until"
        return f"{word} {key.expires_at:%Y-%m-%d}"
    return "in use"
