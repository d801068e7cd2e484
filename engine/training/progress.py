"""What takes long: work side by side, and how often its bar is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from tqdm import tqdm

_FOR_A_PERSON_S = 0.2
_IN_A_LOG_S = 30.0

Task = TypeVar("Task")
Found = TypeVar("Found")


def refresh_s() -> float:
    """Seconds between two drawings of a bar on standard error: seldom in a log."""
    return _FOR_A_PERSON_S if sys.stderr.isatty() else _IN_A_LOG_S


def each(
    work: Callable[[Task], Found], tasks: Sequence[Task], workers: int, name: str
) -> Iterator[Found]:
    """Do the same with each task, in so many processes; the bar has a name."""
    with tqdm(total=len(tasks), desc=name, unit="file", mininterval=refresh_s()) as bar:
        if workers <= 1:
            for task in tasks:
                yield work(task)
                bar.update()
            return
        with ProcessPoolExecutor(workers) as pool:
            for found in pool.map(work, tasks, chunksize=8):
                yield found
                bar.update()
