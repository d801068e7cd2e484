"""The figures as two tables for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from ivr.lab.bench import embedding
from ivr.lab.bench.embedding import EmbeddingFigures
from ivr.lab.bench.gallery import TARGET_RATIO, GalleryFigures
from ivr.lab.bench.load import LoadFigures, WaitingFigures, middle, percentile
from ivr.lab.bench.programs import ApiFigures
from ivr.lab.bench.stages import StageFigures
from ivr.lab.bench.stopwatch import Stage

TARGET_MS = 60.0
"""End of speech to `continue`, less the end silence: the median at thirty calls at once."""

Row = tuple[str, ...]
EMBEDDING_COLUMNS = ("model", "median ms", "least ms")
GALLERY_COLUMNS = ("database", "median ms", "least ms")
STAGE_COLUMNS = ("stage", "median us", "least us", "share", "references")
LOAD_COLUMNS = (
    "at once",
    "calls",
    "median ms",
    "95 % ms",
    "of it ours",
    "95 % ours",
    "lost frames",
    "lost packets",
    "undecided",
    "cores used",
)


def stage_table(figures: StageFigures) -> str:
    """Return what one call costs."""
    rows = [_stage_row(stage, figures) for stage in figures.stages]
    whole = (
        "whole",
        f"{figures.whole_us:.0f}",
        "",
        "100.0 %",
        _references(figures.whole_us, figures),
    )
    reference = figures.reference
    return "\n".join(
        (
            f"One call on one core, by stage (utterance of {figures.utterance_s:g} s)",
            table([STAGE_COLUMNS, *rows, whole]),
            f"{reference.name}: {reference.median_us:.0f} us, at least {reference.least_us:.0f} us",
            f"our own computing takes {figures.realtime_factor:.4f} of the utterance's time",
            "database: open, find, close; ARI: set variables, continue; both with the servers'"
            " work on the same core",
        )
    )


def embedding_table(figures: EmbeddingFigures) -> str:
    """Return how long an embedding takes, and how many times as long the peer's does."""
    stages = [each for each in (figures.ours, figures.peer) if each is not None]
    rows = [
        (each.name, f"{each.median_us / 1000:.1f}", f"{each.least_us / 1000:.1f}")
        for each in stages
    ]
    beside = (
        f"{figures.peer.name} takes {figures.ratio:.1f} times as long"
        if figures.peer
        else (f"nothing is timed beside it: {figures.absence}")
    )
    return "\n".join(
        (
            f"From samples to embedding, {embedding.UTTERANCE_S:g} s of speech, on one core",
            table([EMBEDDING_COLUMNS, *rows]),
            beside,
            f"target: at most {embedding.TARGET_MS:g} ms",
        )
    )


def api_table(figures: ApiFigures) -> str:
    """Return how many verifications the API does, and how many its engine could."""
    rows = [
        (name, f"{median(rates):.1f}", f"{max(rates):.1f}")
        for name, rates in (
            ("through the API", figures.through_api),
            ("the engine alone", figures.direct),
        )
    ]
    return "\n".join(
        (
            f"Verifications a second from recordings ({figures.cores} cores for clients, server,"
            " PostgreSQL and engine)",
            table([("way", "median", "most"), *rows]),
            f"through the API it is {figures.ratio:.2f} of the engine alone (median of turns)",
        )
    )


def api_json(figures: ApiFigures) -> dict[str, Any]:
    """Return the figures of `api_table`."""
    return {
        "cores": figures.cores,
        "through_api_per_s": list(figures.through_api),
        "direct_per_s": list(figures.direct),
        "api_over_direct": figures.ratio,
    }


def gallery_table(figures: GalleryFigures) -> str:
    """Return what PostgreSQL takes for a verification, among many profiles and without."""
    rows = [
        (name, f"{stage.median_us / 1000:.2f}", f"{stage.least_us / 1000:.2f}")
        for name, stage in (
            ("without others", figures.empty),
            (f"among {figures.profiles:,} profiles", figures.full),
        )
    ]
    return "\n".join(
        (
            "The database's part of a verification: open, find, watchlist, close"
            f" ({len(figures.full.micros)} rounds in turns)",
            table([GALLERY_COLUMNS, *rows]),
            f"among {figures.profiles:,} it takes {figures.ratio:.2f} times as long (median of the"
            " rounds)",
            f"target: at most {TARGET_RATIO:g}",
        )
    )


def gallery_json(figures: GalleryFigures) -> dict[str, Any]:
    """Return the figures of `gallery_table`."""
    return {
        "profiles": figures.profiles,
        "empty": _stage_json(figures.empty),
        "full": _stage_json(figures.full),
        "full_over_empty": figures.ratio,
        "target_ratio": TARGET_RATIO,
    }


def load_table(figures: WaitingFigures) -> str:
    """Return how long callers waited."""
    late = figures.placed_ms
    return "\n".join(
        (
            f"End of speech at the caller to `continue`, less the end silence ({figures.cores}"
            " cores for Asterisk, PostgreSQL, Countersign and all telephones)",
            table([LOAD_COLUMNS, *map(_load_row, figures.loads)]),
            "ours: from the frame that made the end of speech certain to `continue`",
            f"the rest is the network's and the detector's: it places the end of these recordings"
            f" {middle(late):.0f} ms late (median; {min(late):.0f} to {max(late):.0f})",
            f"target: a median of {TARGET_MS:.0f} ms at 30 at once, and no frame lost",
        )
    )


def table(rows: Sequence[Row]) -> str:
    """Return rows of cells, the first one the heading, with the numbers flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join((lines[0], "-" * len(lines[0]), *lines[1:]))


def as_json(
    stages: StageFigures, embedded: EmbeddingFigures, waiting: WaitingFigures
) -> dict[str, Any]:
    """Return all figures; times carry their unit in the name."""
    return {
        "utterance_s": stages.utterance_s,
        "stages": {each.name: _stage_json(each) for each in stages.stages},
        "whole_us": stages.whole_us,
        "reference": {"name": stages.reference.name, **_stage_json(stages.reference)},
        "realtime_factor": stages.realtime_factor,
        "embedding": _embedding_json(embedded),
        "cores": waiting.cores,
        "end_placed_late_ms": list(waiting.placed_ms),
        "target_median_ms": TARGET_MS,
        "loads": [_load_json(load) for load in waiting.loads],
    }


def _line(row: Row, widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join((first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)))


def _stage_row(stage: Stage, figures: StageFigures) -> Row:
    return (
        stage.name,
        f"{stage.median_us:.0f}",
        f"{stage.least_us:.0f}",
        f"{stage.median_us / figures.whole_us:.1%}".replace("%", " %"),
        _references(stage.median_us, figures),
    )


def _references(micros: float, figures: StageFigures) -> str:
    return f"{micros / figures.reference.median_us:.2f}"


def _load_row(load: LoadFigures) -> Row:
    return (
        str(load.at_once),
        str(len(load.calls)),
        f"{middle(load.delays_ms):z.0f}",
        f"{percentile(load.delays_ms, 95):.0f}",
        f"{middle(load.decided_in_ms):.1f}",
        f"{percentile(load.decided_in_ms, 95):.1f}",
        str(load.lost_frames),
        str(load.lost_packets),
        str(load.undecided),
        f"{load.application_cores:.2f}",
    )


def _stage_json(stage: Stage) -> dict[str, float]:
    return {"median_us": stage.median_us, "least_us": stage.least_us}


def _embedding_json(figures: EmbeddingFigures) -> dict[str, Any]:
    return {
        "utterance_s": embedding.UTTERANCE_S,
        "target_ms": embedding.TARGET_MS,
        "ours": {"name": figures.ours.name, **_stage_json(figures.ours)},
        "peer": figures.peer and {"name": figures.peer.name, **_stage_json(figures.peer)},
        "peer_over_ours": figures.ratio if figures.peer else None,
    }


def _load_json(load: LoadFigures) -> dict[str, Any]:
    return {
        "at_once": load.at_once,
        "calls": len(load.calls),
        "median_ms": middle(load.delays_ms),
        "p95_ms": percentile(load.delays_ms, 95),
        "decided_in_median_ms": middle(load.decided_in_ms),
        "decided_in_p95_ms": percentile(load.decided_in_ms, 95),
        "lost_frames": load.lost_frames,
        "lost_packets": load.lost_packets,
        "undecided": load.undecided,
        "application_cores": load.application_cores,
        "delays_ms": load.delays_ms,
    }
