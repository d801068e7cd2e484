"""Reads the command, runs it, and turns every expected error into one line that says what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import EngineError
from ivr.agi.errors import AgiError
from ivr.ari.errors import AriError
from ivr.cli import (
    adapt,
    api_keys,
    audit,
    batch,
    bench,
    challenge,
    configuration,
    database,
    demo,
    desk,
    doctor,
    enroll,
    evaluate,
    identify,
    jobs,
    keys,
    models,
    profiles,
    serve,
    verify,
)
from ivr.cli.batch_listing import BatchListError
from ivr.config import ConfigurationError
from ivr.lab import LabError
from ivr.lab.softphone.errors import SoftphoneError
from ivr.line.errors import ApplicationReplacedError, LineError
from ivr.media.errors import MediaError
from ivr.ports import PortError
from ivr.pulling import PullError

EXPECTED = (
    ConfigurationError,
    BatchListError,
    EngineError,
    AgiError,
    AriError,
    MediaError,
    LineError,
    PortError,
    PullError,
    LabError,
    SoftphoneError,
)
STATUS_FAILED = 1
STATUS_CANNOT = 2
STATUS_REPLACED = 3
"""Another process took the application over: to start again would only take it back."""

COMMANDS = (
    serve,
    doctor,
    enroll,
    verify,
    identify,
    challenge,
    batch,
    configuration,
    database,
    jobs,
    profiles,
    keys,
    api_keys,
    audit,
    models,
    evaluate,
    adapt,
    desk,
    demo,
    bench,
)
"""In the order of the help."""

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed, 2 cannot.

    3 is for `serve` that it was replaced, for the commands on files that it is undecided.
    """
    reader = parser()
    chosen, rest = reader.parse_known_args(arguments)
    if rest and not chosen.takes_the_rest:
        reader.error(f"unknown arguments: {' '.join(rest)}")
    chosen.rest = rest
    run: Command = chosen.run
    try:
        return run(chosen)
    except ApplicationReplacedError as error:
        return _told(error, STATUS_REPLACED)
    except EXPECTED as error:
        return _told(error, STATUS_CANNOT)
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="countersign", description="Voice-biometric second factor for Asterisk."
    )
    top.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="configuration (TOML); COUNTERSIGN_<SECTION>_<KEY> in the environment wins over it",
    )
    top.set_defaults(takes_the_rest=False)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add_to(commands)
    return top


def _told(error: Exception, status: int) -> int:
    print(f"countersign: {error}", file=sys.stderr)
    return status
