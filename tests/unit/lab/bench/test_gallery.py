"""The database's part among many profiles: that it is measured at all, on a few of them."""

from __future__ import annotations

from pathlib import Path

from ivr.lab.bench.gallery import measure_gallery


def test_both_databases_are_measured_in_turns(postgres_folder: Path) -> None:
    """The multiplied profiles are found and written to like any other."""
    figures = measure_gallery(postgres_folder / "gallery", profiles=50, rounds=3)
    assert figures.profiles == 50
    assert len(figures.empty.micros) == len(figures.full.micros) == 3
    assert figures.ratio > 0
