"""`countersign profiles`: what an operator does to the people who are enrolled."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.types import Locale, PhraseId
from ivr.cli.administration import Action, Desk, entry, run, with_reason
from ivr.cli.arguments import account
from ivr.cli.export import write_holding
from ivr.cli.settings import Commands
from ivr.clock import SystemClock
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.lockout import LOCKED, LockoutRules
from ivr.domain.mode import Mode
from ivr.holdings import lockout_rules, outbox_of
from ivr.storage import (
    Drafts,
    ProfileDetails,
    ProfileSummary,
    Terms,
    holding,
    unlock_caller,
)


def add_to(command: argparse.ArgumentParser) -> None:
    """Add its actions to the command."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list profiles, one a line")
    listing.add_argument("--tenant", help="only this tenant's; default: all")
    listing.add_argument("--locked", action="store_true", help="only those who are locked out")
    listing.set_defaults(run=run, action=_list)
    _person(actions, "show", "show one profile: state, consent, voiceprints' quality", _show)
    for name, does, action in (
        ("reset", "forget the voice, so that the person can enroll anew", _reset),
        ("opt-out", "forget the voice, and let nobody enroll the account until a reset", _opt_out),
        ("unlock", "end a lockout: count the REJECTs anew", _unlock),
        ("erase", "delete everything held on the person", _erase),
    ):
        with_reason(_person(actions, name, does, action))
    beginning = _person(
        actions, "begin", "note a consent, before the voice is taken", _begin, account
    )
    beginning.add_argument("--consent", required=True, help="which wording was agreed to")
    beginning.add_argument("--locale", default="en-US", help="the language the person speaks")
    with_reason(beginning)
    caller = actions.add_parser("unlock-caller", help="end a lockout of a caller's number")
    caller.add_argument("number")
    caller.add_argument("--tenant", default="default")
    with_reason(caller).set_defaults(run=run, action=_unlock_caller)
    exporting = _person(actions, "export", "write everything held on the person", _export)
    with_reason(exporting).add_argument("folder", type=Path, help="a new folder, or an empty one")


def _person(
    actions: Commands,
    name: str,
    does: str,
    action: Action,
    reads: Callable[[str], AccountId] = AccountId,
) -> argparse.ArgumentParser:
    person = actions.add_parser(name, help=does)
    person.add_argument("account", type=reads)
    person.add_argument("--tenant", default="default")
    person.set_defaults(run=run, action=action)
    return person


async def _list(desk: Desk, chosen: argparse.Namespace) -> int:
    tenant = TenantId(chosen.tenant) if chosen.tenant else None
    rules = lockout_rules(desk.configuration)
    async for each in desk.profiles.list(tenant):
        columns = (each.tenant, each.account, each.state, each.voiceprints, each.changed_at.date())
        if not chosen.locked:
            print(*columns)
        elif until := _until(each, rules):
            print(*columns, until)
    return 0


async def _show(desk: Desk, chosen: argparse.Namespace) -> int:
    details = await desk.profiles.show(TenantId(chosen.tenant), AccountId(chosen.account))
    if details is None:
        return _nobody(chosen)
    print("\n".join([*_lines(details), *_rejected(details, lockout_rules(desk.configuration))]))
    return 0


def _rejected(details: ProfileDetails, rules: LockoutRules) -> Iterator[str]:
    """Say how often in a row the person was rejected, and what that locks."""
    summary = details.summary
    if summary.last_reject_at is None:
        return
    until = _until(summary, rules)
    what = "" if until is None else f"; {until}"
    when = f"{summary.last_reject_at:%Y-%m-%d %H:%M %Z}"
    yield f"rejected    {summary.rejects} in a row, last {when}{what}"


def _until(summary: ProfileSummary, rules: LockoutRules) -> str | None:
    """Say until when a profile is locked; None where it is not."""
    until = summary.locked_until(rules, SystemClock().now())
    if until is None:
        return None
    how = "`countersign profiles unlock`" if until == LOCKED else f"{until:%Y-%m-%d %H:%M %Z}"
    return f"locked until {how}"


def _lines(details: ProfileDetails) -> list[str]:
    summary = details.summary
    return [
        f"profile     {summary.id}",
        f"state       {summary.state}",
        f"mode        {summary.mode}",
        f"locale      {summary.locale}",
        f"passphrase  {summary.passphrase}",
        f"created     {summary.created_at:%Y-%m-%d %H:%M %Z}",
        f"used        {summary.used_at:%Y-%m-%d %H:%M %Z}",
        *(
            f"consent     {consent.text_version} by {consent.given}, {consent.at:%Y-%m-%d}"
            for consent in details.consents
        ),
        *(
            f"voiceprint  {model}: {quality.net_speech_s:.1f} s of speech, "
            f"SNR {quality.snr_db:.0f} dB"
            for model, quality in details.voiceprints
        ),
        *(f"warning     {warning}" for warning in details.warnings),
    ]


async def _reset(desk: Desk, chosen: argparse.Namespace) -> int:
    return _told(chosen, await desk.profiles.reset(*_whom(chosen), **entry(chosen)))


async def _begin(desk: Desk, chosen: argparse.Namespace) -> int:
    consent = Consent(chosen.consent, ConsentGiven.DOCUMENT, SystemClock().now())
    terms = Terms(consent, Locale(chosen.locale), Mode.TEXT_INDEPENDENT, PhraseId(""))
    begun = await Drafts(desk.database).begin(*_whom(chosen), terms, **entry(chosen))
    if begun is None:
        print(
            f"{chosen.account!r} is enrolled already or has opted out: "
            "`countersign profiles reset` makes room"
        )
    return 0 if begun else 1


async def _opt_out(desk: Desk, chosen: argparse.Namespace) -> int:
    await desk.profiles.opt_out(*_whom(chosen), **entry(chosen))
    return 0


async def _unlock(desk: Desk, chosen: argparse.Namespace) -> int:
    return _told(chosen, await desk.profiles.unlock(*_whom(chosen), **entry(chosen)))


async def _unlock_caller(desk: Desk, chosen: argparse.Namespace) -> int:
    keyring = await desk.keyring()
    tenant = TenantId(chosen.tenant)
    done = await unlock_caller(desk.database, keyring, tenant, chosen.number, **entry(chosen))
    if not done:
        print(f"no call from this number was rejected in tenant {chosen.tenant!r}")
    return 0 if done else 1


async def _erase(desk: Desk, chosen: argparse.Namespace) -> int:
    done = await desk.profiles.erase(*_whom(chosen), **entry(chosen))
    keyring = await desk.keyring()
    # After the profile: a letter written meanwhile finds none, and is stored without the account.
    outbox = outbox_of(desk.configuration, desk.database, keyring)
    unreadable = (await outbox.forget(*_whom(chosen))).unreadable
    for path in unreadable:
        print(f"{path} cannot be opened and may still name the person; mend or delete it")
    return 1 if unreadable else _told(chosen, done)


async def _export(desk: Desk, chosen: argparse.Namespace) -> int:
    keyring = await desk.keyring()
    held = await holding(desk.database, keyring, *_whom(chosen), **entry(chosen))
    if held is None:
        return _nobody(chosen)
    write_holding(chosen.folder, held)
    return 0


def _whom(chosen: argparse.Namespace) -> tuple[TenantId, AccountId]:
    return TenantId(chosen.tenant), AccountId(chosen.account)


def _told(chosen: argparse.Namespace, done: bool) -> int:
    return 0 if done else _nobody(chosen)


def _nobody(chosen: argparse.Namespace) -> int:
    print(f"nobody is enrolled as {chosen.account!r} in tenant {chosen.tenant!r}")
    return 1
