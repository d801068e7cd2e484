"""`countersign enroll`: enroll a person from recordings in files."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from engine.types import PhraseId
from ivr.cli.arguments import account, date
from ivr.cli.office import office_of
from ivr.cli.output import print_json
from ivr.cli.recordings import (
    STATUS_CANNOT,
    STATUS_NO,
    STATUS_UNDECIDED,
    STATUS_YES,
    add_paths,
    files_in,
    read,
    with_progress,
)
from ivr.cli.settings import configuration_of
from ivr.config import Configuration
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.offline import Enrolled, Order, Remark, enroll
from ivr.translation import phrases_folder
from ivr.words import listed

_MORE_SPEECH_HELPS = (EnrollmentReason.NOT_ENOUGH_SPEECH, EnrollmentReason.TOO_NOISY)


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    add_paths(command)
    add = command.add_argument
    add("--account", required=True, type=account, help="the person's account with the tenant")
    add("--consent", required=True, metavar="VERSION", help="which wording the person agreed to")
    add(
        "--consented-on",
        required=True,
        type=date,
        metavar="YYYY-MM-DD",
        help="when: you assert that the person did, and keep the proof",
    )
    add("--mode", type=Mode, choices=list(Mode), default=Mode.TEXT_DEPENDENT)
    add("--phrase", default=DEFAULT_PASSPHRASE, metavar="ID", help="the passphrase that is said")
    add("--locale", help="of the passphrase (default: that of the configuration)")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Enroll, print what became of each file, and return the exit status."""
    configuration = configuration_of(chosen, asterisk=False)
    files = files_in(chosen.paths)
    enrolled = asyncio.run(_run(chosen, files, configuration))
    if chosen.json:
        print_json(plain(enrolled))
    else:
        print(told(enrolled))
    return status(enrolled)


async def _run(
    chosen: argparse.Namespace, files: list[Path], configuration: Configuration
) -> Enrolled:
    order = Order(
        TenantId(chosen.tenant),
        AccountId(chosen.account),
        Consent(chosen.consent, ConsentGiven.DOCUMENT, chosen.consented_on),
        listed(
            chosen.locale or configuration.prompts.locale,
            chosen.mode,
            PhraseId(chosen.phrase),
            phrases_folder(configuration),
        ),
        chosen.mode,
        PhraseId(chosen.phrase),
    )
    async with office_of(configuration, order.tenant) as office:
        return await enroll(order, map(read, with_progress(files, "enrolling")), office)


def status(enrolled: Enrolled) -> int:
    """Return 0 where the person is enrolled, whatever was left out; else the gravest.

    2 where a file cannot be read, 3 where better recordings would do, and 1 otherwise.
    """
    if enrolled.enrollment.result is EnrollmentResult.ENROLLED:
        return STATUS_YES
    if any(each.error for each in enrolled.remarks):
        return STATUS_CANNOT
    more_helps = enrolled.enrollment.reason in _MORE_SPEECH_HELPS
    return STATUS_UNDECIDED if more_helps else STATUS_NO


def told(enrolled: Enrolled) -> str:
    """Return a line for each file, and the end."""
    enrollment = enrolled.enrollment
    speech_s = sum(each.quality.net_speech_s for each in enrollment.voiceprints)
    kept = f": {len(enrollment.recordings)} recordings, {speech_s:.1f} s of speech"
    end = f"{enrollment.result} {enrollment.reason}" + (kept if enrollment.recordings else "")
    warnings = [f"warning: {warning}" for warning in enrollment.warnings]
    return "\n".join([*map(_line, enrolled.remarks), end, *warnings])


def plain(enrolled: Enrolled) -> dict[str, Any]:
    """Return plain values."""
    enrollment = enrolled.enrollment
    return {
        "result": enrollment.result,
        "reason": enrollment.reason,
        "recordings": len(enrollment.recordings),
        "warnings": list(enrollment.warnings),
        "files": [
            {
                "file": each.file,
                "kept": each.kept,
                "why": each.why,
                "shortcoming": each.shortcoming,
                "error": None if each.error is None else str(each.error),
            }
            for each in enrolled.remarks
        ],
    }


def _line(remark: Remark) -> str:
    state = "kept" if remark.kept else "not kept"
    if remark.error is not None:
        return f"{state:8}  {remark.error}"
    why = remark.shortcoming or remark.why
    return f"{state:8}  {remark.file}" + (f": {why}" if why else "")
