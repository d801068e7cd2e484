"""`countersign models`: what is printed, and what is refused before anything is changed."""

from __future__ import annotations

from errno import EACCES
from hashlib import sha256
from pathlib import Path

import pytest

from engine.speaker import MODELS
from engine.voice.card import card_in, read_card
from engine.voice.catalogue import PUBLIC
from ivr.cli import main
from tests.unit.engine.voice.tiny_network import tiny_network

BUILT_IN = read_card(card_in(MODELS)).id
PUBLIC_ID = "wespeaker-ecapa512-lm"
"""Its digest is stated by nobody, so that a tiny network can take its place."""
NETWORK = tiny_network("feats", "embs", 192)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models."""
    monkeypatch.setenv("COUNTERSIGN_VOICE_MODELS_FOLDER", str(tmp_path / "models"))
    monkeypatch.delenv("COUNTERSIGN_VOICE_MODEL", raising=False)
    return tmp_path / "models"


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A configuration file that says nothing of voices."""
    file = tmp_path / "countersign.toml"
    file.write_text("[log]\nlevel = 'info'\n")
    return file


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """An ONNX file, fetched by other means."""
    file = tmp_path / "fetched.onnx"
    file.write_bytes(NETWORK)
    return file


def test_a_folder_that_may_not_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do: the program stands in another user's folder, say."""

    def refused(*_: object) -> None:
        raise PermissionError(EACCES, "Permission denied", "models")

    monkeypatch.setattr(Path, "glob", refused)
    assert main(["models", "list"]) != 0
    told = capsys.readouterr().err
    assert f"voice.models_folder, {folder}, cannot be read: Permission denied" in told
    assert "Traceback" not in told


def test_the_list_needs_neither_asterisk_nor_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    """Every model has a line; the one that the service loads has a star."""
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("*")] == [BUILT_IN]
    assert {path.stem for path in PUBLIC.glob("*.json")} < {line[2:].split()[0] for line in lines}


def test_a_card_is_shown_with_its_licence_and_what_it_learnt_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And that the service refuses it before it is calibrated."""
    assert main(["models", "show", PUBLIC_ID]) == 0
    shown = capsys.readouterr().out
    for words in ("CC BY 4.0", "VoxCeleb", "--trust-first-use", "countersign adapt"):
        assert words in shown


def test_a_pulled_model_is_listed_and_says_what_it_still_needs(
    network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its digest is told, so that it can be compared with another source."""
    asked = ["models", "pull", PUBLIC_ID, "--file", str(network)]
    assert main(asked) == 2
    assert "--trust-first-use" in capsys.readouterr().err
    assert main([*asked, "--trust-first-use"]) == 0
    pulled = capsys.readouterr().out
    assert sha256(NETWORK).hexdigest() in pulled
    assert "countersign adapt" in pulled
    main(["models", "list"])
    line = next(x for x in capsys.readouterr().out.splitlines() if PUBLIC_ID in x)
    assert "pulled" in line
    assert "not calibrated" in line


def test_a_wrong_digest_on_the_command_line_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is fetched."""
    with pytest.raises(SystemExit):
        main(["models", "pull", PUBLIC_ID, "--sha256", "abc"])
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_a_model_that_works_is_written_into_the_configuration(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest of the file stays, and what it means for the enrolled is told."""
    assert main(["--config", str(configuration), "models", "use", BUILT_IN]) == 0
    assert configuration.read_text() == (
        f"[log]\nlevel = 'info'\n\n[voice]\nmodel = \"{BUILT_IN}\"\n"
    )
    assert "voice.previous_model" in capsys.readouterr().out


def test_a_card_that_lies_elsewhere_is_written_as_a_whole_path(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service may be started in another folder."""
    monkeypatch.chdir(MODELS.parent)
    card = f"{MODELS.name}/{BUILT_IN}.json"
    assert main(["--config", str(configuration), "models", "use", card]) == 0
    assert f'model = "{MODELS / BUILT_IN}.json"' in configuration.read_text()


def test_an_environment_that_wins_is_told(
    configuration: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the service would go on with another model than the file says."""
    monkeypatch.setenv("COUNTERSIGN_VOICE_MODEL", "another")
    main(["--config", str(configuration), "models", "use", BUILT_IN])
    assert "COUNTERSIGN_VOICE_MODEL=another" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "message"),
    [("unheard-of", "known are"), ("3dspeaker-campplus-en", "models pull 3dspeaker-campplus-en")],
)
def test_a_model_that_is_not_there_changes_nothing(
    model: str, message: str, configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says which there are, or how to get it."""
    before = configuration.read_bytes()
    assert main(["--config", str(configuration), "models", "use", model]) == 2
    assert message in capsys.readouterr().err
    assert configuration.read_bytes() == before


def test_a_model_without_a_calibration_changes_nothing(
    network: Path, configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service would refuse it, so it is refused here."""
    main(["models", "pull", PUBLIC_ID, "--file", str(network), "--trust-first-use"])
    before = configuration.read_bytes()
    assert main(["--config", str(configuration), "models", "use", PUBLIC_ID]) == 2
    assert "calibrat" in capsys.readouterr().err
    assert configuration.read_bytes() == before


def test_without_a_configuration_file_nothing_is_guessed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command to type is told."""
    assert main(["models", "use", BUILT_IN]) == 2
    assert "countersign --config FILE models use ID" in capsys.readouterr().err
