"""`countersign audit`: prove the audit trail whole, anchor it, and show it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from ivr.cli.settings import configuration_of
from ivr.config import ConfigurationError
from ivr.domain.call import TenantId
from ivr.holdings import database_of
from ivr.storage import AuditEnd, AuditFault, Database, audit_ends, tenants, verify_audit

Action = Callable[[Database, argparse.Namespace], Awaitable[int]]


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    verifying = actions.add_parser(
        "verify", help="find an entry that was edited, deleted or moved; status 1 if there is one"
    )
    verifying.add_argument(
        "--anchor", type=Path, metavar="FILE", help="what `audit anchor` printed at an earlier time"
    )
    verifying.set_defaults(run=run, action=_verify)
    anchoring = actions.add_parser(
        "anchor", help="print where the trails end, to be kept where nobody can change it"
    )
    anchoring.set_defaults(run=run, action=_anchor)


def run(chosen: argparse.Namespace) -> int:
    """Do it on the configured database."""
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
    action: Action = chosen.action
    async with database_of(configuration_of(chosen, asterisk=False)) as database:
        return await action(database, chosen)


async def _verify(database: Database, chosen: argparse.Namespace) -> int:
    anchors = _anchors(chosen.anchor) if chosen.anchor else ()
    names = dict.fromkeys((*await tenants(database), *(anchor.tenant for anchor in anchors)))
    found = [await verify_audit(database, tenant, anchors) for tenant in names]
    for each in found:
        match each:
            case AuditFault(tenant, number, what):
                print(f"{tenant}: entry {number} {what}")
            case AuditEnd(tenant, entries, _):
                print(f"{tenant}: {entries} entries, whole")
    return 1 if any(isinstance(each, AuditFault) for each in found) else 0


async def _anchor(database: Database, chosen: argparse.Namespace) -> int:
    del chosen
    ends = await audit_ends(database, await tenants(database))
    for end in ends:
        line = {"tenant": end.tenant, "entries": end.entries, "hash": end.hash.hex()}
        print(msgspec.json.encode(line).decode())
    return 0


class _Anchor(msgspec.Struct):
    tenant: str
    entries: int
    hash: str


def _anchors(path: Path) -> Sequence[AuditEnd]:
    """Read the lines of `audit anchor`; `ConfigurationError` for a file that is none."""
    try:
        lines = [msgspec.json.decode(line, type=_Anchor) for line in path.read_bytes().splitlines()]
        return tuple(
            AuditEnd(TenantId(line.tenant), line.entries, bytes.fromhex(line.hash))
            for line in lines
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "--anchor",
            str(path),
            f"must be a file that `countersign audit anchor` printed ({error})",
        ) from error
