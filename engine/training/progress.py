"""How often a progress bar is drawn: lively for a person, seldom in a log."""

from __future__ import annotations

import sys

_FOR_A_PERSON_S = 0.2
_IN_A_LOG_S = 30.0


def refresh_s() -> float:
    """Seconds between two drawings of a bar on standard error."""
    return _FOR_A_PERSON_S if sys.stderr.isatty() else _IN_A_LOG_S
