"""Pictures of a result: detection error trade-off, and how the scores lie. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, ndtri

from engine.decision.measures import Judged
from engine.evaluation.assessment import Scored
from engine.evaluation.metrics import Curve, Ranked, Vector, curve
from engine.evaluation.pitch import BORDER_HZ
from engine.evaluation.recordings import CorpusError

_TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4)
_RANGE = (0.0005, 0.5)
_BINS = 60
_POOLS = 10
_PITCHES_HZ = range(70, 300, 10)


def draw(name: str, results: Sequence[tuple[str, Scored]], folder: Path) -> list[Path]:
    """Write `NAME-det.png` with a curve per model, and `NAME-MODEL-scores.png` for each.

    `CorpusError` where matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    curves = [(model, _errors(scored)) for model, scored in results]
    written = [_det(curves, folder / f"{name}-det.png")]
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


def draw_calibration(name: str, judged: Judged, folder: Path) -> list[Path]:
    """Write `NAME-calibration-det.png` and `NAME-reliability.png`; `CorpusError` as `draw`."""
    ranked = Ranked.of(judged.llrs, judged.same)
    errors = curve(*ranked.weights(judged.weights))
    return [
        _det([(name, errors)], folder / f"{name}-calibration-det.png"),
        _reliability(judged, folder / f"{name}-reliability.png"),
    ]


def draw_pitch(pitch_hz: Mapping[str, float], folder: Path) -> Path:
    """Write `pitch.png`: with two hills the estimate of the sex means something."""
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = _axes()
    axes.hist([pitch for pitch in pitch_hz.values() if np.isfinite(pitch)], _PITCHES_HZ)
    axes.axvline(BORDER_HZ, color="grey")
    axes.set(xlabel="median pitch of a speaker in Hz", ylabel="speakers")
    figure.savefig(folder / "pitch.png", dpi=120)
    return folder / "pitch.png"


def _errors(scored: Scored) -> Curve:
    ranked = Ranked.of(scored.scores, _target(scored))
    return curve(*ranked.weights(np.ones(len(scored.trials))))


def _det(curves: Sequence[tuple[str, Curve]], path: Path) -> Path:
    """Both error rates on normal deviate scales (Martin et al., "The DET curve", 1997)."""
    figure, axes = _axes()
    for name, errors in curves:
        rates = [np.clip(rate, _RANGE[0] / 2, 0.9) for rate in (errors.fmr, errors.fnmr)]
        axes.step(ndtri(rates[0]), ndtri(rates[1]), where="post", label=name)
    labels = [f"{100 * tick:g}" for tick in _TICKS]
    axes.set(xlabel="FMR in %", ylabel="FNMR in %", xlim=ndtri(_RANGE), ylim=ndtri(_RANGE))
    axes.set_xticks(ndtri(_TICKS), labels)
    axes.set_yticks(ndtri(_TICKS), labels)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    return path


def reliability(judged: Judged) -> tuple[Vector, Vector]:
    """What was said and what is true at even prior odds, `[bins]` each, in [0, 1].

    Posteriors are pooled in bins of equal width; empty bins are left out.
    """
    said, weights = expit(judged.llrs), judged.balanced()
    bins = np.minimum((said * _POOLS).astype(int), _POOLS - 1)
    weight = np.bincount(bins, weights, _POOLS)
    held = weight > 0
    mean = np.bincount(bins, weights * said, _POOLS)[held] / weight[held]
    true = np.bincount(bins, weights * judged.same, _POOLS)[held] / weight[held]
    return mean, true


def _reliability(judged: Judged, path: Path) -> Path:
    """Reliability diagram (DeGroot & Fienberg 1983): on the diagonal the Llrs can be believed."""
    figure, axes = _axes()
    axes.plot((0, 1), (0, 1), color="grey", linewidth=1)
    axes.plot(*reliability(judged), marker="o")
    axes.set(xlabel="posterior at even prior odds", ylabel="share of the same speaker")
    axes.grid(visible=True, alpha=0.3)
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
