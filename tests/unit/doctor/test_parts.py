"""The checks of what lies on this machine, against whole parts and broken ones."""

from __future__ import annotations

from errno import EACCES
from pathlib import Path

import pytest

from ivr.config import Configuration, load
from ivr.doctor.finding import Finding, State
from ivr.doctor.parts import check_master_key, check_model, check_outbox, check_prompts
from ivr.doctor.switch import MODULES
from tests.postgres import write_master

LISTED = Path(__file__).parents[3] / "dialplans/asterisk/modules.conf"


def configured(folder: Path, **changes: str) -> Configuration:
    """Return a configuration with an embedded database in a folder, and changes on top."""
    settings = {"ARI_PASSWORD": "pepper", "DATABASE_FOLDER": str(folder)} | changes
    return load(None, {f"COUNTERSIGN_{name}": value for name, value in settings.items()})


def test_a_master_key_that_only_its_owner_reads_is_good(tmp_path: Path) -> None:
    """It is named by its id, never shown."""
    file = write_master(tmp_path / "key")
    file.chmod(0o600)
    master, finding = check_master_key(configured(tmp_path, KEYS_MASTER_FILE=str(file)))
    assert master is not None
    assert finding.state is State.GOOD
    assert master.current in finding.found
    assert file.read_text() not in finding.found


def test_a_master_key_that_everybody_reads_is_told(tmp_path: Path) -> None:
    """Calls can be taken with it; the command that mends it is given."""
    file = write_master(tmp_path / "key")
    file.chmod(0o644)
    _, finding = check_master_key(configured(tmp_path, KEYS_MASTER_FILE=str(file)))
    assert (finding.state, finding.mend) == (State.WARNING, f"chmod 600 {file}")


def test_a_master_key_that_is_absent_or_broken_is_a_fault(tmp_path: Path) -> None:
    """Without one no voice can be used."""
    broken = tmp_path / "broken"
    broken.write_text("no key")
    for file in (tmp_path / "absent", broken):
        master, finding = check_master_key(configured(tmp_path, KEYS_MASTER_FILE=str(file)))
        assert master is None
        assert finding.state is State.FAULT
        assert str(file) in finding.found


def test_the_embedded_databases_key_is_not_made_by_looking(tmp_path: Path) -> None:
    """A checkup leaves everything as it was."""
    master, finding = check_master_key(configured(tmp_path))
    assert master is None
    assert finding.state is State.GOOD
    assert list(tmp_path.iterdir()) == []


def test_the_model_that_ships_is_good(tmp_path: Path) -> None:
    """Its id, and from which evidence on a claim is accepted."""
    finding = check_model(configured(tmp_path))
    assert finding.state is State.GOOD
    assert "Llr" in finding.found


@pytest.mark.parametrize(
    "changes",
    [
        {"VOICE_MODEL": "no-such-model"},
        {"VOICE_PREVIOUS_MODEL": "no-such-model"},
        {"VOICE_TARGET_FMR": "0.0000001"},
    ],
)
def test_a_model_that_cannot_decide_is_a_fault(tmp_path: Path, changes: dict[str, str]) -> None:
    """One that is not there, be it the earlier one; and a rate out of reach of the calibration."""
    finding = check_model(configured(tmp_path, **changes))
    assert finding.state is State.FAULT
    assert "voice." in finding.mend


def test_the_prompts_that_ship_are_good(tmp_path: Path) -> None:
    """They can be spoken, and recognised."""
    finding = check_prompts(configured(tmp_path))
    assert finding.state is State.GOOD
    assert "en-US" in finding.found


def test_a_locale_without_prompts_is_a_fault(tmp_path: Path) -> None:
    """Those that there are, are named."""
    finding = check_prompts(configured(tmp_path, PROMPTS_LOCALE="de-DE"))
    assert finding.state is State.FAULT
    assert "en-US" in finding.found


def test_prompts_in_a_language_that_nobody_recognises_are_told(tmp_path: Path) -> None:
    """Calls can be taken; challenges cannot be met."""
    own = tmp_path / "prompts"
    own.mkdir()
    built_in = Path(__file__).parents[3] / "ivr/prompts/en-US"
    (own / "fr-FR").symlink_to(built_in)
    finding = check_prompts(configured(tmp_path, PROMPTS_FOLDER=str(own), PROMPTS_LOCALE="fr-FR"))
    assert finding.state is State.WARNING
    assert "recogniser" in finding.found


@pytest.mark.parametrize("lines", ["[passphrases]\nbroken", "[passphrases]\nq = 'qwrtz please'\n"])
def test_phrases_of_ones_own_that_are_not_right_are_a_fault(lines: str, tmp_path: Path) -> None:
    """A broken file, a word nobody can pronounce, and a folder that is not there."""
    own = tmp_path / "phrases"
    assert _with_phrases(tmp_path, own).state is State.FAULT
    (own / "en-US").mkdir(parents=True)
    assert _with_phrases(tmp_path, own).state is State.GOOD
    (own / "en-US/own.toml").write_text(lines)
    assert _with_phrases(tmp_path, own).state is State.FAULT


def _with_phrases(folder: Path, own: Path) -> Finding:
    return check_prompts(configured(folder, PROMPTS_PHRASES_FOLDER=str(own)))


def test_an_outbox_that_may_not_be_looked_at_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a folder above it belongs to somebody else."""

    def refused(_: Path) -> bool:
        raise PermissionError(EACCES, "Permission denied")

    configuration = configured(tmp_path)
    monkeypatch.setattr(Path, "exists", refused)
    finding = check_outbox(configuration)
    assert (finding.state, "chown" in finding.mend) == (State.FAULT, True)


def test_an_outbox_is_tried(tmp_path: Path) -> None:
    """What waits is counted; what was set aside is told, with what to read; nothing is left."""
    outbox = tmp_path / "outbox"
    configuration = configured(tmp_path, HEALTH_OUTBOX_MAX="2")
    assert check_outbox(configuration).state is State.GOOD
    assert not outbox.exists()
    outbox.mkdir()
    assert check_outbox(configuration).state is State.GOOD
    assert list(outbox.iterdir()) == []
    (outbox / "one.sealed").touch()
    (outbox / "two.sealed").touch()
    assert "2 verdicts wait" in check_outbox(configuration).found
    assert check_outbox(configuration).state is State.FAULT
    (outbox / "three.undeliverable").touch()
    assert check_outbox(configuration).state is State.WARNING


def test_an_outbox_that_is_no_folder_is_a_fault(tmp_path: Path) -> None:
    """No verdict could be kept there in an outage."""
    (tmp_path / "outbox").touch()
    assert check_outbox(configured(tmp_path)).state is State.FAULT


def test_every_module_that_is_checked_is_in_our_own_configuration() -> None:
    """A name that Asterisk does not have would be a fault on every machine."""
    listed = LISTED.read_text(encoding="utf-8")
    assert [name for name in MODULES if f"load = {name}.so" not in listed] == []
