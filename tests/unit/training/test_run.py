"""A whole run on made-up voices: resumed as if nothing had happened, exported, verified."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from . import needs  # noqa: F401  # isort: skip
import torch
from torch.nn import functional

from engine.training.__main__ import main
from engine.training.cache import Cache, decode, open_cache
from engine.training.checkpoint import CHECKPOINT, CheckpointError
from engine.training.choosing import Jury, telephone_mean
from engine.training.export import ExportError, export, verify
from engine.training.features import LogMel, front_end
from engine.training.journal import Journal
from engine.training.network import SpeakerNet
from engine.training.recipe import RECIPES, Recipe, scaled
from engine.training.run import DivergedError, Run
from engine.training.schedule import setting

CPU = torch.device("cpu")
RECIPE = replace(
    RECIPES["tiny"], width=16, dim=16, mel_bins=32, speakers=4, crops_s=(0.5,),
    final_crops_s=(0.6,), steps=6, evaluations=2, minutes=600,
)  # fmt: skip


@pytest.fixture(scope="module")
def cache(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Cache:
    folder = tmp_path_factory.mktemp("cache")
    decode(corpus, folder, workers=1)
    return open_cache(folder)


def run(recipe: Recipe, cache: Cache, folder: Path) -> Run:
    folder.mkdir(exist_ok=True)
    return Run(recipe, cache, folder, CPU)


def test_only_the_training_split_reaches_the_weights(cache: Cache, tmp_path: Path) -> None:
    """Speakers, recordings and samples of the bank are those of `train`."""
    first = run(RECIPE, cache, tmp_path)
    assert first.people.names == [f"t{k}" for k in range(8)]
    assert len(first.bank.flat) == sum(len(pcm) for pcm in cache.split("train").samples)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(cache: Cache, tmp_path: Path) -> None:
    """Three steps, a new process, three more: the very weights of six steps at once."""
    straight = run(RECIPE, cache, tmp_path / "straight")
    assert straight.train()
    run(replace(RECIPE, steps=6), cache, tmp_path / "parts")
    first = run(RECIPE, cache, tmp_path / "parts")
    while first.step < 3:
        first.train(stop_after_s=0.0001)
    second = run(RECIPE, cache, tmp_path / "parts")
    assert 3 <= second.step < 6
    assert second.train()
    expected = straight.average.network.state_dict()
    for name, value in second.average.network.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_finished_run_is_left_as_it_is(cache: Cache, tmp_path: Path) -> None:
    """Nothing more is trained; a larger budget goes on."""
    run(RECIPE, cache, tmp_path).train()
    again = run(RECIPE, cache, tmp_path)
    assert again.train()
    assert again.step == 6
    longer = run(replace(RECIPE, steps=8), cache, tmp_path)
    longer.train()
    assert longer.step == 8


def test_a_stop_ends_after_the_batch_and_keeps_a_checkpoint(cache: Cache, tmp_path: Path) -> None:
    """As a signal does."""
    first = run(RECIPE, cache, tmp_path)
    first.stop()
    assert not first.train()
    assert (tmp_path / CHECKPOINT).exists()


def test_a_broken_or_foreign_checkpoint_is_refused(cache: Cache, tmp_path: Path) -> None:
    """With what to do about it."""
    run(RECIPE, cache, tmp_path).train()
    with pytest.raises(CheckpointError, match="another recipe"):
        run(replace(RECIPE, margin=0.5), cache, tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"PK broken")
    with pytest.raises(CheckpointError, match="delete it"):
        run(RECIPE, cache, tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_checkpoint(
    cache: Cache, tmp_path: Path
) -> None:
    """Nothing broken is written over something whole."""
    first = run(RECIPE, cache, tmp_path)
    with torch.no_grad():
        first.network.project.weight[0, 0] = float("nan")  # type: ignore[index, operator, union-attr]
    with pytest.raises(DivergedError, match="lower rate"):
        first.train()
    assert not (tmp_path / CHECKPOINT).exists()


def test_the_journal_tells_of_losses_and_scores(cache: Cache, tmp_path: Path) -> None:
    """Two scores over all trials of both development splits, and a picture."""
    run(RECIPE, cache, tmp_path).train()
    entries = Journal(tmp_path).entries()
    scores = [entry for entry in entries if entry["kind"] == "score"]
    assert [entry["step"] for entry in scores] == [3, 6]
    expected = {"words", "sentences", "one-word", "dev"}
    assert set(scores[0]["eer"]) == expected
    assert all(0 <= value <= 1 for value in scores[1]["eer"].values())
    assert (tmp_path / "progress.png").read_bytes().startswith(b"\x89PNG")


def test_the_journal_forgets_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    """And a line that a crash cut short."""
    journal = Journal(tmp_path)
    for step in (1, 2, 3):
        journal.write(kind="step", step=step)
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"kind": "st')
    journal.rewind(2)
    assert [entry["step"] for entry in journal.entries()] == [1, 2]


def test_learning_lowers_the_loss(cache: Cache, tmp_path: Path) -> None:
    """On eight voices as different as these, heard well, sixty steps are enough to see it."""
    easy = replace(RECIPE, steps=60, evaluations=1, rate=5e-3, final_share=0.0, margin=0.0)
    easy = replace(easy, chances=scaled(easy.chances, 0.0))
    first = run(replace(easy, contrast=0.0, kin_margin=0.0), cache, tmp_path)
    begin = float(first._step(setting(easy, 0.0))[0])
    first.train()
    end = [float(first._step(setting(easy, 0.0))[0]) for _ in range(4)]
    assert max(end) < 0.7 * begin


def test_the_jury_hears_the_difference_between_voices(cache: Cache) -> None:
    """A network that answers with the mean spectrum tells these voices apart; a constant cannot."""
    features = LogMel(front_end(32))

    class Spectrum(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.normalize(x.std(dim=2))

    jury = Jury(cache, features, CPU)
    eers = jury.eers(Spectrum())
    assert set(eers) == {"words", "sentences", "one-word", "dev"}
    assert telephone_mean(eers) < 0.4


def test_what_is_exported_says_what_was_trained(cache: Cache, tmp_path: Path) -> None:
    """ONNX through engine.voice against torch, and a stranger's card is found out."""
    torch.manual_seed(3)
    network = SpeakerNet(RECIPE)
    card = export(network, RECIPE, tmp_path, ("one", "a test", "none"))
    alone, whole = verify(network, RECIPE, card, cache.samples[:5])
    assert alone <= 1e-4
    assert whole <= 2e-3
    features, spans = torch.randn(1, 32, 120), torch.tensor([[0, 120], [16, 64]])
    heard = network(features, spans)
    torch.testing.assert_close(heard[0], network(features)[0])
    sequence = network.trunk(features)
    first, end = (frame * sequence.shape[2] // 120 for frame in (16, 64))
    within = functional.normalize(network._head(sequence[:, :, first:end]))
    torch.testing.assert_close(heard[1], within[0])
    with pytest.raises(ExportError, match="do not ship"):
        verify(SpeakerNet(RECIPE).eval(), RECIPE, card, cache.samples[:2])


def test_training_goes_on_from_what_was_exported(cache: Cache, tmp_path: Path) -> None:
    """A model that ships is enough to begin with; another recipe's, or no model, is refused."""
    torch.manual_seed(4)
    network = SpeakerNet(RECIPE)
    card = export(network, RECIPE, tmp_path, ("one", "a test", "none"))
    begun = run(RECIPE, cache, tmp_path / "on")
    begun.start_from(card.with_suffix(".onnx"))
    sound = torch.randn(1, 32, 60)
    torch.testing.assert_close(begun.network.eval()(sound), network(sound))
    other = run(replace(RECIPE, trunk="resnet"), cache, tmp_path / "other")
    with pytest.raises(CheckpointError, match="another recipe"):
        other.start_from(card.with_suffix(".onnx"))
    (tmp_path / "none.onnx").write_bytes(b"\xff no model")
    with pytest.raises(CheckpointError, match=r"none\.onnx is no ONNX file"):
        begun.start_from(tmp_path / "none.onnx")


def test_the_command_goes_from_corpus_to_card(
    corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Decode, train, export, verify; and again, with nothing left to do."""
    arguments = ["--corpus", str(corpus), "--out", str(tmp_path), "--config", "tiny"]
    changes = ["width=16", "dim=16", "mel_bins=32", "speakers=4", "steps=2", "evaluations=1"]
    for change in changes:
        arguments += ["--set", change]
    arguments += ["--workers", "1", "--device", "cpu", "--id", "try"]
    for _ in range(2):
        assert main(arguments) == 0
    card = json.loads((tmp_path / "try.json").read_text())
    assert card["dim"] == 16
    assert (tmp_path / "try.onnx").stat().st_size == card["bytes"]
    assert "differ by at most" in capfd.readouterr().out


def test_the_command_says_what_is_wrong(
    corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Shards that are missing, a recipe that is none: status 2 and a sentence."""
    part = tmp_path / "part"
    part.mkdir()
    for name in ("manifest.tsv", "shard-0.tar"):
        (part / name).write_bytes((corpus / name).read_bytes())
    arguments = ["--corpus", str(part), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main([*arguments, "--decode-only"]) == 0
    assert main(arguments) == 2
    assert "lacks noise.tar, shard-1.tar, shard-2.tar" in capfd.readouterr().err
    assert main([*arguments, "--partial", "--set", "colour=red"]) == 2
    assert "no 'colour'" in capfd.readouterr().err
