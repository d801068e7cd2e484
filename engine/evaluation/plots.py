"""Pictures of a result: detection error trade-off, and how the scores lie. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from engine.evaluation.assessment import Scored
from engine.evaluation.metrics import Ranked, curve
from engine.evaluation.recordings import CorpusError

_TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4)
_RANGE = (0.0005, 0.5)
_BINS = 60


def draw(name: str, results: Sequence[tuple[str, Scored]], folder: Path) -> list[Path]:
    """Write `NAME-det.png` with a curve per model, and `NAME-MODEL-scores.png` for each.

    `CorpusError` where matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [_det(results, folder / f"{name}-det.png")]
    return written + [
        _histogram(scored, folder / f"{name}-{model}-scores.png") for model, scored in results
    ]


def _axes() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CorpusError("--plot needs matplotlib: pip install 'countersign[evaluate]'") from error
    figure = Figure(figsize=(6, 6), layout="constrained")
    return figure, figure.subplots()


def _det(results: Sequence[tuple[str, Scored]], path: Path) -> Path:
    """Both error rates on normal deviate scales (Martin et al., "The DET curve", 1997)."""
    figure, axes = _axes()
    for model, scored in results:
        ranked = Ranked.of(scored.scores, _target(scored))
        errors = curve(*ranked.weights(np.ones(len(scored.trials))))
        rates = [np.clip(rate, _RANGE[0] / 2, 0.9) for rate in (errors.fmr, errors.fnmr)]
        axes.step(ndtri(rates[0]), ndtri(rates[1]), where="post", label=model)
    labels = [f"{100 * tick:g}" for tick in _TICKS]
    axes.set(xlabel="FMR in %", ylabel="FNMR in %", xlim=ndtri(_RANGE), ylim=ndtri(_RANGE))
    axes.set_xticks(ndtri(_TICKS), labels)
    axes.set_yticks(ndtri(_TICKS), labels)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    return path


def _histogram(scored: Scored, path: Path) -> Path:
    figure, axes = _axes()
    target = _target(scored)
    edges = np.histogram_bin_edges(scored.scores, _BINS)
    for name, kind in (("same speaker", target), ("different speakers", ~target)):
        axes.hist(scored.scores[kind], edges, density=True, alpha=0.6, label=name)
    axes.set(xlabel="score (cosine)", ylabel="density")
    axes.legend()
    figure.savefig(path, dpi=120)
    return path


def _target(scored: Scored) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([trial.target for trial in scored.trials])
