"""`countersign desk`: who may sign in, and what agents found out about who called."""

from __future__ import annotations

import argparse
import asyncio
import csv
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.cli.settings import configuration_of
from ivr.desk import hash_password
from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.holdings import database_of, keyring_of
from ivr.storage import Database, DeskCalls, DeskUsers, tenants

PASSWORD_CHARACTERS_MIN = 12
"""NIST SP 800-63B asks for 8 at least, and for 15 where nothing is asked for besides."""


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    subjects = command.add_subparsers(title="subjects", metavar="SUBJECT", required=True)
    users = subjects.add_parser("users", help="who may sign in")
    actions = users.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add", help="add a user, or give one another password; it is read from standard input"
    )
    add.add_argument("name")
    add.add_argument("--role", type=Role, choices=list(Role), default=Role.AGENT)
    add.add_argument("--agent", default="", help="extension or queue member, as in the dialplan")
    remove = actions.add_parser("remove", help="remove a user, and sign them out")
    remove.add_argument("name")
    for action in (add, remove):
        action.add_argument("--tenant", default="default")
        action.add_argument("--why", required=True, help="the reason, for the audit trail")
    listing = actions.add_parser("list", help="list the users, with their ids in the audit trail")
    listing.add_argument("--tenant", help="only this tenant's; default: all")
    feedback = subjects.add_parser("feedback", help="print, as CSV, who agents say it was")
    feedback.add_argument("--tenant", default="default")
    for action, run in ((add, _add), (remove, _remove), (listing, _list), (feedback, _feedback)):
        action.set_defaults(run=lambda chosen, run=run: asyncio.run(run(chosen)))


@asynccontextmanager
async def _users(chosen: argparse.Namespace) -> AsyncIterator[tuple[Database, DeskUsers]]:
    """Open the configured database, and the users in it."""
    configuration = configuration_of(chosen, asterisk=False)
    async with database_of(configuration) as database:
        yield database, DeskUsers(database, await keyring_of(configuration, database))


async def _add(chosen: argparse.Namespace) -> int:
    role, tenant = Role(chosen.role), TenantId(chosen.tenant)
    if role is Role.AGENT and not chosen.agent:
        return _refused("an agent sees the calls of an extension: name it by --agent")
    password = _password()
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return _refused(f"a password has at least {PASSWORD_CHARACTERS_MIN} characters")
    user = DeskUser(chosen.name, tenant, role, chosen.agent)
    async with _users(chosen) as (_, users):
        kept = await asyncio.to_thread(hash_password, password)
        if not await users.add(user, kept, who=getpass.getuser(), why=chosen.why):
            return _refused("another tenant has a user of this name: choose another")
    print(f"{user.name} may sign in as {user.role}")
    return 0


async def _remove(chosen: argparse.Namespace) -> int:
    async with _users(chosen) as (_, users):
        removed = await users.remove(
            TenantId(chosen.tenant), chosen.name, who=getpass.getuser(), why=chosen.why
        )
    if removed is None:
        return _refused("there is no such user; `countersign desk users list` shows who is")
    print(f"{chosen.name} is removed and signed out; in the audit trail: {removed}")
    return 0


async def _list(chosen: argparse.Namespace) -> int:
    async with _users(chosen) as (database, users):
        named = [TenantId(chosen.tenant)] if chosen.tenant else await tenants(database)
        for tenant in named:
            for known, user in await users.list(tenant):
                print(user.tenant, user.name, user.role, user.agent or "-", known, sep="\t")
    return 0


async def _feedback(chosen: argparse.Namespace) -> int:
    async with database_of(configuration_of(chosen, asterisk=False)) as database:
        found = await DeskCalls(database).all_feedback(TenantId(chosen.tenant))
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("verification", "same_person", "verdict", "reason", "llr", "model", "said_at"))
    for each in found:
        said_at, same = each.said_at.isoformat(), int(each.same_person)
        llr = "" if each.llr is None else f"{each.llr:.4f}"
        row = (each.verification, same, each.verdict, each.reason, llr, each.model or "", said_at)
        table.writerow(row)
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def _refused(why: str) -> int:
    print(f"countersign: {why}", file=sys.stderr)
    return 1
