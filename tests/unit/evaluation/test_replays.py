"""The report on replays: rates that are counted right, on people who chose no threshold."""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from contextlib import closing
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.evaluation.audio_files import Shards
from engine.evaluation.protocols import SENTENCES, WORDS
from engine.evaluation.recordings import CorpusError, Recording, read_manifest
from engine.evaluation.replay_kinds import KINDS, over_the_line
from engine.evaluation.replay_rates import Comparison, choose, rates_of
from engine.evaluation.replays import OTHER_PERSON, OTHER_TAKE, measured, run
from engine.types import ReplayFinding, ReplayOutcome
from tests.unit.engine.liveness.takes import take

PEOPLE = ("a", "b", "c", "d")


def compared(kind: str, replay: bool, likeness: float, speaker: str, other: str) -> Comparison:
    outcome = ReplayOutcome.REPEAT if likeness >= 0.07 else ReplayOutcome.FRESH
    return Comparison(kind, replay, speaker, other, ReplayFinding(outcome, likeness, None))


def people(replayed: float, fresh: float) -> list[Comparison]:
    """Everyone is replayed and compared with everyone, always as alike."""
    same = [compared("again", True, replayed, each, each) for each in PEOPLE]
    return same + [compared("other", False, fresh, a, b) for a in PEOPLE for b in PEOPLE if a < b]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_replay_is_telephone_audio(kind: str) -> None:
    """int16, about as loud, no shorter than the half that one kind keeps."""
    pcm = over_the_line(take(1, seconds=1.0))
    replayed = over_the_line(KINDS[kind](pcm))
    assert replayed.dtype == np.int16
    assert 0.45 < len(replayed) / len(pcm) < 1.2
    assert 0.4 < np.std(replayed.astype(float)) / np.std(pcm.astype(float)) < 1.6


def test_the_threshold_lies_between_fresh_and_replayed() -> None:
    """Midway by ratio: 0.02 and 0.32 give 0.08."""
    assert choose(people(0.32, 0.02)) == pytest.approx(0.08)


def test_what_separates_is_counted_as_such() -> None:
    """All replays found, no false alarm, and an interval that admits how few there were."""
    again, other = rates_of(people(0.3, 0.02), replicates=20).rates
    assert (again.count, again.chosen.value, again.built_in) == (4, 1.0, 1.0)
    assert (other.count, other.chosen.value, other.built_in) == (2, 0.0, 0.0)
    assert 0.3 < again.chosen.low < 0.5
    assert other.chosen.high > 0.5


def test_what_has_no_likeness_at_all_is_no_repeat() -> None:
    """Where nothing fresh is at all like an earlier recording, the threshold is still above it."""
    shares = {rate.kind: rate.chosen.value for rate in rates_of(people(0.5, 0.0), 20).rates}
    assert shares == {"again": 1.0, "other": 0.0}


def test_people_of_two_halves_are_not_compared() -> None:
    """A threshold never sees the people it is judged by: of six pairs two are left."""
    rates = rates_of(people(0.3, 0.02), replicates=5)
    assert [rate.count for rate in rates.rates] == [4, 2]


def test_a_report_on_a_small_corpus(tmp_path: Path) -> None:
    """Four people, one call each: every comparison has a rate, and JSON can hold the figures."""
    made_corpus(tmp_path)
    recordings = read_manifest(tmp_path)
    some = {name: KINDS[name] for name in ("mu-law again", "50 ms later")}
    with closing(Shards(tmp_path, recordings)) as files:
        report = measured(recordings, files, some, replicates=10)
    kinds = {each["kind"]: each for each in report.figures["words"]["kinds"]}
    assert set(kinds) == {*some, OTHER_PERSON, OTHER_TAKE}
    assert kinds["mu-law again"]["called_repeat"] == 1.0
    assert kinds[OTHER_PERSON]["likeness"][1] < 0.2 < kinds["50 ms later"]["likeness"][1]
    assert json.loads(json.dumps(report.figures)) == report.figures
    assert "50 ms later" in report.text
    assert "kB and" in report.text


def test_a_corpus_of_few_people_is_refused(tmp_path: Path) -> None:
    """Half of two people is one."""
    made_corpus(tmp_path, PEOPLE[:2])
    with pytest.raises(CorpusError, match="four speakers"):
        run(argparse.Namespace(corpus=tmp_path, split="dev", replicates=10))


def made_corpus(folder: Path, who: tuple[str, ...] = PEOPLE) -> None:
    """Write a corpus of sung words."""
    spoken = [(person, prompt) for person in who for prompt in (*WORDS, SENTENCES[0])]
    with tarfile.open(folder / "one.tar", "w") as tar:
        for number, (person, prompt) in enumerate(spoken):
            content = io.BytesIO()
            soundfile.write(content, take(number, seconds=0.5), 8000, format="FLAC")
            info = tarfile.TarInfo(f"{person}-{prompt}.flac")
            info.size = len(content.getvalue())
            tar.addfile(info, io.BytesIO(content.getvalue()))
    lines = [[field.name for field in fields(Recording)]]
    lines += [list(map(str, astuple(_recording(person, prompt)))) for person, prompt in spoken]
    text = "\n".join("\t".join(line) for line in lines)
    (folder / "manifest.tsv").write_text(text + "\n", encoding="utf-8")


def _recording(person: str, prompt: str) -> Recording:
    member = f"{person}-{prompt}.flac"
    return Recording("dev", "c", person, "1", "en", prompt, "", "", "one.tar", member, 0.5)
