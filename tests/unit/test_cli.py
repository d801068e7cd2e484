"""The command line: mistakes are told in one line, and secrets are not shown."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.cli.main import (
    COMMANDS,
    OPTIONS_OF_ITS_OWN,
    REPLACED,
    STATUS_CANNOT,
    STATUS_REPLACED,
    TOLD,
    command_in,
    parser,
    status_of,
)

SETTINGS = {"COUNTERSIGN_ARI_PASSWORD": "pepper", "COUNTERSIGN_DATABASE_FOLDER": "pg"}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration by environment that can be used."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("settings")
def test_the_configuration_is_shown_without_its_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What holds is printed as TOML; a secret only as being there."""
    assert main(["config"]) == 0
    shown = capsys.readouterr().out
    assert '[ari]\nurl = "http://127.0.0.1:8088"' in shown
    assert 'password = "<set>"' in shown
    assert "pepper" not in shown


@pytest.mark.usefixtures("settings")
def test_no_command_leaves_a_core_dump() -> None:
    """Keys and voices would be in it."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        assert main(["config"]) == 0
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.usefixtures("settings")
def test_a_bad_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: the key, the value and what is allowed, and status 2."""
    monkeypatch.setenv("COUNTERSIGN_VERIFY_ATTEMPTS_MAX", "99")
    assert main(["serve"]) == 2
    told = capsys.readouterr().err
    assert told == "countersign: verify.attempts_max = '99': Expected `int` <= 10\n"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Before and after it is changed."""
    with pytest.raises(SystemExit) as told:
        main(["--version"])
    assert told.value.code == 0
    assert re.fullmatch(r"countersign \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_an_absent_configuration_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The path that was given is told."""
    absent = tmp_path / "absent.toml"
    assert main(["--config", str(absent), "serve"]) == 2
    assert str(absent) in capsys.readouterr().err


def test_arguments_that_no_command_takes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that was typed is passed over."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--quickly"])
    assert ended.value.code == 2
    assert "--quickly" in capsys.readouterr().err


def test_the_evaluation_reads_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    """What follows `evaluate` is handed over as it is."""
    assert main(["evaluate", "--trials", "absent.tsv", "--audio", "."]) == 2
    assert "absent.tsv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "closed", "unbuffered"),
    [("config", True, ""), ("config", True, "1"), ("--help", True, ""), ("config", False, "")],
)
def test_a_reader_who_has_seen_enough_ends_a_command(
    command: str, closed: bool, unbuffered: str
) -> None:
    """Quietly, with the status of whoever SIGPIPE ends, as `| head` has it of every other tool."""
    reading, writing = os.pipe()
    if closed:
        os.close(reading)
    environment = {**os.environ, **SETTINGS, "PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run(
        [sys.executable, "-m", "ivr.cli", command],
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (141 if closed else 0, b"")


def test_a_command_without_an_output_does_what_it_is_to() -> None:
    """As from a scheduler that closed it: 1 would be a REJECT to whoever looks at the status."""
    ended = subprocess.run(
        ["sh", "-c", '"$0" -m ivr.cli config >&-', sys.executable],
        env={**os.environ, **SETTINGS},
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_another_pipe_that_breaks_is_no_reader_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that fails is passed over."""

    def broken(chosen: object) -> int:
        raise BrokenPipeError("not this one")

    monkeypatch.setattr("ivr.cli.configuration.run", broken)
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        pytest.raises(BrokenPipeError, match="not this one"),
    ):
        main(["config"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_what_it_takes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its module is there, and has something to run."""
    reader = parser([command])
    if command == OPTIONS_OF_ITS_OWN:
        assert reader.parse_known_args([command, "--help"])[1] == ["--help"]
        return
    with pytest.raises(SystemExit) as told:
        reader.parse_args([command, "--help"])
    assert told.value.code == 0
    assert f"usage: countersign {command}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["srve"], []])
def test_what_is_no_command_is_answered_without_any(words: list[str]) -> None:
    """All of them would take seconds."""
    asked = f"import sys; from ivr.cli import main\ntry: main({words!r})\nfinally: "
    told = subprocess.run(
        [sys.executable, "-c", asked + "print(*sys.modules, file=sys.stderr)"],
        check=False,
        capture_output=True,
        text=True,
    )
    ours = {each for each in told.stderr.split() if each.startswith(("ivr.", "engine"))}
    assert ours == {"engine", "ivr.cli", "ivr.cli.main"}


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """And says what each does."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(f" {name} {does}" in told for name, does in COMMANDS.items())


@pytest.mark.parametrize(
    "command", ["profiles", "groups", "keys", "api-keys", "audit", "database", "desk", "config"]
)
def test_what_hears_nobody_starts_without_what_hears(command: str) -> None:
    """It would take an administrator seconds: the engine, and what decodes and filters audio."""
    assert not {"engine.speaker", "scipy.signal", "soundfile", "ivr.app"} & imported_by(command)


@pytest.mark.parametrize("command", ["serve", "doctor", "jobs", "batch", "verify", "watchlist"])
def test_what_hears_starts_without_the_filters_of_scipy(command: str) -> None:
    """They take as long as all else together, and only files of a rare rate need them."""
    assert not {"scipy.signal", "scipy.stats"} & imported_by(command)


@pytest.mark.parametrize("command", ["verify", "watchlist"])
def test_what_works_on_files_starts_without_the_telephone(command: str) -> None:
    """No Asterisk is spoken to, nobody is served and no job is done."""
    assert not {"aiohttp", "pgqueuer", "ivr.app", "ivr.ari.client"} & imported_by(command)


@pytest.mark.parametrize("name", sorted({*TOLD, REPLACED}))
def test_an_error_that_is_told_in_one_line_is_known_by_its_name(name: str) -> None:
    """The name is that of a class, and whatever derives from it is told as it is."""
    module, _, kind = name.rpartition(".")
    found: type[Exception] = getattr(import_module(module), kind)
    derived: type[Exception] = type("Derived", (found,), {})
    error = derived.__new__(derived)
    assert status_of(error) == (STATUS_REPLACED if name == REPLACED else STATUS_CANNOT)
    assert status_of(ValueError()) is None


def test_a_fault_of_the_configuration_is_told_without_the_telephone(tmp_path: Path) -> None:
    """Whoever mends a file waits for no part that it does not concern."""
    words = ["--config", str(tmp_path / "none.toml"), "config"]
    asked = f"import sys; from ivr.cli import main; print(main({words!r}), *sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    status, *modules = told.stdout.split()
    assert status == "2"
    assert not {"aiohttp", "scipy", "engine.phrase", "ivr.lab"} & {*modules}


def imported_by(command: str) -> set[str]:
    """Return the modules that are there as soon as the command's arguments are known."""
    asked = (
        f"import sys; from ivr.cli.main import parser; parser([{command!r}]); print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    return {*told.stdout.split()}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("serve", "serve"),
        ("--config verify serve", "serve"),
        ("--config=x api-keys list --name serve", "api-keys"),
        ("--conf verify serve", "serve"),
        ("--c=x serve", "serve"),
        ("--help", None),
        ("--help serve", None),
        ("sevre", None),
        ("--config", None),
        ("", None),
    ],
)
def test_the_command_is_found_among_the_words(words: str, command: str | None) -> None:
    """Before any of them is imported."""
    assert command_in(words.split()) == command
