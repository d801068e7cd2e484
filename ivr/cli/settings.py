"""What every command takes: the place to add itself, and the configuration."""

from __future__ import annotations

import argparse
import os
from typing import TypeAlias

from ivr.config import Configuration, load, load_voice
from ivr.settings import VoiceModel

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` returns; argparse has no public name for it."""


def configuration_of(chosen: argparse.Namespace, *, asterisk: bool = True) -> Configuration:
    """Read the file named on the command line, and the environment; `ConfigurationError`.

    Without `asterisk` its password may be absent: for commands that place no call.
    """
    return load(chosen.config, os.environ, asterisk=asterisk)


def voice_of(chosen: argparse.Namespace) -> VoiceModel:
    """Read `[voice]` alone, for commands that need no Asterisk; `ConfigurationError`."""
    return load_voice(chosen.config, os.environ)
