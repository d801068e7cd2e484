"""`countersign profiles`: list, show, reset and erase the people who are enrolled."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable

from ivr.app import database_of
from ivr.cli.settings import Commands, configuration_of
from ivr.domain.call import AccountId, TenantId
from ivr.storage import ProfileAdministration

Action = Callable[[ProfileAdministration, argparse.Namespace], Awaitable[int]]


def add_to(commands: Commands) -> None:
    """Add the command and its actions."""
    command = commands.add_parser("profiles", help="list, show, reset or erase profiles")
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list profiles, one a line")
    listing.add_argument("--tenant", help="only this tenant's; default: all")
    listing.set_defaults(run=run, action=_list)
    _person(actions, "show", "show one profile: state, consent, voiceprints' quality", _show)
    for name, does, action in (
        ("reset", "forget the voiceprints, so that the person can enroll anew", _reset),
        ("erase", "delete everything held on the person", _erase),
    ):
        person = _person(actions, name, does, action)
        person.add_argument("--why", required=True, help="the reason, for the audit trail")


def _person(actions: Commands, name: str, does: str, action: Action) -> argparse.ArgumentParser:
    person = actions.add_parser(name, help=does)
    person.add_argument("account")
    person.add_argument("--tenant", default="default")
    person.set_defaults(run=run, action=action)
    return person


def run(chosen: argparse.Namespace) -> int:
    """Do it on the configured database."""
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
    action: Action = chosen.action
    async with database_of(configuration_of(chosen)) as database:
        return await action(ProfileAdministration(database), chosen)


async def _list(profiles: ProfileAdministration, chosen: argparse.Namespace) -> int:
    tenant = TenantId(chosen.tenant) if chosen.tenant else None
    for each in await profiles.list(tenant):
        print(each.tenant, each.account, each.state, each.voiceprints, each.changed_at.date())
    return 0


async def _show(profiles: ProfileAdministration, chosen: argparse.Namespace) -> int:
    details = await profiles.show(TenantId(chosen.tenant), AccountId(chosen.account))
    if details is None:
        return _nobody(chosen)
    summary = details.summary
    print(f"profile     {summary.id}\nstate       {summary.state}\nlocale      {summary.locale}")
    print(f"passphrase  {summary.passphrase}\ncreated     {summary.created_at:%Y-%m-%d %H:%M %Z}")
    for consent in details.consents:
        print(f"consent     {consent.text_version} by {consent.given}, {consent.at:%Y-%m-%d}")
    for model, quality in details.voiceprints:
        speech, snr = quality.net_speech_s, quality.snr_db
        print(f"voiceprint  {model}: {speech:.1f} s of speech, SNR {snr:.0f} dB")
    return 0


async def _reset(profiles: ProfileAdministration, chosen: argparse.Namespace) -> int:
    person = TenantId(chosen.tenant), AccountId(chosen.account)
    done = await profiles.reset(*person, who=getpass.getuser(), why=chosen.why)
    return 0 if done else _nobody(chosen)


async def _erase(profiles: ProfileAdministration, chosen: argparse.Namespace) -> int:
    person = TenantId(chosen.tenant), AccountId(chosen.account)
    done = await profiles.erase(*person, who=getpass.getuser(), why=chosen.why)
    return 0 if done else _nobody(chosen)


def _nobody(chosen: argparse.Namespace) -> int:
    print(f"nobody is enrolled as {chosen.account!r} in tenant {chosen.tenant!r}")
    return 1
