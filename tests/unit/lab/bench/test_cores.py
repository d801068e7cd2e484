"""Staying on few cores, and what a process has used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ivr.lab.bench.cores import only, seconds_used

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a core"
)

COUNT = "import os; print(len(os.sched_getaffinity(0)))"


def test_a_process_started_inside_stays_there_too() -> None:
    """Asterisk and PostgreSQL are on the same core as we are."""
    with only(1) as cores:
        told = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, check=True)
    assert cores == 1
    assert told.stdout.split() == [b"1"]


def test_afterwards_all_cores_are_free_again() -> None:
    """Also where the block raises."""
    before = os.sched_getaffinity(0)
    with pytest.raises(ZeroDivisionError), only(1):
        _ = 1 / 0
    assert os.sched_getaffinity(0) == before


def test_processor_time_grows_with_work() -> None:
    """What this very process uses shows."""
    before = seconds_used(os.getpid())
    while os.times().user + os.times().system < before + 0.1:
        sum(range(10_000))
    assert seconds_used(os.getpid()) >= before + 0.05
