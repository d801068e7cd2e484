"""What `countersign evaluate` can report besides the error rates of trials, each by its own flag.

A report is one module with `run(arguments) -> Report`; `--NAME` asks for it, and the table of
`engine.evaluation.questions` knows it. It reads the options that all share (`corpus`, `split`,
`model`, `replicates`) from the parsed arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.evaluation.recordings import CorpusError


def _no_pictures(_folder: Path) -> Sequence[Path]:
    return ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one report found."""

    text: str
    """For people: tables, with what was measured on what."""
    figures: Any
    """For programs: plain values that JSON can hold, rates in [0, 1]."""
    draw: Callable[[Path], Sequence[Path]] = _no_pictures
    """Writes pictures to a folder and returns their paths."""


@dataclass(frozen=True, slots=True)
class Question:
    """A flag of the command, and what answers it."""

    run: Callable[[argparse.Namespace], Report]
    help: str


def corpus_of(arguments: argparse.Namespace) -> Path:
    """Return the folder of the corpus; `CorpusError` where none was named."""
    if arguments.corpus is None:
        raise CorpusError("this report needs --corpus DIR, the folder of manifest.tsv")
    corpus: Path = arguments.corpus
    return corpus
