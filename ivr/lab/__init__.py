"""A telephone system of one's own on loopback, for the demo, the benchmark and the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]
"""Takes a short line that tells the user what is being done."""


class LabError(Exception):
    """Root of what the lab raises: the machine lacks something; the message says what to do."""


def say_on_stderr(line: str) -> None:
    """Print one line on standard error."""
    print(line, file=sys.stderr, flush=True)


def cache_folder() -> Path:
    """Return where fetched things are kept: `COUNTERSIGN_CACHE`, else the user's cache folder."""
    if given := os.environ.get("COUNTERSIGN_CACHE"):
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "countersign"
