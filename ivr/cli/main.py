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
    "serve": "take calls until told to stop",
    "doctor": "check Asterisk, database, keys, model, prompts; say how to mend each",
    "enroll": "enroll a person from recordings in files",
    "verify": "verify a person against recordings in files",
    "identify": "find whose voice of a group a file holds",
    "challenge": "draw random digits, wait for a recording of them, and check it",
    "batch": "enroll or verify a folder or CSV of recordings",
    "config": "check the configuration and show it",
    "database": "the database's schema, and what it keeps",
    "jobs": "what workers do behind the calls",
    "profiles": "list, show, export, reset or erase profiles",
    "groups": "list, fill or empty groups to identify within",
    "watchlist": "list, add or remove voices to warn of",
    "keys": "change the keys that all rests on; find what was written without them",
    "api-keys": "create, list and revoke the API's keys",
    "audit": "verify or anchor the audit trail",
    "models": "list, show, pull or choose voice models",
    "evaluate": "score trials of a voice model: error rates with intervals",
    "adapt": "fit the calibration to your own labelled calls (docs/adapting.md)",
    "desk": "the agents' page: who may sign in",
    "demo": "place real calls on this machine",
    "bench": "measure where the time of a call goes",
}
"""What each does, in the order of the help. Only the module of what is asked for is imported: all
of them together take seconds."""
MODULES: Final[Mapping[str, str]] = {"api-keys": "api_keys", "config": "configuration"}
"""Those that are not called as their command is."""
OPTIONS_OF_ITS_OWN: Final = "evaluate"

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
    reader = parser(words)
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
    """Return the command that is asked for; None where there is none of that name."""
    left = iter(words)
    for word in left:
        option, given, _ = word.partition("=")
        if len(option) > len("--") and "--config".startswith(option):  # argparse takes parts, too
            if not given:
                next(left, None)
        else:
            return word if word in COMMANDS else None
    return None


def parser(words: Iterable[str]) -> argparse.ArgumentParser:
    """Return the parser that knows all commands by name, and what that among the words takes."""
    command = command_in(words)
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
    for name, does in COMMANDS.items():
        added = commands.add_parser(name, help=does, add_help=name != OPTIONS_OF_ITS_OWN)
        if name == command:
            import_module(f"ivr.cli.{MODULES.get(name, name)}").add_to(added)
    return top
