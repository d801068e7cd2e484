"""`countersign challenge`: digits that nobody could know, and a recording of them checked."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from engine.audio.files import AudioFileError
from ivr.cli.office import office_of
from ivr.cli.output import print_json
from ivr.cli.recordings import add_common, read
from ivr.cli.settings import configuration_of
from ivr.cli.verify import plain, status, told
from ivr.config import Configuration
from ivr.domain.call import AccountId, TenantId
from ivr.domain.verification import Verification
from ivr.offline import verify

DIGITS_MOST = 16


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    add_common(command)
    add = command.add_argument
    add("--account", required=True, help="who is to speak them")
    add("--digits", type=digits, help="drawn before; then the recording is there")
    add("file", type=Path, metavar="FILE", help="where the recording will be")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print digits, wait until they were recorded, check voice and digits."""
    asked, answer = asyncio.run(_run(chosen, configuration_of(chosen, asterisk=False)))
    if chosen.json:
        print_json({**plain(chosen.file, answer), "digits": asked})
    else:
        print(told(chosen.file, answer))
    return status(answer)


async def _run(
    chosen: argparse.Namespace, configuration: Configuration
) -> tuple[str, Verification | AudioFileError]:
    """Return the digits, and what became of the recording of them."""
    tenant, account = TenantId(chosen.tenant), AccountId(chosen.account)
    async with office_of(configuration, tenant) as office:
        asked = chosen.digits
        if not asked:
            refuse_what_is_there(chosen.file)
            asked = office.voice.challenge(office.verify.digits)
            await asyncio.to_thread(_wait, asked, chosen.file)
        answer = read(chosen.file)
        if isinstance(answer, AudioFileError):
            return asked, answer
        return asked, await verify(tenant, account, answer, office, asked)


def refuse_what_is_there(file: Path) -> None:
    """Refuse a file that exists before the digits are drawn: it cannot hold them."""
    if file.exists():
        raise AudioFileError(
            str(file),
            "it is there already, before the digits were drawn",
            "name a file that is yet to be recorded, or give the --digits it holds",
        )


def digits(text: str) -> str:
    """Read 1 to 16 digits; `ArgumentTypeError`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS_MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {DIGITS_MOST} digits")
    return text


def _wait(asked: str, file: Path) -> None:
    """Say what to speak, on standard error, and wait for a line on standard input."""
    print(f"Speak, in this order: {' '.join(asked)}", file=sys.stderr)
    print(f"Record it as {file}, then press Enter.", file=sys.stderr, flush=True)
    sys.stdin.readline()
