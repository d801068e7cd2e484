"""The figures for people, as a table, and for programs, as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluation.assessment import MEASURES, Assessment, Figure, Scored

_HEADS = ("EER %", "FNMR@1% %", "FNMR@0.1% %", "minDCF", "Cllr", "minCllr")
_PERCENT = MEASURES[:3]


@dataclass(frozen=True, slots=True)
class Result:
    """What one model did on one set of trials."""

    model: str
    trials: str
    """Name of the protocol, or of the trial list."""
    parts: list[Assessment]
    """All trials first, then by trait."""


def table(results: Iterable[Result]) -> str:
    """Return a table with a line for each part of each result, 95 % intervals in brackets."""
    head = ["trials", "model", "part", "targets", "others", "speakers", *_HEADS]
    rows = [head] + [_row(result, part) for result in results for part in result.parts]
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def lowest(name: str, model: str, scored: Scored, count: int) -> str:
    """Return a table of the `count` trials of one speaker with the lowest scores of a model.

    How many of the trials of two speakers score higher stands beside each: a trial in the midst of
    those is of two people, or of two very different lines.
    """
    target = np.array([trial.target for trial in scored.trials])
    strangers = np.sort(scored.scores[~target])
    own = np.flatnonzero(target)
    rows = [["trials", "model", "speaker", "enrolled", "tested", "score", "others above %"]]
    for place in own[np.argsort(scored.scores[own], kind="stable")][:count]:
        trial, score = scored.trials[place], scored.scores[place]
        above = 1 - np.searchsorted(strangers, score, "right") / max(1, len(strangers))
        enrolled = " | ".join(group[0] for group in trial.enroll)
        rows.append(
            [name, model, trial.test_speaker, enrolled, trial.test[0], f"{score:.3f}",
             f"{100 * above:.1f}"]
        )  # fmt: skip
    return _aligned(rows)


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return plain values: rates in [0, 1], null where a figure cannot be had."""
    return [_plain(result, part) for result in results for part in result.parts]


def _line(row: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(result: Result, part: Assessment) -> list[str]:
    counts = [str(part.targets), str(part.non_targets), str(part.speakers)]
    figures = [_cell(part.figures[name], 100.0 if name in _PERCENT else 1.0) for name in MEASURES]
    return [result.trials, result.model, part.part, *counts, *figures]


def _cell(figure: Figure, scale: float) -> str:
    if math.isnan(figure.value):
        return "-"
    digits = 1 if scale > 1 else 3
    value, low, high = (
        f"{scale * each:.{digits}f}" for each in (figure.value, figure.low, figure.high)
    )
    return f"{value} [{low} {high}]"


def _plain(result: Result, part: Assessment) -> dict[str, Any]:
    return {
        "model": result.model,
        "trials": result.trials,
        "part": part.part,
        "targets": part.targets,
        "non_targets": part.non_targets,
        "speakers": part.speakers,
        **{name: _numbers(part.figures[name]) for name in MEASURES},
    }


def _numbers(figure: Figure) -> dict[str, float | None]:
    pairs = (("value", figure.value), ("low", figure.low), ("high", figure.high))
    return {name: None if math.isnan(value) else value for name, value in pairs}
