"""`countersign adapt`, from recordings to a model that the service loads."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.evaluation.adaptation import FEWEST_SPEAKERS
from engine.evaluation.audio_files import Shards
from engine.evaluation.recordings import read_manifest
from engine.speaker import SpeakerEngine
from engine.voice.card import Card, read_card
from engine.voice.catalogue import PUBLIC
from ivr.cli import main
from ivr.cli.adapt import reach, starting_from
from tests.unit.engine.voice.models import CARD, MODELS

CORPUS = MODELS.parents[3] / "shared" / "corpus"
BUILT_IN = read_card(CARD)
SPEAKERS = FEWEST_SPEAKERS
PROMPT = "u006"
SAID_S = 3.0
"""One piece of a call: embedding more of them proves nothing more."""
SAID = round(SAID_S * 16_000)


def test_too_little_is_refused_with_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and one line; nothing is written, and no audio file is left out in silence."""
    (tmp_path / "calls" / "ann").mkdir(parents=True)
    soundfile.write(tmp_path / "calls" / "ann" / "1.wav", np.zeros(8000, np.int16), 8000)
    (tmp_path / "calls" / "ann" / "notes.txt").write_text("not a call")
    out = tmp_path / "adapted"
    assert main(["adapt", str(tmp_path / "calls"), "--out", str(out), "--model", str(CARD)]) == 2
    told = capsys.readouterr()
    assert "at least 15 speakers with two usable calls" in told.err
    assert "notes.txt is refused" in told.out + told.err
    assert not out.exists()


def test_what_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier model stays as it is."""
    assert main(["adapt", "calls", "--out", str(tmp_path), "--model", str(CARD)]) == 2
    assert "exists already" in capsys.readouterr().out


def test_adapting_again_starts_from_what_the_model_came_with(tmp_path: Path) -> None:
    """The adapted card knows speakers that are to be unknown; the next version follows it."""
    came = BUILT_IN.calibration
    assert came is not None
    adapted = replace(BUILT_IN, calibration=replace(came, version=7, limit=1.0))
    before = starting_from(tmp_path / CARD.name, adapted, tmp_path)
    assert before is not None
    assert before.card == came


def test_a_model_that_came_uncalibrated_starts_from_nothing_again(tmp_path: Path) -> None:
    """As its first adapting did."""
    public = read_card(PUBLIC / "wespeaker-resnet34-lm.json")
    adapted = replace(public, calibration=BUILT_IN.calibration)
    assert starting_from(tmp_path / "adapted.json", adapted, tmp_path) is None


@pytest.mark.parametrize(
    "own", [replace(BUILT_IN, id="my-own"), replace(BUILT_IN, sha256="0" * 64)]
)
def test_of_a_model_that_nothing_else_is_known_of_its_calibration_is_suspected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own: Card
) -> None:
    """It is started from, and told that its speakers may be these."""
    before = starting_from(tmp_path / "own.json", own, tmp_path)
    assert before is not None
    assert before.card == own.calibration
    assert "may know some of these speakers already" in capsys.readouterr().out


@pytest.mark.parametrize(("wanted", "lines"), [(0.01, 1), (0.0095, 2)])
def test_the_lowest_rate_that_can_be_reached_is_told(wanted: float, lines: int) -> None:
    """With 15 speakers one in 105; the stricter of the two ways to compare decides."""
    came = BUILT_IN.calibration
    assert came is not None
    few = replace(came, limit=4.65, points=())
    told = reach([came, few], wanted).splitlines()
    assert "is 0.957 %" in told[0]
    assert len(told) == lines
    assert "0.957" not in reach([came], wanted)


def test_a_rate_that_passphrases_by_parts_could_never_match_is_not_promised() -> None:
    """As the service has it: one threshold, within the limits of both calibrations."""
    came = read_card(CARD).calibration
    assert came is not None
    steep = tuple(replace(each, threshold=2 * each.threshold) for each in came.points)
    few = replace(came, limit=4.65, points=())
    assert "is 2.000 %" in reach([replace(came, points=steep), few], 0.02)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="needs the licensed speech corpus")
def test_real_calls_make_a_model_that_the_service_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same id and network, a calibration of the next version, and figures with intervals."""
    _site(tmp_path / "calls")
    out, figures = tmp_path / "adapted", tmp_path / "figures.json"
    arguments = ["adapt", str(tmp_path / "calls"), "--out", str(out), "--model", str(CARD)]
    assert main([*arguments, "--json", str(figures), "--replicates", "5"]) == 0
    told = json.loads(figures.read_text())
    assert [row["name"] for row in told["rows"]] == ["before", "calibration"]
    assert told["kept"] == "calibration"
    assert "the lowest false match rate that it can reach is 0.957 %" in capsys.readouterr().out
    card, before = read_card(out / CARD.name), read_card(CARD)
    assert (card.id, card.sha256) == (before.id, before.sha256)
    assert card.calibration is not None
    assert before.calibration is not None
    assert card.calibration.version == before.calibration.version + 1
    assert card.calibration_by_parts is None, "nothing of the site was heard part by part"
    assert SpeakerEngine.load(out).calibration.card == card.calibration
    once_more = ["adapt", str(tmp_path / "calls"), "--out", str(tmp_path / "again")]
    assert main([*once_more, "--model", str(out / CARD.name), "--replicates", "5"]) == 0
    again = read_card(tmp_path / "again" / CARD.name).calibration
    assert again == replace(card.calibration, version=card.calibration.version + 1)


def _site(folder: Path) -> None:
    """The first speakers that have two calls, the beginning of a sentence of each.

    The same voice plays behind them all, so that the calibration that came is not to be believed.
    """
    recordings = [r for r in read_manifest(CORPUS, "dev-telephone") if r.prompt == PROMPT]
    calls = {each.call: each for each in recordings if each.seconds > SAID_S}
    people = defaultdict(list)
    for speaker, session in calls:
        people[speaker].append(session)
    several = [speaker for speaker, sessions in people.items() if len(sessions) > 1][:SPEAKERS]
    with closing(Shards(CORPUS, recordings)) as files:
        behind = files.samples(calls[several[0], people[several[0]][0]].member)[:SAID]
        for speaker in several:
            own = folder / speaker.replace(":", "-")
            own.mkdir(parents=True)
            for session in people[speaker][:2]:
                said = files.samples(calls[speaker, session].member)[:SAID]
                both = said / said.std() + 0.7 * behind / behind.std()
                soundfile.write(own / f"{session}.wav", both / 20, 16_000, "PCM_16")
