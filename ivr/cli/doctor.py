"""`countersign doctor`: check everything that the service stands on, and say how to mend it."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from ivr.cli.settings import configuration_of
from ivr.config import ConfigurationError
from ivr.doctor import Finding, State, checkup
from ivr.logs import configure_log

STATUS_FAULT = 1


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print what is found; status 0 where nothing is at fault, else 1."""
    configure_log("console", "error")
    findings = asyncio.run(_told(chosen))
    sound = not any(finding.state is State.FAULT for finding in findings)
    if chosen.json:
        print(json.dumps({"sound": sound, "findings": [asdict(each) for each in findings]}))
    return 0 if sound else STATUS_FAULT


async def _told(chosen: argparse.Namespace) -> list[Finding]:
    findings = []
    async for finding in _found(chosen):
        findings.append(finding)
        if not chosen.json:
            print(told(finding), flush=True)
    return findings


async def _found(chosen: argparse.Namespace) -> AsyncIterator[Finding]:
    try:
        configuration = configuration_of(chosen)
    except ConfigurationError as error:
        yield Finding("configuration", State.FAULT, str(error), "docs/configuration.md")
        return
    yield Finding("configuration", State.GOOD, "can be used")
    async for finding in checkup(configuration):
        yield finding


def told(finding: Finding) -> str:
    """Return a finding for a person, on a line or two."""
    line = f"{finding.state:<8} {finding.check:<15} {finding.found}"
    return f"{line}\n{'':24} mend: {finding.mend}" if finding.mend else line
