"""`countersign groups`: whom a voice is looked for among."""

from __future__ import annotations

import argparse
from functools import partial
from operator import attrgetter

from ivr.cli.administration import Desk, entry, everything, list_name, run, with_reason
from ivr.cli.output import print_json
from ivr.domain.call import TenantId
from ivr.storage import FIRST


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the groups, or the members of one")
    listing.add_argument("group", nargs="?", type=list_name, metavar="GROUP")
    listing.add_argument("--json", action="store_true", help="print JSON for programs")
    adding = actions.add_parser("add", help="make people members; the group is made if need be")
    removing = actions.add_parser("remove", help="take people out of a group")
    for changing in (adding, removing):
        changing.add_argument("group", type=list_name, metavar="GROUP")
        changing.add_argument("accounts", nargs="+", metavar="ACCOUNT")
        with_reason(changing)
    for action, does in ((listing, _list), (adding, _add), (removing, _remove)):
        action.add_argument("--tenant", default="default", help="whose group it is (default)")
        action.set_defaults(run=run, action=does)


async def _list(desk: Desk, chosen: argparse.Namespace) -> int:
    found = await (_groups if chosen.group is None else _members)(desk, chosen)
    if chosen.json:
        print_json(found)
    else:
        print(*found, sep="\n", end="\n" if found else "")
    return 0


async def _groups(desk: Desk, chosen: argparse.Namespace) -> list[str]:
    page = partial(desk.browsing.groups, TenantId(chosen.tenant))
    return await everything(page, "", str)


async def _members(desk: Desk, chosen: argparse.Namespace) -> list[str]:
    page = partial(desk.browsing.members, TenantId(chosen.tenant), chosen.group)
    return sorted(each.account for each in await everything(page, FIRST, attrgetter("profile")))


async def _add(desk: Desk, chosen: argparse.Namespace) -> int:
    join, group = (await desk.watchlists()).join, (TenantId(chosen.tenant), chosen.group)
    unknown = [each for each in chosen.accounts if not await join(*group, each, **entry(chosen))]
    for account in unknown:
        print(f"nobody has the account {account!r} in tenant {chosen.tenant!r}")
    return 1 if unknown else 0


async def _remove(desk: Desk, chosen: argparse.Namespace) -> int:
    leave, group = (await desk.watchlists()).leave, (TenantId(chosen.tenant), chosen.group)
    absent = [each for each in chosen.accounts if not await leave(*group, each, **entry(chosen))]
    for account in absent:
        print(f"{account!r} is not in group {chosen.group!r} of tenant {chosen.tenant!r}")
    return 1 if absent else 0
