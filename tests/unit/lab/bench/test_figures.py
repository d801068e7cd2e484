"""From a caller's experience and Countersign's log to figures, tables and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ivr.lab.bench.callers import Visit, start_s
from ivr.lab.bench.embedding import EmbeddingFigures
from ivr.lab.bench.gallery import GalleryFigures
from ivr.lab.bench.load import (
    END_SILENCE_S,
    CallFigures,
    LoadFigures,
    WaitingFigures,
    figures_of,
)
from ivr.lab.bench.programs import ApiFigures
from ivr.lab.bench.report import (
    api_json,
    api_table,
    as_json,
    embedding_table,
    gallery_json,
    gallery_table,
    load_table,
    stage_table,
    table,
)
from ivr.lab.bench.stages import StageFigures
from ivr.lab.bench.stopwatch import Stage
from ivr.lab.caller import Experience

ENDED = {"continued_at_s": 100.0, "decided_in_ms": 9.5, "verdict": "ACCEPT"}
MEDIA = {"silence_frames": 0, "refused_frames": 0, "unheard_frames": 0}
CALL = CallFigures(delay_ms=40.0, decided_in_ms=9.0, lost_frames=0, lost_packets=0, decided=True)


def visit(spoke_until: list[float]) -> Visit:
    """Return a call whose caller spoke until then."""
    return Visit("1.2", 0, Experience(spoke_until=spoke_until), lost=3)


def stages() -> StageFigures:
    """Return a measurement of two stages."""
    computed = Stage("features", lambda: None, micros=[900.0, 1000.0, 2000.0])
    asked = Stage("ARI", lambda: None, micros=[3000.0])
    reference = Stage("reference", lambda: None, micros=[500.0])
    return StageFigures((computed, asked), reference, utterance_s=2.0)


def embedded(*, beside: bool) -> EmbeddingFigures:
    """Return a measurement of the voice model, with a peer or without."""
    ours = Stage("ours", lambda: None, micros=[9000.0, 10_000.0, 50_000.0])
    peer = Stage("theirs", lambda: None, micros=[120_000.0])
    return EmbeddingFigures(ours, peer) if beside else EmbeddingFigures(ours, None, "pip install x")


def waiting(*delays_ms: float) -> WaitingFigures:
    """Return a measurement of calls with these delays."""
    calls = tuple(replace(CALL, delay_ms=delay_ms) for delay_ms in delays_ms)
    return WaitingFigures(2, (10.0, 30.0), (LoadFigures(len(calls), calls, 0.25),))


def test_the_delay_counts_from_the_last_word_less_the_end_silence() -> None:
    """Of several attempts the last one counts: the verdict came after it."""
    found = figures_of(visit([50.0, 100.0 - END_SILENCE_S - 0.045]), ENDED, MEDIA)
    assert found.delay_ms == pytest.approx(45.0)
    assert (found.decided_in_ms, found.decided, found.lost_packets) == (9.5, True, 3)


def test_a_caller_who_was_not_let_go_has_no_delay() -> None:
    """He is counted as undecided and in no median."""
    ended = ENDED | {"continued_at_s": None, "decided_in_ms": None, "verdict": "INCONCLUSIVE"}
    found = figures_of(visit([50.0]), ended, MEDIA)
    assert (found.delay_ms, found.decided) == (None, False)
    load = LoadFigures(1, (found, CALL), 0.0)
    assert (load.delays_ms, load.undecided) == ([40.0], 1)


def test_every_way_to_lose_a_frame_is_counted() -> None:
    """Frames that never came, that could not be read and that nobody listened to."""
    media = {"silence_frames": 1, "refused_frames": 2, "unheard_frames": 4}
    assert figures_of(visit([50.0]), ENDED, media).lost_frames == 7


def test_callers_are_spread_over_an_utterance_and_over_a_beat() -> None:
    """No two of thirty begin together, or send their frames together."""
    starts = [start_s(number, 30) for number in range(30)]
    assert max(starts) < 3.02
    assert len({round(start % 0.02, 4) for start in starts}) == 30


def test_the_stages_add_up() -> None:
    """Shares are of the whole, and only our own computing counts against real time."""
    figures = stages()
    assert figures.whole_us == 4000.0
    assert figures.realtime_factor == pytest.approx(0.0005)
    shown = stage_table(figures)
    assert "25.0 %" in shown
    assert "75.0 %" in shown
    assert "8.00" in shown, "the whole, in references"


def test_the_table_of_waiting_shows_median_and_tail() -> None:
    """One slow call is in the tail and not in the median."""
    cells = next(row.split() for row in load_table(waiting(40, 50, 500)).splitlines()[3:])
    assert cells[:4] == ["3", "3", "50", "455"]


def test_the_other_model_is_told_as_a_ratio() -> None:
    """Both medians, and how many times as long it takes."""
    shown = embedding_table(embedded(beside=True))
    assert "theirs takes 12.0 times as long" in shown
    assert "10.0" in shown
    assert "at most 15 ms" in shown


def test_a_model_that_is_not_installed_is_not_passed_over() -> None:
    """The line says how to install it, and JSON has no ratio."""
    figures = embedded(beside=False)
    assert "nothing is timed beside it: pip install x" in embedding_table(figures)
    told = json.loads(json.dumps(as_json(stages(), figures, waiting(40))))
    assert (told["embedding"]["peer"], told["embedding"]["peer_over_ours"]) == (None, None)


def test_the_columns_of_a_table_stand_under_their_headings() -> None:
    """Words to the left, numbers to the right."""
    assert table([("a", "value"), ("long", "1")]) == "a     value\n-----------\nlong      1"


def test_json_holds_what_the_tables_show() -> None:
    """And it can be written."""
    told = json.loads(json.dumps(as_json(stages(), embedded(beside=True), waiting(40, 50, 60))))
    assert told["stages"]["features"] == {"median_us": 1000.0, "least_us": 900.0}
    assert told["embedding"]["peer_over_ours"] == 12
    assert told["loads"][0]["median_ms"] == 50
    assert told["loads"][0]["delays_ms"] == [40, 50, 60]


def test_the_api_is_set_against_the_engine_turn_by_turn() -> None:
    """A machine that is busy in one turn is busy for both: the ratio is of turns, its median."""
    figures = ApiFigures(2, (10.0, 2.0, 9.0), (20.0, 4.0, 10.0))
    assert figures.ratio == 0.5
    assert "0.50 of the engine alone" in api_table(figures)
    assert api_json(figures)["api_over_direct"] == 0.5


def test_the_database_is_compared_round_by_round() -> None:
    """The median of the ratios, so that a noisy moment counts once."""
    empty = Stage("empty", lambda: None, micros=[1000.0, 4000.0, 2000.0])
    full = Stage("full", lambda: None, micros=[1200.0, 4400.0, 9000.0])
    figures = GalleryFigures(100_000, empty, full)
    assert figures.ratio == pytest.approx(1.2)
    assert "among 100,000 it takes 1.20 times as long" in gallery_table(figures)
    assert gallery_json(figures)["full_over_empty"] == pytest.approx(1.2)
