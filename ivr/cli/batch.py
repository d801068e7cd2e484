"""`countersign batch`: enroll or verify many from recordings, with every worker, to the end."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import msgspec
from tqdm import tqdm

from engine.types import Locale, PhraseId
from ivr.cli.arguments import date
from ivr.cli.batch_listing import Common, folder_of, mark_of, wishes_in
from ivr.cli.batch_report import Row, rows_of, write_csv, write_json, write_to
from ivr.cli.office import furnished
from ivr.cli.output import print_json
from ivr.cli.recordings import (
    STATUS_CANNOT,
    STATUS_NO,
    STATUS_YES,
    STATUSES,
    VERDICTS,
    worst,
)
from ivr.cli.settings import Commands, configuration_of
from ivr.config import Configuration, ConfigurationError
from ivr.domain.batch import BatchId, BatchKind, BatchSummary, Undone
from ivr.domain.call import TenantId
from ivr.domain.enrollment import EnrollmentResult
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.holdings import database_of, keyring_of
from ivr.jobs import BatchWork
from ivr.jobs.worker import Worker, working
from ivr.logs import configure_log
from ivr.storage import Batches, Wish
from ivr.translation import phrases_folder

LOOK_EVERY_S = 1.0
_STATUS_OF: dict[str, int] = {
    **{verdict.value: status for verdict, status in VERDICTS.items()},
    EnrollmentResult.ENROLLED.value: STATUS_YES,
    EnrollmentResult.FAILED.value: STATUS_NO,
    Undone.CANNOT.value: STATUS_CANNOT,
    Undone.CANCELLED.value: STATUS_CANNOT,
}

Action = Callable[[argparse.Namespace, TenantId, Batches], Awaitable[int]]


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_enroll(_ordering(actions, BatchKind.ENROLL, "enroll many, each with a consent"))
    _ordering(actions, BatchKind.VERIFY, "verify many recordings, each against one account")
    resume = _about(actions, "resume", "go on with a batch that was broken off")
    resume.add_argument("--retry", action="store_true", help="also what could not be done")
    resume.add_argument("--report", type=Path, metavar="FILE", help="write the report there")
    resume.set_defaults(run=run_resume)
    status = _about(actions, "status", "how far a batch is, or each of the newest", "?")
    status.add_argument("--json", action="store_true", help="print JSON for programs")
    status.set_defaults(run=run_action, action=_status)
    report = _about(actions, "report", "print what became of each file, as CSV")
    report.add_argument("--json", action="store_true", help="as JSON")
    report.set_defaults(run=run_action, action=_report)
    cancel = _about(actions, "cancel", "do nothing more of a batch; what is done stays done")
    cancel.set_defaults(run=run_action, action=_cancel)


def _ordering(actions: Commands, kind: BatchKind, does: str) -> argparse.ArgumentParser:
    order = actions.add_parser(kind.value, help=does, epilog=f"Exit status: {STATUSES}.")
    order.add_argument("source", type=Path, metavar="FOLDER|FILE.csv", help="the recordings")
    order.add_argument("--tenant", default="default", help="whose customers they are (default)")
    order.add_argument(
        "--again", action="store_true", help="do it anew, also if this was ordered before"
    )
    order.add_argument("--report", type=Path, metavar="FILE", help="write it as .json, else CSV")
    order.set_defaults(run=run_order, kind=kind)
    return order


def _add_enroll(order: argparse.ArgumentParser) -> None:
    add = order.add_argument
    add("--consent", metavar="VERSION", help="which wording everybody agreed to")
    add(
        "--consented-on",
        type=date,
        metavar="YYYY-MM-DD",
        help="when: you assert that they did, and keep the proof",
    )
    add("--mode", type=Mode, choices=list(Mode), default=Mode.TEXT_DEPENDENT)
    add("--phrase", default=DEFAULT_PASSPHRASE, metavar="ID", help="the passphrase that is said")
    add("--locale", help="of the passphrase (default: that of the configuration)")


def _about(
    actions: Commands, name: str, does: str, many: str | None = None
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=does)
    action.add_argument("batch", type=UUID, nargs=many, metavar="ID", help="of the batch")
    action.add_argument("--tenant", default="default", help="whose batch it is (default)")
    return action


def run_order(chosen: argparse.Namespace) -> int:
    """Order a batch, or go on with one that was ordered so before, and work until it is done."""
    configuration = configuration_of(chosen, asterisk=False)
    common = _common(chosen, configuration) if chosen.kind is BatchKind.ENROLL else None
    wishes = wishes_in(chosen.source, common)
    return _run(
        chosen, configuration, lambda batches: _ordered(chosen, configuration, wishes, batches)
    )


def run_resume(chosen: argparse.Namespace) -> int:
    """Work on a batch until it is done."""
    return _run(
        chosen, configuration_of(chosen, asterisk=False), lambda batches: _resumed(chosen, batches)
    )


def run_action(chosen: argparse.Namespace) -> int:
    """Do what needs no voice model."""
    configure_log("console", "error")
    return asyncio.run(_acted(chosen, configuration_of(chosen, asterisk=False)))


Found = Callable[[Batches], Awaitable[BatchSummary]]


def _run(chosen: argparse.Namespace, configuration: Configuration, find: Found) -> int:
    configure_log("console", "error")
    summary, rows = asyncio.run(_worked(chosen, configuration, find))
    if chosen.report is not None:
        write_to(chosen.report, rows)
    print(told(summary))
    return worst(_STATUS_OF[result] for result in summary.results)


async def _worked(
    chosen: argparse.Namespace, configuration: Configuration, find: Found
) -> tuple[BatchSummary, list[Row]]:
    tenant = TenantId(chosen.tenant)
    async with furnished(configuration) as parts:
        batches = Batches(parts.database, parts.keyring)
        summary = await find(batches)
        print(told(summary), file=sys.stderr)
        duty = BatchWork(parts.database, batches, parts.office, summary.folder, when=None)
        async with working(Worker(parts.database, [duty])):
            done = await _followed(batches, tenant, summary)
        return done, await _rows(batches, tenant, done.id)


async def _ordered(
    chosen: argparse.Namespace, configuration: Configuration, wishes: list[Wish], batches: Batches
) -> BatchSummary:
    tenant = TenantId(chosen.tenant)
    folder = folder_of(wishes, configuration.jobs.batch_folder)
    mark = mark_of(wishes) + (secrets.token_bytes(16) if chosen.again else b"")
    batch, new = await batches.order(
        tenant, chosen.kind, wishes, folder, mark, who=getpass.getuser()
    )
    if not new:
        print("this was ordered before; --again does it anew", file=sys.stderr)
    return await _known(batches, tenant, batch)


async def _resumed(chosen: argparse.Namespace, batches: Batches) -> BatchSummary:
    tenant = TenantId(chosen.tenant)
    if chosen.retry:
        await batches.retry(tenant, chosen.batch)
    return await _known(batches, tenant, chosen.batch)


async def _followed(batches: Batches, tenant: TenantId, summary: BatchSummary) -> BatchSummary:
    """Show a bar until nothing is left to be done, whoever does it."""
    with tqdm(total=summary.waiting + summary.done, unit="item", disable=None) as bar:
        while True:
            bar.update(summary.done - bar.n)
            if not summary.waiting:
                return summary
            await asyncio.sleep(LOOK_EVERY_S)
            summary = await _known(batches, tenant, summary.id)


async def _acted(chosen: argparse.Namespace, configuration: Configuration) -> int:
    action: Action = chosen.action
    async with database_of(configuration) as database:
        batches = Batches(database, await keyring_of(configuration, database))
        return await action(chosen, TenantId(chosen.tenant), batches)


async def _status(chosen: argparse.Namespace, tenant: TenantId, batches: Batches) -> int:
    if chosen.batch is None:
        found = list(await batches.newest(tenant))
    else:
        found = [await _known(batches, tenant, chosen.batch)]
    if chosen.json:
        print_json(msgspec.to_builtins(found, enc_hook=str))
    else:
        print("\n".join(map(told, found)) or "no batches")
    return 0


async def _report(chosen: argparse.Namespace, tenant: TenantId, batches: Batches) -> int:
    batch = await _known(batches, tenant, chosen.batch)
    rows = await _rows(batches, tenant, batch.id)
    (write_json if chosen.json else write_csv)(rows, sys.stdout)
    return 0


async def _cancel(chosen: argparse.Namespace, tenant: TenantId, batches: Batches) -> int:
    await _known(batches, tenant, chosen.batch)
    left = await batches.cancel(tenant, chosen.batch, who=getpass.getuser())
    print(f"{left} items are not done")
    return 0


async def _known(batches: Batches, tenant: TenantId, batch: BatchId) -> BatchSummary:
    summary = await batches.summary(tenant, batch)
    if summary is None:
        raise ConfigurationError("ID", str(batch), "no batch of this tenant; see batch status")
    return summary


async def _rows(batches: Batches, tenant: TenantId, batch: BatchId) -> list[Row]:
    return [row async for line in batches.report(tenant, batch) for row in rows_of(line)]


def told(summary: BatchSummary) -> str:
    """Return one line for people."""
    parts = [f"{count} {result}" for result, count in summary.results.items()]
    parts += [f"{summary.waiting} to do"] if summary.waiting else []
    parts += [f"{summary.forgotten} forgotten"] if summary.forgotten else []
    began = f"{summary.ordered_at:%Y-%m-%d %H:%M} by {summary.ordered_by}"
    return f"{summary.id} {summary.kind} {began}: {', '.join(parts)}"


def _common(chosen: argparse.Namespace, configuration: Configuration) -> Common:
    return Common(
        chosen.consent,
        chosen.consented_on,
        chosen.mode,
        PhraseId(chosen.phrase),
        Locale(chosen.locale or configuration.prompts.locale),
        phrases_folder(configuration),
    )
