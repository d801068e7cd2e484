"""The command line: `countersign COMMAND`, each command in a file of its own."""

from ivr.cli.main import main

__all__ = ["main"]
