"""`countersign config`: check the configuration and show it, secrets left out."""

from __future__ import annotations

import argparse

import msgspec

from ivr.cli.settings import configuration_of
from ivr.config import is_secret


def add_to(command: argparse.ArgumentParser) -> None:
    """Add to the command what it takes."""
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print every setting that holds, as TOML would name it."""
    tables = msgspec.to_builtins(configuration_of(chosen))
    for section, table in tables.items():
        print(f"[{section}]")
        for key, value in table.items():
            print(f"{key} = {shown(f'{section}.{key}', value)}")
        print()
    return 0


def shown(key: str, value: object) -> str:
    """Return a value as TOML, a secret as its absence or presence."""
    if is_secret(key):
        return '"<set>"' if value else '""'
    return msgspec.json.encode(value).decode()
