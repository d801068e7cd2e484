"""`countersign evaluate` from arguments to table, JSON and pictures, with a real model."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.evaluation import main
from engine.evaluation.said import words
from engine.evaluation.trials import Trial, read_trials, write_trials
from engine.types import Pcm
from ivr.lab import LabError
from ivr.lab.scenes import PHRASE
from ivr.lab.speech import synthetic


def voice(pitch_hz: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A buzz of one pitch, and noise of its own: enough for a model to tell two apart."""
    time = np.arange(8000) / 8000
    buzz = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 12))
    noise = 0.02 * np.random.default_rng(seed).standard_normal(8000)
    return (0.1 * (np.asarray(buzz) + noise)).astype(np.float32)


@pytest.fixture
def trial_list(tmp_path: Path) -> Path:
    """Two people with two recordings each, every pair."""
    for person, pitch in (("a", 100.0), ("b", 210.0)):
        for take in (0, 1):
            soundfile.write(tmp_path / f"{person}{take}.wav", voice(pitch, take), 8000)
    trials = [
        Trial(((f"{a}0.wav",),), (f"{b}1.wav",), a == b, a, b, {"sex": "f"})
        for a in "ab"
        for b in "ab"
    ]
    write_trials(trials, tmp_path / "list.tsv")
    return tmp_path / "list.tsv"


def test_a_trial_list_is_scored(trial_list: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same buzz is more alike than another: no error, in the table and in the JSON."""
    folder = trial_list.parent
    arguments = ["--trials", str(trial_list), "--audio", str(folder), "--replicates", "20"]
    assert main([*arguments, "--json", str(folder / "out.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["all", "sex=f"]
    entry = json.loads((folder / "out.json").read_text())[0]
    assert (entry["targets"], entry["non_targets"]) == (2, 2)
    assert entry["eer"]["value"] == 0.0


def test_what_is_said_is_compared_part_by_part(tmp_path: Path) -> None:
    """As well as whole, where the list says what it is."""
    for voice_name in ("rms", "slt"):
        for take in (0, 1):
            pcm = rendered(PHRASE, take, voice_name)
            soundfile.write(tmp_path / f"{voice_name}{take}.wav", pcm, 8000)
    trials = [
        Trial(((f"{a}0.wav",),), (f"{b}1.wav",), a == b, a, b, text=" ".join(words(PHRASE)))
        for a in ("rms", "slt")
        for b in ("rms", "slt")
    ]
    write_trials(trials, tmp_path / "list.tsv")
    arguments = ["--trials", str(tmp_path / "list.tsv"), "--audio", str(tmp_path)]
    assert main([*arguments, "--replicates", "5", "--json", str(tmp_path / "out.json")]) == 0
    whole, by_parts = json.loads((tmp_path / "out.json").read_text())
    assert by_parts["model"] == f"{whole['model']}, by parts"
    assert by_parts["eer"]["value"] == 0.0
    assert by_parts["cllr"]["value"] != whole["cllr"]["value"]


def test_a_word_that_nobody_knows_is_named(
    trial_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the text of a trial, as elsewhere."""
    told = [replace(each, text="brillig toves") for each in read_trials(trial_list)]
    write_trials(told, trial_list)
    assert main(["--trials", str(trial_list), "--audio", str(trial_list.parent)]) == 2
    assert "no pronunciation of brillig, toves" in capsys.readouterr().err


def rendered(text: str, take: int, name: str) -> Pcm:
    """Return a rendered voice; skips where none can be rendered."""
    try:
        return synthetic(name).say(text, take)
    except LabError as lack:
        pytest.skip(f"no synthesiser: {lack}")


def test_a_speaker_can_be_left_out(trial_list: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every trial of the speaker goes, on either side; what is left is counted."""
    more = Trial((("a0.wav",),), ("b0.wav",), False, "c", "d")
    write_trials([*read_trials(trial_list), more], trial_list)
    arguments = ["--trials", str(trial_list), "--audio", str(trial_list.parent)]
    out = trial_list.parent / "out.json"
    assert main([*arguments, "--replicates", "0", "--leave-out", "b", "--json", str(out)]) == 0
    entry = json.loads(out.read_text())[0]
    assert (entry["targets"], entry["non_targets"]) == (1, 1)
    assert main([*arguments, "--leave-out", "z"]) == 2
    assert "no trial of list is of that speaker" in capsys.readouterr().err
    everyone = [flag for name in "abcd" for flag in ("--leave-out", name)]
    assert main([*arguments, *everyone]) == 2
    assert "leaves no trial" in capsys.readouterr().err
    assert main(["--calibration", "--corpus", ".", "--leave-out", "b"]) == 2
    assert "is for trials and for --scoring" in capsys.readouterr().err


def test_the_lowest_trials_of_one_speaker_are_listed(
    trial_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trial with a wrong label comes first, and others of two speakers score above it."""
    wrong = Trial((("a0.wav",),), ("b0.wav",), True, "a", "a")
    write_trials([*read_trials(trial_list), wrong], trial_list)
    arguments = ["--trials", str(trial_list), "--audio", str(trial_list.parent)]
    assert main([*arguments, "--replicates", "0", "--lowest", "2"]) == 0
    head, first, second, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[2:5] == ["speaker", "enrolled", "tested"]
    assert first.split()[2:5] == ["a", "a0.wav", "b0.wav"]
    assert float(first.split()[-1]) > float(second.split()[-1]) == 0.0


def test_pictures_are_drawn(trial_list: Path) -> None:
    """A DET curve for all models and a histogram for each."""
    folder = trial_list.parent
    plots = folder / "plots"
    arguments = ["--trials", str(trial_list), "--audio", str(folder), "--replicates", "0"]
    assert main([*arguments, "--plot", str(plots)]) == 0
    drawn = sorted(path.name for path in plots.iterdir())
    assert len(drawn) == 2
    assert drawn[0].endswith((".png",))
    assert all((plots / name).read_bytes().startswith(b"\x89PNG") for name in drawn)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--trials", "absent.tsv", "--audio", "."], "no trial list"),
        (["--trials", "absent.tsv"], "needs --audio"),
        (["--corpus", "absent"], r"no manifest.tsv"),
        (["--corpus", "absent", "--model", "absent"], "there is no voice model"),
    ],
)
def test_a_mistake_is_said_and_answered_with_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, no traceback."""
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_a_missing_file_of_a_trial_is_named(
    trial_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator learns which."""
    (trial_list.parent / "b1.wav").unlink()
    assert main(["--trials", str(trial_list), "--audio", str(trial_list.parent)]) == 2
    assert "b1.wav" in capsys.readouterr().err
