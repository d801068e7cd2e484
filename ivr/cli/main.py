"""Reads the command, runs it, and turns every expected error into one line that says what to do."""

from __future__ import annotations

import argparse
import os
import resource
import select
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

STATUS_FAILED = 1
STATUS_CANNOT = 2
STATUS_REPLACED = 3
"""Another process took the application over: to start again would only take it back."""
STATUS_UNREAD = 141
"""As a shell tells of whoever SIGPIPE ended: what reads the output, such as `head`, has left."""

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve",
    "doctor": "doctor",
    "enroll": "enroll",
    "verify": "verify",
    "identify": "identify",
    "challenge": "challenge",
    "batch": "batch",
    "config": "configuration",
    "database": "database",
    "jobs": "jobs",
    "profiles": "profiles",
    "groups": "groups",
    "watchlist": "watchlist",
    "keys": "keys",
    "api-keys": "api_keys",
    "audit": "audit",
    "models": "models",
    "evaluate": "evaluate",
    "adapt": "adapt",
    "desk": "desk",
    "demo": "demo",
    "bench": "bench",
}
"""The module of each, in the order of the help. Only what is asked for is imported: all of them
together take seconds."""

REPLACED: Final = "ivr.line.errors.ApplicationReplacedError"
TOLD: Final = frozenset(
    {
        "engine.errors.EngineError",
        "ivr.agi.errors.AgiError",
        "ivr.ari.errors.AriError",
        "ivr.cli.batch_listing.BatchListError",
        "ivr.config.ConfigurationError",
        "ivr.lab.LabError",
        "ivr.lab.softphone.errors.SoftphoneError",
        "ivr.line.errors.LineError",
        "ivr.media.errors.MediaError",
        "ivr.ports.errors.PortError",
        "ivr.pulling.PullError",
        "ivr.words.UnknownPhraseError",
    }
)
"""The errors that are told in one line, by name: to import them all takes seconds."""

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed, 2 cannot.

    3 is for `serve` that it was replaced, for the commands on files that it is undecided; 141 is
    for all of them that nobody reads the output any more.
    """
    words = sys.argv[1:] if arguments is None else arguments
    leave_no_core()
    try:
        try:
            return _ended(words)
        finally:
            if sys.stdout is not None:  # as where it was closed before the start
                sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        # What is still to be written goes nowhere, or the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STATUS_UNREAD


def _nobody_reads() -> bool:
    """Say whether it is standard output that is broken, and no other pipe."""
    if sys.stdout is None:
        return False
    output = select.poll()
    output.register(sys.stdout, 0)
    return bool(output.poll(0))


def _ended(words: Sequence[str]) -> int:
    reader = parser(command_in(words))
    chosen, rest = reader.parse_known_args(words)
    if rest and not chosen.takes_the_rest:
        reader.error(f"unknown arguments: {' '.join(rest)}")
    chosen.rest = rest
    run: Command = chosen.run
    try:
        return run(chosen)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        print(f"countersign: {error}", file=sys.stderr)
        return status


def leave_no_core() -> None:
    """Have no core dump written of this process and those it starts: keys and voices are in it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def status_of(error: Exception) -> int | None:
    """Return the exit status for an error that is told in one line; None for a fault of ours."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if REPLACED in kinds:
        return STATUS_REPLACED
    return STATUS_CANNOT if kinds & TOLD else None


def command_in(words: Iterable[str]) -> str | None:
    """Return the command that is asked for; None where it takes all of them to answer."""
    left = iter(words)
    for word in left:
        if word == "--config":
            next(left, None)
        elif not word.startswith("--config="):
            return word if word in COMMANDS else None
    return None


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of one command, or of all."""
    top = argparse.ArgumentParser(
        prog="countersign", description="Voice-biometric second factor for Asterisk."
    )
    top.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="configuration (TOML); COUNTERSIGN_<SECTION>_<KEY> in the environment wins over it",
    )
    top.add_argument("--version", action="version", version=f"countersign {version('countersign')}")
    top.set_defaults(takes_the_rest=False)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS.values() if command is None else [COMMANDS[command]]:
        import_module(f"ivr.cli.{module}").add_to(commands)
    return top
